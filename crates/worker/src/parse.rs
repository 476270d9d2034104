//! Cuts webhooks into updates that stand alone, reads messages accepted and facts about them, and sets aside what cannot
//! be understood.

use bytes::Bytes;
use uuid::Uuid;
use waypost_model::{EffectKey, content_id};
use waypost_queue::{Batch, Entry, Envelope, EnvelopeError, Fact, Kind};
use waypost_telemetry::metrics::label::{ItemKind, Stage};
use waypost_telemetry::metrics::worker;
use waypost_telemetry::trace::Context;
use waypost_whatsapp::{Update, UpdateBody};

use crate::config::WorkerSettings;
use crate::count;
use crate::item::{Content, Item, Origin};
use crate::outbound::Sending;
use crate::spans::Spans;

/// A batch, understood as far as it can be.
#[derive(Default)]
pub(crate) struct Parsed<'a> {
    /// Webhooks worth keeping as received. What cannot be parsed is kept as a failure instead, and what was cut out
    /// of a webhook earlier is kept already, as part of that webhook.
    pub(crate) webhooks: Vec<&'a Envelope>,
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) bad: Vec<Bad>,
    /// Entries that a newer version wrote, as they lie in Redis.
    pub(crate) newer: Vec<Bytes>,
}

/// Something that failed, as an entry of its own: to be put off, or buried.
pub(crate) struct Bad {
    /// Place in the batch of the entry that it is or was cut out of.
    pub(crate) entry: usize,
    pub(crate) kind: ItemKind,
    pub(crate) envelope: Envelope,
    pub(crate) message_id: Option<String>,
    pub(crate) class: &'static str,
    pub(crate) why: String,
    /// Trying again cannot help and may harm.
    pub(crate) hopeless: bool,
    /// It is an entry of the batch itself, not something cut out of one.
    pub(crate) whole: bool,
}

impl Bad {
    /// The same bytes get the same id, so that a redelivery of something bad is the same failure and not one more.
    pub(crate) fn new(from: &Envelope, body: Bytes, class: &'static str, why: String) -> Self {
        let mut envelope = Envelope::webhook(content_id(&body), from.received_at, body);
        envelope.request_id = from.request_id;
        envelope.traceparent.clone_from(&from.traceparent);
        envelope.attempts = from.attempts + 1;
        envelope.first_error.clone_from(&from.first_error);
        Self {
            entry: 0,
            kind: ItemKind::Message,
            envelope,
            message_id: None,
            class,
            why,
            hopeless: false,
            whole: from.attempts > 0,
        }
    }

    /// An entry that is no webhook, and so fails as a whole and stays what it is.
    pub(crate) fn entry(from: &Envelope, class: &'static str, why: String) -> Self {
        let mut envelope = from.clone();
        envelope.attempts += 1;
        let kind = match from.kind {
            Kind::Outgoing => ItemKind::Send,
            Kind::Fact => ItemKind::Fact,
            Kind::Webhook | Kind::Unknown(_) => ItemKind::Message,
        };
        Self {
            entry: 0,
            kind,
            envelope,
            message_id: None,
            class,
            why,
            hopeless: false,
            whole: true,
        }
    }
}

pub(crate) fn parse<'a>(
    batch: &'a Batch,
    settings: &WorkerSettings,
    spans: &mut Spans,
) -> Parsed<'a> {
    let _timer = worker::BATCH_DURATION.of(Stage::Parse).start();
    let _span = spans.parse();
    let mut parsed = Parsed::default();
    for (place, entry) in batch.entries.iter().enumerate() {
        if matches!(entry.envelope, Err(EnvelopeError::Version(_))) {
            parsed.newer.push(entry.raw.clone());
            continue;
        }
        match usable(entry, settings) {
            Ok(envelope) => {
                let origin = Origin {
                    entry: place,
                    envelope,
                    doubtful: entry.handbacks > 0,
                    context: Context::NONE,
                };
                parsed.envelope(origin, spans);
            }
            Err(mut bad) => {
                spans.begin(place, &bad.envelope, bad.envelope.id);
                bad.entry = place;
                parsed.bad.push(*bad);
            }
        }
    }
    parsed.bad.iter().for_each(|bad| count::failed(bad.kind));
    parsed
}

/// The entry's envelope, unless it cannot be read or should not be touched.
fn usable<'a>(entry: &'a Entry, settings: &WorkerSettings) -> Result<&'a Envelope, Box<Bad>> {
    let hopeless = |envelope: &Envelope, body: Bytes, class, why| {
        let mut bad = match envelope.kind {
            Kind::Outgoing | Kind::Fact => Bad::entry(envelope, class, why),
            Kind::Webhook | Kind::Unknown(_) => Bad::new(envelope, body, class, why),
        };
        (bad.hopeless, bad.whole) = (true, true);
        Box::new(bad)
    };
    let envelope = match &entry.envelope {
        Ok(envelope) => envelope,
        Err(why) => {
            let now = std::time::SystemTime::now();
            let stand_in = Envelope::webhook(Uuid::now_v7(), now, Bytes::new());
            let why = format!("unreadable entry: {why}");
            return Err(hopeless(&stand_in, entry.raw.clone(), "unreadable", why));
        }
    };
    if let Kind::Unknown(kind) = envelope.kind {
        let why = format!("entry of kind {kind}, which this version does not know");
        return Err(hopeless(envelope, envelope.body.clone(), "unreadable", why));
    }
    if entry.handbacks >= settings.max_handbacks {
        let why = format!("{} workers died while they held it", entry.handbacks);
        return Err(hopeless(envelope, envelope.body.clone(), "crash", why));
    }
    Ok(envelope)
}

impl<'a> Parsed<'a> {
    fn envelope(&mut self, mut origin: Origin<'a>, spans: &mut Spans) {
        let (place, envelope) = (origin.entry, origin.envelope);
        let read = match envelope.kind {
            Kind::Outgoing => Sending::read(envelope).map(|sending| {
                let effect = EffectKey::send(sending.outgoing.id);
                (Content::Send(sending), effect)
            }),
            Kind::Fact => Fact::from_envelope(envelope).map(|fact| {
                let (of, attempted) = ((fact.life, fact.attempt), fact.attempted);
                let effect = EffectKey::fact(fact.message_id, of.0, of.1, fact.state, attempted);
                (Content::Fact(fact), effect)
            }),
            Kind::Webhook | Kind::Unknown(_) => {
                origin.context = spans.begin(place, envelope, envelope.id);
                return self.webhook(origin, spans);
            }
        };
        match read {
            Ok((content, effect)) => {
                let (id, number) = match &content {
                    Content::Fact(fact) => (fact.message_id, fact.phone_number_id.as_str()),
                    Content::Send(sending) => (envelope.id, &*sending.outgoing.phone_number_id),
                    Content::Update(_) => (envelope.id, ""),
                };
                origin.context = spans.begin(place, envelope, id);
                spans.number(place, number);
                self.items.push(Item::of(origin, content, effect));
            }
            Err(why) => {
                spans.begin(place, envelope, envelope.id);
                let why = format!("unreadable entry: {why}");
                let mut bad = Bad::entry(envelope, "unreadable", why);
                (bad.entry, bad.hopeless) = (place, true);
                self.bad.push(bad);
            }
        }
    }

    fn webhook(&mut self, origin: Origin<'a>, spans: &mut Spans) {
        let (place, envelope) = (origin.entry, origin.envelope);
        let webhook = match waypost_whatsapp::parse(&envelope.body) {
            Ok(webhook) => webhook,
            Err(why) => {
                let body = envelope.body.clone();
                let mut bad = Bad::new(envelope, body, "malformed", why.to_string());
                (bad.entry, bad.whole) = (place, true);
                self.bad.push(bad);
                return;
            }
        };
        if !webhook.is_isolated() {
            self.webhooks.push(envelope);
        }
        let updates = webhook.updates();
        if let Some(first) = updates.first() {
            spans.number(place, &first.metadata.phone_number_id);
        }
        for update in updates {
            if let UpdateBody::Malformed {
                message_id, why, ..
            } = &update.body
            {
                let body = Bytes::from(update.isolate());
                let mut bad = Bad::new(envelope, body, "malformed", why.to_string());
                bad.message_id = message_id.as_ref().map(ToString::to_string);
                (bad.entry, bad.kind) = (place, kind(&update));
                self.bad.push(bad);
            } else {
                self.items.push(Item::new(origin, update));
            }
        }
    }
}

/// What something malformed would have been, as far as the field tells.
fn kind(update: &Update<'_>) -> ItemKind {
    match update.field.as_str() {
        "messages" | "smb_message_echoes" | "history" => ItemKind::Message,
        _ => ItemKind::Account,
    }
}
