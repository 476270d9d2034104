// Who takes entries out, and how each partition stands.
import { h } from "../dom.js";
import { NONE, QUEUES, count, span } from "../format.js";
import { pill } from "../parts/button.js";
import { table } from "../parts/table.js";

export function consumers() {
  const people = table({
    label: "Consumers",
    dense: true,
    rowKey: (one) => `${one.queue}/${one.partition}/${one.id}`,
    columns: [
      { label: "Queue", cell: (one) => QUEUES[one.queue].name },
      { label: "Consumer", narrow: "wide", cell: (one) => h("span", { class: "mono wrap" }, one.id) },
      { label: "Partition", align: "end", cell: (one) => String(one.partition) },
      { label: "Active", align: "end", cell: (one) => count(one.active) },
      { label: "Heard of", align: "end", cell: (one) => since(one.lastHeartbeatAt, one.now) },
      { label: "Lease ends", align: "end", cell: (one) => until(one.leaseExpiresAt, one.now) },
      { label: "State", cell: (one) => (one.lapsed ? pill("Lapsed", "warn") : pill("Alive", "ok")) },
    ],
  });
  const parts = table({
    label: "Partitions",
    dense: true,
    rowKey: (one) => `${one.queue}/${one.partition}`,
    columns: [
      { label: "Queue", cell: (one) => QUEUES[one.queue].name },
      { label: "Partition", align: "end", cell: (one) => String(one.partition) },
      { label: "Waiting", align: "end", cell: (one) => count(one.waiting) },
      { label: "Active", align: "end", cell: (one) => count(one.active) },
      { label: "Delayed", align: "end", cell: (one) => count(one.delayed) },
      { label: "Dead", align: "end", cell: (one) => count(one.dead) },
      { label: "State", cell: (one) => (one.paused ? pill("Paused", "warn") : pill("Open", "mute")) },
    ],
  });
  const nobody = h("p", { class: "soft pad", hidden: true }, "No consumer is known.");

  return {
    element: h(
      "div",
      { class: "machines" },
      h("section", { class: "card", "aria-label": "Consumers" }, h("header", { class: "card-head" }, h("h2", {}, "Consumers")), people.element, nobody),
      h("section", { class: "card", "aria-label": "Partitions" }, h("header", { class: "card-head" }, h("h2", {}, "Partitions")), parts.element),
    ),
    set(stats) {
      const found = flat(stats, "consumers");
      people.set(found);
      nobody.hidden = found.length > 0;
      parts.set(flat(stats, "partitions"));
    },
  };
}

// The clock is the server's: the reader's own may go wrong.
function flat(stats, list) {
  const now = new Date(stats.readAt ?? Date.now());
  return Object.keys(QUEUES).flatMap((queue) => (stats[queue]?.[list] ?? []).map((one) => ({ queue, now, ...one })));
}

function since(text, now) {
  return text ? `${span(Math.max(0, (now - new Date(text)) / 1000))} ago` : NONE;
}

function until(text, now) {
  if (!text) return NONE;
  const left = (new Date(text) - now) / 1000;
  return left > 0 ? `in ${span(left)}` : `${span(-left)} ago`;
}
