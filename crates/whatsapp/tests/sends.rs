//! Bodies to be sent: what is legal passes, what is known to be wrong is refused at the right place.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "test code; a table reads better without a borrow in each line"
)]

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use waypost_whatsapp::send::{Checked, Fault, To, check};

const PHONE: &str = "+15550000107";

fn checked(body: &Value) -> Result<Checked, Vec<Fault>> {
    check(body.as_object().unwrap())
}

fn fixture(name: &str) -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sends");
    let path = folder.join(format!("{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let body: Value = serde_json::from_slice(&text).unwrap();
    checked(&body).unwrap_or_else(|faults| panic!("{name}: {faults:?}"))
}

#[test]
fn our_fixtures_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sends");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        fixture(entry.unwrap().path().file_stem().unwrap().to_str().unwrap());
        seen += 1;
    }
    assert!(seen >= 30, "only {seen} fixtures");
}

#[test]
fn metas_fifty_requests_pass() {
    let Some(folder) = std::env::var_os("WAYPOST_EXTRA_FIXTURES") else {
        println!("skipped: WAYPOST_EXTRA_FIXTURES is not set");
        return;
    };
    let path = Path::new(&folder).join("meta-openapi-send-requests.jsonl");
    let lines = std::fs::read_to_string(&path).unwrap();
    let mut seen = 0;
    for line in lines.lines() {
        let mut example: Value = serde_json::from_str(line).unwrap();
        let body = &mut example["body"];
        if let Some(to) = body.get_mut("to") {
            *to = PHONE.into();
        }
        let name = example["name"].clone();
        checked(&example["body"]).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        seen += 1;
    }
    assert_eq!(seen, 50);
}

#[test]
fn what_is_told_of_a_body() {
    let text = fixture("text");
    assert!(text.to == To::Phone("15550000107".into()));
    assert_eq!(
        (text.kind.as_str(), text.callback_data.as_deref()),
        ("text", Some("order-17"))
    );
    assert_eq!((text.context_wamid, text.read_wamid), (None, None));
    assert_eq!(fixture("text_without_type").kind, "text");
    assert!(fixture("text_to_user").to == To::User("US.13491208655302741918".into()));
    assert!(fixture("text_to_parent_user").to == To::User("US.ENT.13491208655302741918".into()));
    assert!(fixture("text_to_both").to == To::Phone("15550000107".into()));
    assert!(matches!(fixture("text_to_group").to, To::Group(id) if id.starts_with("Y2F")));
    assert_eq!(
        fixture("sticker").context_wamid.as_deref(),
        Some("wamid.SAMPLE")
    );
    for name in ["read", "read_typing"] {
        let read = fixture(name);
        assert!(read.to == To::Nobody);
        assert_eq!(
            (read.kind.as_str(), read.read_wamid.as_deref()),
            ("read", Some("wamid.SAMPLE"))
        );
    }
    assert_eq!(fixture("type_of_tomorrow").kind, "hologram");
    let shown = format!("{:?}", fixture("text"));
    assert!(
        !shown.contains("555") && !shown.contains("order"),
        "{shown}"
    );
}

/// A message of a type, to somebody.
fn message(kind: &str, part: Value) -> Value {
    let mut body = json!({"to": PHONE, "type": kind});
    body[kind] = part;
    body
}

fn text_to(more: Value) -> Value {
    let mut body = json!({"type": "text", "text": {"body": "x"}});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

fn text_with(more: Value) -> Value {
    let mut body = text_to(json!({"to": PHONE}));
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

fn interactive(kind: &str, action: Value) -> Value {
    message(
        "interactive",
        json!({"type": kind, "body": {"text": "b"}, "action": action}),
    )
}

/// A button message with another header, body or footer.
fn around(name: &str, part: Value) -> Value {
    let mut body = interactive("button", json!({"buttons": [button("1", "One")]}));
    body["interactive"][name] = part;
    body
}

fn button(id: &str, title: &str) -> Value {
    json!({"type": "reply", "reply": {"id": id, "title": title}})
}

fn list(sections: Value) -> Value {
    interactive("list", json!({"button": "Choose", "sections": sections}))
}

fn row(name: &str, value: Value) -> Value {
    let mut row = json!({"id": "1", "title": "One"});
    row[name] = value;
    list(json!([{"rows": [row]}]))
}

fn flow(name: &str, value: Value) -> Value {
    let mut parameters = json!({"flow_message_version": "3", "flow_id": "1", "flow_cta": "Go"});
    parameters[name] = value;
    interactive("flow", json!({"name": "flow", "parameters": parameters}))
}

fn products(sections: Value) -> Value {
    let action = json!({"catalog_id": "1", "sections": sections});
    let mut body = interactive("product_list", action);
    body["interactive"]["header"] = json!({"type": "text", "text": "h"});
    body
}

fn cards(count: usize, name: &str, value: Value) -> Value {
    let parameters = json!({"display_text": "Buy", "url": "u"});
    let mut card = json!({"card_index": 0, "type": "cta_url", "action": {"name": "cta_url", "parameters": parameters}});
    card[name] = value;
    interactive("carousel", json!({"cards": vec![card; count]}))
}

fn components(components: Value) -> Value {
    let template = json!({"name": "n", "language": {"code": "en"}, "components": components});
    message("template", template)
}

fn parameter(parameter: Value) -> Value {
    components(json!([{"type": "body", "parameters": [parameter]}]))
}

fn long(characters: usize) -> Value {
    "é".repeat(characters).into()
}

/// A wrong body and the places of all its faults.
#[rustfmt::skip]
fn wrong() -> Vec<(Value, &'static [&'static str])> {
    let one_row = json!({"id": "1", "title": "One"});
    vec![
        // What all have.
        (json!({}), &["/type", "/to"]),
        (json!({"type": ""}), &["/type", "/to"]),
        (text_with(json!({"type": 1})), &["/type"]),
        (text_with(json!({"messaging_product": "facebook"})), &["/messaging_product"]),
        (text_with(json!({"messaging_product": 1})), &["/messaging_product"]),
        (text_with(json!({"biz_opaque_callback_data": long(513)})), &["/biz_opaque_callback_data"]),
        (text_with(json!({"biz_opaque_callback_data": 17})), &["/biz_opaque_callback_data"]),
        (text_with(json!({"context": "wamid.X"})), &["/context"]),
        (text_with(json!({"context": {}})), &["/context/message_id"]),
        (text_with(json!({"context": {"message_id": ""}})), &["/context/message_id"]),
        (text_with(json!({"recipient_identity_key_hash": {}})), &["/recipient_identity_key_hash"]),
        (text_with(json!({"type": null, "image": {"id": "1"}})), &["/type"]),
        (text_with(json!({"type": "image"})), &["/image"]),
        // To whom.
        (text_to(json!({})), &["/to"]),
        (text_to(json!({"to": null})), &["/to"]),
        (text_to(json!({"to": ""})), &["/to"]),
        (text_to(json!({"to": "+"})), &["/to"]),
        (text_to(json!({"to": "15550000107"})), &["/to"]),
        (text_to(json!({"to": 15_550_000_107_u64})), &["/to"]),
        (text_to(json!({"to": "+123456"})), &["/to"]),
        (text_to(json!({"to": "+1234567890123456"})), &["/to"]),
        (text_to(json!({"to": "+1 555 0000107"})), &["/to"]),
        (text_to(json!({"to": "+١٢٣٤٥٦٧"})), &["/to"]),
        (text_to(json!({"to": "US.134912"})), &["/to"]),
        (text_to(json!({"to": "1555", "recipient": "US.134912"})), &["/to"]),
        (text_to(json!({"recipient": "134912"})), &["/recipient"]),
        (text_to(json!({"recipient": "USA.134912"})), &["/recipient"]),
        (text_to(json!({"recipient": "US."})), &["/recipient"]),
        (text_to(json!({"recipient": format!("US.{}", "1".repeat(129))})), &["/recipient"]),
        (text_to(json!({"recipient": 1})), &["/recipient"]),
        (text_with(json!({"recipient_type": "channel"})), &["/recipient_type"]),
        (text_with(json!({"recipient_type": 1})), &["/recipient_type"]),
        (text_with(json!({"recipient_type": "group"})), &["/to"]),
        (text_to(json!({"recipient_type": "group", "recipient": "US.134912"})), &["/to"]),
        (text_to(json!({"recipient_type": "group", "to": ""})), &["/to"]),
        (text_to(json!({"recipient_type": "group", "to": 1})), &["/to"]),
        // Text and media.
        (message("text", json!({})), &["/text/body"]),
        (message("text", json!("x")), &["/text"]),
        (message("text", json!({"body": ""})), &["/text/body"]),
        (message("text", json!({"body": 1})), &["/text/body"]),
        (message("text", json!({"body": long(4097)})), &["/text/body"]),
        (message("text", json!({"body": "x", "preview_url": 1})), &["/text/preview_url"]),
        (message("image", json!({})), &["/image"]),
        (message("image", json!({"id": "1", "link": "l"})), &["/image"]),
        (message("image", json!({"id": ""})), &["/image/id"]),
        (message("image", json!({"link": 1, "caption": long(1025)})), &["/image/caption"]),
        (message("video", json!({"id": "1", "caption": long(1025)})), &["/video/caption"]),
        (message("document", json!({"link": [], "caption": long(1025)})), &["/document/link", "/document/caption"]),
        (message("document", json!({"id": "1", "filename": 1})), &["/document/filename"]),
        (message("audio", json!({"voice": true})), &["/audio"]),
        (message("audio", json!({"id": "1", "voice": 1})), &["/audio/voice"]),
        (message("sticker", json!({"id": "1", "link": "l"})), &["/sticker"]),
        // Location, contacts, reaction, reading.
        (message("location", json!({})), &["/location/latitude", "/location/longitude"]),
        (message("location", json!({"latitude": 90.1, "longitude": "-180.1"})), &["/location/latitude", "/location/longitude"]),
        (message("location", json!({"latitude": "north", "longitude": "NaN"})), &["/location/latitude", "/location/longitude"]),
        (message("contacts", json!({})), &["/contacts"]),
        (message("contacts", json!([])), &["/contacts"]),
        (message("contacts", json!([1, {}])), &["/contacts/0", "/contacts/1/name"]),
        (message("contacts", json!([{"name": {"first_name": "A"}, "phones": "1"}])), &["/contacts/0/name/formatted_name", "/contacts/0/phones"]),
        (message("contacts", vec![json!({"name": {"formatted_name": "A"}}); 258].into()), &["/contacts"]),
        (message("reaction", json!({})), &["/reaction/message_id", "/reaction/emoji"]),
        (message("reaction", json!({"message_id": "w", "emoji": 1})), &["/reaction/emoji"]),
        (json!({"to": PHONE, "reaction": {"message_id": "w", "emoji": "x"}, "context": {"message_id": "w"}}), &["/context"]),
        (json!({"status": "read"}), &["/message_id"]),
        (json!({"status": "delivered", "message_id": "w"}), &["/status"]),
        (json!({"message_id": "w", "typing_indicator": {}}), &["/status", "/typing_indicator/type"]),
        (json!({"status": "read", "message_id": "w", "typing_indicator": "text"}), &["/typing_indicator"]),
        // Interactive: what all share.
        (message("interactive", json!({})), &["/interactive/type"]),
        (message("interactive", json!({"type": "button"})), &["/interactive/body", "/interactive/action"]),
        (message("interactive", json!({"type": "order_details"})), &["/interactive/action"]),
        (around("body", json!({})), &["/interactive/body/text"]),
        (around("body", json!({"text": long(1025)})), &["/interactive/body/text"]),
        (around("footer", json!({"text": long(61)})), &["/interactive/footer/text"]),
        (around("header", json!({})), &["/interactive/header/type"]),
        (around("header", json!({"type": "text", "text": long(4097)})), &["/interactive/header/text"]),
        (around("header", json!({"type": "image"})), &["/interactive/header/image"]),
        (around("header", json!({"type": "video", "video": {}})), &["/interactive/header/video"]),
        // Buttons.
        (interactive("button", json!({})), &["/interactive/action/buttons"]),
        (interactive("button", json!({"buttons": {}})), &["/interactive/action/buttons"]),
        (interactive("button", json!({"buttons": []})), &["/interactive/action/buttons"]),
        (interactive("button", json!({"buttons": vec![button("1", "One"); 4]})), &["/interactive/action/buttons"]),
        (interactive("button", json!({"buttons": [{"type": "reply"}]})), &["/interactive/action/buttons/0/reply"]),
        (interactive("button", json!({"buttons": [button("1", "One"), button(&"i".repeat(257), &"t".repeat(21))]})),
            &["/interactive/action/buttons/1/reply/id", "/interactive/action/buttons/1/reply/title"]),
        (interactive("button", json!({"buttons": [button("", "")]})),
            &["/interactive/action/buttons/0/reply/id", "/interactive/action/buttons/0/reply/title"]),
        // Lists.
        (interactive("list", json!({"button": long(21), "sections": []})), &["/interactive/action/button", "/interactive/action/sections"]),
        (list(vec![json!({"rows": [one_row]}); 11].into()), &["/interactive/action/sections", "/interactive/action/sections"]),
        (list(json!([{"rows": vec![one_row.clone(); 6]}, {"rows": vec![one_row.clone(); 5]}])), &["/interactive/action/sections"]),
        (list(json!([{"title": long(25), "rows": [one_row]}])), &["/interactive/action/sections/0/title"]),
        (list(json!([{"title": "t"}])), &["/interactive/action/sections/0/rows"]),
        (row("id", long(201)), &["/interactive/action/sections/0/rows/0/id"]),
        (row("title", long(25)), &["/interactive/action/sections/0/rows/0/title"]),
        (row("title", json!(null)), &["/interactive/action/sections/0/rows/0/title"]),
        (row("description", long(73)), &["/interactive/action/sections/0/rows/0/description"]),
        (message("interactive", json!({"type": "list", "header": {"type": "image", "image": {"id": "1"}}, "body": {"text": long(4097)},
            "action": {"button": "b", "sections": [{"rows": [one_row]}]}})), &["/interactive/header/type", "/interactive/body/text"]),
        // The others.
        (interactive("cta_url", json!({"name": "url", "parameters": {"display_text": long(21), "url": ""}})),
            &["/interactive/action/name", "/interactive/action/parameters/display_text", "/interactive/action/parameters/url"]),
        (interactive("flow", json!({"name": "flow"})), &["/interactive/action/parameters"]),
        (flow("flow_message_version", json!("2")), &["/interactive/action/parameters/flow_message_version"]),
        (flow("flow_name", json!("n")), &["/interactive/action/parameters"]),
        (flow("flow_id", json!(null)), &["/interactive/action/parameters"]),
        (flow("flow_cta", json!("")), &["/interactive/action/parameters/flow_cta"]),
        (flow("flow_action_payload", json!("{}")), &["/interactive/action/parameters/flow_action_payload"]),
        (interactive("product", json!({})), &["/interactive/action/catalog_id", "/interactive/action/product_retailer_id"]),
        (interactive("product_list", json!({"catalog_id": "1", "sections": [{"product_items": [{"product_retailer_id": "p"}]}]})), &["/interactive/header"]),
        (products(json!([])), &["/interactive/action/sections"]),
        (products(json!([{"product_items": [{}]}])), &["/interactive/action/sections/0/product_items/0/product_retailer_id"]),
        (products(json!([{"product_items": vec![json!({"product_retailer_id": "p"}); 31]}])), &["/interactive/action/sections"]),
        (interactive("catalog_message", json!({})), &["/interactive/action/name"]),
        (interactive("location_request_message", json!({"name": "location"})), &["/interactive/action/name"]),
        (interactive("address_message", json!({"name": "address_message", "parameters": {}})), &["/interactive/action/parameters/country"]),
        (interactive("request_contact_info", json!({})), &["/interactive/action/name"]),
        (cards(1, "card_index", json!(0)), &["/interactive/action/cards"]),
        (cards(11, "card_index", json!(0)), &["/interactive/action/cards"]),
        (cards(2, "card_index", json!(10)), &["/interactive/action/cards/0/card_index", "/interactive/action/cards/1/card_index"]),
        (cards(2, "body", json!({"text": long(161)})), &["/interactive/action/cards/0/body/text", "/interactive/action/cards/1/body/text"]),
        (cards(2, "action", json!(null)), &["/interactive/action/cards/0/action", "/interactive/action/cards/1/action"]),
        // Templates.
        (message("template", json!({})), &["/template/name", "/template/language"]),
        (message("template", json!({"name": "", "language": {"policy": "fallback"}})), &["/template/name", "/template/language/code", "/template/language/policy"]),
        (message("template", json!({"name": "n", "language": "en"})), &["/template/language"]),
        (components(json!({})), &["/template/components"]),
        (components(json!([{}])), &["/template/components/0/type"]),
        (components(json!([{"type": "button"}])), &["/template/components/0/sub_type"]),
        (components(json!([{"type": "button", "sub_type": "url", "index": "first"}])), &["/template/components/0/index"]),
        (components(json!([{"type": "body", "parameters": ["x"]}])), &["/template/components/0/parameters/0"]),
        (components(json!([{"type": "carousel", "cards": [{"components": [{}]}]}])), &["/template/components/0/cards/0/components/0/type"]),
        (parameter(json!({})), &["/template/components/0/parameters/0/type"]),
        (parameter(json!({"type": "text"})), &["/template/components/0/parameters/0/text"]),
        (parameter(json!({"type": "text", "text": {}})), &["/template/components/0/parameters/0/text"]),
        (parameter(json!({"type": "text", "text": "x", "parameter_name": ""})), &["/template/components/0/parameters/0/parameter_name"]),
        (parameter(json!({"type": "image", "image": {}})), &["/template/components/0/parameters/0/image"]),
        (parameter(json!({"type": "currency"})), &["/template/components/0/parameters/0/currency"]),
        (parameter(json!({"type": "location", "location": {"latitude": 1}})), &["/template/components/0/parameters/0/location/longitude"]),
        (parameter(json!({"type": "action", "action": "x"})), &["/template/components/0/parameters/0/action"]),
    ]
}

#[test]
fn each_fault_has_its_place() {
    let cases = wrong();
    assert!(cases.len() >= 60);
    for (body, expected) in cases {
        let faults = checked(&body).err().unwrap_or_default();
        let mut found: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{body}");
    }
}

/// The parent of each fault is there: a pointer leads into the body, or to where something is missing.
#[test]
fn pointers_lead_into_the_body() {
    for (body, _) in wrong() {
        for fault in checked(&body).unwrap_err() {
            let (parent, _) = fault.pointer.rsplit_once('/').unwrap();
            assert!(
                body.pointer(parent).is_some(),
                "{} in {body}",
                fault.pointer
            );
        }
    }
}

#[test]
fn a_number_without_plus_is_told_what_would_happen() {
    let faults = checked(&text_to(json!({"to": "15550000107"}))).unwrap_err();
    assert!(faults[0].message.contains("country code of the business"));
    assert!(
        !faults[0].message.contains("15550000107"),
        "the value is quoted"
    );
}

#[test]
fn faults_end_at_a_hundred() {
    let faults = checked(&list(json!([{"rows": vec![json!({}); 5_000]}]))).unwrap_err();
    assert_eq!(faults.len(), 100);
}

/// JSON that often has the names and words of the Cloud API in it.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
        name().prop_map(Value::from),
        Just(Value::from(PHONE)),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((name(), value), 0..8).prop_map(|members| members.into_iter().collect())
}

fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "to",
        "recipient",
        "recipient_type",
        "group",
        "type",
        "status",
        "read",
        "message_id",
        "typing_indicator",
        "context",
        "text",
        "image",
        "audio",
        "contacts",
        "location",
        "reaction",
        "interactive",
        "template",
        "body",
        "header",
        "action",
        "buttons",
        "button",
        "list",
        "sections",
        "rows",
        "cards",
        "carousel",
        "parameters",
        "components",
        "language",
        "name",
        "flow",
        "product_list",
        "id",
        "link",
        "index",
        "card_index",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => ".{0,5}"]
}

proptest! {
    #[test]
    fn any_object_is_judged(body in object(json_value())) {
        let _ = check(&body);
    }

    /// Deeper into one type than chance would come.
    #[test]
    fn any_part_of_a_type_is_judged(kind in name(), sub_type in name(), part in object(json_value())) {
        let mut part = part;
        part.insert("type".into(), sub_type.into());
        let body = message(&kind, part.into());
        let _ = checked(&body);
    }
}
