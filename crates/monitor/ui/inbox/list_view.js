// The conversations, newest first.
import { fill, h, keyed, tell } from "../dom.js";
import { day, dayWord, hour, phone } from "../format.js";
import { icon } from "../icons.js";
import { button, empty } from "../parts/button.js";
import { reason } from "../parts/notice.js";
import { inbox } from "./inbox.js";
import { inBrief } from "./kinds.js";
import { progress } from "./message.js";

export const hrefOf = (key) => `#/${key}`;

// What somebody is called: by name, by number, or by Meta's id where neither is known.
export const called = ({ name, phone: digits, userId } = {}) => name || (digits ? phone(digits) : userId) || "Unknown person";

// What the business number is called.
export const numberName = ({ display, number }) => (display ? phone(display) : number);

export function listView() {
  const list = h("ul", { class: "talks" });
  const status = h("div", { class: "talks-status" });
  const more = button("Older conversations", { kind: "quiet", run: () => inbox.loadMore() });
  const element = h("nav", { class: "talks-pane", "aria-label": "Conversations" }, list, status, h("div", { class: "talks-more" }, more));
  more.hidden = true;

  const show = () => {
    const all = inbox.list();
    const several = inbox.hasSeveralNumbers;
    keyed(list, all.map((one) => ({ ...one, several, open: one.key === inbox.thread?.key })), (one) => one.key, row);
    more.hidden = !inbox.more;
    if (inbox.loaded) fill(status, all.length ? null : empty("Nobody has written yet."));
  };
  inbox.addEventListener("list", show);

  const load = async () => {
    fill(status, inbox.loaded ? null : h("p", { class: "soft" }, "Loading."));
    try {
      await inbox.load();
    } catch (error) {
      fill(status, empty(reason(error), button("Try again", { run: load })));
    }
  };
  load();
  return { element, close: () => inbox.removeEventListener("list", show) };
}

function row(conversation) {
  const name = h("span", { class: "talk-name one-line" });
  const at = h("time", { class: "talk-time" });
  const said = h("span", { class: "talk-said one-line" });
  const number = h("span", { class: "talk-number one-line" });
  const unread = h("span", { class: "talk-unread" });
  const letter = h("span", { class: "talk-letter", "aria-hidden": "true" });
  const link = h("a", { class: "talk", href: hrefOf(conversation.key) }, letter, h("span", { class: "talk-top" }, name, at), h("span", { class: "talk-low" }, said, unread), number);

  const set = (next) => {
    tell(name, called(next));
    tell(letter, next.name ? [...next.name][0].toUpperCase() : "#");
    const { when } = next.last;
    at.dateTime = when.toISOString();
    at.title = `${day(when)} ${hour(when)}`;
    tell(at, dayWord(when) === "Today" ? hour(when) : dayWord(when));
    preview(said, next.last);
    number.hidden = !next.several;
    if (next.several) tell(number, `To ${numberName(next)}`);
    unread.hidden = !next.unread;
    tell(unread, next.unread >= 100 ? "99+" : String(next.unread));
    unread.ariaLabel = `${next.unread} not seen`;
    unread.role = "img";
    link.toggleAttribute("data-unread", next.unread > 0);
    if (next.open) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  };
  set(conversation);
  return { element: h("li", {}, link), set };
}

function preview(element, message) {
  const how = message.out ? progress(message) : null;
  const text = inBrief(message.type, message.body);
  const key = `${how?.word ?? ""} ${text}`;
  if (element.dataset.shown === key) return;
  element.dataset.shown = key;
  const state = how && h("span", { class: "how", data: { tone: how.tone }, title: how.word }, icon(how.icon), h("span", { class: "hidden-text" }, `${how.word}: `));
  fill(element, state, text);
}
