// One dead letter, at the side of the list.
import { get, piece } from "../api.js";
import { fill, h } from "../dom.js";
import { NONE, QUEUES, bytes, count, time, words } from "../format.js";
import { button, empty, pill } from "../parts/button.js";
import { open } from "../parts/dialog.js";
import { reason } from "../parts/notice.js";
import { facts, payload, trouble } from "./pieces.js";
import { purgeSome, replayOne } from "./dead_actions.js";

// `onGone()` is called when the letter has been replayed or purged.
export function sheet(id, { onClose, onGone }) {
  const path = `/v1/dead-letters/${piece(id)}`;
  const box = open({ title: "Dead letter", kind: "sheet", body: h("p", { class: "soft" }, "Loading."), onClose });
  load();

  async function load() {
    try {
      show(await get(path));
    } catch (error) {
      fill(box.body, empty(error.status === 404 ? "There is no such dead letter any more." : reason(error)));
    }
  }

  function show({ deadLetter: letter, errors }) {
    const end = async (run) => {
      if (!(await run())) return;
      onGone();
      box.close();
    };
    fill(
      box.body,
      h("div", { class: "sheet-top" }, pill(words(letter.class), "danger"), h("span", { class: "soft" }, QUEUES[letter.queue]?.name)),
      h("p", { class: "lead wrap" }, letter.reason || NONE),
      h(
        "div",
        { class: "buttons" },
        button("Replay", { icon: "replay", kind: "primary", role: "operator", run: () => end(() => replayOne(id)) }),
        button("Purge", { icon: "clear", role: "admin", run: () => end(() => purgeSome([id])) }),
        letter.queue === "message" && h("a", { class: "button", href: `#/messages/${id}`, "data-kind": "quiet" }, "Timeline"),
      ),
      facts([
        ["Given up", time(letter.deadAt, { full: true })],
        ["Accepted", time(letter.acceptedAt, { full: true })],
        ["Attempts", count(letter.attempts)],
        ["Replays", count(letter.replays)],
        ["Number", letter.phoneNumberId],
        ["Type", letter.type],
        ["Priority", letter.priority],
        ["Payload", bytes(letter.payloadBytes)],
        ["Id", h("code", {}, letter.id)],
        ["Request", letter.requestId && h("code", {}, letter.requestId)],
      ]),
      h("section", { class: "stack" }, h("h3", {}, "What went wrong"), failures(letter, errors)),
      payload("Payload", async () => (await get(path, { include_payload: true })).payload),
    );
  }

  return { id, close: box.close };
}

// All errors that were kept; of a letter that kept none, the first and the last.
function failures(letter, errors) {
  const found = errors.length ? errors : [letter.firstError, letter.lastError].filter(Boolean);
  if (!found.length) return h("p", { class: "soft" }, "No error was kept.");
  return h(
    "ol",
    { class: "timeline" },
    found.map((one) =>
      h(
        "li",
        { data: { tone: "danger" } },
        h(
          "div",
          { class: "event-head" },
          h("b", {}, one.attempt ? `Attempt ${one.attempt}` : "Failure"),
          one.verdict && pill(words(one.verdict), "mute"),
          h("span", { class: "soft event-time" }, time(one.at, { millis: true })),
        ),
        trouble(one.error),
      ),
    ),
  );
}
