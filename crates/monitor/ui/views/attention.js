// What somebody who is woken at night has to know first, out of the figures.
import { QUEUES, several, span } from "../format.js";
import { resume } from "./queue_actions.js";

// Answers [{ key, tone, text, go, href or run, role }], the worst first.
export function attention(stats) {
  const found = [];
  for (const queue of Object.keys(QUEUES)) {
    if (stats[queue]) queueAttention(found, queue, stats[queue]);
  }
  const dead = Object.keys(QUEUES).reduce((sum, queue) => sum + (stats[queue]?.dead ?? 0), 0);
  if (dead) found.push({ key: "dead", tone: "info", text: `${several(dead, "dead letter")} to look at.`, go: "Show", href: "#/dead" });
  numberAttention(found, stats.numbers ?? []);
  const order = { danger: 0, warn: 1, info: 2 };
  return found.sort((a, b) => order[a.tone] - order[b.tone]);
}

function queueAttention(found, queue, stats) {
  const { name, many } = QUEUES[queue];
  if (stats.paused) {
    found.push({
      key: `${queue}-paused`,
      tone: "warn",
      text: `${name} are paused by ${held(stats.paused)}`,
      go: "Resume",
      run: () => resume(queue),
      role: "admin",
    });
  }
  if (stats.consumerCount === 0) {
    found.push({ key: `${queue}-nobody`, tone: "danger", text: `Nobody takes ${many}: no consumer is alive. ${several(stats.waiting, "entry waits", "entries wait")}.` });
  }
  const lapsed = (stats.consumers ?? []).filter((consumer) => consumer.lapsed).length;
  if (lapsed) {
    found.push({ key: `${queue}-lapsed`, tone: "warn", text: `${several(lapsed, "consumer")} of ${many} did not renew in time; others are taking over.` });
  }
  if (!stats.paused && stats.consumerCount > 0 && (stats.oldestAgeSeconds ?? 0) > 60) {
    found.push({ key: `${queue}-old`, tone: "warn", text: `The oldest of the ${many} has waited ${span(stats.oldestAgeSeconds)}.` });
  }
  if (stats.unknown) {
    found.push({
      key: `${queue}-unknown`,
      tone: "warn",
      text: `Of ${several(stats.unknown, "message")} nobody knows whether Meta has it.`,
      go: "Show",
      href: "#/messages?state=unknown",
    });
  }
}

function numberAttention(found, numbers) {
  const stopped = numbers.filter((number) => number.stopped);
  if (stopped.length) {
    const waiting = stopped.reduce((sum, number) => sum + number.backlog, 0);
    found.push({ key: "stopped", tone: "danger", text: `${several(stopped.length, "number is", "numbers are")} stopped, with ${several(waiting, "message")} waiting.`, go: "Show", href: "#/numbers" });
  }
  const open = numbers.filter((number) => number.breaker === "open" || number.breaker === "probing");
  if (open.length) {
    found.push({ key: "breaker", tone: "danger", text: `The circuit breaker of ${several(open.length, "number")} is open.`, go: "Show", href: "#/numbers" });
  }
  const slowed = numbers.filter((number) => number.limitPerSecond && number.currentRatePerSecond < number.limitPerSecond * 0.5);
  if (slowed.length) {
    found.push({ key: "slowed", tone: "info", text: `Meta has slowed ${several(slowed.length, "number")} to less than half of the limit.`, go: "Show", href: "#/numbers" });
  }
}

// "ann since 14:05:09: maintenance"
export function held({ by, since, reason }) {
  const at = since ? new Date(since) : null;
  const recent = at && Date.now() - at < 86400000;
  const when = at ? ` since ${recent ? at.toTimeString().slice(0, 8) : at.toISOString().slice(0, 10)}` : "";
  return `${by || "somebody"}${when}${reason ? `: ${reason}` : ""}`;
}

