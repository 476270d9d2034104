//! What Meta refuses at once: parts that are missing, unknown or too long. (Meta: messages reference.)

use super::ErrorAnswer;
use super::request::SendRequest;

const MAX_TEXT: usize = 4_096;
const MAX_CALLBACK: usize = 512;

/// All types of messages that can be sent.
const TYPES: &[&str] = &[
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "template",
];

/// Is it a message that Meta would take?
pub(super) fn message(request: &SendRequest<'_>) -> Result<(), ErrorAnswer> {
    product(request)?;
    let to = match request.to() {
        Some(to) if !to.is_empty() => to,
        _ => return Err(required("to")),
    };
    let named_by_number =
        request.to.is_some() && request.recipient_type.as_deref() != Some("group");
    if named_by_number && !to.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(ErrorAnswer::code(131_009).details("Parameter to is not a phone number."));
    }
    let kind = kind(request);
    if !TYPES.contains(&kind) {
        return Err(ErrorAnswer::code(100).details("Param type is not a type of message."));
    }
    let present = match kind {
        "text" => request.text.is_some(),
        kind => request.others.iter().any(|part| part == kind),
    };
    if !present {
        let details = format!("Parameter {kind} is required for this type of message.");
        return Err(ErrorAnswer::code(131_008).details(&details));
    }
    if kind == "text" {
        text(request)?;
    }
    match &request.callback {
        Some(data) if data.chars().count() > MAX_CALLBACK => Err(ErrorAnswer::code(100)
            .details("Param biz_opaque_callback_data must be at most 512 characters long.")),
        _ => Ok(()),
    }
}

/// Its type. Where none is named, the part that is there tells; some of Meta's own examples name none.
pub(super) fn kind<'r>(request: &'r SendRequest<'_>) -> &'r str {
    let there = || {
        let parts = request.others.iter().map(AsRef::as_ref);
        parts.into_iter().find(|part| TYPES.contains(part))
    };
    match &request.kind {
        Some(kind) => kind,
        None if request.text.is_some() => "text",
        None => there().unwrap_or("text"),
    }
}

/// Is it a mark as read that Meta would take?
pub(super) fn mark(request: &SendRequest<'_>) -> Result<(), ErrorAnswer> {
    product(request)?;
    if request.status.as_deref() != Some("read") {
        return Err(ErrorAnswer::code(100).details("Param status must be one of {read}."));
    }
    match request.message_id.as_deref() {
        Some(id) if !id.is_empty() => Ok(()),
        _ => Err(required("message_id")),
    }
}

fn product(request: &SendRequest<'_>) -> Result<(), ErrorAnswer> {
    match request.messaging_product.as_deref() {
        Some("whatsapp") => Ok(()),
        _ => Err(required("messaging_product")),
    }
}

fn text(request: &SendRequest<'_>) -> Result<(), ErrorAnswer> {
    let body = request.text.as_ref().and_then(|text| text.body.as_deref());
    match body {
        None | Some("") => {
            Err(ErrorAnswer::code(131_008).details("Parameter text.body is required."))
        }
        Some(body) if body.len() > MAX_TEXT && body.chars().count() > MAX_TEXT => {
            Err(ErrorAnswer::code(100)
                .details("Param text['body'] must be at most 4096 characters long."))
        }
        Some(_) => Ok(()),
    }
}

fn required(parameter: &str) -> ErrorAnswer {
    ErrorAnswer {
        message: Some(format!("(#100) The parameter {parameter} is required.")),
        ..ErrorAnswer::code(100)
    }
}
