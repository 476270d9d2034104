// The inbox: start, login, the address, and the frame around the two panes.
import { fill, h, tell } from "../dom.js";
import { icon } from "../icons.js";
import { complain } from "../parts/notice.js";
import { leave, liveSign, themeSwitch } from "../parts/tools.js";
import { session } from "../session.js";
import { arrive, login } from "../views/login.js";
import { inbox } from "./inbox.js";
import { listView } from "./list_view.js";
import { realtime } from "./realtime.js";
import { threadView } from "./thread_view.js";

const STATES = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", offline: "Offline" };
const SLOWLY = 20000; // milliseconds between two looks where nothing is live
const root = document.getElementById("app");
let frame = null;

// #/CONTACT/NUMBER
const wanted = () => (/^#\/([0-9a-f-]{36}\/\d{1,32})$/i.exec(location.hash) ?? ["", ""])[1];

function buildFrame() {
  const place = h("div", { class: "thread-pane" });
  const list = listView();
  const dead = h("p", { class: "callout cut", data: { tone: "warn" }, hidden: true });
  const element = h(
    "div",
    { class: "inbox" },
    h(
      "header",
      { class: "topbar" },
      h("img", { src: "/ui/favicon.svg", alt: "" }),
      h("h1", { tabindex: "-1" }, "Inbox"),
      h("div", { class: "topbar-tools" }, liveSign(realtime, STATES), h("a", { class: "button", href: "/", "data-kind": "quiet" }, icon("overview"), h("span", {}, "Dashboard")), themeSwitch(), leave()),
    ),
    dead,
    h("main", { id: "main", class: "panes" }, list.element, place),
  );
  let view = null;

  const navigate = () => {
    const key = wanted();
    if (view && key === inbox.thread?.key) return;
    view?.close();
    inbox.open(key);
    view = inbox.thread && threadView(inbox.thread);
    element.toggleAttribute("data-open", Boolean(view));
    fill(place, view?.element ?? h("p", { class: "choose soft" }, "Choose a conversation."));
    view?.focus();
    title();
  };
  const title = () => {
    const unread = inbox.list().filter((one) => one.unread).length;
    if (!view) document.title = "Inbox · Waypost";
    document.title = document.title.replace(/^(\(\d+\) )?/, unread ? `(${unread}) ` : "");
  };
  const state = () => {
    dead.hidden = !(realtime.state === "offline" && realtime.why);
    if (!dead.hidden) tell(dead, `Nothing is live; it is looked up every ${SLOWLY / 1000} s. ${realtime.why}`);
  };
  inbox.addEventListener("list", title);
  realtime.addEventListener("state", state);
  addEventListener("hashchange", navigate);
  navigate();
  const close = () => {
    list.close();
    view?.close();
    inbox.removeEventListener("list", title);
    realtime.removeEventListener("state", state);
    removeEventListener("hashchange", navigate);
  };
  return { element, close };
}

function enter() {
  frame?.close();
  frame = buildFrame();
  fill(root, frame.element);
  realtime.start();
}

function showLogin(why) {
  frame?.close();
  frame = null;
  realtime.stop();
  inbox.clear();
  document.title = "Sign in · Inbox · Waypost";
  fill(root, login(why, enter));
}

// What was missed is in history.
const refresh = () => inbox.refresh().catch((error) => error.status === 401 || complain(error));

realtime.addEventListener("event", ({ detail }) => inbox.take(detail));
realtime.addEventListener("resync", refresh);
session.addEventListener("end", ({ detail }) => showLogin(detail));
document.addEventListener("visibilitychange", () => inbox.look());
setInterval(() => frame && realtime.state === "offline" && realtime.why && refresh(), SLOWLY);
arrive(enter, showLogin);
