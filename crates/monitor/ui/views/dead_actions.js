// Replay and purge, of some letters by id or of all that a filter takes.
import { post } from "../api.js";
import { h } from "../dom.js";
import { several } from "../format.js";
import { ask, confirmPlan } from "../parts/dialog.js";
import { notice } from "../parts/notice.js";

const RATE = {
  name: "rate",
  label: "At most a second",
  type: "number",
  min: "0",
  max: "10000",
  step: "any",
  inputmode: "decimal",
  hint: "Empty: as fast as can be. With a rate this takes its time; what it has not come to when you leave stays dead.",
};

const letters = (number) => several(number, "dead letter");
const gone = (answer) => (answer.notFound?.length ? ` ${letters(answer.notFound.length)} were not there any more.` : "");

export async function replayOne(id) {
  const answer = await post("/v1/dead-letters:replay", { ids: [id] });
  if (answer.replayed) notice("Put back into its queue.");
  else notice("It is no dead letter any more.", "info");
  return true;
}

export function replaySome(ids) {
  return replay(`Replay ${letters(ids.length)}`, { ids }, "Each is put back into its queue, with fresh attempts.");
}

export async function replayAll(filter) {
  const plan = await post("/v1/dead-letters:replay", { filter, dryRun: true });
  if (!plan.replayed) {
    notice("No dead letter fits.", "info");
    return false;
  }
  return replay(`Replay ${letters(plan.replayed)}`, { filter }, "That is all that the filter takes. Each is put back into its queue, with fresh attempts.");
}

function replay(title, what, intro) {
  return ask({
    title,
    intro: h("p", {}, intro),
    fields: [RATE],
    confirm: "Replay",
    run: async ({ rate }) => {
      const answer = await post("/v1/dead-letters:replay", { ...what, ...(Number(rate) > 0 && { ratePerSecond: Number(rate) }) });
      notice(`Put back ${letters(answer.replayed)}.${gone(answer)}`);
    },
  });
}

export function purgeSome(ids) {
  return ask({
    title: `Purge ${letters(ids.length)}`,
    intro: h("p", {}, "They are thrown away for good and can never be replayed. What Postgres knows of them stays."),
    confirm: "Purge",
    kind: "danger",
    run: async () => {
      const answer = await post("/v1/dead-letters:purge", { ids });
      notice(`Purged ${letters(answer.purged)}.${gone(answer)}`);
    },
  });
}

export function purgeAll(filter) {
  return confirmPlan({
    title: "Purge dead letters",
    plan: (confirmationToken) => post("/v1/dead-letters:purge", { filter, ...(confirmationToken && { confirmationToken }) }),
    describe: ({ wouldPurge }) =>
      h("p", {}, wouldPurge ? `The filter takes ${letters(wouldPurge)}. They are thrown away for good and can never be replayed. Those given up from now on stay.` : "No dead letter fits."),
    confirm: ({ wouldPurge }) => (wouldPurge ? `Purge ${letters(wouldPurge)}` : null),
    done: (answer) => notice(`Purged ${letters(answer.purged)}.`),
  });
}
