//! Fields of numbers that the phone app uses too: echoes, the past, the address book.

use serde_json::{Map, Value, json};

use super::{Composed, Composer, Customer, Effect, Number, Way};

impl Composer {
    /// Messages that the business sent with the phone app.
    pub(super) fn echoes(&mut self) -> Composed {
        let number = self.number();
        let (to, text, file) = (self.customer(), self.phrase(), self.next_count());
        let media = json!({"id": format!("5{file:014}"), "mime_type": "image/jpeg", "sha256": self.sha256()});
        let mut echoes = Vec::new();
        let mut effects = Vec::new();
        for (kind, object) in [
            ("text", json!({"body": text})),
            ("image", media),
            ("revoke", json!({"original_message_id": self.wamid()})),
        ] {
            echoes.push(self.sent_by_app(number, &to, kind, object));
            effects.push(Effect::Message {
                way: Way::Out,
                kind: kind.to_owned(),
            });
        }
        let value = json!({"messaging_product": "whatsapp", "metadata": number.metadata(), "contacts": [to.contact()], "message_echoes": echoes});
        self.account_change("smb_message_echoes", &value, effects)
    }

    fn sent_by_app(&mut self, number: Number, to: &Customer, kind: &str, object: Value) -> Value {
        let mut item = Map::new();
        item.insert("from".to_owned(), json!(number.display()));
        to.sign(&mut item, "to", "to_user_id");
        item.insert("id".to_owned(), json!(self.wamid()));
        item.insert("timestamp".to_owned(), json!(self.now().to_string()));
        item.insert("type".to_owned(), json!(kind));
        item.insert(kind.to_owned(), object);
        Value::Object(item)
    }

    /// A chunk of the past: one thread, messages both ways.
    pub(super) fn history(&mut self) -> Composed {
        let (number, customer) = (self.number(), self.customer());
        let mut messages = Vec::new();
        let mut effects = Vec::new();
        for (way, kind, status) in [
            (Way::In, "text", "READ"),
            (Way::Out, "text", "DELIVERED"),
            (Way::In, "media_placeholder", "PLAYED"),
            (Way::Out, "text", "ERROR"),
        ] {
            messages.push(self.past(number, &customer, way, kind, status));
            effects.push(Effect::Message {
                way,
                kind: kind.to_owned(),
            });
        }
        let order = self.next_count();
        let id = customer.phone.unwrap_or(customer.user_id);
        let chunk = json!({
            "metadata": {"phase": order % 3, "chunk_order": order, "progress": 50},
            "threads": [{"id": id, "messages": messages}],
        });
        self.history_change(number, json!({"history": [chunk]}), effects)
    }

    /// A file of the past, which comes without a thread.
    pub(super) fn history_media(&mut self) -> Composed {
        let (number, customer) = (self.number(), self.customer());
        let message = self.past(number, &customer, Way::In, "image", "READ");
        let effects = vec![Effect::Message {
            way: Way::In,
            kind: "image".to_owned(),
        }];
        let value = json!({"contacts": [customer.contact()], "messages": [message]});
        self.history_change(number, value, effects)
    }

    /// The business does not share its past.
    pub(super) fn history_declined(&mut self) -> Composed {
        let number = self.number();
        let details = json!({"details": format!("History sharing is off #{}", self.next_count())});
        let error =
            json!({"code": 2_593_109, "title": "History sharing declined", "error_data": details});
        self.history_change(
            number,
            json!({"history": [{"errors": [error]}]}),
            Vec::new(),
        )
    }

    fn history_change(
        &mut self,
        number: Number,
        mut value: Value,
        effects: Vec<Effect>,
    ) -> Composed {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = number.metadata();
        self.account_change("history", &value, effects)
    }

    fn past(
        &mut self,
        number: Number,
        customer: &Customer,
        way: Way,
        kind: &str,
        status: &str,
    ) -> Value {
        let mut item = Map::new();
        match way {
            Way::In => customer.sign(&mut item, "from", "from_user_id"),
            Way::Out => {
                item.insert("from".to_owned(), json!(number.display()));
                customer.sign(&mut item, "to", "to_user_id");
            }
        }
        item.insert("id".to_owned(), json!(self.wamid()));
        // Up to half a year ago.
        let at = self.now() - self.dice.below(15_000_000) as u64;
        item.insert("timestamp".to_owned(), json!(at.to_string()));
        item.insert("type".to_owned(), json!(kind));
        match kind {
            "text" => _ = item.insert(kind.to_owned(), json!({"body": self.phrase()})),
            "image" => {
                let media = json!({"id": format!("5{:014}", self.next_count()), "mime_type": "image/jpeg", "sha256": "ab".repeat(32)});
                item.insert(kind.to_owned(), media);
            }
            _ => {}
        }
        item.insert("history_context".to_owned(), json!({"status": status}));
        Value::Object(item)
    }

    /// Changes in the phone app's address book.
    pub(super) fn app_state_sync(&mut self) -> Value {
        let (number, customer, at) = (self.number(), self.customer(), self.now().to_string());
        let phone = customer.phone.unwrap_or_else(|| "15551999998".to_owned());
        let added = json!({"full_name": format!("{} (shop)", customer.name), "first_name": customer.name, "phone_number": phone});
        let entries = json!([
            {"type": "contact", "contact": added, "action": "add", "metadata": {"timestamp": at}},
            {"type": "contact", "contact": {"phone_number": "15551999997"}, "action": "remove", "metadata": {"timestamp": at}},
        ]);
        json!({"messaging_product": "whatsapp", "metadata": number.metadata(), "state_sync": entries})
    }
}
