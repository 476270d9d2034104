// Pausing, resuming and clearing a queue; without a queue, webhooks and messages both.
import { post, remove } from "../api.js";
import { h } from "../dom.js";
import { QUEUES, count, several } from "../format.js";
import { ask, confirmPlan } from "../parts/dialog.js";
import { notice } from "../parts/notice.js";

const what = (queue) => (queue ? QUEUES[queue].name : "Webhooks and messages");
const body = (queue, more = {}) => ({ ...(queue && { queue }), ...more });

export function askPause(queue) {
  return ask({
    title: `Pause ${what(queue).toLowerCase()}`,
    intro: h("p", {}, "Nothing new is taken out, by any consumer. What is under way ends, and what comes in is accepted and waits."),
    fields: [{ name: "reason", label: "Reason", hint: "For whoever asks later. May be empty.", maxlength: 500 }],
    confirm: "Pause",
    run: async ({ reason }) => {
      const answer = await post("/v1/queues:pause", body(queue, reason && { reason }));
      notice(answer.changed ? `${what(queue)} are paused.` : `${what(queue)} were paused already.`);
    },
  });
}

export async function resume(queue) {
  const answer = await post("/v1/queues:resume", body(queue));
  const still = answer.paused.map((one) => QUEUES[one].name.toLowerCase()).join(" and ");
  if (still) notice(`Paused still: ${still}.`, "info");
  else notice(answer.changed ? (queue ? `${what(queue)} go on.` : "All queues go on.") : "Nothing was paused.");
}

// Clears a queue, or the messages of one number.
export function clear(queue, phoneNumberId = "") {
  const name = phoneNumberId ? `messages of ${phoneNumberId}` : what(queue).toLowerCase();
  return confirmPlan({
    title: `Clear ${name}`,
    plan: (token) => remove("/v1/queues", { queue, phone_number_id: phoneNumberId, confirmation_token: token }),
    describe: ({ wouldClear }) => [
      h("p", {}, all(wouldClear) ? "This is thrown away for good. What comes in from now on stays, and so does what is under way." : "Nothing waits. There is nothing to clear."),
      all(wouldClear) > 0 && plannedTable(wouldClear),
    ],
    confirm: ({ wouldClear }) => (all(wouldClear) ? `Clear ${several(all(wouldClear), "entry", "entries")}` : null),
    done: (answer) => {
      notice(`Cleared ${several(all(answer.cleared), "entry", "entries")}.${answer.difference ? ` ${answer.difference}` : ""}`);
    },
  });
}

const PARTS = [
  ["webhooksWaiting", "Webhooks that wait"],
  ["webhooksDelayed", "Webhooks that wait for their next attempt"],
  ["messages", "Messages, waiting, delayed or scheduled"],
  ["facts", "Facts"],
];

const all = (cleared = {}) => PARTS.reduce((sum, [key]) => sum + (cleared[key] ?? 0), 0);

function plannedTable(cleared) {
  return h(
    "dl",
    { class: "figures" },
    PARTS.filter(([key]) => cleared[key]).map(([key, label]) => [h("dt", {}, label), h("dd", {}, count(cleared[key]))]),
  );
}
