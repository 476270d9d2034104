// Messages, both ways: search, and the timeline of one.
import { get } from "../api.js";
import { append, fill, h } from "../dom.js";
import { NONE, count, phone, time, words } from "../format.js";
import { icon } from "../icons.js";
import { button, empty } from "../parts/button.js";
import { instant } from "../parts/fields.js";
import { filters } from "../parts/filters.js";
import { reason } from "../parts/notice.js";
import { pager, table } from "../parts/table.js";
import { sheet } from "./message.js";
import { progress } from "./pieces.js";
import { askSend } from "./send.js";

export const title = "Messages";

const PAGE = 50;
const STATES = ["accepted", "retrying", "unknown", "held", "dead", "sent"];
const STATUSES = ["sent", "delivered", "read", "played", "failed"];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function open(root, route) {
  const found = new Map();
  let detail = null;
  let loading = null;
  const contact = route.query.contact;
  const filter = filters({ path: "#/messages", label: "Messages", role: "search", fields: FIELDS, always: 1, query: route.query, go: "Search", onSame: () => load() });
  const link = (id) => `#/messages/${id}${filter.search}`;
  const list = table({
    label: "Messages",
    rowKey: (message) => message.id,
    onOpen: (message) => (location.hash = link(message.id)),
    columns: columns(link),
  });
  const status = h("div");
  const pages = pager((token) => button("Load more", { run: () => load(token) }));
  list.element.classList.add("card");
  append(root, [
    h(
      "div",
      { class: "page-head" },
      h("div", {}, h("h1", { tabindex: "-1" }, title), h("span", { class: "soft small" }, "Both ways, newest first")),
      button("Send a text", { icon: "send", role: "operator", run: () => askSend(route.query.phoneNumberId) }),
    ),
    filter.form,
    contact && h("p", { class: "callout", data: { tone: "info" } }, h("span", {}, "Only what was said with one person."), h("a", { href: "#/messages" }, "Show all")),
    status,
    list.element,
    pages.element,
  ]);

  async function load(token = "") {
    loading?.abort();
    loading = new AbortController();
    if (!token) found.clear();
    try {
      const answer = await fetchPage(route.query, token, loading.signal);
      for (const message of answer.messages) found.set(message.id, message);
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
    fill(status, found.size ? null : empty(filter.search ? "No message fits." : "No message is known yet."));
    pages.set(found.size ? `${count(found.size)} shown` : "", token);
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
        location.hash = `#/messages${filter.search}`;
      },
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

// One box for what somebody has at hand. A UUID may be a message's, or that of the request which brought it.
async function fetchPage({ find = "", contact, ...rest }, token, signal) {
  const parameters = {
    page_size: PAGE,
    page_token: token,
    direction: rest.direction,
    phone_number_id: rest.phoneNumberId,
    state: rest.state,
    status: rest.status,
    since: instant(rest.since),
    until: instant(rest.until),
    contact_id: contact,
  };
  const digits = find.replace(/[\s()+.-]/g, "");
  if (UUID.test(find)) {
    try {
      const answer = await get(`/v1/messages/${find}`, {}, { signal });
      return { messages: [answer.message], nextPageToken: "" };
    } catch (error) {
      if (error.status !== 404) throw error;
      parameters.request_id = find;
    }
  } else if (/^\d{4,20}$/.test(digits)) {
    parameters.person_phone = digits;
  } else if (find) {
    parameters.wamid = find;
  }
  return get("/v1/messages", parameters, { signal });
}

const options = (all) => [["", "All"], ...all.map((one) => [one, words(one)])];

const FIELDS = [
  { name: "find", label: "Find", type: "search", wide: true, placeholder: "Phone number, message id, request id or wamid" },
  { name: "direction", label: "Way", options: [["", "Both"], ["in", "In"], ["out", "Out"]] },
  { name: "state", label: "State", options: options(STATES) },
  { name: "status", label: "Status", options: options(STATUSES) },
  { name: "phoneNumberId", label: "Number id", inputmode: "numeric" },
  { name: "since", label: "From", type: "datetime-local" },
  { name: "until", label: "Until", type: "datetime-local" },
  { name: "contact", label: "Contact", type: "hidden" },
];

function columns(link) {
  return [
    { label: "Time", narrow: "head", cell: (message) => h("a", { href: link(message.id), class: "nowrap" }, time(message.acceptedAt ?? message.sentAt)) },
    { label: "Way", cell: (message) => h("span", { class: "way" }, icon(message.direction === "in" ? "into" : "out"), message.direction === "in" ? "In" : "Out") },
    { label: "Person", cell: (message) => person(message) },
    { label: "Number id", cell: (message) => message.phoneNumberId || NONE },
    { label: "Type", cell: (message) => message.type || NONE },
    { label: "State", narrow: "corner", cell: (message) => progress(message) },
    { label: "Attempts", align: "end", narrow: "hide", cell: (message) => (message.direction === "out" ? count(message.attempts) : NONE) },
  ];
}

function person(message) {
  const reach = message.personPhone ? phone(message.personPhone) : message.personUserId || message.groupId;
  if (message.contactName) return h("div", {}, h("span", { class: "wrap" }, message.contactName), reach && h("span", { class: "under wrap" }, reach));
  return reach || NONE;
}
