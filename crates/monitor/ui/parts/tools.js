// What stands in the frame of every page: whether it is live, the theme, signing out.
import { h, tell } from "../dom.js";
import { icon } from "../icons.js";
import { session } from "../session.js";
import { button, relabel } from "./button.js";

// `source` has a `state` and an event of that name; `states` are the words for it.
export function liveSign(source, states) {
  const text = h("span", { role: "status" });
  const sign = h("div", { class: "live" }, h("i", { class: "dot" }), text);
  const show = () => {
    sign.dataset.state = source.state;
    document.documentElement.dataset.live = source.state;
    tell(text, states[source.state]);
  };
  source.addEventListener("state", show);
  show();
  return sign;
}

export function themeSwitch() {
  const choice = button("", { icon: "system", kind: "quiet", run: () => waypostTheme.next() });
  const drawings = { system: "system", light: "sun", dark: "moon" };
  const show = () => {
    const theme = waypostTheme.now();
    relabel(choice, `Theme: ${theme}`);
    choice.ariaLabel = `Theme: ${theme}. Change it`;
    choice.title = `Theme: ${theme}`;
    choice.querySelector("svg").replaceWith(icon(drawings[theme]));
  };
  document.addEventListener("waypost:theme", show);
  show();
  return choice;
}

export function leave() {
  const element = button("Sign out", { icon: "leave", kind: "quiet", "aria-label": "Sign out", run: () => session.end() });
  const show = () => (element.title = session.role ? `Sign out (role ${session.role})` : "Sign out");
  session.addEventListener("role", show);
  show();
  return element;
}
