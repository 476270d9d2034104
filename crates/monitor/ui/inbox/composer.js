// The box to write in.
import { h, tell } from "../dom.js";
import { button } from "../parts/button.js";
import { reason } from "../parts/notice.js";
import { newKey } from "../parts/key.js";
import { session } from "../session.js";

const LONGEST = 4096;
// What was begun in a conversation waits there until somebody comes back.
const drafts = new Map();

// `talk()` is the conversation, as far as it is known by now.
export function composer(thread, talk) {
  const box = h("textarea", { id: "text", rows: "1", maxlength: LONGEST, "aria-label": "Message", placeholder: "Write a message", "aria-describedby": "text-trouble text-hint" });
  const trouble = h("p", { class: "trouble", role: "alert", id: "text-trouble", hidden: true });
  const hint = h("p", { class: "hint", id: "text-hint" }, "Enter sends, Shift and Enter begin a new line.");
  const go = button("Send", { icon: "send", kind: "primary", type: "submit", role: "operator" });
  const form = h("form", { class: "composer" }, h("div", { class: "composer-row" }, box, go), trouble, hint);
  // A text that was not taken for certain keeps its key: sent again, it is not sent twice.
  const draft = drafts.get(thread.key) ?? { text: "", key: newKey("inbox") };
  drafts.set(thread.key, draft);
  box.value = draft.text;

  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  };
  const complain = (text) => {
    tell(trouble, text);
    trouble.hidden = !text;
  };
  const put = (text, key) => {
    Object.assign(draft, { text, key });
    box.value = text;
    grow();
  };

  box.addEventListener("input", () => {
    Object.assign(draft, { text: box.value, key: newKey("inbox") });
    grow();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { phone } = talk() ?? {};
    const text = box.value.trim();
    if (!text || !session.may("operator")) return;
    if (!phone) return complain("The phone number of this person is not known here, and this box can send to no other id. The send API can.");
    const { key } = draft;
    complain("");
    put("", newKey("inbox"));
    try {
      await thread.send(`+${phone}`, text, key);
    } catch (error) {
      complain(reason(error));
      // Back into the box, unless something else was begun in it.
      if (!box.value) put(text, key);
    }
  });
  requestAnimationFrame(grow);
  return { form, focus: () => box.focus() };
}
