// What the details of dead letters, messages and audit entries share.
import { h } from "../dom.js";
import { NONE, words } from "../format.js";
import { button, pill } from "../parts/button.js";

// Names and values, those without a value left out.
export function facts(pairs) {
  const given = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== NONE);
  return h(
    "dl",
    { class: "facts" },
    given.map(([name, value]) => {
      const whole = value.tagName === "CODE" || value.tagName === "A";
      return h("div", { class: whole ? "whole" : undefined }, h("dt", {}, name), h("dd", { class: "wrap" }, value));
    }),
  );
}

// An error of Meta's or ours, and what it means.
export function trouble(error) {
  if (!error) return null;
  const codes = [
    error.code ? `code ${error.code}` : "",
    error.subcode ? `subcode ${error.subcode}` : "",
    error.httpStatus ? `HTTP ${error.httpStatus}` : "",
  ].filter(Boolean);
  return h(
    "div",
    { class: "error-detail" },
    error.message && h("p", { class: "wrap" }, error.message, codes.length > 0 && h("span", { class: "soft" }, ` (${codes.join(", ")})`)),
    !error.message && codes.length > 0 && h("p", {}, codes.join(", ")),
    error.explanation && h("p", { class: "soft wrap" }, error.explanation),
    error.fbtraceId && h("p", { class: "soft small wrap" }, "Meta's trace ", h("code", {}, error.fbtraceId)),
  );
}

// What people wrote is fetched only when somebody asks for it.
export function payload(title, fetchIt) {
  const place = h("div");
  const show = button("Show", {
    icon: "eye",
    role: "operator",
    "aria-label": `Show ${title.toLowerCase()}`,
    run: async () => {
      const text = await fetchIt();
      place.append(text ? h("pre", { tabindex: "0", "aria-label": title }, pretty(text)) : h("p", { class: "soft" }, "There is none."));
      show.remove();
    },
  });
  return h("section", { class: "stack" }, h("div", { class: "row" }, h("h3", {}, title), show), place);
}

export function pretty(text) {
  try {
    return JSON.stringify(typeof text === "string" ? JSON.parse(text) : text, null, 2);
  } catch {
    return text; // base64 of what is no text
  }
}

// How far a message is, in a word: what Meta told, or what we know as long as Meta has told nothing.
export function progress(message) {
  const code = message.errorCode ? ` ${message.errorCode}` : "";
  if (message.status === "failed") return pill(`Failed${code}`, "danger");
  // Cleared on purpose, which is no trouble.
  if (message.state === "dead" && message.stateClass === "cleared") return pill("Cleared", "mute");
  if (message.state === "dead") return pill(`Dead, ${words(message.stateClass).toLowerCase()}`, "danger");
  if (message.state === "unknown" || message.state === "held") return pill(words(message.state), "warn");
  if (message.state === "retrying") return pill("Retrying", "warn");
  if (message.direction === "in") return message.duplicateOf ? pill("Duplicate", "mute") : pill("Received", "info");
  if (message.status) return pill(words(message.status), message.status === "sent" ? "info" : "ok");
  return pill(words(message.state || "accepted"), "mute");
}
