// A message as this page holds it, from history or from an event, and how far it is. Both tell of the same message in any order:
// what is told twice or late changes nothing.
import { words } from "../format.js";

// In the order of the store: the further one holds.
const STATES = ["accepted", "unknown", "retrying", "held", "dead", "sent"];
const STATUSES = ["sent", "delivered", "read", "played", "failed"];

const CLASSES = {
  rejected: "Meta refused it",
  expired: "its time was over before its turn came",
  exhausted: "all attempts failed",
  unknown: "nobody knows whether Meta has it",
  number_stopped: "its number was stopped until its time was over",
  cleared: "it was cleared from the queue",
};

let last = 0;

function made(given) {
  return { key: `m${++last}`, id: "", wamid: "", state: "", order: null, stateClass: "", status: "", errorCode: 0, error: "", pending: false, local: false, heard: 0, ...given };
}

// As the API has it.
export function fromHistory(found) {
  const out = found.direction === "out";
  const accepted = new Date(found.acceptedAt);
  return made({
    id: found.id,
    wamid: found.wamid,
    number: found.phoneNumberId,
    contact: found.contactId,
    out,
    origin: found.origin,
    type: found.type,
    body: parse(found.payload),
    group: found.groupId,
    at: accepted.getTime(),
    // What WhatsApp says of one that came in holds, also when it reached us late.
    when: out ? accepted : new Date(found.sentAt ?? found.acceptedAt),
    state: found.state,
    stateClass: found.stateClass,
    status: found.status,
    errorCode: found.errorCode,
    error: found.errorExplanation,
  });
}

// From an event of the kind message.
export function fromEvent({ position, data }) {
  const out = data.direction === "out";
  const at = timeOf(position);
  const sent = Number(data.message?.timestamp) * 1000;
  return made({
    id: data.message_id ?? "",
    wamid: data.wamid ?? "",
    number: data.phone_number_id,
    contact: data.contact_id ?? "",
    out,
    origin: data.origin,
    type: data.type,
    body: data.message ?? null,
    group: data.message?.group_id ?? "",
    at,
    when: new Date(!out && sent ? sent : at),
    // What was told of it before its own event was.
    state: data.state ?? "",
    order: data.state ? orderOf(data) : null,
    stateClass: data.class ?? "",
    status: data.status ?? "",
    errorCode: data.error_code ?? 0,
  });
}

// One that was just written here. It comes last, whatever the clock of this machine says.
export function written(conversation, text, after) {
  const at = Math.max(Date.now(), after + 1);
  return made({ number: conversation.number, contact: conversation.contact, out: true, origin: "live", type: "text", body: { text: { body: text } }, at, when: new Date(at), pending: true, local: true });
}

// Takes over what another telling of the same message says. `asked`: when history was, for what was heard since is newer.
export function merge(message, other, asked = 0) {
  message.id ||= other.id;
  message.wamid ||= other.wamid;
  message.pending = false;
  message.local = false;
  message.at = other.at;
  message.when = other.when;
  message.body = other.body ?? message.body;
  message.group ||= other.group;
  if (!message.state || (other.order ? isFurther(message, other.order) : message.heard < asked && message.state !== "sent")) {
    message.state = other.state;
    message.order = other.order;
    message.stateClass = other.stateClass;
    if (other.state === "dead") blame(message, other);
  }
  if (rank(other.status) > rank(message.status)) {
    message.status = other.status;
    if (other.status === "failed") blame(message, other);
  }
}

// Takes an event of the kind status: a word of Meta's, or a step on the way to Meta. Answers whether it was news.
export function hear(message, data) {
  message.wamid ||= data.wamid ?? "";
  const error = data.error || data.error_message || saidBy(data.detail);
  if (data.status) {
    if (rank(data.status) <= rank(message.status)) return false;
    message.status = data.status;
    if (data.status === "failed") blame(message, { errorCode: data.error_code ?? 0, error });
  } else {
    const order = orderOf(data);
    if (!isFurther(message, order)) return false;
    message.order = order;
    message.state = data.state;
    message.stateClass = data.class ?? "";
    if (data.state === "dead") blame(message, { errorCode: data.error_code ?? 0, error });
  }
  message.pending = false;
  message.heard = performance.now();
  return true;
}

export const isSame = (message, { id, wamid }) => (id && message.id === id) || (wamid && message.wamid === wamid) || false;

// How far one that goes out is: { icon, word, tone, why }.
export function progress(message) {
  if (message.pending) return { icon: "clock", word: "Sending", tone: "mute" };
  if (message.status === "failed") return { icon: "warn", word: "Failed", tone: "danger", why: why(message) };
  if (message.status === "read" || message.status === "played") return { icon: "ticks", word: words(message.status), tone: "info" };
  if (message.status === "delivered") return { icon: "ticks", word: "Delivered", tone: "mute" };
  if (message.status === "sent" || message.state === "sent") return { icon: "check", word: "Sent", tone: "mute" };
  if (message.state === "dead") return { icon: "warn", word: "Not sent", tone: "danger", why: why(message) };
  if (message.state === "unknown" || message.state === "held") return { icon: "warn", word: "Outcome unknown", tone: "warn" };
  if (message.state === "retrying") return { icon: "clock", word: "Trying again", tone: "warn" };
  if (message.state === "accepted") return { icon: "clock", word: "Queued", tone: "mute" };
  // Written on the business's phone: WhatsApp has it, and tells no more.
  return { icon: "check", word: "Sent", tone: "mute" };
}

function why({ stateClass, error, errorCode }) {
  const said = [CLASSES[stateClass] ?? "", error ?? ""].filter(Boolean).join(": ").replace(/\.$/, "") || "no reason was told";
  return said[0].toUpperCase() + said.slice(1) + (errorCode ? ` (${errorCode})` : "") + ".";
}

function blame(message, { errorCode, error }) {
  message.errorCode = errorCode;
  message.error = error || message.error;
}

// What Meta itself said, where we have no words for the code.
function saidBy(detail) {
  const [first] = detail?.errors ?? [];
  return first?.error_data?.details || first?.message || first?.title || "";
}

const rank = (status) => STATUSES.indexOf(status);

// Steps may be told out of order: the highest life, attempt and state holds, and sent is the end.
const orderOf = ({ life, attempt, state }) => [life, attempt, STATES.indexOf(state)];

function isFurther(message, order) {
  if (message.state === "sent") return false;
  const at = message.order ? order.findIndex((part, index) => part !== message.order[index]) : 0;
  return at >= 0 && order[at] > (message.order?.[at] ?? -1);
}

// A position is a time in milliseconds and a count.
function timeOf(position) {
  return Number(String(position).split("-")[0]) || Date.now();
}

function parse(payload) {
  try {
    return payload ? JSON.parse(payload) : null;
  } catch {
    return null;
  }
}
