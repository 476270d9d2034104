use std::path::Path;

use toml::Table;
use waypost_settings::ExposeSecret;

use super::*;

/// A grant for tests.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Colour(String);

impl Grant for Colour {
    const MEMBERS: &'static [&'static str] = &["colour"];

    fn read(table: &Table) -> Result<Self, Misfit> {
        let colour = table.get("colour").and_then(Value::as_str);
        colour.map(|colour| Self(colour.to_owned())).ok_or(Misfit {
            member: "colour",
            want: "a colour",
        })
    }
}

fn coloured(colour: &str) -> Table {
    Table::from_iter([("colour".to_owned(), Value::from(colour))])
}

pub(super) fn made(name: &str) -> NewKey {
    new_key::<Colour>(name, &coloured("red")).unwrap()
}

fn parse(text: &str) -> Result<KeyRing<Colour>, String> {
    KeyRing::parse(Path::new("keys.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn a_new_key_opens_with_its_table_and_is_shown_nowhere() {
    let (one, other) = (made("back.end"), made("other"));
    let key = one.key.expose_secret();
    assert!(key.starts_with("wpk_") && key.len() == 4 + 43);
    assert!(!one.table.contains(&key[4..]));
    let ring = parse(&format!("{}\n{}", one.table, other.table)).unwrap();
    let found = ring.find(key.as_bytes()).unwrap();
    assert_eq!((&*found.name, &*found.grant.0), ("back.end", "red"));
    assert!(ring.find(b"wpk_").is_none() && ring.find(b"").is_none());
    assert!(ring.find(&key.as_bytes()[..46]).is_none());
    let digest = Digest::of(key.as_bytes()).hex();
    assert!(one.table.contains(&digest));
    for shown in [
        format!("{one:?}"),
        format!("{ring:?}"),
        format!("{found:#?}"),
    ] {
        assert!(!shown.contains(&key[4..]) && !shown.contains(&digest));
        // Nor as a list of numbers.
        let first = u8::from_str_radix(&digest[..2], 16).unwrap();
        assert!(!shown.contains(&format!("[{first}, ")) && !shown.contains("digest"));
    }
}

#[test]
fn a_grant_cannot_break_out_of_its_table() {
    let made = new_key::<Colour>("a", &coloured("\"\n[b]\ncolour = \"x")).unwrap();
    let ring = parse(&made.table).unwrap();
    assert_eq!(ring.len(), 1);
}

#[test]
fn a_key_is_held_while_it_may_do_the_same() {
    let (one, other) = (made("one"), made("other"));
    let ring = parse(&one.table).unwrap();
    let found = ring.find(one.key.expose_secret().as_bytes()).unwrap();
    assert!(ring.holds(&found));
    let more = parse(&format!("{}\n{}", other.table, one.table)).unwrap();
    assert!(more.holds(&found));
    assert!(!parse(&other.table).unwrap().holds(&found));
    let repainted = one.table.replace("red", "blue");
    assert!(!parse(&repainted).unwrap().holds(&found));
    let renamed = one.table.replace("one", "two");
    assert!(!parse(&renamed).unwrap().holds(&found));
}

#[test]
fn what_cannot_be_is_refused_and_no_value_is_quoted() {
    let sum = "ab".repeat(32);
    let rest = &sum[1..];
    for (text, wanted) in [
        (
            format!("[a]\nsha256 = \"{rest}\"\ncolour = \"c\""),
            "a.sha256",
        ),
        (
            format!("[a]\nsha256 = \"+{rest}\"\ncolour = \"c\""),
            "a.sha256",
        ),
        (format!("[a]\nsha256 = \"é{}\"", &sum[2..]), "a.sha256"),
        ("[a]\ncolour = \"c\"".to_owned(), "a.sha256"),
        (
            format!("[a]\nsha256 = \"{sum}\""),
            "`a.colour`: want a colour",
        ),
        (
            format!("[a]\nsha256 = \"{sum}\"\ncolour = \"c\"\nkey = \"k\""),
            "`a.key` is not known; want sha256, colour",
        ),
        (String::new(), "no key"),
        ("a = 1".to_owned(), "[a]"),
        ("[\"a b\"]".to_owned(), "name of a key"),
        (
            format!(
                "[a]\nsha256 = \"{sum}\"\ncolour = \"c\"\n[b]\nsha256 = \"{}\"\ncolour = \"d\"",
                sum.to_uppercase()
            ),
            "same key",
        ),
        (format!("\n[a]\nsha256 = \"{sum}"), "line 3"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.contains(wanted) && !error.contains("abab"), "{error}");
    }
    assert!(new_key::<Colour>("a b", &coloured("red")).is_err());
    assert!(new_key::<Colour>("a", &Table::new()).is_err());
}
