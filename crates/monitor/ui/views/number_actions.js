// What may be done with one business number.
import { piece, post, put } from "../api.js";
import { h } from "../dom.js";
import { limit, phone, several } from "../format.js";
import { ask } from "../parts/dialog.js";
import { notice } from "../parts/notice.js";
import { clear } from "./queue_actions.js";

// Where a limit comes from.
export const SOURCES = { operator: "by hand", meta: "by Meta", file: "from file", default: "default" };

const path = (id) => `/v1/numbers/${piece(id)}`;
const name = (number) => (number.displayPhoneNumber ? phone(number.displayPhoneNumber) : number.phoneNumberId);

// "+4915112345678 may send 80 a second (by Meta)"
function told(number) {
  const source = SOURCES[number.limitSource] ?? number.limitSource;
  return number.limitPerSecond ? `${name(number)} may send ${limit(number.limitPerSecond)} a second (${source})` : `${name(number)} has no limit`;
}

export function askLimit(number, take) {
  return ask({
    title: `Limit of ${name(number)}`,
    intro: h("p", {}, `${told(number)} now. A limit set here stands above what Meta and the file say.`),
    fields: [
      {
        name: "limit",
        label: "Messages a second",
        type: "number",
        min: "0.01",
        max: "10000",
        step: "0.01",
        inputmode: "decimal",
        value: number.limitSource === "operator" ? String(number.limitPerSecond) : "",
        hint: "Empty: as Meta, the file or the default has it.",
      },
    ],
    confirm: "Set limit",
    run: async ({ limit: text }) => {
      const answer = await put(`${path(number.phoneNumberId)}/limit`, text ? { limitPerSecond: Number(text) } : {});
      take(answer.number);
      notice(`${told(answer.number)}.`);
    },
  });
}

export function askStop(number, take) {
  return ask({
    title: `Stop ${name(number)}`,
    intro: h("p", {}, `It sends nothing until it is resumed. ${several(number.backlog, "message waits", "messages wait")}; what has a time to live may expire.`),
    fields: [{ name: "reason", label: "Reason", hint: "For whoever asks later. May be empty.", maxlength: 500 }],
    confirm: "Stop number",
    kind: "danger",
    run: async ({ reason }) => {
      const answer = await post(`${path(number.phoneNumberId)}:stop`, reason ? { reason } : {});
      take(answer.number);
      notice(answer.changed ? `${name(answer.number)} is stopped.` : `${name(answer.number)} was stopped already.`);
    },
  });
}

export async function resumeNumber(id, take) {
  const answer = await post(`${path(id)}:resume`, {});
  take(answer.number);
  notice(answer.changed ? `${name(answer.number)} goes on.` : `${name(answer.number)} was neither stopped nor paused.`);
}

export const wipeNumber = (id) => clear("message", id);
