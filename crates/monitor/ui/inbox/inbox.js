// All that the page knows: conversations, and the messages of the one that is open. History and events both lead in here, and
// whoever shows something listens for "list" and "thread". An event is shown at once and by what it says itself; what it does not
// say, like since when somebody waits, is looked up after it.
import { get } from "../api.js";
import { session } from "../session.js";
import { fromEvent, fromHistory, hear, isSame, merge } from "./message.js";
import { see, unseen } from "./seen.js";
import { Thread } from "./thread.js";

const PAGE = 30;
const FEW = 15; // conversations that the first look should bring, if there are as many
const MOST_PAGES = 5; // that are asked for to get them
const MOST = 500; // conversations held
const LOOKUPS = 100; // conversations that may wait to be looked up
const PAUSE = 250; // milliseconds between two such looks: a campaign must not make every inbox ask a thousand times
const TOGETHER = 40; // milliseconds between two drawings

export const keyOf = (contact, number) => `${contact}/${number}`;

class Inbox extends EventTarget {
  thread = null; // of the open conversation
  more = ""; // the page token of older conversations
  loaded = false;
  trouble = ""; // why what was missed is not here yet
  #conversations = new Map();
  #lookups = new Set();
  #looking = false;

  clear() {
    this.open("");
    this.#conversations.clear();
    this.#lookups.clear();
    this.more = "";
    this.loaded = false;
    this.trouble = "";
  }

  tell(trouble) {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.dispatchEvent(new Event("trouble"));
  }

  // The newest first.
  list() {
    return [...this.#conversations.values()].sort((one, other) => other.last.at - one.last.at);
  }

  get(key) {
    return this.#conversations.get(key);
  }

  // Reads the list from its beginning. What is held of others stays.
  async load() {
    const more = await this.#walk("", (held) => held >= FEW);
    if (!this.loaded) this.more = more;
    this.loaded = true;
    this.#changed("list");
  }

  async loadMore() {
    const before = this.#conversations.size;
    this.more = await this.#walk(this.more, (held) => held > before);
    this.#changed("list");
  }

  // Which number something was said to goes without saying where there is one.
  get hasSeveralNumbers() {
    return new Set(this.list().map((one) => one.number)).size > 1;
  }

  // Opens a conversation; also one that is not in the list (yet), as an address may name it.
  open(key) {
    if ((this.thread?.key ?? "") === key) return;
    this.thread?.close();
    this.thread = key ? new Thread(key, () => this.#changed("thread")) : null;
    this.thread?.load();
    if (key && !this.#conversations.has(key)) this.#lookUp(key);
    this.look();
    this.#changed("thread");
  }

  // Everything again that is held, after a time of which nothing is known.
  async refresh() {
    await Promise.all([this.load(), this.thread?.reload()]);
  }

  // Somebody looks at the page (again): what the open conversation says is seen.
  look() {
    const open = this.#conversations.get(this.thread?.key);
    if (open) this.#count(open);
    this.#changed("list");
  }

  take(event) {
    if (event.kind === "message") this.#message(event);
    else if (event.kind === "status") this.#status(event);
    else if (event.kind === "contact") this.#contact(event);
  }

  #message(event) {
    const { contact_id: contact, phone_number_id: number, name, from, user_id: userId } = event.data;
    // Without a contact there is no conversation.
    if (!contact) return;
    const key = keyOf(contact, number);
    const message = fromEvent(event);
    this.thread?.key === key && this.thread.add(message);
    const known = this.#conversations.get(key);
    const conversation = known ?? { key, contact, number, name: "", phone: "", userId: "", display: "", last: message, unanswered: 0, since: "" };
    this.#conversations.set(key, conversation);
    conversation.name = (!message.out && name) || conversation.name;
    conversation.phone = from || conversation.phone;
    conversation.userId = userId || conversation.userId;
    if (!known || !isSame(conversation.last, message)) {
      conversation.last = { ...message };
      conversation.unanswered = message.out ? 0 : conversation.unanswered + 1;
      if (message.out) conversation.since = "";
    }
    conversation.heard = performance.now();
    this.#count(conversation);
    this.#lookUp(key);
    this.#changed("list");
  }

  #status({ data }) {
    const same = { id: data.message_id, wamid: data.wamid };
    this.thread?.hear(same, data);
    const one = data.contact_id && this.#conversations.get(keyOf(data.contact_id, data.phone_number_id));
    for (const conversation of one ? [one] : this.#conversations.values()) {
      if (isSame(conversation.last, same) && hear(conversation.last, data)) this.#changed("list");
    }
  }

  // Somebody's name, number or user id is another now.
  #contact({ data }) {
    for (const one of this.#conversations.values()) {
      if ((data.phone && one.phone === data.phone) || (data.user_id && one.userId === data.user_id)) this.#lookUp(one.key);
    }
  }

  // Page after page from this one on, until it is `enough`. Answers where the next would begin.
  async #walk(token, enough) {
    for (let page = 0; page < MOST_PAGES; page++) {
      token = await this.#page({ page_token: token });
      if (!token || enough(this.#conversations.size)) break;
    }
    return token;
  }

  async #page(parameters) {
    const asked = performance.now();
    const answer = await get("/v1/conversations", { page_size: PAGE, include_payload: session.may("operator"), ...parameters });
    for (const one of answer.conversations) this.#put(one, asked);
    return answer.nextPageToken;
  }

  #put(found, asked) {
    const key = keyOf(found.contactId, found.phoneNumberId);
    const { contactName: name, personPhone: phone, personUserId: userId } = found.lastMessage;
    const last = fromHistory(found.lastMessage);
    const known = this.#conversations.get(key);
    // Something was heard since it was asked: that is newer, and this is asked again.
    if (known?.heard > asked) return this.#lookUp(key);
    if (known && isSame(known.last, last)) merge(known.last, last, asked);
    const conversation = {
      ...known,
      key,
      contact: found.contactId,
      number: found.phoneNumberId,
      name: name || known?.name,
      phone: phone || known?.phone,
      userId: userId || known?.userId,
      display: found.displayPhoneNumber,
      last: known && isSame(known.last, last) ? known.last : last,
      unanswered: found.unanswered,
      since: found.unansweredSince,
    };
    this.#conversations.set(key, conversation);
    this.#count(conversation);
  }

  #count(conversation) {
    const looked = conversation.key === this.thread?.key && document.visibilityState === "visible";
    if (looked) see(conversation);
    conversation.unread = looked ? 0 : unseen(conversation);
  }

  // One after the other, and each once however often it was asked for.
  async #lookUp(key) {
    if (this.#lookups.size < LOOKUPS) this.#lookups.add(key);
    if (this.#looking) return;
    this.#looking = true;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      const [next] = this.#lookups;
      if (!next) break;
      this.#lookups.delete(next);
      const [contact_id, phone_number_id] = next.split("/");
      try {
        await this.#page({ contact_id, phone_number_id });
        this.#changed("list");
      } catch {
        // What the event said is shown; the next one asks again.
      }
    }
    this.#looking = false;
  }

  // The first change is shown at once, and those that follow close upon it together.
  #quiet = new Map();
  #changed(what) {
    if (this.#quiet.has(what)) {
      this.#quiet.set(what, true);
      return;
    }
    this.#quiet.set(what, false);
    setTimeout(() => {
      const again = this.#quiet.get(what);
      this.#quiet.delete(what);
      if (again) this.#changed(what);
    }, TOGETHER);
    if (what === "list") this.#forget();
    this.dispatchEvent(new Event(what));
  }

  // A page that is open for days must not hold all that came by.
  #forget() {
    if (this.#conversations.size <= MOST) return;
    for (const { key } of this.list().slice(MOST)) this.#conversations.delete(key);
  }
}

export const inbox = new Inbox();
