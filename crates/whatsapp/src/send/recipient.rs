//! Who a message goes to: `recipient_type`, `to` and `recipient`.

use serde_json::Value;

use super::To;
use super::faults::Faults;
use super::place::Place;

const PHONE: &str = "must be + and 7 to 15 digits: country code and number, without spaces";
const NO_PLUS: &str = "must begin with + and the country code; without + Meta prepends the country code of the business and the message may reach somebody else";

/// The recipient, or a fault.
pub(super) fn check(faults: &mut Faults, body: Place<'_>) -> Option<To> {
    let kind = body.get("recipient_type");
    match kind.map(|kind| kind.as_str()) {
        None | Some(Some("individual")) => individual(faults, body),
        Some(Some("group")) => group(faults, body),
        Some(_) => {
            let message = "must be \"individual\" or \"group\"";
            body.fault(faults, "recipient_type", message);
            None
        }
    }
}

/// `to` wins over `recipient`, as it does at Meta; the other is then not even looked at.
fn individual(faults: &mut Faults, body: Place<'_>) -> Option<To> {
    let (field, found) = match (body.get("to"), body.get("recipient")) {
        (Some(Value::String(to)), _) => ("to", phone(to)),
        (Some(_), _) => ("to", Err("must be a string: + and 7 to 15 digits")),
        (None, Some(Value::String(id))) => ("recipient", user(id)),
        (None, Some(_)) => ("recipient", Err("must be a string: a user id")),
        (None, None) => (
            "to",
            Err("is required: a phone number, or a user id in \"recipient\""),
        ),
    };
    found
        .map_err(|message| body.fault(faults, field, message))
        .ok()
}

fn phone(to: &str) -> Result<To, &'static str> {
    let digits = to.strip_prefix('+').unwrap_or(to);
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match (to.starts_with('+'), all_digits) {
        (true, true) if (7..=15).contains(&digits.len()) => Ok(To::Phone(digits.to_owned())),
        (false, true) => Err(NO_PLUS),
        (false, false) if user(to).is_ok() => {
            Err("must be a phone number; a user id belongs in \"recipient\"")
        }
        _ => Err(PHONE),
    }
}

/// `US.1349…`, or `US.ENT.…` of a parent.
fn user(id: &str) -> Result<To, &'static str> {
    let rest = id
        .split_once('.')
        .filter(|(country, _)| {
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
        .map(|(_, rest)| rest.strip_prefix("ENT.").unwrap_or(rest));
    match rest {
        Some(rest)
            if (1..=128).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            Ok(To::User(id.to_owned()))
        }
        _ => Err(
            "must be a business-scoped user id: two letters of a country, a dot, and up to 128 letters and digits",
        ),
    }
}

/// Long enough for any id of Meta's, and nothing that could be taken for something else further on.
fn is_id(text: &str) -> bool {
    text.len() <= 128
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'|')
}

/// A group's id is opaque.
fn group(faults: &mut Faults, body: Place<'_>) -> Option<To> {
    let message = match body.get("to") {
        None => "is required: the id of the group",
        Some(Value::String(to)) if to.is_empty() => "must not be empty",
        Some(Value::String(to)) if phone(to).is_ok() => {
            "must be the id of a group; this is a phone number"
        }
        Some(Value::String(to)) if is_id(to) => return Some(To::Group(to.clone())),
        Some(Value::String(_)) => "must be an id of at most 128 visible characters",
        Some(_) => "must be a string: the id of the group",
    };
    body.fault(faults, "to", message);
    None
}
