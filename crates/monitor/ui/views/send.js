// Sends a text, for trying.
import { post } from "../api.js";
import { h } from "../dom.js";
import { live } from "../live.js";
import { ask } from "../parts/dialog.js";
import { newKey } from "../parts/key.js";
import { notice } from "../parts/notice.js";

export function askSend(phoneNumberId = "") {
  let id = "";
  // One key for as long as the dialog is open: pressing twice, or again after a lost answer, sends one message.
  const idempotencyKey = newKey("dashboard");
  return ask({
    title: "Send a text",
    intro: h("p", { class: "soft" }, "For trying. Applications use the send API, which knows every kind of message."),
    fields: [
      {
        name: "phone_number_id",
        label: "From, by Meta's id of the number",
        value: phoneNumberId || (live.stats?.numbers?.[0]?.phoneNumberId ?? ""),
        inputmode: "numeric",
        pattern: "[0-9]{1,32}",
        required: true,
      },
      { name: "to", label: "To, a phone number with its country", type: "tel", pattern: "\\+?[0-9]{4,20}", placeholder: "+4915112345678", required: true },
      { name: "text", label: "Text", type: "textarea", maxlength: 4096, required: true },
    ],
    confirm: "Send",
    run: async ({ phone_number_id, to, text }) => {
      const answer = await post("/v1/messages:sendText", { phoneNumberId: phone_number_id, to, text, idempotencyKey });
      id = answer.id;
      notice("Accepted.");
    },
  }).then((done) => {
    if (done && id) location.hash = `#/messages/${id}`;
  });
}
