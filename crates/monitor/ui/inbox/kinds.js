// What a message says, by Meta's type of it: an icon and a name for what cannot be shown here, and the text that goes with it.
import { several, words } from "../format.js";

const media = (icon, name) => (body, part) => ({ icon, name, text: part.caption });

const KINDS = {
  text: (body, part) => ({ text: part.body }),
  image: media("image", "Image"),
  video: media("video", "Video"),
  audio: (body, part) => ({ icon: "audio", name: part.voice ? "Voice message" : "Audio" }),
  document: (body, part) => ({ icon: "file", name: part.filename || "Document", text: part.caption }),
  sticker: media("sticker", "Sticker"),
  location: (body, part) => ({ icon: "place", name: part.name || "Location", text: part.address || place(part) }),
  contacts: (body, part) => ({ icon: "person", name: part.length > 1 ? several(part.length, "contact") : "Contact", text: part.map(called).join(", ") }),
  button: (body, part) => ({ icon: "choice", name: "Answer by button", text: part.text }),
  interactive: (body, part) => ({ icon: "choice", ...interactive(part) }),
  template: (body, part) => ({ icon: "messages", name: "Template", text: part.name }),
  reaction: (body, part) => ({ icon: "heart", name: part.emoji ? "Reaction" : "Took a reaction back", text: part.emoji }),
  order: (body, part) => ({ icon: "cart", name: "Order", text: part.text || several(part.product_items?.length ?? 0, "item") }),
  system: (body, part) => ({ icon: "info", name: "Note of WhatsApp's", text: part.body }),
  unsupported: () => ({ icon: "info", name: "Not told by WhatsApp", text: "Only the phone app shows this message." }),
};

// { icon, name, text }: a text alone has neither icon nor name. Without a body only the type is known.
export function describe(type, body) {
  const make = KINDS[type];
  if (!body) return { icon: "messages", name: words(type), text: "" };
  if (!make) return { icon: "info", name: words(type || "unknown"), text: "" };
  try {
    return { icon: "", name: "", ...tidy(make(body, body[type] ?? {})) };
  } catch {
    // What Meta sends is Meta's to change.
    return { icon: "info", name: words(type), text: "" };
  }
}

// The same on one line.
export function inBrief(type, body) {
  const { name, text } = describe(type, body);
  return [name, text].filter(Boolean).join(": ").replace(/\s+/g, " ");
}

function tidy({ text, ...rest }) {
  return { ...rest, text: typeof text === "string" ? text : "" };
}

function interactive(part) {
  const chosen = part.button_reply ?? part.list_reply;
  if (chosen) return { name: "Choice", text: chosen.title };
  if (part.nfm_reply) return { name: "Form filled in", text: part.nfm_reply.body };
  return { name: "Interactive", text: part.body?.text };
}

const place = ({ latitude, longitude }) => (latitude === undefined ? "" : `${latitude}, ${longitude}`);
const called = (contact) => contact.name?.formatted_name ?? "";
