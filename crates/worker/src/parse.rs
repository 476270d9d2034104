//! Cuts webhooks into updates that stand alone, and sets aside what cannot be understood.

use bytes::Bytes;
use uuid::Uuid;
use waypost_model::{EffectKey, content_id};
use waypost_queue::{Batch, Entry, Envelope, EnvelopeError, Kind};
use waypost_whatsapp::{Contact, IdentityChange, Media, Update, UpdateBody};

use crate::config::WorkerSettings;

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

/// One update that can be stored, with the parts that its row borrows.
pub(crate) struct Item<'a> {
    pub(crate) envelope: &'a Envelope,
    /// An earlier consumer died with it: its effect may exist, and its event may not.
    pub(crate) doubtful: bool,
    pub(crate) update: Update<'a>,
    pub(crate) effect: EffectKey,
    pub(crate) fingerprint: [u8; 32],
    /// Of a live message: what the five-second window compares.
    pub(crate) content: Option<[u8; 16]>,
    pub(crate) media: Option<Media<'a>>,
    pub(crate) changes: Vec<IdentityChange<'a>>,
    pub(crate) contacts: Vec<Contact<'a>>,
}

/// Something that failed, as an entry of its own: to be put off, or buried.
pub(crate) struct Bad {
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
            envelope,
            message_id: None,
            class,
            why,
            hopeless: false,
            whole: from.attempts > 0,
        }
    }
}

pub(crate) fn parse<'a>(batch: &'a Batch, settings: &WorkerSettings) -> Parsed<'a> {
    let mut parsed = Parsed::default();
    for entry in &batch.entries {
        if matches!(entry.envelope, Err(EnvelopeError::Version(_))) {
            parsed.newer.push(entry.raw.clone());
            continue;
        }
        match usable(entry, settings) {
            Ok(envelope) => parsed.webhook(envelope, entry.handbacks > 0),
            Err(bad) => parsed.bad.push(*bad),
        }
    }
    parsed
}

/// The entry's envelope, unless it cannot be read or should not be touched.
fn usable<'a>(entry: &'a Entry, settings: &WorkerSettings) -> Result<&'a Envelope, Box<Bad>> {
    let hopeless = |envelope: &Envelope, body: Bytes, class, why| {
        let mut bad = Bad::new(envelope, body, class, why);
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
    fn webhook(&mut self, envelope: &'a Envelope, doubtful: bool) {
        let webhook = match waypost_whatsapp::parse(&envelope.body) {
            Ok(webhook) => webhook,
            Err(why) => {
                let body = envelope.body.clone();
                let mut bad = Bad::new(envelope, body, "malformed", why.to_string());
                bad.whole = true;
                self.bad.push(bad);
                return;
            }
        };
        if !webhook.is_isolated() {
            self.webhooks.push(envelope);
        }
        for update in webhook.updates() {
            if let UpdateBody::Malformed {
                message_id, why, ..
            } = &update.body
            {
                let body = Bytes::from(update.isolate());
                let mut bad = Bad::new(envelope, body, "malformed", why.to_string());
                bad.message_id = message_id.as_ref().map(ToString::to_string);
                self.bad.push(bad);
            } else {
                self.items.push(Item::new(envelope, doubtful, update));
            }
        }
    }
}

impl<'a> Item<'a> {
    fn new(envelope: &'a Envelope, doubtful: bool, update: Update<'a>) -> Self {
        let mut item = Self {
            envelope,
            doubtful,
            effect: EffectKey::account(&[0; 32]),
            fingerprint: [0; 32],
            content: None,
            media: None,
            changes: Vec::new(),
            contacts: Vec::new(),
            update,
        };
        let number = item.update.metadata.phone_number_id.as_str();
        if let UpdateBody::Message(message) = &item.update.body {
            item.content = message.content_digest(number);
        }
        match &item.update.body {
            UpdateBody::Message(message) | UpdateBody::Echo(message) => {
                item.effect = EffectKey::message(number, &message.id);
                item.media = message.media();
                item.changes = message.identity_change().into_iter().collect();
            }
            UpdateBody::History(history) => {
                item.effect = EffectKey::message(number, &history.message.id);
                item.media = history.message.media();
            }
            UpdateBody::Status(status) => {
                let participant = status.participant().map_or("", |text| text.as_str());
                item.effect = EffectKey::status(&status.id, &status.status, participant);
            }
            UpdateBody::Account(account) => {
                item.fingerprint = item.update.fingerprint();
                item.effect = EffectKey::account(&item.fingerprint);
                item.changes = account.identity_changes();
                item.contacts = account.contacts();
            }
            // Set aside before it gets here.
            UpdateBody::Malformed { .. } => {}
        }
        item
    }

    /// This item alone, as something that failed.
    pub(crate) fn fail(&self, class: &'static str, why: String) -> Bad {
        let mut bad = Bad::new(
            self.envelope,
            Bytes::from(self.update.isolate()),
            class,
            why,
        );
        bad.message_id = match &self.update.body {
            UpdateBody::Message(message) | UpdateBody::Echo(message) => Some(&message.id),
            UpdateBody::History(history) => Some(&history.message.id),
            UpdateBody::Status(status) => Some(&status.id),
            UpdateBody::Account(_) | UpdateBody::Malformed { .. } => None,
        }
        .map(ToString::to_string);
        bad
    }
}
