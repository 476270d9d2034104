//! Inbound messages.

use serde_json::{Map, Value, json};

use super::{Composed, Composer, Customer, Effect, MessageKind, Number, Place, Way};
use crate::encode::encode;

/// A message in the making.
pub(super) struct Draft {
    pub(super) number: Number,
    pub(super) sender: Customer,
    pub(super) item: Map<String, Value>,
    /// False for system messages, which come without `contacts[]`.
    pub(super) introduced: bool,
}

impl Draft {
    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.item.insert(key.to_owned(), value);
    }
}

impl Composer {
    /// A message of this kind, from one of the customers to one of the numbers.
    pub fn message(&mut self, kind: MessageKind) -> Composed {
        let mut draft = self.draft(kind);
        self.content(kind, &mut draft);
        let received = Effect::Message {
            way: Way::In,
            kind: kind.word().to_owned(),
        };
        if kind == MessageKind::Unreadable {
            return self.unreadable(&draft, received);
        }
        draft.finish(received)
    }

    /// The same text from the same person, sent twice within five seconds, as people do when the network is slow.
    pub fn double_tap(&mut self) -> [Composed; 2] {
        let mut draft = self.draft(MessageKind::Text);
        self.content(MessageKind::Text, &mut draft);
        let again = Draft {
            number: draft.number,
            sender: draft.sender.clone(),
            item: {
                let mut item = draft.item.clone();
                item.insert("id".to_owned(), json!(self.wamid()));
                item.insert("timestamp".to_owned(), json!(self.now().to_string()));
                item
            },
            introduced: true,
        };
        let effect = || Effect::Message {
            way: Way::In,
            kind: "text".to_owned(),
        };
        let (first, mut second) = (draft.finish(effect()), again.finish(effect()));
        second.repeats = true;
        [first, second]
    }

    fn draft(&mut self, kind: MessageKind) -> Draft {
        let (number, sender) = (self.number(), self.customer());
        let mut item = Map::new();
        sender.sign(&mut item, "from", "from_user_id");
        item.insert("id".to_owned(), json!(self.wamid()));
        item.insert("timestamp".to_owned(), json!(self.now().to_string()));
        item.insert("type".to_owned(), json!(kind.word()));
        Draft {
            number,
            sender,
            item,
            introduced: kind.word() != "system",
        }
    }

    fn content(&mut self, kind: MessageKind, draft: &mut Draft) {
        use MessageKind as Kind;
        match kind {
            Kind::Text
            | Kind::Reply
            | Kind::Forwarded
            | Kind::FrequentlyForwarded
            | Kind::ProductInquiry
            | Kind::FromAd
            | Kind::InGroup => self.text(kind, draft),
            Kind::Image
            | Kind::Video
            | Kind::Audio
            | Kind::VoiceNote
            | Kind::LegacyVoice
            | Kind::Document
            | Kind::Sticker => {
                let media = self.media(kind);
                draft.set(kind.word(), media);
            }
            Kind::ChangedNumber | Kind::ChangedUserId | Kind::ChangedIdentity => {
                self.system(kind, draft);
            }
            _ => self.rich(kind, draft),
        }
    }

    fn text(&mut self, kind: MessageKind, draft: &mut Draft) {
        draft.set("text", json!({"body": self.phrase()}));
        let business = draft.number.display();
        match kind {
            MessageKind::Reply => {
                draft.set("context", json!({"from": business, "id": self.wamid()}));
            }
            MessageKind::Forwarded => draft.set("context", json!({"forwarded": true})),
            MessageKind::FrequentlyForwarded => {
                draft.set("context", json!({"frequently_forwarded": true}));
            }
            MessageKind::ProductInquiry => {
                let product =
                    json!({"catalog_id": "600000000000001", "product_retailer_id": "sku-1"});
                let id = self.wamid();
                draft.set(
                    "context",
                    json!({"from": business, "id": id, "referred_product": product}),
                );
            }
            MessageKind::FromAd => {
                let clid = format!("clid-{}", self.next_count());
                draft.set(
                    "referral",
                    json!({
                        "source_url": "https://ads.example.com/1", "source_id": "700000000000001",
                        "source_type": "ad", "headline": "Chat with us", "body": "Sommerschlußverkauf",
                        "media_type": "image", "image_url": "https://ads.example.com/1.jpg", "ctwa_clid": clid,
                        "welcome_message": {"text": "Hello! What are you looking for?"},
                    }),
                );
            }
            MessageKind::InGroup => draft.set("group_id", json!("R1JPVVAtMQ==")),
            _ => {}
        }
    }

    fn media(&mut self, kind: MessageKind) -> Value {
        let count = self.next_count();
        let mime = match kind {
            MessageKind::Image => "image/jpeg",
            MessageKind::Video => "video/mp4",
            MessageKind::Audio => "audio/mpeg",
            MessageKind::Document => "application/pdf",
            MessageKind::Sticker => "image/webp",
            _ => "audio/ogg; codecs=opus",
        };
        let mut media = json!({
            "id": format!("5{count:014}"), "mime_type": mime, "sha256": self.sha256(),
            "url": format!("https://media.example.com/attachments/?mid=5{count:014}&ext=1"),
        });
        match kind {
            MessageKind::Image | MessageKind::Video => media["caption"] = json!(self.phrase()),
            MessageKind::Document => {
                media["filename"] = json!(format!("Rechnung für März {count}.pdf"));
            }
            MessageKind::Sticker => media["animated"] = json!(self.dice.chance(0.5)),
            MessageKind::Audio => media["voice"] = json!(false),
            MessageKind::VoiceNote => media["voice"] = json!(true),
            _ => {}
        }
        media
    }

    /// Base64 of 32 bytes, as live payloads have it.
    pub(super) fn sha256(&mut self) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text: String = (0..42)
            .map(|_| char::from(LETTERS[self.dice.below(64)]))
            .collect();
        // 256 bits leave the last letter four bits short, and one place is filled up.
        text.push_str("A=");
        text
    }

    fn unreadable(&mut self, draft: &Draft, received: Effect) -> Composed {
        let value = json!({
            "messaging_product": "whatsapp", "metadata": draft.number.metadata(),
            "contacts": [draft.sender.contact()], "messages": [draft.item],
            "errors": [{
                "code": 131000, "title": "Something went wrong", "message": "Something went wrong",
                "error_data": {"details": format!("The message could not be read #{}", self.next_count())},
            }],
        });
        let effects = vec![
            received,
            Effect::Account {
                field: "messages".to_owned(),
            },
        ];
        Composed::change(draft.number, Place::Change, "messages", &value, effects)
    }
}

impl Draft {
    pub(super) fn finish(self, effect: Effect) -> Composed {
        Composed {
            number: self.number,
            place: Place::Messages,
            json: encode(&Value::Object(self.item)),
            contact: self.introduced.then(|| encode(&self.sender.contact())),
            effects: vec![effect],
            repeats: false,
        }
    }
}
