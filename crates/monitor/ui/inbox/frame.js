// The frame: the bar above, the two panes, and the address, which says which conversation is open.
import { fill, h, tell } from "../dom.js";
import { icon } from "../icons.js";
import { leave, liveSign, themeSwitch } from "../parts/tools.js";
import { inbox } from "./inbox.js";
import { called, listView } from "./list_view.js";
import { realtime } from "./realtime.js";
import { threadView } from "./thread_view.js";

const STATES = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", offline: "Offline" };

// #/CONTACT/NUMBER
const wanted = () => (/^#\/([0-9a-f-]{36}\/\d{1,32})$/i.exec(location.hash) ?? ["", ""])[1];

// Answers { element, close }.
export function buildFrame() {
  const place = h("div", { class: "thread-pane" });
  const list = listView();
  const cut = missing();
  const heading = h("h1", { tabindex: "-1" }, "Inbox");
  const element = h(
    "div",
    { class: "inbox" },
    h(
      "header",
      { class: "topbar" },
      h("img", { src: "/ui/favicon.svg", alt: "" }),
      heading,
      h("div", { class: "topbar-tools" }, liveSign(realtime, STATES), h("a", { class: "button", href: "/", "data-kind": "quiet" }, icon("overview"), h("span", {}, "Dashboard")), themeSwitch(), leave()),
    ),
    cut.element,
    h("main", { id: "main", class: "panes" }, list.element, place),
  );
  let view = null;

  const navigate = () => {
    const key = wanted();
    if (view && key === inbox.thread?.key) return;
    const before = view;
    before?.close();
    inbox.open(key);
    view = inbox.thread && threadView(inbox.thread);
    element.toggleAttribute("data-open", Boolean(view));
    fill(place, view?.element ?? h("p", { class: "choose soft" }, "Choose a conversation."));
    if (view) view.focus();
    else if (before) heading.focus();
    title();
  };
  const title = () => {
    const unread = inbox.list().filter((one) => one.unread).length;
    const open = inbox.get(inbox.thread?.key);
    document.title = `${unread ? `(${unread}) ` : ""}${open ? `${called(open)} · ` : ""}Inbox · Waypost`;
  };
  inbox.addEventListener("list", title);
  addEventListener("hashchange", navigate);
  navigate();
  const close = () => {
    list.close();
    cut.close();
    view?.close();
    inbox.removeEventListener("list", title);
    removeEventListener("hashchange", navigate);
  };
  return { element, close };
}

// What cannot be shown as it happens, and why.
function missing() {
  const element = h("p", { class: "callout cut", role: "status", data: { tone: "warn" }, hidden: true });
  const show = () => {
    const dead = realtime.why && `Nothing is live; it is looked up every now and then. ${realtime.why}`;
    const late = inbox.trouble && `What happened meanwhile is not here yet, and is asked for again. ${inbox.trouble}`;
    tell(element, [dead, late].filter(Boolean).join(" "));
    element.hidden = !element.textContent;
  };
  realtime.addEventListener("state", show);
  inbox.addEventListener("trouble", show);
  show();
  return {
    element,
    close: () => {
      realtime.removeEventListener("state", show);
      inbox.removeEventListener("trouble", show);
    },
  };
}
