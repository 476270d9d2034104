use std::path::Path;

use waypost_settings::ExposeSecret;

use super::super::KeyRing;
use super::*;

fn parse(text: &str) -> Result<KeyRing<Numbers>, String> {
    KeyRing::parse(Path::new("keys.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn a_new_key_opens_with_its_table_and_is_not_in_it() {
    let made = Numbers::new_key("back.end", &["106", "107"]).unwrap();
    let other = Numbers::new_key("other", &["*"]).unwrap();
    let key = made.key.expose_secret();
    assert!(
        key.starts_with("wpk_") && key.len() == 4 + 43,
        "{}",
        key.len()
    );
    assert!(!made.table.contains(&key[4..]));
    assert!(!format!("{made:?}").contains(&key[4..]));
    let ring = parse(&format!("{}\n{}", made.table, other.table)).unwrap();
    let found = ring.find(key.as_bytes()).unwrap();
    assert_eq!(found.name, "back.end");
    let may_use = |id| found.grant.contain(id);
    assert!(may_use("106") && may_use("107") && !may_use("108"));
    let found = ring.find(other.key.expose_secret().as_bytes()).unwrap();
    assert!(found.name == "other" && found.grant.contain("108"));
    assert!(ring.find(b"wpk_").is_none() && ring.find(b"").is_none());
}

#[test]
fn what_cannot_be_is_refused_and_no_value_is_quoted() {
    let sum = "ab".repeat(32);
    for (text, wanted) in [
        (
            format!("[a]\nsha256 = \"{}\"\nnumbers = [\"1\"]", &sum[1..]),
            "a.sha256",
        ),
        (
            format!("[a]\nsha256 = \"+{}\"\nnumbers = [\"1\"]", &sum[1..]),
            "a.sha256",
        ),
        ("[a]\nnumbers = [\"1\"]".to_owned(), "a.sha256"),
        (format!("[a]\nsha256 = \"{sum}\""), "a.numbers"),
        (
            format!("[a]\nsha256 = \"{sum}\"\nnumbers = []"),
            "a.numbers",
        ),
        (
            format!("[a]\nsha256 = \"{sum}\"\nnumbers = [\"x\"]"),
            "a.numbers",
        ),
        (
            format!("[a]\nsha256 = \"{sum}\"\nnumbers = \"1\""),
            "a.numbers",
        ),
        (
            format!("[a]\nsha256 = \"{sum}\"\nnumbers = [\"1\"]\nkey = \"k\""),
            "a.key",
        ),
        (String::new(), "no key"),
        ("a = 1".to_owned(), "[a]"),
        ("[\"a b\"]".to_owned(), "name of a key"),
        (
            format!(
                "[a]\nsha256 = \"{sum}\"\nnumbers = [\"1\"]\n[b]\nsha256 = \"{sum}\"\nnumbers = [\"1\"]"
            ),
            "same key",
        ),
        (format!("\n[a]\nsha256 = \"{sum}"), "line 3"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.contains(wanted) && !error.contains("abab"), "{error}");
    }
    assert!(Numbers::new_key("a b", &["1"]).is_err());
    assert!(Numbers::new_key("a", &["+1"]).is_err());
    assert!(Numbers::new_key("a", &[""; 0]).is_err());
}
