// Buttons. One that the token's role may not use stays where it is, can be focused, and says why it does nothing.
import { h, tell } from "../dom.js";
import { icon } from "../icons.js";
import { session } from "../session.js";
import { complain, notice } from "./notice.js";

// kind: primary, danger, plain (the default) or quiet; `bare` shows the icon only, with the label as its name.
export function button(label, { icon: drawing, kind = "plain", role, bare = false, run, type = "button", ...rest } = {}) {
  const element = h(
    "button",
    { type, class: "button", "aria-label": bare ? label : undefined, title: bare ? label : undefined, ...rest },
    drawing && icon(drawing),
    !bare && h("span", {}, label),
  );
  element.dataset.kind = kind;
  if (bare) element.dataset.bare = "";
  const why = role && !session.may(role) ? `Needs the role ${role}; this token has the role ${session.role}.` : "";
  if (why) {
    element.setAttribute("aria-disabled", "true");
    element.title = why;
    element.setAttribute("aria-description", why);
  }
  element.addEventListener("click", async (event) => {
    if (why) {
      event.preventDefault();
      notice(why, "info");
      return;
    }
    if (!run || element.ariaBusy === "true") return;
    element.ariaBusy = "true";
    try {
      await run(event);
    } catch (error) {
      complain(error);
    } finally {
      element.ariaBusy = "false";
    }
  });
  return element;
}

export function relabel(element, label) {
  const text = element.querySelector("span");
  if (text) tell(text, label);
}

// A state in a word. tone: ok, warn, danger, info or mute.
export function pill(text, tone = "mute") {
  return h("span", { class: "pill", data: { tone } }, text);
}

export function repill(element, text, tone) {
  tell(element, text);
  if (element.dataset.tone !== tone) element.dataset.tone = tone;
}

// What stands where there is nothing to show, or where something failed.
export function empty(text, more) {
  return h("div", { class: "empty" }, h("p", {}, text), more);
}
