// Dead letters: what was given up, with filters, and replay or purge of some or of all that the filter takes.
import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { NONE, QUEUES, bytes, count, several, time, words } from "../format.js";
import { button, empty, pill } from "../parts/button.js";
import { instant } from "../parts/fields.js";
import { filters } from "../parts/filters.js";
import { reason } from "../parts/notice.js";
import { pager, table } from "../parts/table.js";
import { purgeAll, purgeSome, replayAll, replaySome } from "./dead_actions.js";
import { sheet } from "./dead_detail.js";

export const title = "Dead letters";

const PAGE = 50;
const CLASSES = ["rejected", "expired", "exhausted", "unknown", "number_stopped", "malformed", "unreadable", "crash"];

export function open(root, route) {
  const letters = new Map();
  const picked = new Set();
  let detail = null;
  let loading = null;

  const filter = filters({ path: "#/dead", label: "Filter", fields: FIELDS, always: 2, query: route.query, go: "Filter", onSame: () => load() });
  const everything = h("input", { type: "checkbox", "aria-label": "Pick all that are shown", onchange: () => pickAll() });
  const list = table({
    label: "Dead letters",
    rowKey: (letter) => letter.id,
    onOpen: (letter) => (location.hash = link(letter.id)),
    select: { head: everything, cell: tick },
    columns: columns((id) => link(id)),
  });
  const found = h("span", { class: "soft small", role: "status" });
  const status = h("div");
  const pages = pager((token) => button("Load more", { run: () => load(token) }));
  const bar = h("div", { class: "toolbar", role: "toolbar", "aria-label": "Dead letters" });
  list.element.classList.add("card");
  root.append(h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, title), found)), filter.form, bar, status, list.element, pages.element);

  function link(id) {
    return `#/dead/${id}${filter.search}`;
  }

  function tick(letter) {
    const box = h("input", {
      type: "checkbox",
      "aria-label": `Pick ${letter.id}`,
      checked: picked.has(letter.id),
      data: { pick: letter.id },
      onchange: () => {
        if (box.checked) picked.add(letter.id);
        else picked.delete(letter.id);
        drawBar();
      },
    });
    return box;
  }

  function pickAll() {
    for (const id of letters.keys()) {
      if (everything.checked) picked.add(id);
      else picked.delete(id);
    }
    for (const box of list.body.querySelectorAll("[data-pick]")) box.checked = picked.has(box.dataset.pick);
    drawBar();
  }

  function drawBar() {
    const some = picked.size > 0;
    everything.checked = some && picked.size === letters.size;
    everything.indeterminate = some && !everything.checked;
    const ids = () => [...picked];
    const fitting = () => filterOf(route.query);
    fill(
      bar,
      h("span", { class: "soft" }, some ? `${count(picked.size)} picked` : "All that fit"),
      button("Replay", { icon: "replay", kind: some ? "primary" : "plain", role: "operator", run: async () => (await (some ? replaySome(ids()) : replayAll(fitting()))) && load() }),
      button("Purge", { icon: "clear", role: "admin", run: async () => (await (some ? purgeSome(ids()) : purgeAll(fitting()))) && load() }),
    );
    bar.hidden = letters.size === 0;
  }

  async function load(token = "") {
    loading?.abort();
    loading = new AbortController();
    if (!token) {
      letters.clear();
      picked.clear();
    }
    try {
      const parameters = Object.fromEntries(Object.entries(filterOf(route.query)).map(([name, value]) => [`filter.${snake(name)}`, value]));
      const answer = await get("/v1/dead-letters", { ...parameters, page_size: PAGE, page_token: token }, { signal: loading.signal });
      for (const letter of answer.deadLetters) letters.set(letter.id, letter);
      draw(answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      letters.clear();
      draw({ totalDead: 0, nextPageToken: "" });
      fill(status, empty(reason(error), button("Try again", { run: () => load() })));
    }
  }

  function draw({ totalDead, nextPageToken }) {
    found.textContent = `${several(totalDead, "dead letter")} in ${route.query.queue ? "this queue" : "all queues"}`;
    list.set([...letters.values()]);
    list.element.hidden = letters.size === 0;
    // A page may be short, or empty, and still not be the last: the server reads so many letters and no more at once.
    const none = nextPageToken ? "None so far; there are more to look through." : "No dead letter fits.";
    fill(status, letters.size ? null : empty(totalDead ? none : "No dead letters. Nothing was given up."));
    pages.set(letters.size ? `${count(letters.size)} shown, oldest first` : "", nextPageToken);
    drawBar();
  }

  function show(id) {
    if (detail?.id === id) return;
    const before = detail;
    detail = null;
    before?.close();
    if (!id) return;
    detail = sheet(id, {
      onClose: () => {
        if (detail?.id !== id) return;
        detail = null;
        location.hash = `#/dead${filter.search}`;
      },
      onGone: () => load(),
    });
  }

  load();
  show(route.id);

  return {
    close: () => {
      loading?.abort();
      const before = detail;
      detail = null;
      before?.close();
    },
    move(next) {
      if (!filter.same(next.query)) return false;
      show(next.id);
      return true;
    },
  };
}

function columns(link) {
  return [
    { label: "Given up", narrow: "head", cell: (letter) => h("a", { href: link(letter.id), class: "nowrap" }, time(letter.deadAt)) },
    { label: "Queue", cell: (letter) => QUEUES[letter.queue]?.name ?? letter.queue },
    { label: "Class", cell: (letter) => pill(words(letter.class), "danger") },
    { label: "Reason", narrow: "wide", cell: (letter) => h("span", { class: "wrap clamp" }, letter.reason || letter.lastError?.error?.message || NONE) },
    { label: "Code", align: "end", cell: (letter) => (letter.lastError?.error?.code ? String(letter.lastError.error.code) : NONE) },
    { label: "Number", cell: (letter) => letter.phoneNumberId || NONE },
    { label: "Type", cell: (letter) => letter.type || NONE },
    { label: "Attempts", align: "end", cell: (letter) => count(letter.attempts) },
    { label: "Size", align: "end", narrow: "hide", cell: (letter) => bytes(letter.payloadBytes) },
  ];
}

const FIELDS = [
  { name: "queue", label: "Queue", options: [["", "All"], ...Object.entries(QUEUES).map(([key, { name }]) => [key, name])] },
  { name: "class", label: "Class", options: [["", "All"], ...CLASSES.map((one) => [one, words(one)])] },
  { name: "phoneNumberId", label: "Number id", inputmode: "numeric" },
  { name: "errorCode", label: "Meta's code", inputmode: "numeric" },
  { name: "since", label: "From", type: "datetime-local" },
  { name: "until", label: "Until", type: "datetime-local" },
];

// What the form says, as a DeadLetterFilter. Empty when it restricts nothing.
function filterOf({ queue, class: kind, phoneNumberId, errorCode, since, until }) {
  const all = { queue, class: kind, phoneNumberId, errorCode: errorCode && (Number(errorCode) || errorCode), since: instant(since), until: instant(until) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
