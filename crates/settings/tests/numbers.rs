//! The file of numbers: what it may say, what is refused and how, and that it is followed.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use waypost_settings::{ExposeSecret, MapLookup, NumbersFile, NumbersSettings, Watched};

const GOOD: &str = r#"
[106540352242922]
token = "EAAGsecret"
app_secret = "0badcafe"
account = "102290129340398"
limit = 80
display_phone_number = "+15550783881"

[106540352242923]
limit = 0.5
"#;

fn written(dir: &TempDir, text: &str) -> PathBuf {
    let path = dir.path().join("numbers.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn refusal(text: &str) -> String {
    let dir = TempDir::new().unwrap();
    NumbersFile::load(&written(&dir, text))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_table_is_a_number() {
    let dir = TempDir::new().unwrap();
    let numbers = NumbersFile::load(&written(&dir, GOOD)).unwrap();
    assert_eq!(numbers.len(), 2);
    let first = numbers.get("106540352242922").unwrap();
    assert_eq!(first.token.as_ref().unwrap().expose_secret(), "EAAGsecret");
    assert_eq!(
        first.app_secret.as_ref().unwrap().expose_secret(),
        "0badcafe"
    );
    assert_eq!(first.account.as_deref(), Some("102290129340398"));
    assert_eq!(first.limit, Some(80.0));
    assert_eq!(first.display_phone_number.as_deref(), Some("15550783881"));
    let (id, second) = numbers.iter().nth(1).unwrap();
    assert_eq!(
        (id, second.limit, second.token.is_none()),
        ("106540352242923", Some(0.5), true)
    );
    assert!(numbers.get("1").is_none());
}

#[test]
fn faults_are_named_and_secrets_are_not() {
    for (text, name) in [
        ("[12]\ntokn = \"EAAGsecret\"", "`12.tokn`"),
        ("[12]\ntoken = \"EAAGsecret \"", "`12.token`"),
        ("[12]\ntoken = \"EAAG\\nsecret\"", "`12.token`"),
        ("[12]\napp_secret = \"\"", "`12.app_secret`"),
        ("[12]\nlimit = 0", "`12.limit`"),
        ("[12]\nlimit = \"80\"", "`12.limit`"),
        ("[12]\nlimit = inf", "`12.limit`"),
        ("[12]\naccount = \"x\"", "`12.account`"),
        ("[main]\n", "`[main]`"),
        ("12 = \"EAAGsecret\"", "`12`"),
        ("[12]\ntoken = \"EAAGsecret", "line 2"),
    ] {
        let error = refusal(text);
        assert!(error.contains(name), "{text:?}: {error}");
        assert!(error.contains("numbers.toml"), "{error}");
        assert!(!error.contains("EAAG"), "{error}");
    }
    assert!(NumbersFile::load(Path::new("/nowhere/numbers.toml")).is_err());
}

#[test]
fn debug_shows_no_secret() {
    let dir = TempDir::new().unwrap();
    let shown = format!("{:?}", NumbersFile::load(&written(&dir, GOOD)).unwrap());
    for secret in ["EAAGsecret", "0badcafe", "15550783881"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_setting_is_optional() {
    let none = NumbersSettings::from_lookup(&MapLookup::default()).unwrap();
    assert_eq!(none.file, None);
    let lookup = MapLookup::from([("numbers.file", "/etc/waypost/numbers.toml")]);
    let some = NumbersSettings::from_lookup(&lookup).unwrap();
    assert_eq!(some.file, Some(PathBuf::from("/etc/waypost/numbers.toml")));
}

#[tokio::test]
async fn the_last_good_one_stays() {
    let dir = TempDir::new().unwrap();
    let path = written(&dir, GOOD);
    let (watched, mut keeper) = Watched::open(Some(&path)).unwrap();
    assert!(!keeper.look().await, "nothing has changed");

    written(&dir, "[12]\ntoken = ");
    assert!(!keeper.look().await);
    std::fs::remove_file(&path).unwrap();
    assert!(!keeper.look().await);
    assert_eq!(watched.current().len(), 2);

    written(&dir, "[12]\ntoken = \"EAAGother\"\n");
    assert!(keeper.look().await);
    assert_eq!(watched.current().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_swapped_link_is_a_change() {
    let dir = TempDir::new().unwrap();
    for (name, token) in [("v1", "EAAGone"), ("v2", "EAAGtwo")] {
        let text = format!("[12]\ntoken = \"{token}\"\n");
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let link = dir.path().join("numbers.toml");
    std::os::unix::fs::symlink("v1", &link).unwrap();
    let (mut watched, keeper) = Watched::open(Some(&link)).unwrap();
    let keeping = tokio::spawn(keeper.run());

    let fresh = dir.path().join("fresh");
    std::os::unix::fs::symlink("v2", &fresh).unwrap();
    std::fs::rename(&fresh, &link).unwrap();
    let changed = tokio::time::timeout(Duration::from_secs(20), watched.changed()).await;
    let numbers = changed.unwrap();
    let token = numbers.get("12").unwrap().token.as_ref().unwrap();
    assert_eq!(token.expose_secret(), "EAAGtwo");

    drop(watched);
    let ended = tokio::time::timeout(Duration::from_secs(20), keeping).await;
    ended.unwrap().unwrap();
}

#[tokio::test]
async fn without_a_file_nothing_changes_and_nothing_ends() {
    let (mut watched, mut keeper) = Watched::open(None).unwrap();
    assert!(!keeper.look().await);
    drop(keeper);
    assert!(watched.current().is_empty());
    let changed = tokio::time::timeout(Duration::from_millis(20), watched.changed()).await;
    assert!(changed.is_err());
    assert!(Watched::fixed(NumbersFile::default()).current().is_empty());
}
