// The form above a list. What it says stands in the address too, so that a search can be sent to somebody. On a phone the first
// fields are shown, and the others behind a button.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { button } from "./button.js";
import { field, values } from "./fields.js";

// fields: as of fields.js, `select`s taking effect at once. `always`: so many are shown on a phone too.
export function filters({ path, label, role, fields, always, query, go, onSame }) {
  const names = fields.map((one) => one.name);
  const text = (given) => {
    const found = new URLSearchParams(names.filter((name) => given[name]).map((name) => [name, given[name]])).toString();
    return found && `?${found}`;
  };
  const submit = () => {
    const next = `${path}${text(values(form))}`;
    if (location.hash === next) onSame();
    else location.hash = next;
  };
  const more = h("button", { type: "button", class: "button more", "aria-expanded": "false" }, icon("more"), h("span", {}, "More"));
  more.addEventListener("click", () => {
    const open = form.classList.toggle("open");
    more.setAttribute("aria-expanded", String(open));
  });
  const form = h(
    "form",
    { class: "filters card", role, "aria-label": label, onsubmit: (event) => (event.preventDefault(), submit()) },
    fields.map((one, at) => {
      const element = field({ ...one, value: query[one.name], onchange: one.options ? submit : undefined });
      if (at >= always) element.classList.add("extra");
      return element;
    }),
    h("div", { class: "buttons" }, button(go, { icon: "search", type: "submit", kind: "primary" }), more, h("a", { class: "button", href: path, "data-kind": "quiet" }, "Reset")),
  );
  // A filter that is set must be seen.
  if (fields.some((one, at) => at >= always && query[one.name])) more.click();
  // What is typed holds when it is sent off, and not before: a view goes by `query`, and `search` is the end of its address.
  return { form, search: text(query), same: (other) => text(other) === text(query) };
}
