// One message: what is known of it, and all that happened to it.
import { get, piece, post } from "../api.js";
import { fill, h } from "../dom.js";
import { millis, phone, time, words } from "../format.js";
import { button, empty, pill } from "../parts/button.js";
import { ask, open } from "../parts/dialog.js";
import { notice, reason } from "../parts/notice.js";
import { facts, payload, progress, trouble } from "./pieces.js";

const TONES = {
  sent: "ok",
  delivered: "ok",
  read: "ok",
  played: "ok",
  persisted: "ok",
  event: "ok",
  failed: "danger",
  dead: "danger",
  unknown: "warn",
  held: "warn",
  scheduled: "warn",
  now: "info",
};

const VERDICTS = { done: "ok", retry: "warn", slow_down: "warn", unknown: "warn", never: "danger", stop_number: "danger" };

export function sheet(id, { onClose }) {
  const path = `/v1/messages/${piece(id)}`;
  const box = open({ title: "Message", kind: "sheet", body: h("p", { class: "soft" }, "Loading."), onClose });
  load();

  async function load() {
    try {
      show(await get(path));
    } catch (error) {
      fill(box.body, empty(error.status === 404 ? "No such message is known. What was accepted a moment ago may take a second to be stored." : reason(error), button("Look again", { run: load })));
    }
  }

  function show({ message, timeline }) {
    const open = message.direction === "out" && (message.state === "unknown" || message.state === "held");
    fill(
      box.body,
      h(
        "div",
        { class: "sheet-top" },
        progress(message),
        h("span", { class: "soft" }, `${message.direction === "in" ? "From a person" : "To a person"}, ${message.type || "no type"}`),
        h("span", { class: "push" }, button("Refresh", { icon: "replay", kind: "quiet", run: load })),
      ),
      open && decision(message, load),
      h("section", { class: "stack" }, h("h3", {}, "Timeline"), h("ol", { class: "timeline" }, timeline.map(event))),
      known(message),
      payload("Body", async () => (await get(path, { include_payload: true })).message.payload),
    );
  }

  return { id, close: box.close };
}

function event(one) {
  const tone = one.verdict ? VERDICTS[one.verdict] : TONES[one.kind];
  return h(
    "li",
    { data: { tone: tone ?? "mute", kind: one.kind } },
    h(
      "div",
      { class: "event-head" },
      h("b", {}, one.kind === "attempt" ? `Attempt ${one.attempt}` : words(one.kind)),
      one.verdict && pill(words(one.verdict), tone ?? "mute"),
      one.latencyMs !== undefined && h("span", { class: "soft" }, millis(one.latencyMs)),
      h("span", { class: "soft event-time" }, one.kind === "now" ? "" : time(one.at, { millis: true })),
    ),
    one.summary && h("p", { class: "wrap" }, one.summary),
    one.participant && h("p", { class: "soft wrap" }, `About ${one.participant}`),
    trouble(one.error),
    one.nextAttemptAt && h("p", { class: "soft" }, "Next attempt ", time(one.nextAttemptAt)),
    one.eventId && h("p", { class: "soft small wrap" }, "Event ", h("code", {}, one.eventId)),
  );
}

function known(message) {
  const code = (text) => text && h("code", {}, text);
  const when = (at) => at && time(at, { full: true });
  return h(
    "section",
    { class: "stack" },
    h("h3", {}, "What is known"),
    facts([
      ["Person", message.contactName],
      ["Phone", message.personPhone && phone(message.personPhone)],
      ["User id", code(message.personUserId)],
      ["Group", code(message.groupId)],
      ["Number id", message.phoneNumberId],
      ["Account", message.accountId],
      ["Origin", message.origin],
      ["Priority", message.priority],
      ["Accepted", when(message.acceptedAt)],
      ["To be sent", when(message.sendAt)],
      ["Expires", when(message.expiresAt)],
      ["If unknown", words(message.onUnknown)],
      ["Key", message.keyName],
      ["Repeats", code(message.duplicateOf)],
      ["Id", code(message.id)],
      ["Wamid", code(message.wamid)],
      ["Request", code(message.requestId)],
      ["Trace", code(message.traceId)],
      ["Contact", message.contactId && h("a", { href: `#/messages?contact=${message.contactId}` }, "What was said with this person")],
    ]),
  );
}

// Nobody knows whether Meta has it: somebody has to decide.
function decision(message, load) {
  const decide = (word, title, intro, confirm, kind) => () =>
    ask({
      title,
      intro: h("p", {}, intro),
      confirm,
      kind,
      run: async () => {
        await post(`/v1/messages/${piece(message.id)}:decide`, { decision: word, phoneNumberId: message.phoneNumberId });
        notice(word === "resend" ? "It is sent again." : "It is given up: a dead letter of class unknown.");
        await load();
      },
    });
  return h(
    "div",
    { class: "callout", data: { tone: "warn" } },
    h("p", {}, "Nobody knows whether Meta has this message. Its conversation waits."),
    h(
      "div",
      { class: "buttons" },
      button("Send again", { role: "operator", run: decide("resend", "Send again", "If Meta did take it the first time, the person gets it twice.", "Send again", "primary") }),
      button("Give up", { role: "operator", run: decide("give_up", "Give it up", "It becomes a dead letter of class unknown, and its conversation goes on.", "Give up", "danger") }),
    ),
  );
}
