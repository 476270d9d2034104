// One conversation: who it is, what was said, and the box to answer.
import { fill, h, keyed, tell } from "../dom.js";
import { day, dayWord, phone } from "../format.js";
import { icon } from "../icons.js";
import { button, empty } from "../parts/button.js";
import { reason } from "../parts/notice.js";
import { session } from "../session.js";
import { bubble } from "./bubble.js";
import { composer } from "./composer.js";
import { inbox } from "./inbox.js";
import { called, numberName } from "./list_view.js";

const NEAR = 80; // pixels from the end that count as being there

export function threadView(thread) {
  const talk = () => inbox.get(thread.key);
  const name = h("h2", { class: "wrap", tabindex: "-1" }, "Conversation");
  const reach = h("p", { class: "soft small wrap" });
  const head = h("header", { class: "thread-head" }, h("a", { class: "button back", href: "#/", "data-kind": "quiet", "data-bare": "", "aria-label": "Back to the conversations" }, icon("back")), h("div", { class: "thread-who" }, name, reach));
  const earlier = button("Earlier messages", { kind: "quiet", run: () => keepPlace(() => thread.loadMore()) });
  const list = h("ol", { class: "said" });
  const status = h("div", { class: "thread-status" });
  // Whoever follows with a screen reader hears what comes in.
  const scroll = h("div", { class: "thread-scroll", tabindex: "0", role: "log", "aria-label": "Messages" }, h("div", { class: "thread-more" }, earlier), status, list);
  const news = h("button", { type: "button", class: "button news", hidden: true, onclick: () => toEnd() }, icon("down"), h("span", {}, "New messages"));
  const box = composer(thread, talk);
  const low = session.may("operator") ? box.form : h("p", { class: "callout reader", data: { tone: "info" } }, "What people wrote is for operators, and so is answering; this token has the role viewer.");
  const element = h("section", { class: "thread", "aria-label": "Conversation" }, head, h("div", { class: "thread-middle" }, scroll, news), low);
  let end = null; // the last message shown
  let shown = false;

  const isAtEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  const toEnd = () => {
    scroll.scrollTop = scroll.scrollHeight;
    news.hidden = true;
  };
  const keepPlace = async (run) => {
    const below = scroll.scrollHeight - scroll.scrollTop;
    await run();
    show();
    scroll.scrollTop = scroll.scrollHeight - below;
  };

  function show() {
    const stay = shown && !isAtEnd();
    keyed(list, withDays(thread.messages), (one) => one.key, (one) => (one.day ? separator(one) : bubble(one)));
    earlier.hidden = !thread.more;
    if (thread.state === "failed") fill(status, empty(reason(thread.trouble), button("Try again", { run: () => thread.load() })));
    else if (thread.state === "loading") fill(status, h("p", { class: "soft" }, "Loading."));
    else fill(status, thread.messages.length ? null : empty("Nothing was said yet."));
    const last = thread.messages.at(-1) ?? null;
    if (last === end) return;
    const mine = last?.local && last.pending;
    if (!stay || mine) requestAnimationFrame(toEnd);
    else news.hidden = false;
    end = last;
    shown ||= thread.state === "ready";
  }

  function who() {
    const one = talk();
    if (!one) return;
    tell(name, called(one));
    const to = inbox.hasSeveralNumbers ? `to ${numberName(one)}` : "";
    tell(reach, [one.name && one.phone && phone(one.phone), to].filter(Boolean).join(", "));
  }

  scroll.addEventListener("scroll", () => isAtEnd() && (news.hidden = true), { passive: true });
  inbox.addEventListener("thread", show);
  inbox.addEventListener("list", who);
  show();
  who();
  return {
    element,
    focus: () => (matchMedia("(pointer: coarse)").matches ? name.focus({ preventScroll: true }) : box.focus()),
    close: () => {
      inbox.removeEventListener("thread", show);
      inbox.removeEventListener("list", who);
    },
  };
}

// The messages, with a line before the first of each day.
function withDays(messages) {
  const all = [];
  let before = "";
  for (const message of messages) {
    const now = day(message.when);
    if (now !== before) all.push({ key: `day ${now} ${all.length ? message.key : ""}`, day: message.when });
    before = now;
    all.push(message);
  }
  return all;
}

function separator({ day: date }) {
  const text = h("span", {}, dayWord(date));
  return { element: h("li", { class: "day", title: day(date) }, text), set: (next) => tell(text, dayWord(next.day)) };
}
