// A word at the edge of the page: what was done, or why not. The region is a polite live region, so it is read out as well.
import { h } from "../dom.js";
import { icon } from "../icons.js";

const STAYS = { ok: 6000, info: 8000, danger: 15000 };
const MARK = { ok: "check", info: "info", danger: "warn" };

export function notice(text, tone = "ok") {
  const dismiss = h("button", { type: "button", class: "dismiss", "aria-label": "Dismiss", onclick: () => element.remove() }, icon("close"));
  const element = h("div", { class: "notice", data: { tone } }, icon(MARK[tone]), h("p", {}, text), dismiss);
  place().append(element);
  setTimeout(() => element.remove(), STAYS[tone]);
}

// Above an open dialog nothing but a dialog is seen; there the words go into it.
export function place() {
  return [...document.querySelectorAll("dialog[open] .dialog-notices")].at(-1) ?? document.getElementById("notices");
}

// The whole of a problem in a sentence or two.
export function reason(error) {
  if (error?.name !== "Problem") return `Something went wrong in this page: ${error?.message ?? error}`;
  // limit_per_second is "limit per second"; where the fields are told one by one, the message only repeats them.
  const details = error.fields.map(({ field, detail }) => `${field.replaceAll("_", " ")} ${detail}`);
  const said = (details.length ? details.join("; ") : error.message).replace(/[^.!?]$/, "$&.");
  return [said[0].toUpperCase() + said.slice(1), error.retryAfter && `Try again in ${error.retryAfter} s.`].filter(Boolean).join(" ");
}

export function complain(error) {
  if (error?.name !== "AbortError") notice(reason(error), "danger");
}
