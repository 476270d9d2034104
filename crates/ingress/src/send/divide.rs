//! Which members of a message are ours, and which go to Meta.

use std::collections::HashSet;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use waypost_whatsapp::find_poison;
use waypost_whatsapp::send::Fault;

use super::members::Member;

/// What we read out of a message and do not pass on.
#[derive(Default)]
pub(crate) struct Ours {
    pub(crate) from: Option<Value>,
    pub(crate) priority: Option<Value>,
    pub(crate) on_unknown: Option<Value>,
    pub(crate) send_at: Option<Value>,
    pub(crate) expires_at: Option<Value>,
}

/// What goes to Meta.
#[derive(Default)]
pub(crate) struct Theirs<'a> {
    /// As it was written, without what we put in ourselves.
    pub(crate) written: Vec<Member<'a>>,
    /// The same to look into, with the sender's callback data.
    pub(crate) read: Map<String, Value>,
}

/// Faults told of one message; nobody reads more, and a hostile one could have a million.
pub(crate) const MOST_FAULTS: usize = 100;

/// Takes what is ours out. A member that is null is none.
pub(crate) fn divide<'a>(members: Vec<Member<'a>>, faults: &mut Vec<Fault>) -> (Ours, Theirs<'a>) {
    let (mut ours, mut theirs) = (Ours::default(), Theirs::default());
    let mut seen = HashSet::new();
    for (name, raw) in members {
        if faults.len() >= MOST_FAULTS {
            break;
        }
        // Of two, one reader takes the first and another the last.
        if !seen.insert(name.clone()) {
            faults.push(fault(&name, "is there twice"));
            continue;
        }
        let Some(value) = value(&name, raw, faults) else {
            continue;
        };
        let value = Some(value).filter(|value| !value.is_null());
        match name.as_str() {
            "from" => ours.from = value,
            "priority" => ours.priority = value,
            "on_unknown" => ours.on_unknown = value,
            "send_at" => ours.send_at = value,
            "expires_at" => ours.expires_at = value,
            "messaging_product" | "type" | "biz_opaque_callback_data" if value.is_none() => {}
            _ => {
                // The dispatcher puts our id there; the sender's own comes back with the events.
                if name != "biz_opaque_callback_data" {
                    theirs.written.push((name.clone(), raw));
                }
                theirs.read.insert(name, value.unwrap_or(Value::Null));
            }
        }
    }
    (ours, theirs)
}

/// The value of a member, if it is one that can be kept.
fn value(name: &str, raw: &RawValue, faults: &mut Vec<Fault>) -> Option<Value> {
    if let Some(poison) = find_poison(raw.get()) {
        faults.push(fault(name, &format!("cannot be kept: {poison}")));
        return None;
    }
    if name.contains('\0') {
        faults.push(fault(name, "has the character U+0000 in its name"));
        return None;
    }
    // Well-formed already, so what fails now is too deep, or a number that no program could hold.
    let value = serde_json::from_str(raw.get());
    if value.is_err() {
        let message = "is nested too deeply, or holds too large a number";
        faults.push(fault(name, message));
    }
    value.ok()
}

/// A fault of one of the message's own members.
pub(crate) fn fault(name: &str, message: &str) -> Fault {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    Fault {
        pointer,
        message: message.to_owned(),
    }
}
