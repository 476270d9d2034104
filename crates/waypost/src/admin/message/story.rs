//! The story of one message: first how it stands, then who and what, then all that happened, then what can be done.

use prost_types::Timestamp;
use waypost_rpc::v1::{Direction, Message, MessageServiceGetResponse, TimelineKind};

use super::{Rows, payload, timeline};
use crate::admin::text::{Look, Tone, clean, counted, time};

pub(super) fn tell(answer: &MessageServiceGetResponse, look: &Look) -> String {
    let message = answer.message.clone().unwrap_or_default();
    let mut text = format!(
        "{}\n\n",
        look.bold(&format!("Message {}", clean(&message.id)))
    );
    text.push_str(&rows(&message, answer, look));
    text.push('\n');
    text.push_str(&timeline::tell(&message, &answer.timeline, look));
    text.push_str(&payload(&message.payload, look));
    text.push_str(&advice(&message, look));
    text
}

fn rows(message: &Message, answer: &MessageServiceGetResponse, look: &Look) -> String {
    let when = |at: &Option<Timestamp>| {
        at.as_ref().map_or_else(String::new, |at| {
            format!("{}, {}", time::stamp(at), time::relative(at, look.now))
        })
    };
    let mut rows = Rows::new(look);
    let (tone, now) = stands(message, answer, look);
    rows.toned("Now", tone, &now);
    rows.add("What", &what(message));
    let business = business(message);
    let person = person(message);
    let (from, to) = match message.direction() {
        Direction::In => (person, business),
        _ => (business, person),
    };
    rows.add("From", &from);
    rows.add("To", &to);
    let by = match message.key_name.as_str() {
        "" => String::new(),
        name => format!(", by key {name}"),
    };
    let had = match message.direction() {
        Direction::In => "Received",
        _ => "Accepted",
    };
    rows.add(had, &(when(&message.accepted_at) + &by));
    rows.add("To be sent", &when(&message.send_at));
    rows.add("Expires", &when(&message.expires_at));
    rows.add("If unknown", &message.on_unknown);
    rows.add("Repeats", &message.duplicate_of);
    rows.add("Meta's id", &message.wamid);
    rows.add("Request", &message.request_id);
    rows.add("Trace", &message.trace_id);
    rows.text()
}

/// How it stands, in words: what the monitor says of this moment, or what state and status say.
fn stands(message: &Message, answer: &MessageServiceGetResponse, look: &Look) -> (Tone, String) {
    let now = answer
        .timeline
        .iter()
        .rfind(|event| event.kind() == TimelineKind::Now && !event.summary.is_empty());
    let state = state(message) + &next_attempt(message, answer, look);
    let tone = match (message.state.as_str(), message.status.as_str()) {
        ("dead", _) | (_, "failed") => Tone::Bad,
        ("accepted" | "retrying" | "unknown" | "held", _) => Tone::Warn,
        _ => Tone::Good,
    };
    match now {
        Some(now) => (tone, format!("{state}: {}", now.summary)),
        None => (tone, state),
    }
}

/// Of one that is retried: when the next attempt is due, or was and did not come.
fn next_attempt(message: &Message, answer: &MessageServiceGetResponse, look: &Look) -> String {
    let last = answer
        .timeline
        .iter()
        .rfind(|event| event.kind() == TimelineKind::Attempt);
    let next = last.and_then(|event| event.next_attempt_at.as_ref());
    match next.filter(|_| message.state == "retrying") {
        Some(next) if time::millis(next) >= look.now => {
            format!(", the next {}", time::relative(next, look.now))
        }
        Some(next) => format!(", the next was due {}", time::relative(next, look.now)),
        None => String::new(),
    }
}

/// `retrying after 2 attempts`, `dead (expired)`, `sent and read`, `sent, then failed with 131026`.
pub(super) fn state(message: &Message) -> String {
    let tried = counted(message.attempts.into(), "attempt");
    let state = match message.state.as_str() {
        "dead" if !message.state_class.is_empty() => {
            format!("dead ({}) after {tried}", message.state_class)
        }
        state @ ("retrying" | "unknown" | "held" | "dead") => format!("{state} after {tried}"),
        state => state.to_owned(),
    };
    match (state.as_str(), message.status.as_str()) {
        (_, "failed") => {
            let code = match message.error_code {
                0 => String::new(),
                code => format!(" with Meta's error {code}"),
            };
            let before = if state.is_empty() {
                String::new()
            } else {
                format!("{state}, then ")
            };
            format!("{before}failed{code}")
        }
        ("", "") => "received".to_owned(),
        (state, "") => state.to_owned(),
        ("", status) | ("sent", status @ "sent") => status.to_owned(),
        (state, status) => format!("{state} and {status}"),
    }
}

fn what(message: &Message) -> String {
    let mut words = vec![message.r#type.clone()];
    words.push(match message.direction() {
        Direction::In => "from a customer".to_owned(),
        _ => "from the business".to_owned(),
    });
    if !matches!(message.origin.as_str(), "" | "live") {
        words.push(message.origin.clone());
    }
    if !message.priority.is_empty() {
        words.push(format!("priority {}", message.priority));
    }
    words.join(", ")
}

fn business(message: &Message) -> String {
    match message.account_id.as_str() {
        "" => message.phone_number_id.clone(),
        account => format!("{} (account {account})", message.phone_number_id),
    }
}

pub(super) fn person(message: &Message) -> String {
    let phone = match message.person_phone.as_str() {
        "" => String::new(),
        phone => format!("+{}", phone.trim_start_matches('+')),
    };
    let who: Vec<&str> = [&message.contact_name, &phone, &message.person_user_id]
        .into_iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let mut who = who.join(", ");
    if !message.contact_id.is_empty() {
        who.push_str(&format!(" (contact {})", message.contact_id));
    }
    match message.group_id.as_str() {
        "" => who.trim_start().to_owned(),
        group => format!("group {group} {who}"),
    }
}

/// What can be done about it, with the command.
fn advice(message: &Message, look: &Look) -> String {
    let id = clean(&message.id);
    let lines = match (message.state.as_str(), message.state_class.as_str()) {
        ("unknown" | "held", _) => vec![
            format!(
                "send it again, though it may arrive twice: waypost message decide {id} --resend"
            ),
            format!("give it up: waypost message decide {id} --give-up"),
        ],
        // Of what was cleared nothing is left to replay.
        ("dead", "cleared") => Vec::new(),
        ("dead", _) => vec![
            format!("its errors: waypost dead show {id}"),
            format!("try it again: waypost dead replay {id}"),
        ],
        ("accepted" | "retrying", _) if !message.phone_number_id.is_empty() => {
            let number = clean(&message.phone_number_id);
            vec![format!(
                "how its number stands: waypost number list {number}"
            )]
        }
        _ => Vec::new(),
    };
    match lines.is_empty() {
        true => String::new(),
        false => format!("\n{}\n", look.dim(&lines.join("\n"))),
    }
}
