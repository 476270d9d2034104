//! Packets of Socket.IO (protocol 5), as far as this service speaks it.
//!
//! `<type>[/namespace,][ack id][JSON]`. What clients may say is CONNECT and DISCONNECT; what they are told is written here too.

use serde::Deserialize;
use serde_json::{Value, json};
use waypost_queue::Position;

use crate::hub::{Bye, Resync};

/// Longest name of a namespace. It is repeated to whoever asks for one, and waits until it is read.
const LONGEST_NAME: usize = 128;

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum Said<'a> {
    /// It wants to be connected to a namespace, and shows this; or something that is not what it should show.
    Connect {
        namespace: &'a str,
        auth: Result<Auth, Unreadable>,
    },
    /// It leaves one.
    Disconnect { namespace: &'a str },
    /// An event or an answer to one. Nobody here listens.
    Event,
}

/// What it shows with CONNECT. A slip in a name is told, or its author would never learn why nothing is resumed.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Auth {
    pub(super) token: Option<String>,
    /// The last position that it has.
    pub(super) position: Option<String>,
}

/// No such thing as [`Auth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Something that is no packet, or none that a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads a packet.
pub(super) fn parse(text: &str) -> Result<Said<'_>, Malformed> {
    let Some((kind, rest)) = text.split_at_checked(1) else {
        return Err(Malformed);
    };
    let (namespace, data) = match rest.starts_with('/') {
        // The comma is left out where nothing follows.
        true => rest.split_once(',').unwrap_or((rest, "")),
        false => ("/", rest),
    };
    // Some clients send a query along with the namespace.
    let namespace = namespace.split('?').next().unwrap_or(namespace);
    if namespace.len() > LONGEST_NAME {
        return Err(Malformed);
    }
    match kind {
        "0" => Ok(Said::Connect {
            namespace,
            auth: auth(data),
        }),
        "1" => Ok(Said::Disconnect { namespace }),
        "2" | "3" => Ok(Said::Event),
        // An error is ours to tell, and binary packets have nothing to carry here.
        _ => Err(Malformed),
    }
}

fn auth(data: &str) -> Result<Auth, Unreadable> {
    if data.is_empty() {
        return Ok(Auth::default());
    }
    // An object: serde would take a list of the values too.
    let object = data.trim_start().starts_with('{');
    let auth = serde_json::from_str(data).ok().filter(|_| object);
    auth.ok_or(Unreadable)
}

/// The answer to a CONNECT that is accepted.
pub(super) fn connected(id: &str) -> String {
    format!("0{}", json!({ "sid": id }))
}

/// The answer to one that is not.
pub(super) fn refused(namespace: &str, message: &str, code: &str) -> String {
    let error = json!({ "message": message, "data": { "code": code } });
    match namespace {
        "/" => format!("4{error}"),
        other => format!("4{other},{error}"),
    }
}

/// Where the client stands.
pub(super) fn position(position: Position) -> String {
    event("position", &format!(r#"{{"position":"{position}"}}"#))
}

/// What it missed.
pub(super) fn resync(resync: Resync) -> String {
    event("resync", &resync.json())
}

/// Why it is sent away.
pub(super) fn bye(bye: Bye) -> String {
    event("bye", &bye.json())
}

fn event(name: &str, json: &str) -> String {
    debug_assert!(serde_json::from_str::<Value>(json).is_ok());
    format!(r#"2["{name}",{json}]"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_say_is_understood() {
        let auth = Auth {
            token: Some("t".to_owned()),
            position: Some("1-2".to_owned()),
        };
        let connect = |namespace, auth| {
            let auth = Ok(auth);
            Ok(Said::Connect { namespace, auth })
        };
        for bare in ["0", "0{}", "0/,{}", "0/", r#"0{"position":null}"#] {
            assert_eq!(parse(bare), connect("/", Auth::default()), "{bare}");
        }
        assert_eq!(parse("0/admin,"), connect("/admin", Auth::default()));
        assert_eq!(parse("0/admin?a=b"), connect("/admin", Auth::default()));
        let whole = r#"0{"position":"1-2","token":"t"}"#;
        assert_eq!(parse(whole), connect("/", auth));
        assert_eq!(parse("1"), Ok(Said::Disconnect { namespace: "/" }));
        assert_eq!(parse("1/a,"), Ok(Said::Disconnect { namespace: "/a" }));
        assert_eq!(parse(r#"213["hello",{}]"#), Ok(Said::Event));
        assert_eq!(parse(r#"3/a,1["hello"]"#), Ok(Said::Event));
    }

    #[test]
    fn what_shows_something_else_can_be_told_so() {
        for data in [
            "[]",
            r#"["t","1-2"]"#,
            "{",
            "null",
            "7",
            r#"{"token":1}"#,
            r#"{"tokn":"t"}"#,
            r#"{"token":"t"}{}"#,
        ] {
            let connect = Said::Connect {
                namespace: "/",
                auth: Err(Unreadable),
            };
            assert_eq!(parse(&format!("0{data}")), Ok(connect), "{data}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        let long = format!("0/{},", "n".repeat(LONGEST_NAME));
        for text in ["", "9", "ü", "/", "4{}", "51-[]", "61-[]", "{}", &long] {
            assert_eq!(parse(text), Err(Malformed), "{text}");
        }
    }

    /// Every short text of what packets are made of, and every beginning of a long one.
    #[test]
    fn nothing_that_is_said_brings_it_down() {
        let pieces = [
            "0", "1", "2", "5", "/", ",", "?", "{", "}", "[", "\"", "-", "ü", "\u{1e}", "\0",
        ];
        for first in pieces {
            for second in pieces {
                for third in pieces {
                    for fourth in pieces {
                        let _ = parse(&[first, second, third, fourth].concat());
                    }
                }
            }
        }
        let whole = r#"0/admin?a=ü,{"token":"tü","position":"1-2"}"#;
        for end in (0..whole.len()).filter(|&end| whole.is_char_boundary(end)) {
            let _ = parse(&whole[..end]);
        }
    }

    #[test]
    fn what_they_are_told_is_a_packet() {
        assert_eq!(connected("abc"), r#"0{"sid":"abc"}"#);
        let error = refused("/x", "No \"such\"", "c");
        let error: Value = serde_json::from_str(error.strip_prefix("4/x,").unwrap()).unwrap();
        let expected = json!({"message": "No \"such\"", "data": {"code": "c"}});
        assert_eq!(error, expected);
        assert!(refused("/", "No", "c").starts_with("4{"));
        let told = position("5-1".parse().unwrap());
        assert_eq!(told, r#"2["position",{"position":"5-1"}]"#);
    }
}
