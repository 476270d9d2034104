// Dialogs and sheets on <dialog>, which keeps the focus inside, gives it back, and closes with Escape.
import { fill, h } from "../dom.js";
import { button, relabel } from "./button.js";
import { field, mark, values } from "./fields.js";
import { place, reason } from "./notice.js";

let last = 0;

// Opens a dialog and answers { element, body, close }. kind: "box" in the middle, "sheet" at the side.
export function open({ title, kind = "box", body, onClose }) {
  const id = `dialog-${++last}`;
  const content = h("div", { class: "dialog-body" }, body);
  const heading = h("h2", { id, tabindex: "-1" }, title);
  const notices = h("div", { class: "dialog-notices", role: "status", "aria-live": "polite" });
  const element = h(
    "dialog",
    { class: kind, "aria-labelledby": id },
    h("header", { class: "dialog-head" }, heading, button("Close", { icon: "close", kind: "quiet", bare: true, run: () => element.close() })),
    content,
    notices,
  );
  element.addEventListener("close", () => {
    element.remove();
    // What was said in it is still to be read.
    place().append(...notices.childNodes);
    onClose?.();
  });
  // A click beside the dialog is one on the element itself, for its content covers the rest.
  element.addEventListener("pointerdown", (event) => {
    if (event.target === element && kind === "sheet") element.close();
  });
  document.body.append(element);
  element.showModal();
  return { element, body: content, heading, close: () => element.close() };
}

// Asks before something is done, and does it in the dialog: it shows that it works, and what went wrong. `run(values)` may
// answer "stay" to keep it open. Resolves to whether it was done.
export function ask({ title, intro, fields = [], confirm, kind = "primary", run, ready = true }) {
  return new Promise((resolve) => {
    let done = false;
    const trouble = h("p", { class: "trouble", role: "alert", hidden: true });
    const yes = button(confirm, { kind, type: "submit" });
    const no = button("Cancel", { run: () => box.close() });
    const form = h(
      "form",
      { class: "stack", novalidate: true },
      h("div", { class: "stack" }, intro),
      fields.map((one) => field(one)),
      trouble,
      h("div", { class: "dialog-foot" }, no, yes),
    );
    yes.hidden = !ready;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (yes.ariaBusy === "true" || !form.reportValidity()) return;
      yes.ariaBusy = "true";
      trouble.hidden = true;
      try {
        if ((await run(values(form), form)) === "stay") return;
        done = true;
        box.close();
      } catch (error) {
        mark(form, error.fields ?? []);
        trouble.textContent = reason(error);
        trouble.hidden = false;
      } finally {
        yes.ariaBusy = "false";
      }
    });
    const box = open({ title, body: form, onClose: () => resolve(done) });
    (form.querySelector("input, select, textarea") ?? (kind === "danger" || !ready ? no : yes)).focus();
  });
}

// Two steps for what cannot be undone. `plan(token)` makes the call: with no token the server answers 409 and what would go;
// with the token of that answer it is done. A plan that has run out is answered with a new one, which is shown in its place.
export async function confirmPlan({ title, plan, describe, confirm, done }) {
  let problem = await refused(plan);
  if (!problem) return false;
  const view = h("div", { class: "stack" });
  let deadline = 0;
  const left = h("p", { class: "hint" });
  const show = () => {
    const expires = new Date(problem.body.expiresAt ?? Date.now() + 60000);
    deadline = expires.getTime();
    fill(view, describe(problem.body));
  };
  show();
  const nothing = confirm(problem.body) === null;
  const timer = setInterval(tick, 500);
  tick();

  function tick() {
    const seconds = Math.ceil((deadline - Date.now()) / 1000);
    if (nothing) left.textContent = "";
    else left.textContent = seconds > 0 ? `This plan holds for ${seconds} s.` : "This plan has run out. Confirm to get a new one.";
  }

  const asked = await ask({
    title,
    intro: [view, left],
    confirm: confirm(problem.body) ?? "",
    kind: "danger",
    ready: !nothing,
    run: async (_, form) => {
      try {
        done(await plan(problem.body.confirmationToken));
      } catch (error) {
        if (!error.body?.confirmationToken) throw error;
        problem = error;
        show();
        relabel(form.querySelector("[type=submit]"), confirm(problem.body) ?? "Confirm");
        view.prepend(h("p", { class: "callout", data: { tone: "warn" } }, "The plan had run out. This is the new one; confirm it again."));
        return "stay";
      }
    },
  });
  clearInterval(timer);
  return asked;
}

// The failure that carries the plan.
async function refused(plan) {
  try {
    await plan();
  } catch (error) {
    if (error.body?.confirmationToken) return error;
    throw error;
  }
  return null;
}
