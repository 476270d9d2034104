// The messages of one conversation, oldest first.
import { get, piece, post } from "../api.js";
import { session } from "../session.js";
import { fromHistory, hear, isSame, merge, written } from "./message.js";

const PAGE = 50;
const MOST_PAGES = 10; // that are read again after a break

export class Thread {
  messages = [];
  more = ""; // the page token of older messages
  state = "loading"; // then ready, or failed with `trouble`
  trouble = null;
  #changed;
  #abort = new AbortController();
  #sending = Promise.resolve();

  constructor(key, changed) {
    this.key = key;
    [this.contact, this.number] = key.split("/");
    this.#changed = changed;
  }

  close() {
    this.#abort.abort();
    this.#changed = () => {};
  }

  async load() {
    this.state = "loading";
    this.#changed();
    try {
      this.more = (await this.#page("")).next;
      this.state = "ready";
    } catch (error) {
      if (error.name === "AbortError") return;
      this.trouble = error;
      this.state = "failed";
    }
    this.#changed();
  }

  async loadMore() {
    this.more = (await this.#page(this.more)).next;
    this.#changed();
  }

  // All that is held once more, and what came meanwhile: an old message may have been read since.
  async reload() {
    if (this.state !== "ready") return this.load();
    const oldest = this.messages.find((message) => !message.local)?.at ?? 0;
    let page = { next: "", oldest: Infinity };
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      page = await this.#page(page.next);
      if (!page.next || page.oldest <= oldest) break;
    }
    // More came than is read at once: what is held below would be on the other side of a hole.
    if (page.next && page.oldest > oldest) {
      this.messages = this.messages.filter((message) => message.at >= page.oldest);
      this.more = page.next;
    }
    this.#changed();
  }

  // Takes one of an event.
  add(message) {
    const known = this.messages.find((one) => isSame(one, message)) ?? this.#written(message);
    if (known?.local) merge(known, message);
    else if (!known) this.messages.push(message);
    this.#sort();
    this.#changed();
  }

  // Takes an event about one of them.
  hear(same, data) {
    const message = this.messages.find((one) => isSame(one, same));
    if (message && hear(message, data)) this.#changed();
  }

  // Puts a text on its way, and shows it at once. When it was not taken it is gone again from here, and whoever wrote it is told why.
  // One after the other, so that they leave in the order in which they were written.
  async send(to, text, idempotencyKey) {
    const message = written(this, text, this.messages.at(-1)?.at ?? 0);
    this.messages.push(message);
    this.#changed();
    const sent = this.#sending.then(() => post("/v1/messages:sendText", { phoneNumberId: this.number, to, text, idempotencyKey }));
    this.#sending = sent.catch(() => {});
    try {
      this.#accepted(message, (await sent).id);
    } catch (error) {
      this.#drop(message);
      throw error;
    } finally {
      this.#changed();
    }
  }

  #accepted(message, id) {
    // Its event may have been faster.
    const told = this.messages.find((one) => one !== message && one.id === id);
    if (told) {
      this.#drop(message);
      told.key = message.key;
    }
    message.id = id;
    message.pending = false;
    message.state ||= "accepted";
  }

  #drop(message) {
    this.messages = this.messages.filter((one) => one !== message);
  }

  // One that was written here and whose id is not known yet, when its event is faster than the answer.
  #written(message) {
    if (!message.out) return undefined;
    const text = (one) => one.body?.text?.body;
    return this.messages.find((one) => one.local && !one.id && text(one) === text(message));
  }

  // Reads a page into what is held. Answers where the next begins, and how far this one goes back.
  async #page(token) {
    const asked = performance.now();
    const answer = await get(
      `/v1/conversations/${piece(this.contact)}/messages`,
      { page_size: PAGE, page_token: token, phone_number_id: this.number, include_payload: session.may("operator") },
      { signal: this.#abort.signal },
    );
    for (const found of answer.messages) {
      const message = fromHistory(found);
      const known = this.messages.find((one) => isSame(one, message));
      if (known) merge(known, message, asked);
      else this.messages.push(message);
    }
    this.#sort();
    const last = answer.messages.at(-1);
    return { next: answer.nextPageToken, oldest: last ? new Date(last.acceptedAt).getTime() : 0 };
  }

  #sort() {
    this.messages.sort((one, other) => one.at - other.at || (one.id && other.id && (one.id < other.id ? -1 : 1)) || 0);
  }
}
