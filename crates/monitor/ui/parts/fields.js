// Labelled fields, and reading and filling them.
import { h } from "../dom.js";

let last = 0;

// { name, label, type, options: [[value, label]], hint, value, ...attributes }
export function field({ name, label, type = "text", options, hint, value = "", wide, ...attributes }) {
  const id = `field-${++last}`;
  const described = hint ? `${id}-hint` : undefined;
  const common = { id, name, "aria-describedby": described, ...attributes };
  let control;
  if (options) {
    control = h("select", common, options.map(([key, text]) => h("option", { value: key }, text)));
  } else if (type === "textarea") {
    control = h("textarea", common);
  } else {
    control = h("input", { ...common, type, autocomplete: attributes.autocomplete ?? "off", spellcheck: "false" });
  }
  if (type === "checkbox") control.checked = value === true || value === "true";
  else control.value = value;
  if (type === "hidden") return control;
  const hinted = hint && h("p", { class: "hint", id: described }, hint);
  if (type === "checkbox") return h("div", { class: "field check" }, control, h("label", { for: id }, label), hinted);
  return h("div", { class: ["field", wide && "wide", type === "datetime-local" && "when"].filter(Boolean).join(" ") }, h("label", { for: id }, label), control, hinted);
}

export function values(form) {
  const found = {};
  for (const control of form.elements) {
    if (!control.name) continue;
    found[control.name] = control.type === "checkbox" ? control.checked : control.value.trim();
  }
  return found;
}

// Marks the fields that the server has complained of. Its names are those of the proto, `filter.phone_number_id`.
export function mark(form, fields) {
  for (const control of form.elements) control.removeAttribute?.("aria-invalid");
  for (const { field: path } of fields) {
    const control = form.elements.namedItem(path.split(".").at(-1));
    control?.setAttribute?.("aria-invalid", "true");
  }
}

// A field of date and time holds the reader's own time; the server takes RFC 3339.
export function instant(text) {
  if (!text) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
