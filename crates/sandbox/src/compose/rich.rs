//! Messages that are more than a text or a file, and the notices of the system.

use serde_json::{Value, json};

use super::message::Draft;
use super::{Composer, Customer, MessageKind};

impl Composer {
    pub(super) fn rich(&mut self, kind: MessageKind, draft: &mut Draft) {
        use MessageKind as Kind;
        let count = self.next_count();
        match kind {
            Kind::Location => draft.set("location", self.place()),
            Kind::Contacts | Kind::RequestedContact => {
                let cards = self.cards(kind, &draft.sender);
                draft.set("contacts", cards);
            }
            Kind::Reaction => {
                let emoji = self.dice.pick(&["👍", "❤️", "😂", "🙏"], "👍");
                draft.set("reaction", json!({"message_id": self.wamid(), "emoji": emoji}));
            }
            Kind::ReactionRemoved => draft.set("reaction", json!({"message_id": self.wamid()})),
            Kind::Button => {
                draft.set("button", json!({"payload": format!("stop-{count}"), "text": "Stop offers"}));
                self.tapped(draft);
            }
            Kind::ButtonReply | Kind::ListReply | Kind::FlowReply | Kind::AddressReply | Kind::CallPermission => {
                let reply = self.reply(kind);
                draft.set("interactive", reply);
                self.tapped(draft);
            }
            Kind::Order => draft.set(
                "order",
                json!({
                    "catalog_id": "600000000000001", "text": self.phrase(),
                    "product_items": [
                        {"product_retailer_id": "sku-1", "quantity": 2, "item_price": 30, "currency": "USD"},
                        {"product_retailer_id": "sku-2", "quantity": 1, "item_price": 12.5, "currency": "USD"},
                    ],
                }),
            ),
            _ => self.notice(kind, draft),
        }
    }

    fn notice(&mut self, kind: MessageKind, draft: &mut Draft) {
        let error = |code: u32, title: &str| json!([{"code": code, "title": title, "message": title, "error_data": {"details": title}}]);
        match kind {
            MessageKind::Unsupported => {
                draft.set(
                    "unsupported",
                    json!({"type": self.dice.pick(&["poll", "edit", "event"], "poll")}),
                );
                draft.set("errors", error(131_051, "Message type unknown"));
            }
            MessageKind::Unavailable => {
                draft.set("errors", error(131_060, "This message is unavailable"));
            }
            MessageKind::LegacyUnknown => {
                draft.set("errors", error(131_051, "Unsupported message type"));
            }
            MessageKind::Revoke => {
                draft.set("revoke", json!({"original_message_id": self.wamid()}));
            }
            MessageKind::Edit => {
                let message = json!({"type": "text", "text": {"body": self.phrase()}});
                draft.set(
                    "edit",
                    json!({"original_message_id": self.wamid(), "message": message}),
                );
            }
            MessageKind::Future => {
                draft.set(
                    "hologram",
                    json!({"id": self.next_count(), "depth": 3.5, "colours": ["blå", "rød"]}),
                );
            }
            // Unreadable has lost its object; the others never had one.
            _ => {}
        }
    }

    pub(super) fn system(&mut self, kind: MessageKind, draft: &mut Draft) {
        let count = self.next_count();
        let old = draft.sender.clone();
        let new_id = format!("US.{}", 4_000_000_000_000_000 + count);
        match kind {
            MessageKind::ChangedNumber => {
                let phone = format!("1555{:07}", 2_000_000 + count);
                let body = format!("User {} changed to {phone}", old.name);
                draft.set(
                    "system",
                    json!({"type": "user_changed_number", "body": body, "wa_id": phone, "user_id": new_id}),
                );
                self.replace(
                    &old,
                    Customer {
                        phone: Some(phone),
                        user_id: new_id,
                        ..old.clone()
                    },
                );
            }
            MessageKind::ChangedUserId => {
                // The notice never tells a number.
                draft.item.remove("from");
                let body = format!("User {} changed their user ID", old.name);
                draft.set(
                    "system",
                    json!({"type": "user_changed_user_id", "body": body, "user_id": new_id}),
                );
                self.replace(
                    &old,
                    Customer {
                        user_id: new_id,
                        ..old.clone()
                    },
                );
            }
            _ => {
                let body = format!("The security code of {} changed", old.name);
                draft.set(
                    "system",
                    json!({"type": "customer_identity_changed", "body": body}),
                );
                let hash = self.sha256();
                let at = self.now().to_string();
                draft.set(
                    "identity",
                    json!({"acknowledged": false, "created_timestamp": at, "hash": hash}),
                );
            }
        }
    }

    fn tapped(&mut self, draft: &mut Draft) {
        let context = json!({"from": draft.number.display(), "id": self.wamid()});
        draft.set("context", context);
    }

    fn place(&mut self) -> Value {
        let count = self.next_count();
        let latitude = (self.dice.below(120_000) as f64 - 60_000.0) / 1_000.0;
        json!({
            "latitude": latitude, "longitude": 16.37, "name": format!("Caf\u{e9} {count}"),
            "address": format!("{count} Example Street"), "url": "https://places.example.com/",
        })
    }

    fn cards(&mut self, kind: MessageKind, sender: &Customer) -> Value {
        if kind == MessageKind::RequestedContact {
            let phone = sender
                .phone
                .clone()
                .unwrap_or_else(|| format!("1555{:07}", 3_000_000 + self.next_count()));
            let phones = json!([{"phone": format!("+{phone}"), "wa_id": phone, "type": "MOBILE"}]);
            let name = json!({"formatted_name": sender.name});
            let email = format!("sandbox.{}@example.com", self.next_count());
            return json!([{"name": name, "phones": phones, "emails": [{"email": email}], "origin": "contact_request"}]);
        }
        let phone = format!("1555{:07}", 3_000_000 + self.next_count());
        json!([{
            "name": {"formatted_name": "Émile Example", "first_name": "Émile", "last_name": "Example"},
            "phones": [{"phone": format!("+{phone}"), "wa_id": phone, "type": "MOBILE"}],
            "emails": [{"email": "emile@example.com", "type": "WORK"}],
            "org": {"company": "Example Ltd"}, "urls": [{"url": "https://example.com", "type": "WORK"}],
        }])
    }

    fn reply(&mut self, kind: MessageKind) -> Value {
        let id = format!("choice-{}", self.next_count());
        let (kind, reply) = match kind {
            MessageKind::ButtonReply => ("button_reply", json!({"id": id, "title": "Cancel"})),
            MessageKind::ListReply => (
                "list_reply",
                json!({"id": id, "title": "Express", "description": "Next day"}),
            ),
            MessageKind::CallPermission => (
                "call_permission_reply",
                json!({"response": "accept", "expiration_timestamp": self.now() + 604_800, "response_source": "user_action"}),
            ),
            MessageKind::AddressReply => {
                let response = json!({"values": {"city": "Exampleton", "name": id}}).to_string();
                (
                    "nfm_reply",
                    json!({"name": "address_message", "body": "1 Example Street", "response_json": response}),
                )
            }
            _ => {
                let response = json!({"flow_token": id, "size": "M"}).to_string();
                (
                    "nfm_reply",
                    json!({"name": "flow", "body": "Sent", "response_json": response}),
                )
            }
        };
        json!({"type": kind, kind: reply})
    }
}
