// One message.
import { fill, h, tell } from "../dom.js";
import { day, hour } from "../format.js";
import { icon } from "../icons.js";
import { describe } from "./kinds.js";
import { progress } from "./message.js";

// { element, set(message) }, as `keyed` wants it.
export function bubble(message) {
  const content = h("div", { class: "bubble-body" });
  const meta = h("p", { class: "bubble-meta" });
  const why = h("p", { class: "bubble-why", hidden: true });
  const element = h("li", { class: "bubble", data: { way: message.out ? "out" : "in" } }, h("div", { class: "bubble-box" }, content, meta), why);
  let shown = "";
  const set = (next) => {
    // What is the same stays, with what is marked in it.
    const key = JSON.stringify([next.type, next.body]);
    if (key !== shown) fill(content, said(next));
    shown = key;
    about(next, meta, why);
    element.dataset.id = next.id || next.wamid;
    const { tone } = next.out ? progress(next) : { tone: "" };
    if (element.dataset.tone !== tone) element.dataset.tone = tone;
  };
  set(message);
  return { element, set };
}

function said(message) {
  const { icon: drawing, name, text } = describe(message.type, message.body);
  return [
    message.group && h("p", { class: "bubble-note" }, "In a group"),
    name && h("p", { class: "bubble-kind" }, drawing && icon(drawing), h("span", { class: "wrap" }, name)),
    text && h("p", { class: "bubble-text" }, text),
    !name && !text && h("p", { class: "bubble-note" }, "An empty text"),
  ];
}

function about(message, meta, why) {
  const when = h("time", { datetime: message.when.toISOString(), title: `${day(message.when)} ${hour(message.when)}` }, hour(message.when));
  if (!message.out) {
    fill(meta, when);
    return;
  }
  const how = progress(message);
  // A state that stands is left alone, so that a reader does not hear it again with every other.
  if (meta.dataset.word === how.word && meta.querySelector("time")?.dateTime === when.dateTime) return;
  meta.dataset.word = how.word;
  fill(meta, when, h("span", { class: "how", data: { tone: how.tone } }, icon(how.icon), how.word));
  why.hidden = !how.why;
  tell(why, how.why ?? "");
}
