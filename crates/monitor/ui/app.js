// Start, login, the router, and the frame around the views.
import { append, fill, h, tell } from "./dom.js";
import { clock, count } from "./format.js";
import { icon } from "./icons.js";
import { live } from "./live.js";
import { leave, liveSign, themeSwitch } from "./parts/tools.js";
import { session } from "./session.js";
import * as audit from "./views/audit.js";
import * as dead from "./views/dead.js";
import { arrive, login } from "./views/login.js";
import * as messages from "./views/messages.js";
import * as numbers from "./views/numbers.js";
import * as overview from "./views/overview.js";

const VIEWS = { overview, numbers, dead, messages, audit };
const STATES = { connecting: "Connecting", live: "Live", stale: "Reconnecting" };
const root = document.getElementById("app");
let shown = null; // { name, view }: what is up
let frame = null;

// #/messages/ID?status=failed is { name: "messages", id: "ID", query: {status: "failed"} }.
function route() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id = ""] = path.split("/");
  return { name: name in VIEWS ? name : "overview", id: decodeURIComponent(id), query: Object.fromEntries(new URLSearchParams(search)) };
}

function navigate() {
  if (!frame) return;
  const next = route();
  for (const [name, link] of frame.links) {
    if (name === next.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${VIEWS[next.name].title} · Waypost`;
  // A view that is up may take the change itself: opening an entry must not lose the list behind it.
  if (shown?.name === next.name && shown.view.move?.(next)) return;
  shown?.view.close?.();
  for (const open of document.querySelectorAll("dialog")) open.close();
  const inner = h("div", { class: "inner" });
  fill(frame.main, frame.old, inner);
  const moved = shown !== null;
  shown = { name: next.name, view: VIEWS[next.name].open(inner, next) };
  scrollTo(0, 0);
  if (moved) frame.main.querySelector("h1")?.focus({ preventScroll: true });
}

function buildFrame() {
  const main = h("main", { id: "main", class: "main", tabindex: "-1" });
  const links = Object.entries(VIEWS).map(([name, view]) => [
    name,
    h("a", { href: `#/${name}` }, icon(name), h("span", {}, view.title)),
  ]);
  // A page of its own: it alone may talk to the realtime service.
  const inbox = h("a", { href: "/inbox" }, icon("inbox"), h("span", {}, "Inbox"));
  const letters = h("span", { class: "count", hidden: true });
  links.find(([name]) => name === "dead")[1].append(letters);
  const tools = h("div", { class: "tools" }, liveSign(live, STATES), themeSwitch(), leave());
  const shell = h(
    "div",
    { class: "shell" },
    h(
      "div",
      { class: "side" },
      h("header", { class: "brand" }, h("img", { src: "/ui/favicon.svg", alt: "" }), h("span", {}, "Waypost")),
      h("nav", { class: "nav", "aria-label": "Main" }, h("ul", {}, links.map(([, link]) => h("li", {}, link)), h("li", {}, inbox))),
      tools,
    ),
    main,
  );
  const old = h("p", { class: "old callout", data: { tone: "warn" }, hidden: true });
  const age = () => {
    old.hidden = live.state !== "stale";
    if (!old.hidden) tell(old, live.at ? `The figures are those of ${clock(new Date(live.at))}. Connecting again.` : "Waypost cannot be reached. Connecting again.");
  };
  live.addEventListener("state", age);
  const unfollow = live.follow((stats) => {
    const all = ["webhook", "message", "fact"].reduce((sum, queue) => sum + (stats[queue]?.dead ?? 0), 0);
    letters.hidden = all === 0;
    tell(letters, all > 999 ? "999+" : count(all));
    letters.title = `${count(all)} in all queues`;
  });
  const close = () => {
    live.removeEventListener("state", age);
    unfollow();
  };
  return { shell, main, old, links, close };
}

function enter() {
  frame?.close();
  frame = buildFrame();
  fill(root, h("button", { class: "button skip", type: "button", onclick: () => frame.main.focus() }, "Skip to content"), frame.shell);
  live.start();
  navigate();
}

function showLogin(reason) {
  shown?.view.close?.();
  shown = null;
  frame?.close();
  frame = null;
  live.stop();
  for (const open of document.querySelectorAll("dialog")) open.close();
  document.title = "Sign in · Waypost";
  fill(root);
  append(root, [login(reason, enter)]);
}

session.addEventListener("end", (event) => showLogin(event.detail));
// A role that has changed changes what may be pressed.
session.addEventListener("role", () => {
  if (!shown) return;
  shown.view.close?.();
  shown = null;
  navigate();
});
addEventListener("hashchange", navigate);

arrive(enter, showLogin);
