//! `interactive.action`, by sub-type.

use serde_json::Value;

use crate::send::faults::Faults;
use crate::send::place::Place;
use crate::send::plain::{ANY, media};

/// Any object: what must be in it is not written down, or differs by country.
pub(super) fn any(_: &mut Faults, _: Place<'_>) {}

pub(super) fn buttons(faults: &mut Faults, action: Place<'_>) {
    action.list(faults, "buttons", 1..=3, |faults, button| {
        button.text(faults, "type", ANY);
        if button.word("type") == Some("reply") {
            button.object(faults, "reply", |faults, reply| {
                reply.text(faults, "id", 256);
                reply.text(faults, "title", 20);
            });
        }
    });
}

pub(super) fn list(faults: &mut Faults, action: Place<'_>) {
    action.text(faults, "button", 20);
    let mut rows = 0;
    action.list(faults, "sections", 1..=10, |faults, section| {
        section.text_if_any(faults, "title", 24);
        rows += section.list(faults, "rows", 1..=ANY, |faults, row| {
            row.text(faults, "id", 200);
            row.text(faults, "title", 24);
            row.text_if_any(faults, "description", 72);
        });
    });
    if rows > 10 {
        let message = "has too many rows; at most 10 in all sections together are allowed";
        action.fault(faults, "sections", message);
    }
}

pub(super) fn cta_url(faults: &mut Faults, action: Place<'_>) {
    action.fixed(faults, "name", "cta_url");
    action.object(faults, "parameters", |faults, parameters| {
        parameters.text(faults, "display_text", 20);
        parameters.text(faults, "url", ANY);
    });
}

pub(super) fn flow(faults: &mut Faults, action: Place<'_>) {
    action.fixed(faults, "name", "flow");
    action.object(faults, "parameters", |faults, parameters| {
        if parameters
            .get("flow_message_version")
            .and_then(Value::as_i64)
            != Some(3)
        {
            parameters.fixed(faults, "flow_message_version", "3");
        }
        parameters.one_of(faults, "flow_id", "flow_name");
        parameters.text(faults, "flow_cta", ANY);
        parameters.text_if_any(faults, "flow_token", ANY);
        parameters.text_if_any(faults, "flow_action", ANY);
        parameters.object_if_any(faults, "flow_action_payload", |_, _| {});
    });
}

pub(super) fn product(faults: &mut Faults, action: Place<'_>) {
    action.id(faults, "catalog_id");
    action.id(faults, "product_retailer_id");
}

pub(super) fn product_list(faults: &mut Faults, action: Place<'_>) {
    action.id(faults, "catalog_id");
    let mut products = 0;
    action.list(faults, "sections", 1..=ANY, |faults, section| {
        products += section.list(faults, "product_items", 1..=ANY, |faults, item| {
            item.id(faults, "product_retailer_id");
        });
    });
    if products > 30 {
        let message = "has too many products; at most 30 in all sections together are allowed";
        action.fault(faults, "sections", message);
    }
}

/// The thumbnail is optional, and so is all that holds it.
pub(super) fn catalog_message(faults: &mut Faults, action: Place<'_>) {
    action.fixed(faults, "name", "catalog_message");
    action.object_if_any(faults, "parameters", |faults, parameters| {
        parameters.id_if_any(faults, "thumbnail_product_retailer_id");
    });
}

pub(super) fn location_request(faults: &mut Faults, action: Place<'_>) {
    action.fixed(faults, "name", "send_location");
}

pub(super) fn address_message(faults: &mut Faults, action: Place<'_>) {
    action.fixed(faults, "name", "address_message");
    action.object(faults, "parameters", |faults, parameters| {
        parameters.text(faults, "country", ANY);
    });
}

pub(super) fn request_contact_info(faults: &mut Faults, action: Place<'_>) {
    action.fixed(faults, "name", "request_contact_info");
}

pub(super) fn carousel(faults: &mut Faults, action: Place<'_>) {
    action.list(faults, "cards", 2..=10, |faults, card| {
        match card.required(faults, "card_index").map(Value::as_u64) {
            None | Some(Some(0..=9)) => {}
            Some(_) => card.fault(faults, "card_index", "must be a whole number from 0 to 9"),
        }
        card.text(faults, "type", ANY);
        card.object_if_any(faults, "header", |faults, header| {
            if let Some(name @ ("image" | "video")) = header.word("type") {
                header.object(faults, name, media);
            }
        });
        card.object_if_any(faults, "body", |faults, body| {
            body.text(faults, "text", 160);
        });
        card.object(faults, "action", |faults, action| {
            // Cards of the type cta_url may have reply buttons too; only a url button is known to need its parts.
            if action.word("name") == Some("cta_url") {
                cta_url(faults, action);
            }
        });
    });
}
