//! Nothing shows a token, or its hash.

use std::io;

use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// Where the log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_token_and_no_hash_of_one_is_in_the_log_or_in_what_can_be_printed() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let fixture = Fixture::new();
    let wrong = new_token("nobody", Role::Admin).unwrap();
    let mut shown = String::new();
    for token in [wrong.key.expose_secret(), fixture.token(Role::Viewer)] {
        for _ in 0..12 {
            let answer = fixture.show(PAUSE, token, HERE).await;
            assert_ne!(answer.code, Code::Ok);
            shown += &format!("{:?}{:?}", answer.response, answer.status);
        }
        fixture.show(STATS, token, HERE).await;
    }
    shown += &format!("{:?}{:?}", fixture.take_refused(), fixture.take_reached());
    shown += &format!("{:?}{:?}{:?}", fixture.keys, fixture.keeper, fixture.made);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("not known").count(), 10, "{log}");
    assert!(log.contains(HERE));
    shown += &log;
    let made = fixture.made.iter().map(|(_, made)| made);
    for made in made.chain([&wrong]) {
        let token = made.key.expose_secret();
        let (_, digest) = made.table.split_once("sha256 = \"").unwrap();
        assert!(!shown.contains(&token[4..20]));
        assert!(!shown.contains(&digest[..16]));
        // A list of numbers is what a derived `Debug` would make of it.
        let bytes: Vec<u8> = (0..4)
            .map(|at| u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        assert!(!shown.contains(format!("{bytes:?}").trim_end_matches(']')));
    }
}
