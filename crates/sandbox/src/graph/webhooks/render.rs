//! The JSON of statuses and inbound messages, and the envelope around them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::codes::known;
use super::plan::Word;
use super::{Inbound, Sent};
use crate::compose::{WABA, name};
use crate::encode::encode;

/// One entry of `statuses[]` or `messages[]`, to be written when it is sent.
pub(super) enum Item {
    Status {
        sent: Arc<Sent>,
        word: Word,
        /// Seconds since 1970.
        timestamp: u64,
    },
    Message(Inbound),
}

/// What one number's change holds.
#[derive(Default)]
struct Lists {
    contacts: Vec<Value>,
    messages: Vec<Value>,
    statuses: Vec<Value>,
}

/// One body for all of them; every number has a change of its own.
pub(super) fn body(items: &[Item], failed_code: u32) -> String {
    let mut numbers: BTreeMap<&str, Lists> = BTreeMap::new();
    for item in items {
        match item {
            Item::Status {
                sent,
                word,
                timestamp,
            } => {
                let lists = numbers.entry(&sent.number).or_default();
                lists
                    .statuses
                    .push(status(sent, *word, *timestamp, failed_code));
                // Meta leaves the contact out of `failed`.
                if *word != Word::Failed {
                    lists.contacts.push(contact(&sent.to));
                }
            }
            Item::Message(inbound) => {
                let lists = numbers.entry(&inbound.number).or_default();
                lists.messages.push(message(inbound));
                lists.contacts.push(contact(&inbound.from));
            }
        }
    }
    let changes: Vec<Value> = numbers
        .into_iter()
        .map(|(number, lists)| json!({"value": lists.value(number), "field": "messages"}))
        .collect();
    encode(&json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": WABA, "changes": changes}],
    }))
}

impl Lists {
    fn value(mut self, number: &str) -> Value {
        // One entry a person, and not where their message stands: they are to be matched by id.
        self.contacts.sort_by_key(ToString::to_string);
        self.contacts.dedup();
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": display(number), "phone_number_id": number},
        });
        for (name, list) in [
            ("contacts", self.contacts),
            ("messages", self.messages),
            ("statuses", self.statuses),
        ] {
            if !list.is_empty() {
                value[name] = Value::Array(list);
            }
        }
        value
    }
}

fn status(sent: &Sent, word: Word, timestamp: u64, failed_code: u32) -> Value {
    let mut status = json!({
        "id": sent.wamid, "status": word.text(), "timestamp": timestamp.to_string(),
    });
    match sent.to_group {
        true => {
            status["recipient_id"] = json!(sent.to);
            status["recipient_type"] = json!("group");
            status["recipient_participant_user_id"] = json!("US.3000000000000001");
        }
        false => {
            let (phone, user_id) = ids(&sent.to);
            // Sent to a user id, the phone number stays hidden; a failure tells no user id for a phone number.
            if let Some(phone) = phone {
                status["recipient_id"] = json!(phone);
            }
            if phone.is_none() || word != Word::Failed {
                status["recipient_user_id"] = json!(user_id);
            }
        }
    }
    if let Some(data) = &sent.callback {
        status["biz_opaque_callback_data"] = json!(data);
    }
    match word {
        Word::Sent | Word::Delivered => {
            status["pricing"] = json!({
                "billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility",
            });
        }
        Word::Failed => status["errors"] = json!([error(failed_code)]),
        Word::Read => {}
    }
    status
}

fn error(code: u32) -> Value {
    let title = known(code).map_or("Unknown error", |known| known.title);
    json!({
        "code": code, "title": title, "message": title,
        "error_data": {"details": format!("{title}.")}, "href": "https://docs.example.com/errors/",
    })
}

fn message(inbound: &Inbound) -> Value {
    let (phone, user_id) = ids(&inbound.from);
    let mut message = json!({
        "id": inbound.wamid, "timestamp": inbound.at.to_string(), "type": "text",
        "text": {"body": inbound.text}, "from_user_id": user_id,
    });
    if let Some(phone) = phone {
        message["from"] = json!(phone);
    }
    message
}

fn contact(to: &str) -> Value {
    let (phone, user_id) = ids(to);
    let mut contact = Map::from_iter([
        ("profile".to_owned(), json!({"name": name(to)})),
        ("user_id".to_owned(), json!(user_id)),
    ]);
    if let Some(phone) = phone {
        contact.insert("wa_id".to_owned(), json!(phone));
    }
    Value::Object(contact)
}

/// Phone number, if it is known, and business-scoped user id. A person has the same user id every time, and those
/// whom the composer invents have the one it gives them.
fn ids(to: &str) -> (Option<&str>, String) {
    if !to.bytes().all(|byte| byte.is_ascii_digit()) {
        return (None, to.to_owned());
    }
    let composed = to
        .strip_prefix("1555")
        .filter(|rest| rest.len() == 7)
        .and_then(|rest| rest.parse::<u64>().ok()?.checked_sub(1_000_000));
    let user = match composed {
        Some(index) => 3_000_000_000_000_000 + index,
        None => 4_000_000_000_000_000 + to.parse::<u64>().unwrap_or(0) % 1_000_000_000_000_000,
    };
    (Some(to), format!("US.{user}"))
}

/// A number's digits, made from its id the way the composer's numbers are.
fn display(number: &str) -> String {
    let from = number.len().saturating_sub(7);
    format!("1555{}", number.get(from..).unwrap_or(number))
}
