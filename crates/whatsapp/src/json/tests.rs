use super::{Json, Wire};

fn valid(text: &str) -> Json<'_> {
    Json::check(text).unwrap()
}

#[test]
fn members_are_cut_as_received() {
    let json = valid(
        " { \"a\" : [1, {\"x\":\"]}\"}] ,\n\"b\\u0041\":\"q\\\"}\" , \"c\" : -1.5e3 , \"d\":{} } ",
    );
    let members: Vec<(String, &str)> = json
        .members()
        .map(|(key, value)| (key.into_owned(), value.get()))
        .collect();
    let expected = [
        ("a", "[1, {\"x\":\"]}\"}]"),
        ("bA", "\"q\\\"}\""),
        ("c", "-1.5e3"),
        ("d", "{}"),
    ];
    assert_eq!(
        members,
        expected.map(|(key, value)| (key.to_owned(), value))
    );
}

#[test]
fn items_are_cut_as_received() {
    let items: Vec<&str> = valid("[ 1 ,\"two\", [3,[4]] , null,true ]")
        .items()
        .unwrap()
        .map(Json::get)
        .collect();
    assert_eq!(items, ["1", "\"two\"", "[3,[4]]", "null", "true"]);
    assert_eq!(valid("[]").items().unwrap().count(), 0);
    assert!(valid("{}").items().is_none());
    assert_eq!(valid("[]").members().count(), 0);
}

#[test]
fn the_last_of_repeated_members_counts() {
    assert_eq!(valid("{\"a\":1,\"a\":2}").member("a").unwrap().get(), "2");
    assert!(valid("{\"a\":1}").member("b").is_none());
}

#[test]
fn a_key_that_cannot_be_decoded_costs_no_sibling() {
    let json = valid(r#"{"\ud800":1,"a":2}"#);
    assert_eq!(json.member("a").unwrap().get(), "2");
}

#[test]
fn depth_and_huge_numbers_are_no_error() {
    let deep = format!(
        "{{\"a\":{}{},\"n\":1e999999}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let json = valid(&deep);
    assert_eq!(json.members().count(), 2);
    assert_eq!(f64::read(json.member("n").unwrap()), None);
}

#[test]
fn numbers_may_come_as_strings_and_wrong_types_are_none() {
    assert_eq!(i64::read(valid("42")), Some(42));
    assert_eq!(i64::read(valid("\"42\"")), Some(42));
    for wrong in [
        "4.2",
        "\"\"",
        "null",
        "{}",
        "[1]",
        "99999999999999999999",
        "true",
    ] {
        assert_eq!(i64::read(valid(wrong)), None, "{wrong}");
    }
    assert_eq!(bool::read(valid("\"true\"")), Some(true));
    assert_eq!(bool::read(valid("1")), None);
    assert_eq!(f64::read(valid("\"NaN\"")), None);
}

#[test]
fn text_that_is_not_one_value_is_refused() {
    for wrong in ["", "{", "{}x", "{\"a\":}", "\"\u{1}\"", "{\"a\":1,}", "nul"] {
        assert!(Json::check(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn debug_shows_no_content() {
    assert_eq!(format!("{:?}", valid("\"hello\"")), "Json(7 bytes)");
}
