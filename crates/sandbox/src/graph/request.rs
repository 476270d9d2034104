//! The body of a request to send a message: the few parts that the fake Meta looks at, borrowed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use uuid::Uuid;
use waypost_whatsapp::echo::parse_callback;

#[derive(Default)]
pub(super) struct SendRequest<'a> {
    pub(super) messaging_product: Option<Cow<'a, str>>,
    pub(super) recipient_type: Option<Cow<'a, str>>,
    pub(super) to: Option<Cow<'a, str>>,
    pub(super) recipient: Option<Cow<'a, str>>,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) status: Option<Cow<'a, str>>,
    pub(super) message_id: Option<Cow<'a, str>>,
    pub(super) callback: Option<Cow<'a, str>>,
    pub(super) text: Option<TextPart<'a>>,
    /// Names of everything else, among which the part of the type must be.
    pub(super) others: Vec<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
pub(super) struct TextPart<'a> {
    #[serde(borrow, default)]
    pub(super) body: Option<Cow<'a, str>>,
}

/// A string that is borrowed when it can be.
#[derive(serde::Deserialize)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> SendRequest<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Who it goes to: `to` wins.
    pub(super) fn to(&self) -> Option<&str> {
        self.to.as_deref().or(self.recipient.as_deref())
    }

    /// Our id, if it carries one.
    pub(super) fn our_id(&self) -> Option<Uuid> {
        parse_callback(self.callback.as_deref()?)
    }

    /// Marks a message as read, and sends none.
    pub(super) fn is_mark(&self) -> bool {
        self.status.is_some() && self.kind.is_none()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SendRequest<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Parts)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = SendRequest<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut request = SendRequest::default();
        while let Some(Word(key)) = map.next_key::<Word<'de>>()? {
            let part = match key.as_ref() {
                "messaging_product" => &mut request.messaging_product,
                "recipient_type" => &mut request.recipient_type,
                "to" => &mut request.to,
                "recipient" => &mut request.recipient,
                "type" => &mut request.kind,
                "status" => &mut request.status,
                "message_id" => &mut request.message_id,
                "biz_opaque_callback_data" => &mut request.callback,
                "text" => {
                    request.text = Some(map.next_value()?);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    request.others.push(key);
                    continue;
                }
            };
            *part = map.next_value::<Option<Word<'de>>>()?.map(|word| word.0);
        }
        Ok(request)
    }
}
