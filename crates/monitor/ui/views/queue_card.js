// A queue: its state, its figures, two charts, and what may be done with it.
import { chart } from "../chart.js";
import { h, tell } from "../dom.js";
import { QUEUES, brief, count, rate, span } from "../format.js";
import { live } from "../live.js";
import { button, pill, repill } from "../parts/button.js";
import { held } from "./attention.js";
import { askPause, clear, resume } from "./queue_actions.js";

const BIG = [
  ["waiting", "Waiting"],
  ["active", "Active"],
  ["delayed", "Delayed"],
  ["dead", "Dead"],
];

const SMALL = [
  ["Oldest waits", (queue) => span(queue.oldestAgeSeconds)],
  ["Drained in", (queue) => (queue.waiting || queue.delayed ? span(queue.timeToDrainSeconds) : span())],
  ["Consumers", (queue) => count(queue.consumerCount)],
  ["Completed", (queue) => count(queue.completed)],
  ["Failed", (queue) => count(queue.failed)],
  ["Put off", (queue) => count(queue.retried)],
];

const EXTRA = {
  webhook: [["Ids remembered", (_, stats) => count(stats.deduplication?.cachedMessages)]],
  message: [
    ["Unknown", (queue) => count(queue.unknown)],
    ["Scheduled", (queue) => count(queue.scheduled)],
  ],
  fact: [],
};

const RATES = [
  ["In", "acceptedPerSecond"],
  ["Done", "completedPerSecond"],
  ["Failed", "failedPerSecond"],
];

export function queueCard(key) {
  const { name, way } = QUEUES[key];
  const state = pill("");
  const under = h("p", { class: "soft small one-line" }, way);
  const pause = button("Pause", { icon: "pause", role: "admin", "aria-label": `Pause ${name.toLowerCase()}`, run: () => askPause(key) });
  const go = button("Resume", { icon: "play", kind: "primary", role: "admin", "aria-label": `Resume ${name.toLowerCase()}`, run: () => resume(key) });
  const wipe = button("Clear", { icon: "clear", role: "admin", "aria-label": `Clear ${name.toLowerCase()}`, run: () => clear(key) });
  const big = BIG.map(([field, label]) => ({ field, ...figure(key, field, label) }));
  const small = [...SMALL, ...EXTRA[key]].map(([label, show]) => ({ show, label, value: h("dd", {}) }));
  const speed = rateTable(name);
  const rates = chart({
    title: "Per second",
    show: rate,
    series: [
      { name: "in", tone: "chart-blue" },
      { name: "done", tone: "chart-teal" },
      { name: "failed", tone: "chart-red" },
    ],
  });
  const depth = chart({
    title: "Depth",
    whole: true,
    show: brief,
    series: [
      { name: "waiting", tone: "chart-amber", fill: true },
      { name: "delayed", tone: "chart-blue" },
      { name: "active", tone: "chart-teal" },
    ],
  });

  const element = h(
    "section",
    { class: "card queue", "aria-label": name, data: { queue: key } },
    h(
      "header",
      { class: "card-head" },
      h("div", { class: "card-title" }, h("h2", {}, name), state, under),
      h("div", { class: "buttons" }, pause, go, wipe),
    ),
    h("dl", { class: "big" }, big.map((one) => one.element)),
    h("div", { class: "charts" }, rates.element, depth.element),
    h(
      "div",
      { class: "queue-foot" },
      speed.element,
      h("dl", { class: "figures" }, small.map((one) => [h("dt", {}, one.label), one.value])),
    ),
  );

  return {
    element,
    set(stats) {
      const queue = stats[key] ?? {};
      repill(state, ...stateOf(queue));
      tell(under, queue.paused ? `By ${held(queue.paused)}` : way);
      under.title = queue.paused ? under.textContent : "";
      pause.hidden = Boolean(queue.paused);
      go.hidden = !queue.paused;
      for (const one of big) one.set(queue[one.field] ?? 0);
      for (const one of small) tell(one.value, one.show(queue, stats));
      speed.set(queue);
      const { times, queues } = live.history;
      rates.set(times, [queues[key].accepted, queues[key].completed, queues[key].failed]);
      depth.set(times, [queues[key].waiting, queues[key].delayed, queues[key].active]);
    },
    close() {
      rates.close();
      depth.close();
    },
  };
}

function stateOf(queue) {
  if (queue.paused) return ["Paused", "warn"];
  if (!queue.consumerCount) return ["No consumer", "danger"];
  if (queue.waiting || queue.active || queue.delayed) return ["Running", "ok"];
  return ["Idle", "mute"];
}

function figure(key, field, label) {
  const value = h("span", { data: { figure: `${key}-${field}` } });
  // What is dead can be looked at.
  const shown = field === "dead" ? h("a", { href: `#/dead?queue=${key}` }, value) : value;
  const element = h("div", {}, h("dt", {}, label), h("dd", {}, shown));
  return {
    element,
    set(number) {
      tell(value, number < 1e6 ? count(number) : brief(number));
      value.title = count(number);
      if (field === "dead") element.dataset.tone = number ? "danger" : "";
    },
  };
}

function rateTable(name) {
  const cells = RATES.map(() => [h("td"), h("td")]);
  const element = h(
    "table",
    { class: "rates", "aria-label": `${name} a second` },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Per second"), h("th", { scope: "col" }, "1 min"), h("th", { scope: "col" }, "5 min"))),
    h("tbody", {}, RATES.map(([label], at) => h("tr", {}, h("th", { scope: "row" }, label), cells[at]))),
  );
  return {
    element,
    set(queue) {
      for (const [at, [, field]] of RATES.entries()) {
        tell(cells[at][0], rate(queue.lastMinute?.[field]));
        tell(cells[at][1], rate(queue.lastFiveMinutes?.[field]));
      }
    },
  };
}
