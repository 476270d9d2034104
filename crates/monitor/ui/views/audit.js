// Who has changed what.
import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { count, time, words } from "../format.js";
import { button, empty, pill } from "../parts/button.js";
import { open as openDialog } from "../parts/dialog.js";
import { instant } from "../parts/fields.js";
import { filters } from "../parts/filters.js";
import { reason } from "../parts/notice.js";
import { pager, table } from "../parts/table.js";
import { session } from "../session.js";
import { facts, pretty } from "./pieces.js";

export const title = "Audit";

const PAGE = 100;
const METHODS = [
  "QueueService.Pause",
  "QueueService.Resume",
  "QueueService.Clear",
  "NumberService.SetLimit",
  "NumberService.Stop",
  "NumberService.Resume",
  "DeadLetterService.Replay",
  "DeadLetterService.Purge",
  "MessageService.Decide",
  "MessageService.SendText",
];
const TONES = { done: "ok", started: "info", refused: "warn", failed: "danger" };

export function open(root, route) {
  root.append(h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, title), h("span", { class: "soft small" }, "Every change and every try at one, newest first"))));
  if (!session.may("admin")) {
    root.append(empty(`The audit needs the role admin; this token has the role ${session.role}.`));
    return { move: () => true };
  }

  const found = new Map();
  let loading = null;
  const filter = filters({ path: "#/audit", label: "Filter", fields: FIELDS, always: 2, query: route.query, go: "Filter", onSame: () => load() });
  const list = table({ label: "Changes", rowKey: (entry) => entry.id, onOpen: detail, columns: columns() });
  const status = h("div");
  const pages = pager((token) => button("Load more", { run: () => load(token) }));
  list.element.classList.add("card");
  root.append(filter.form, status, list.element, pages.element);

  async function load(token = "") {
    loading?.abort();
    loading = new AbortController();
    if (!token) found.clear();
    try {
      const { actor, method, target, since, until } = route.query;
      const parameters = { actor, method, target, since: instant(since), until: instant(until), page_size: PAGE, page_token: token };
      const answer = await get("/v1/audit", parameters, { signal: loading.signal });
      for (const entry of answer.entries) found.set(entry.id, entry);
      draw(answer.nextPageToken);
    } catch (error) {
      if (error.name === "AbortError") return;
      found.clear();
      draw("");
      fill(status, empty(reason(error), button("Try again", { run: () => load() })));
    }
  }

  function draw(token) {
    list.set([...found.values()]);
    list.element.hidden = found.size === 0;
    fill(status, found.size ? null : empty(filter.search ? "No change fits." : "Nobody has changed anything yet."));
    pages.set(found.size ? `${count(found.size)} shown` : "", token);
  }

  load();
  return { close: () => loading?.abort() };
}

const FIELDS = [
  { name: "actor", label: "Who", placeholder: "Name of a token" },
  { name: "method", label: "What", options: [["", "All"], ...METHODS.map((one) => [one, one.replace("Service.", ": ")])] },
  { name: "target", label: "On what", placeholder: "queue message" },
  { name: "since", label: "From", type: "datetime-local" },
  { name: "until", label: "Until", type: "datetime-local" },
];

function columns() {
  return [
    { label: "When", narrow: "head", cell: (entry) => h("button", { type: "button", class: "link nowrap", onclick: () => detail(entry) }, time(entry.at)) },
    { label: "Who", cell: (entry) => h("div", {}, entry.actor || "nobody known", h("span", { class: "under" }, whence(entry))) },
    { label: "What", cell: (entry) => entry.method.replace("Service.", ": ") },
    { label: "On what", narrow: "wide", cell: (entry) => h("span", { class: "wrap clamp" }, entry.target || "–") },
    { label: "Outcome", cell: (entry) => h("div", {}, pill(words(entry.outcome), TONES[entry.outcome] ?? "mute"), entry.error && h("span", { class: "under wrap clamp" }, entry.error)) },
  ];
}

// "admin, 127.0.0.1"
const whence = ({ role, address }) => [role === "unspecified" ? "" : role, address].filter(Boolean).join(", ");

function detail(entry) {
  const block = (name, value) => {
    if (!value || !Object.keys(value).length) return null;
    return h("section", { class: "stack" }, h("h3", {}, name), h("pre", { tabindex: "0", "aria-label": name }, pretty(value)));
  };
  openDialog({
    title: entry.method.replace("Service.", ": "),
    kind: "sheet",
    body: [
      h("div", { class: "sheet-top" }, pill(words(entry.outcome), TONES[entry.outcome] ?? "mute")),
      entry.error && h("p", { class: "lead wrap" }, entry.error),
      facts([
        ["When", time(entry.at, { full: true, millis: true })],
        ["Who", entry.actor || "nobody known"],
        ["Role", entry.role === "unspecified" ? "" : entry.role],
        ["From", entry.address],
        ["On what", entry.target],
        ["Id", h("code", {}, entry.id)],
        ["Request", entry.requestId && h("code", {}, entry.requestId)],
      ]),
      block("Asked for", entry.request),
      block("Before", entry.before),
      block("After", entry.after),
    ],
  });
}
