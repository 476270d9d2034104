// The first page: what needs attention, and each queue with its figures, charts, partitions and consumers.
import { h, keyed, tell } from "../dom.js";
import { clock } from "../format.js";
import { icon } from "../icons.js";
import { live } from "../live.js";
import { button } from "../parts/button.js";
import { attention } from "./attention.js";
import { consumers } from "./consumers.js";
import { askPause, resume } from "./queue_actions.js";
import { queueCard } from "./queue_card.js";

export const title = "Overview";

export function open(root) {
  const cards = ["webhook", "message", "fact"].map(queueCard);
  const items = h("ul", {});
  const calm = h("p", { class: "calm", hidden: true }, icon("check"), "Nothing needs attention.");
  const machines = consumers();
  const read = h("span", { class: "soft small" });
  const loading = h("p", { class: "soft" }, "Waiting for the first figures.");
  const resumeAll = button("Resume all", { icon: "play", kind: "primary", role: "admin", run: () => resume("") });
  const body = h(
    "div",
    { class: "stack-wide", hidden: true },
    h("section", { class: "card attention", "aria-label": "Needs attention" }, items, calm),
    h("div", { class: "queues" }, cards.map((card) => card.element)),
    machines.element,
  );

  root.append(
    h(
      "div",
      { class: "page-head" },
      h("div", {}, h("h1", { tabindex: "-1" }, title), read),
      h("div", { class: "buttons" }, resumeAll, button("Pause all", { icon: "pause", role: "admin", run: () => askPause("") })),
    ),
    loading,
    body,
  );

  const unfollow = live.follow((stats) => {
    loading.hidden = true;
    body.hidden = false;
    tell(read, `As of ${clock(new Date(stats.readAt ?? live.at))}`);
    const found = attention(stats);
    keyed(items, found, (item) => item.key, attentionItem);
    calm.hidden = found.length > 0;
    resumeAll.hidden = !["webhook", "message", "fact"].some((queue) => stats[queue]?.paused);
    for (const card of cards) card.set(stats);
    machines.set(stats);
  });

  return {
    close() {
      unfollow();
      for (const card of cards) card.close();
    },
    move: () => true,
  };
}

function attentionItem(item) {
  const text = h("p", { class: "wrap" }, item.text);
  const action = item.href ? h("a", { href: item.href }, item.go) : item.run && button(item.go, { role: item.role, run: item.run });
  const element = h("li", { data: { tone: item.tone } }, icon(item.tone === "info" ? "info" : "warn"), text, action);
  return {
    element,
    set: (next) => {
      tell(text, next.text);
      if (element.dataset.tone !== next.tone) element.dataset.tone = next.tone;
    },
  };
}
