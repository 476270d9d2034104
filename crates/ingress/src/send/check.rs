//! One message: what is ours in it, what is Meta's, and all that is wrong.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use waypost_model::{OnUnknown, Priority, Recipient};
use waypost_whatsapp::send::{Checked, Fault, To};

use super::answer::Problem;
use super::divide::{Ours, divide, fault};
use super::keys::{Key, is_number};
use super::kind::Kind;
use super::members::members;
use super::{body, time};

/// What a message is checked against.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) key: Arc<Key>,
    pub(crate) on_unknown: OnUnknown,
    pub(crate) max_ahead: Duration,
    pub(crate) now: SystemTime,
}

/// A message that may be sent.
pub(crate) struct Draft {
    pub(crate) from: String,
    pub(crate) recipient: Recipient,
    pub(crate) kind: String,
    pub(crate) priority: Priority,
    pub(crate) on_unknown: OnUnknown,
    pub(crate) send_at: Option<SystemTime>,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) callback_data: Option<String>,
    pub(crate) by_link: bool,
    pub(crate) body: Bytes,
}

/// Checks one message. All faults are told, ours first.
pub(crate) fn check(rules: &Rules, raw: &RawValue) -> Result<Draft, Problem> {
    let Some(members) = members(raw)? else {
        return Err(Problem::fault("", "must be an object"));
    };
    let mut faults = Vec::new();
    let (ours, theirs) = divide(members, &mut faults);
    let from = from(&ours, &mut faults);
    if let Some(from) = from.as_ref().filter(|from| !rules.key.grant.contain(from)) {
        return Err(forbidden(from));
    }
    let (send_at, expires_at) = times(rules, &ours, &mut faults);
    let priority = word(
        &ours.priority,
        "priority",
        Priority::parse,
        PRIORITIES,
        &mut faults,
    );
    let on_unknown = word(
        &ours.on_unknown,
        "on_unknown",
        OnUnknown::parse,
        POLICIES,
        &mut faults,
    );
    let checked = waypost_whatsapp::send::check(&theirs.read)
        .map_err(|theirs| faults.extend(theirs))
        .ok();
    let (Some(from), Some(checked), true) = (from, checked, faults.is_empty()) else {
        return Err(Problem::invalid(faults));
    };
    let is_read = checked.read_wamid.is_some();
    let has = |name| theirs.read.contains_key(name);
    let kind = (!is_read && !has("type")).then_some(checked.kind.as_str());
    Ok(Draft {
        from,
        by_link: body::is_by_link(&theirs.read),
        body: body::write(&theirs.written, !has("messaging_product"), kind),
        recipient: recipient(&checked),
        kind: checked.kind,
        priority: priority.unwrap_or_default(),
        // Marking twice is as marking once, and no echo will ever tell.
        on_unknown: on_unknown.unwrap_or(if is_read {
            OnUnknown::Resend
        } else {
            rules.on_unknown
        }),
        send_at,
        expires_at,
        callback_data: checked.callback_data,
    })
}

const PRIORITIES: &str = "must be \"high\", \"normal\" or \"low\"";
const POLICIES: &str = "must be \"resend\", \"fail\" or \"hold\"";

fn from(ours: &Ours, faults: &mut Vec<Fault>) -> Option<String> {
    match &ours.from {
        Some(Value::String(id)) if is_number(id) => return Some(id.clone()),
        Some(_) => faults.push(fault(
            "from",
            "must be the phone_number_id of a business number: a string of digits",
        )),
        None => faults.push(fault(
            "from",
            "is required: the phone_number_id of the business number that sends",
        )),
    }
    None
}

fn word<T>(
    value: &Option<Value>,
    name: &str,
    parse: fn(&str) -> Option<T>,
    wanted: &str,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let value = value.as_ref()?;
    let parsed = value.as_str().and_then(parse);
    if parsed.is_none() {
        faults.push(fault(name, wanted));
    }
    parsed
}

fn times(
    rules: &Rules,
    ours: &Ours,
    faults: &mut Vec<Fault>,
) -> (Option<SystemTime>, Option<SystemTime>) {
    let mut read = |value: &Option<Value>, name: &str| {
        let read = time::instant(value.as_ref()?);
        read.map_err(|wanted| faults.push(fault(name, wanted))).ok()
    };
    let send_at = read(&ours.send_at, "send_at");
    let expires_at = read(&ours.expires_at, "expires_at");
    if send_at.is_some_and(|at| {
        at.duration_since(rules.now)
            .is_ok_and(|wait| wait > rules.max_ahead)
    }) {
        let days = rules.max_ahead.as_secs() / 86_400;
        faults.push(fault(
            "send_at",
            &format!("must be within the next {days} days"),
        ));
    }
    if let Some(end) = expires_at {
        if end <= rules.now {
            faults.push(fault("expires_at", "must not be past"));
        } else if send_at.is_some_and(|at| end <= at) {
            faults.push(fault("expires_at", "must be later than send_at"));
        }
    }
    (send_at, expires_at)
}

fn recipient(checked: &Checked) -> Recipient {
    match &checked.to {
        To::Phone(digits) => Recipient::Phone(digits.clone()),
        To::User(id) => Recipient::User(id.clone()),
        To::Group(id) => Recipient::Group(id.clone()),
        To::Nobody => {
            let wamid = checked.read_wamid.as_deref().unwrap_or_default();
            let digest = Sha256::digest(wamid);
            Recipient::Mark(digest.iter().take(8).map(|b| format!("{b:02x}")).collect())
        }
    }
}

fn forbidden(from: &str) -> Problem {
    let detail = format!("The key may not send from {from}.");
    Problem::new(Kind::Forbidden, detail)
}

#[cfg(test)]
mod tests;
