// Business numbers: what each may send, what it sends, and what keeps it from sending. The list comes in pages; the stream
// brings those up to date that have anything to do.
import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { NONE, count, limit, phone, rate, several, span } from "../format.js";
import { live } from "../live.js";
import { button, empty, pill } from "../parts/button.js";
import { field } from "../parts/fields.js";
import { complain, notice, reason } from "../parts/notice.js";
import { pager, table } from "../parts/table.js";
import { held } from "./attention.js";
import { SOURCES, askLimit, askStop, resumeNumber, wipeNumber } from "./number_actions.js";

export const title = "Numbers";

const PAGE = 200;
const AGAIN = 10000; // milliseconds between two fetches that the stream asks for

export function open(root) {
  const known = new Map(); // by id, in the order of the pages
  const actions = new Map(); // buttons, kept so that the focus stays on them
  let busy = new Set(); // ids in the latest line of the stream
  let fetchedAt = 0;
  let token = "";

  const search = field({ name: "find", label: "Find", type: "search", placeholder: "Number, id or account", oninput: () => draw() });
  const list = table({ label: "Business numbers", rowKey: (number) => number.phoneNumberId, columns: columns(buttons) });
  const pages = pager((next) => button("Load more", { run: () => load(next) }));
  const status = h("div");
  list.element.classList.add("card");
  root.append(
    h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, title), h("span", { class: "soft small" }, "What each may send, and what it does send")), search),
    status,
    list.element,
    pages.element,
  );

  function buttons(number) {
    const id = number.phoneNumberId;
    if (!actions.has(id)) actions.set(id, actionButtons(id, () => known.get(id), take));
    const entry = actions.get(id);
    entry.set(number);
    return entry.element;
  }

  // A call answers the number as it is now; that is shown before the stream tells it.
  function take(number) {
    known.set(number.phoneNumberId, number);
    draw();
  }

  function draw() {
    const wanted = search.querySelector("input").value.trim().replace(/^\+/, "").toLowerCase();
    const found = [...known.values()].filter((number) =>
      [number.phoneNumberId, number.displayPhoneNumber, number.accountId].some((text) => text.toLowerCase().includes(wanted)),
    );
    list.set(found);
    list.element.hidden = found.length === 0;
    if (fetchedAt && found.length) fill(status);
    else if (fetchedAt && !known.size) fill(status, empty("No number has been seen yet."));
    else if (fetchedAt) fill(status, empty("No number that is loaded fits.", token && /^\d+$/.test(wanted) && button("Look it up by its id", { run: () => lookUp(wanted) })));
    pages.set(wanted ? `${count(found.length)} of ${several(known.size, "number")}` : several(known.size, "number"), token);
  }

  async function load(pageToken = "") {
    const answer = await get("/v1/numbers", { page_size: PAGE, page_token: pageToken });
    for (const number of answer.numbers) known.set(number.phoneNumberId, number);
    token = answer.nextPageToken;
    fetchedAt = Date.now();
    draw();
  }

  async function lookUp(id) {
    const { numbers } = await get("/v1/numbers", { phone_number_id: id });
    for (const number of numbers) take(number);
    if (!numbers.length) notice("There is no number with this id.", "info");
  }

  const first = () =>
    load().catch((error) => {
      fill(status, empty(reason(error), button("Try again", { run: first })));
    });
  first();

  const unfollow = live.follow(({ numbers = [] }) => {
    if (!fetchedAt) return;
    const now = new Set(numbers.map((number) => number.phoneNumberId));
    for (const number of numbers) if (known.has(number.phoneNumberId) || !token) known.set(number.phoneNumberId, number);
    // One that has nothing to do any more is not in the stream: its figures are fetched once more.
    const gone = [...busy].some((id) => !now.has(id));
    if (!gone || token) {
      busy = now;
    } else if (Date.now() - fetchedAt > AGAIN) {
      busy = now;
      load().catch(complain);
    }
    draw();
  });

  return { close: unfollow, move: () => true };
}

function columns(buttons) {
  return [
    { label: "Number", narrow: "head", cell: (number) => nameOf(number) },
    { label: "State", cell: (number) => stateOf(number) },
    { label: "Limit", align: "end", cell: (number) => [limit(number.limitPerSecond), h("span", { class: "under" }, SOURCES[number.limitSource] ?? number.limitSource)] },
    { label: "Rate now", align: "end", cell: (number) => rateOf(number) },
    { label: "Sent per s", align: "end", cell: (number) => rate(number.sentPerSecond) },
    { label: "Backlog", align: "end", cell: (number) => [count(number.backlog), number.inFlight > 0 && h("span", { class: "under" }, `${count(number.inFlight)} in flight`)] },
    { label: "Drained in", align: "end", cell: (number) => (number.backlog ? span(number.timeToDrainSeconds) : NONE) },
    { label: "Taken", align: "end", cell: (number) => count(number.completed) },
    { label: "Given up", align: "end", cell: (number) => count(number.failed) },
    { label: h("span", { class: "hidden-text" }, "Actions"), narrow: "foot", cell: (number) => buttons(number) },
  ];
}

function nameOf(number) {
  return h(
    "div",
    {},
    h("b", { class: "nowrap" }, number.displayPhoneNumber ? phone(number.displayPhoneNumber) : number.phoneNumberId),
    h("span", { class: "under", title: number.accountId ? `Account ${number.accountId}` : undefined }, number.displayPhoneNumber ? `id ${number.phoneNumberId}` : "id; not yet named by Meta"),
  );
}

function stateOf(number) {
  const [text, tone, why] = stateWords(number);
  return h("div", {}, pill(text, tone), why && h("span", { class: "under wrap why" }, why));
}

function stateWords(number) {
  if (number.stopped) return ["Stopped", "danger", held(number.stopped)];
  if (number.paused) return ["Paused", "warn", held(number.paused)];
  if (number.breaker === "open") {
    const at = number.breakerRetryAt ? `tries again at ${new Date(number.breakerRetryAt).toTimeString().slice(0, 8)}` : "";
    return ["Breaker open", "danger", at];
  }
  if (number.breaker === "probing") return ["Breaker probing", "warn", "one message is on its way to try"];
  if (slowed(number)) return ["Slowed", "warn", "Meta has pushed back"];
  if (number.backlog || number.inFlight) return ["Sending", "ok", ""];
  return ["Idle", "mute", ""];
}

const slowed = (number) => number.limitPerSecond > 0 && number.currentRatePerSecond < number.limitPerSecond * 0.99;

// How much of the limit the present rate is, as a bar as well.
function rateOf(number) {
  if (!number.limitPerSecond) return NONE;
  const bar = h("i", { class: "bar", data: { tone: slowed(number) ? "warn" : "ok" } });
  bar.style.setProperty("--part", String(Math.min(1, number.currentRatePerSecond / number.limitPerSecond)));
  return [rate(number.currentRatePerSecond), bar];
}

function actionButtons(id, now, take) {
  const named = (what) => ({ "aria-label": `${what} ${id}` });
  const change = button("Limit", { icon: "gauge", role: "operator", ...named("Set the limit of"), run: () => askLimit(now(), take) });
  const stop = button("Stop", { icon: "stop", role: "operator", ...named("Stop"), run: () => askStop(now(), take) });
  const go = button("Resume", { icon: "play", kind: "primary", role: "operator", ...named("Resume"), run: () => resumeNumber(id, take) });
  const wipe = button("Clear", { icon: "clear", role: "admin", bare: true, ...named("Clear messages of"), run: () => wipeNumber(id) });
  wipe.title ||= "Clear";
  return {
    element: h("div", { class: "buttons" }, change, stop, go, wipe),
    set(number) {
      const held = Boolean(number.stopped || number.paused);
      if (stop.hidden !== held) stop.hidden = held;
      if (go.hidden === held) go.hidden = !held;
    },
  };
}

