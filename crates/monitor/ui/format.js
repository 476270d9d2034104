// Numbers, spans and times, as people read them. Times are those of the reader's own zone, with UTC in the tooltip.
import { h } from "./dom.js";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const few = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

export const NONE = "–";

export function count(number) {
  return whole.format(number ?? 0);
}

// For places that hold five characters or so.
export function brief(number) {
  return number < 10000 ? whole.format(number ?? 0) : short.format(number);
}

// So many a second.
export function rate(number) {
  const value = number ?? 0;
  if (value === 0) return "0";
  if (value < 0.05) return "<0.1";
  return value < 1000 ? tenth.format(value) : whole.format(value);
}

export function limit(number) {
  return number ? few.format(number) : "none";
}

// Two units at most: more is noise.
export function span(seconds) {
  if (seconds === undefined || seconds === null) return NONE;
  if (seconds < 1) return "<1 s";
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, length]) => seconds >= length);
  const parts = [];
  let rest = Math.round(seconds);
  for (const [name, length] of units.slice(first, first + 2)) {
    const number = Math.floor(rest / length);
    rest -= number * length;
    if (number) parts.push(`${number} ${name}`);
  }
  return parts.join(" ");
}

export function millis(value) {
  if (value === undefined || value === null) return "";
  return value < 1000 ? `${whole.format(value)} ms` : `${few.format(value / 1000)} s`;
}

export function bytes(number) {
  if (number < 1024) return `${number} B`;
  return number < 1048576 ? `${tenth.format(number / 1024)} KiB` : `${tenth.format(number / 1048576)} MiB`;
}

const two = (number) => String(number).padStart(2, "0");

export function clock(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

// Without the seconds, where they only make noise.
export function hour(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function day(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

// The day as people say it, as long as they have a word for it.
export function dayWord(date, now = new Date()) {
  const before = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day(date) === day(now)) return "Today";
  return day(date) === day(before) ? "Yesterday" : day(date);
}

// A <time>: the clock alone when it is of today, the day as well otherwise.
export function time(text, { millis: withMillis = false, full = false } = {}) {
  if (!text) return NONE;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return String(text);
  const today = day(date) === day(new Date());
  const fraction = withMillis ? `.${String(date.getMilliseconds()).padStart(3, "0")}` : "";
  const shown = (today && !full ? "" : `${day(date)} `) + clock(date) + fraction;
  return h("time", { datetime: text, title: `${date.toISOString()} (UTC)` }, shown);
}

export function phone(digits) {
  return digits ? `+${digits}` : NONE;
}

// number_stopped is "Number stopped".
export function words(term) {
  if (!term) return NONE;
  const text = term.replaceAll("_", " ");
  return text[0].toUpperCase() + text.slice(1);
}

export function several(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

export const QUEUES = {
  webhook: { name: "Webhooks", way: "From Meta to Postgres", one: "webhook", many: "webhooks" },
  message: { name: "Messages", way: "From senders to Meta", one: "message", many: "messages" },
  fact: { name: "Facts", way: "Outcomes to Postgres", one: "fact", many: "facts" },
};
