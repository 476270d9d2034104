//! `interactive`: header, body and footer, which all share, and an action for each sub-type.

mod action;

use super::faults::Faults;
use super::place::Place;
use super::plain::{ANY, media};

/// What the sub-types have in common, and in what they differ.
struct Kind {
    name: &'static str,
    /// Most characters of the body.
    body: usize,
    body_required: bool,
    action: fn(&mut Faults, Place<'_>),
}

/// The longest body of all; for sub-types whose limit Meta's pages do not give.
const LONGEST: usize = 4096;

const fn kind(
    name: &'static str,
    body: usize,
    body_required: bool,
    action: fn(&mut Faults, Place<'_>),
) -> Kind {
    Kind {
        name,
        body,
        body_required,
        action,
    }
}

/// Bodies are required where Meta's pages say so. Payments and calls are left to Meta: they differ by country.
static KINDS: [Kind; 15] = [
    kind("button", 1024, true, action::buttons),
    kind("list", 4096, true, action::list),
    kind("cta_url", 1024, true, action::cta_url),
    kind("flow", LONGEST, true, action::flow),
    kind("product", LONGEST, false, action::product),
    kind("product_list", LONGEST, true, action::product_list),
    kind("catalog_message", LONGEST, true, action::catalog_message),
    kind(
        "location_request_message",
        1024,
        true,
        action::location_request,
    ),
    kind("address_message", LONGEST, false, action::address_message),
    kind("carousel", 1024, true, action::carousel),
    kind("order_details", LONGEST, false, action::any),
    kind("order_status", LONGEST, false, action::any),
    kind("call_permission_request", LONGEST, false, action::any),
    kind("voice_call", LONGEST, false, action::any),
    kind(
        "request_contact_info",
        LONGEST,
        false,
        action::request_contact_info,
    ),
];

/// Where Meta's pages give a limit of a header's or footer's text, it is this.
const SHORT: usize = 60;

pub(super) fn check(faults: &mut Faults, interactive: Place<'_>) {
    interactive.text(faults, "type", ANY);
    let name = interactive.word("type");
    let Some(kind) = KINDS.iter().find(|kind| Some(kind.name) == name) else {
        // A sub-type of tomorrow.
        return;
    };
    header(faults, interactive, kind.name);
    match kind.body_required {
        true => interactive.object(faults, "body", |faults, body| {
            body.text(faults, "text", kind.body);
        }),
        false => interactive.object_if_any(faults, "body", |faults, body| {
            body.text_if_any(faults, "text", kind.body);
        }),
    }
    interactive.object_if_any(faults, "footer", |faults, footer| {
        let limited = matches!(kind.name, "button" | "list" | "cta_url");
        footer.text(faults, "text", if limited { SHORT } else { LONGEST });
    });
    interactive.object(faults, "action", kind.action);
}

fn header(faults: &mut Faults, interactive: Place<'_>, kind: &str) {
    if kind == "product_list" {
        interactive.required(faults, "header");
    }
    interactive.object_if_any(faults, "header", |faults, header| {
        header.text(faults, "type", ANY);
        match header.word("type") {
            Some("text") => {
                let limited = matches!(kind, "list" | "cta_url");
                header.text(faults, "text", if limited { SHORT } else { LONGEST });
            }
            Some(name @ ("image" | "video" | "document")) => {
                // Lists of products and of choices show a line of text and nothing else.
                if matches!(kind, "list" | "product_list") {
                    header.fault(faults, "type", "must be \"text\" for this kind of message");
                }
                header.object(faults, name, media);
            }
            // Meta's own example of a product list has a placeholder here.
            _ => {}
        }
    });
}
