//! The lookup, the reader and the refusals, over maps, environments that are handed in, and files on disk.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use waypost_settings::{
    ExposeSecret, Key, Layered, Lookup, MASK, MapLookup, Origin, Reader, SettingsError, effective,
    refuse_unknown,
};

const KEYS: &[Key] = &[
    Key::secret("redis.url", "Where Redis is.").alias(&["REDIS_URL"]),
    Key::new("redis.port", "6379", "Port.").alias(&["REDIS_PORT"]),
    Key::new("ingress.header_timeout", "10s", "Patience."),
    Key::new("ingress.body_limit", "3MiB", "Size."),
    Key::optional("spool.dir", "Folder."),
    Key::secret("whatsapp.app_secrets", "Secrets.").alias(&["WHATSAPP_APP_SECRET"]),
    Key::new("log.format", "text", "Format."),
];

fn reader(lookup: &dyn Lookup) -> Reader<'_> {
    Reader::new(lookup, KEYS)
}

fn environment<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).into()
}

fn layered<const N: usize>(
    pairs: [(&str, &str); N],
    file: Option<&PathBuf>,
) -> Result<Layered, SettingsError> {
    Layered::from_environment(environment(pairs), file.map(PathBuf::as_path))
}

fn written(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_map_answers_with_defaults_behind_it() {
    let map = MapLookup::from([("ingress.header_timeout", "250ms"), ("spool.dir", "")]);
    let reader = reader(&map);
    assert_eq!(
        reader.duration("ingress.header_timeout").unwrap(),
        Duration::from_millis(250)
    );
    assert_eq!(reader.bytes("ingress.body_limit").unwrap(), 3 << 20);
    assert_eq!(reader.number::<u16>("redis.port").unwrap(), 6379);
    assert_eq!(
        reader.opt_path("spool.dir").unwrap(),
        None,
        "an empty value is none"
    );
    assert_eq!(
        reader
            .choice("log.format", &[("text", 1), ("json", 2)])
            .unwrap(),
        1
    );
}

#[test]
fn a_required_key_that_is_not_set_is_named_with_its_variable() {
    let map = MapLookup::default();
    let text = reader(&map).string("redis.url").unwrap_err().to_string();
    assert!(
        text.contains("redis.url") && text.contains("WAYPOST_REDIS_URL"),
        "{text}"
    );
}

#[test]
fn a_key_outside_the_table_is_a_bug_that_says_so() {
    let map = MapLookup::default();
    let error = reader(&map).string("redis.nowhere").unwrap_err();
    assert!(matches!(error, SettingsError::Undeclared(path) if path == "redis.nowhere"));
}

#[test]
fn the_environment_wins_over_the_file_and_the_own_name_over_an_alias() {
    let dir = TempDir::new().unwrap();
    let file = written(
        &dir,
        "c.toml",
        "[redis]\nurl = 'redis://file'\nport = 1\n[ingress]\nbody_limit = '8KiB'\n",
    );
    let lookup = layered(
        [
            ("WAYPOST_REDIS_URL", "redis://environment"),
            ("REDIS_URL", "redis://alias"),
            ("REDIS_PORT", "2"),
            ("WAYPOST_INGRESS_BODY_LIMIT", ""),
        ],
        Some(&file),
    )
    .unwrap();
    let reader = reader(&lookup);
    assert_eq!(reader.string("redis.url").unwrap(), "redis://environment");
    assert_eq!(reader.u64("redis.port").unwrap(), 2);
    assert_eq!(
        reader.bytes("ingress.body_limit").unwrap(),
        8192,
        "an empty variable hides nothing"
    );
}

#[test]
fn waypost_config_names_the_file_unless_the_caller_does() {
    let dir = TempDir::new().unwrap();
    let named = written(&dir, "named.toml", "log.format = 'json'\n");
    let given = written(&dir, "given.toml", "log.format = 'text'\n");
    let variables = [("WAYPOST_CONFIG", named.to_str().unwrap())];
    let from_name = layered(variables, None).unwrap();
    assert_eq!(reader(&from_name).string("log.format").unwrap(), "json");
    let from_caller = layered(variables, Some(&given)).unwrap();
    assert_eq!(reader(&from_caller).string("log.format").unwrap(), "text");
}

#[test]
fn a_secret_comes_from_a_file_in_every_way_there_is() {
    let dir = TempDir::new().unwrap();
    let secret = written(&dir, "secret", "one, two\n");
    let secret = secret.to_str().unwrap();
    let config = written(
        &dir,
        "c.toml",
        &format!("[whatsapp]\napp_secrets_file = '{secret}'\n"),
    );
    let lookups: [Box<dyn Lookup>; 4] = [
        Box::new(layered([("WAYPOST_WHATSAPP_APP_SECRETS_FILE", secret)], None).unwrap()),
        Box::new(layered([("WHATSAPP_APP_SECRET_FILE", secret)], None).unwrap()),
        Box::new(layered([], Some(&config)).unwrap()),
        Box::new(MapLookup::from([("whatsapp.app_secrets_file", secret)])),
    ];
    for lookup in lookups {
        let secrets = reader(lookup.as_ref())
            .secrets("whatsapp.app_secrets")
            .unwrap();
        let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["one", "two"]);
        refuse_unknown(lookup.as_ref(), &[KEYS]).unwrap();
    }
}

#[test]
fn a_secret_and_its_file_at_once_contradict_one_another() {
    let lookup = layered(
        [
            ("WAYPOST_REDIS_URL", "sec-ret"),
            ("WAYPOST_REDIS_URL_FILE", "/x"),
        ],
        None,
    )
    .unwrap();
    let text = reader(&lookup).string("redis.url").unwrap_err().to_string();
    assert!(text.contains("WAYPOST_REDIS_URL_FILE"), "{text}");
    assert!(!text.contains("sec-ret"), "{text}");
}

#[test]
fn a_secret_file_that_is_missing_or_empty_is_named() {
    let dir = TempDir::new().unwrap();
    let empty = written(&dir, "empty", "\n");
    for path in [empty.to_str().unwrap(), "/nowhere/at/all"] {
        let map = MapLookup::from([("redis.url_file", path)]);
        let text = reader(&map).string("redis.url").unwrap_err().to_string();
        assert!(text.contains(path), "{text}");
    }
}

#[test]
fn toml_numbers_booleans_and_lists_become_text() {
    let dir = TempDir::new().unwrap();
    let file = written(
        &dir,
        "c.toml",
        "redis.port = 7000\n[whatsapp]\napp_secrets = ['a', 'b']\n",
    );
    let lookup = layered([], Some(&file)).unwrap();
    assert_eq!(reader(&lookup).u64("redis.port").unwrap(), 7000);
    assert_eq!(
        reader(&lookup).list("whatsapp.app_secrets").unwrap(),
        ["a", "b"]
    );
}

#[test]
fn a_file_that_is_no_toml_is_refused_by_line_and_without_its_text() {
    let dir = TempDir::new().unwrap();
    let file = written(&dir, "c.toml", "[redis]\nurl = 'sec-ret\n");
    let text = layered([], Some(&file)).unwrap_err().to_string();
    assert!(text.contains("line 2"), "{text}");
    assert!(!text.contains("sec-ret"), "{text}");
    let missing = dir.path().join("missing.toml");
    assert!(matches!(
        layered([], Some(&missing)),
        Err(SettingsError::File { .. })
    ));
    let nested = written(&dir, "n.toml", "[[redis]]\nurl = 'x'\n");
    assert!(matches!(
        layered([], Some(&nested)),
        Err(SettingsError::Syntax { .. })
    ));
}

#[test]
fn a_wrong_value_is_shown_with_its_place_and_a_wrong_secret_is_not() {
    let lookup = layered([("WAYPOST_INGRESS_HEADER_TIMEOUT", "ten")], None).unwrap();
    let text = reader(&lookup)
        .duration("ingress.header_timeout")
        .unwrap_err()
        .to_string();
    for part in [
        "ingress.header_timeout",
        "environment variable WAYPOST_INGRESS_HEADER_TIMEOUT",
        "ten",
        "250ms",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    let map = MapLookup::from([("redis.url", "sec-ret")]);
    let text = reader(&map).duration("redis.url").unwrap_err().to_string();
    assert!(!text.contains("sec-ret"), "{text}");
    let text = reader(&map).invalid("redis.url", "want a URL").to_string();
    assert!(
        text.contains("given as redis.url") && text.contains("want a URL"),
        "{text}"
    );
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known_one() {
    let map = MapLookup::from([("redis.ulr", "x")]);
    let error = refuse_unknown(&map, &[KEYS]).unwrap_err();
    assert!(
        matches!(&error, SettingsError::Unknown { name, nearest: Some(near) }
        if name == "redis.ulr" && near == "redis.url")
    );
    let lookup = layered([("WAYPOST_INGRESS_HEADERS_TIMEOUT", "1s")], None).unwrap();
    let text = refuse_unknown(&lookup, &[KEYS]).unwrap_err().to_string();
    assert!(
        text.contains("did you mean `WAYPOST_INGRESS_HEADER_TIMEOUT`"),
        "{text}"
    );
    for name in [
        "elsewhere.url",
        "port",
        "WAYPOST_ELSEWHERE_URL",
        "ingress.body_limit_file",
        "redis.url.more",
    ] {
        let map = MapLookup::from([(name, "x")]);
        assert!(refuse_unknown(&map, &[KEYS]).is_err(), "{name} was taken");
    }
}

#[test]
fn other_processes_keys_and_other_peoples_variables_are_let_be() {
    let lookup = layered(
        [
            ("WAYPOST_WORKER_CONCURRENCY", "4"),
            ("WAYPOST_POSTGRES_URL", "x"),
            ("WAYPOST_TEST_ANYTHING", "x"),
            ("WAYPOST_SCHEMAS", "x"),
            ("WAYPOST_EXTRA_FIXTURES", "x"),
            ("WAYPOST_INGRESS_SERVICE_HOST", "10.0.0.1"),
            ("WAYPOST_INGRESS_SERVICE_PORT_HTTP", "80"),
            ("WAYPOST_INGRESS_PORT", "tcp://10.0.0.1:80"),
            ("WAYPOST_INGRESS_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("DATABASE_URL", "x"),
            ("HOME", "x"),
        ],
        None,
    )
    .unwrap();
    refuse_unknown(&lookup, &[KEYS]).unwrap();
}

#[test]
fn of_a_section_read_in_part_the_rest_is_let_be_and_misspelling_is_not() {
    const PART: &[Key] = &[Key::secret("realtime.secrets", "Secrets.")];
    const WHOLE: &[Key] = &[Key::new("realtime.listen", "0.0.0.0:1", "Address.")];
    let given = |name: &'static str| MapLookup::from([(name, "x")]);
    for name in [
        "realtime.listen",
        "realtime.queue",
        "realtime.secrets",
        "realtime.secrets_file",
    ] {
        refuse_unknown(&given(name), &[PART]).unwrap();
    }
    assert!(refuse_unknown(&given("realtime.secretes"), &[PART]).is_err());
    assert!(refuse_unknown(&given("realtime.queue"), &[PART, WHOLE]).is_err());
    refuse_unknown(&given("realtime.queue"), &[KEYS]).unwrap();
}

#[test]
fn a_kubernetes_service_named_redis_is_not_mistaken_for_a_port() {
    let lookup = layered([("REDIS_PORT", "tcp://10.0.0.7:6379")], None).unwrap();
    assert_eq!(reader(&lookup).u64("redis.port").unwrap(), 6379);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused_by_name() {
    use std::os::unix::ffi::OsStringExt;
    let value = std::ffi::OsString::from_vec(vec![0xff]);
    let lookup =
        Layered::from_environment([("WAYPOST_LOG_FORMAT".to_owned(), value)], None).unwrap();
    let text = reader(&lookup)
        .string("log.format")
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("WAYPOST_LOG_FORMAT") && text.contains("UTF-8"),
        "{text}"
    );
}

#[test]
fn effective_values_mask_every_secret_and_say_where_from() {
    let map = MapLookup::from([("redis.url", "sec-ret"), ("redis.port", "1")]);
    let rows = effective(&map, &[KEYS]).unwrap();
    let row = |path: &str| rows.iter().find(|row| row.path == path).unwrap();
    assert_eq!(row("redis.url").value, MASK);
    assert_eq!(
        row("redis.port").origin,
        Origin::Given("redis.port".to_owned())
    );
    assert_eq!(row("ingress.body_limit").origin, Origin::Default);
    assert_eq!(row("whatsapp.app_secrets").value, "");
    assert!(!format!("{rows:?}{map:?}").contains("sec-ret"));
}
