//! `template`: name, language and the values for its placeholders. Whether they fit only Meta knows.

use serde_json::Value;

use super::faults::Faults;
use super::place::Place;
use super::plain::{ANY, location, media};

pub(super) fn check(faults: &mut Faults, template: Place<'_>) {
    template.text(faults, "name", ANY);
    template.object(faults, "language", |faults, language| {
        language.text(faults, "code", ANY);
        if language.get("policy").is_some() {
            language.fixed(faults, "policy", "deterministic");
        }
    });
    components(faults, template, true);
}

/// Cards of a carousel have components too, but no carousel of their own.
fn components(faults: &mut Faults, holder: Place<'_>, outermost: bool) {
    holder.list_if_any(faults, "components", 0..=ANY, |faults, component| {
        component.text(faults, "type", ANY);
        let is = |kind| {
            let word = component.word("type");
            word.is_some_and(|word: &str| word.eq_ignore_ascii_case(kind))
        };
        if is("button") {
            button(faults, component);
        }
        if is("carousel") && outermost {
            component.list(faults, "cards", 1..=10, |faults, card| {
                components(faults, card, false);
            });
        }
        component.list_if_any(faults, "parameters", 0..=ANY, parameter);
    });
}

/// Meta's examples write the index as a string here and as a number there.
fn button(faults: &mut Faults, button: Place<'_>) {
    button.text(faults, "sub_type", ANY);
    let index = match button.get("index") {
        None => return,
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    if index.is_none() {
        button.fault(
            faults,
            "index",
            "must be the button's position, counted from 0",
        );
    }
}

fn parameter(faults: &mut Faults, parameter: Place<'_>) {
    parameter.text(faults, "type", ANY);
    if parameter.get("parameter_name").is_some() {
        parameter.text(faults, "parameter_name", ANY);
    }
    match parameter.word("type").unwrap_or_default() {
        "text" => scalar(faults, parameter, "text"),
        "payload" => scalar(faults, parameter, "payload"),
        name @ ("image" | "video" | "document") => parameter.object(faults, name, media),
        "location" => parameter.object(faults, "location", location),
        name @ ("currency" | "date_time" | "action") => parameter.object(faults, name, any),
        // A type of tomorrow.
        _ => {}
    }
}

fn any(_: &mut Faults, _: Place<'_>) {}

/// Meta's own example puts `true` where a text belongs, so only what has no text at all is refused.
fn scalar(faults: &mut Faults, parameter: Place<'_>, name: &str) {
    if let Some(Value::Array(_) | Value::Object(_)) = parameter.required(faults, name) {
        parameter.fault(faults, name, "must be a string");
    }
}
