//! One thing that can be stored, whatever brought it.

use std::borrow::Cow;

use bytes::Bytes;
use uuid::Uuid;
use waypost_model::EffectKey;
use waypost_queue::{Envelope, Fact};
use waypost_store::MessageKey;
use waypost_telemetry::About;
use waypost_telemetry::trace::Context;
use waypost_whatsapp::{Contact, IdentityChange, Media, Update, UpdateBody};

use crate::count;
use crate::outbound::Sending;
use crate::parse::Bad;
use crate::rows::trace_id;

/// What an item is.
#[expect(
    clippy::large_enum_variant,
    reason = "items live in one Vec for one batch; a box for each would cost the hot path more"
)]
pub(crate) enum Content<'a> {
    /// Part of a webhook.
    Update(Update<'a>),
    /// A message accepted from a sender.
    Send(Sending),
    /// What happened to such a message.
    Fact(Fact),
}

/// Where items come from.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// Place of the entry in its batch.
    pub(crate) entry: usize,
    pub(crate) envelope: &'a Envelope,
    /// An earlier consumer died with it: its effects may exist, and their events may not.
    pub(crate) doubtful: bool,
    /// What is done for it belongs to this.
    pub(crate) context: Context,
}

/// One thing that can be stored, with the parts that its row borrows.
pub(crate) struct Item<'a> {
    /// Place of its entry in the batch. Items are in the order of their entries.
    pub(crate) entry: usize,
    pub(crate) envelope: &'a Envelope,
    /// An earlier consumer died with it: its effect may exist, and its event may not.
    pub(crate) doubtful: bool,
    pub(crate) context: Context,
    /// The trace that it belongs to: 32 hex digits.
    pub(crate) trace_id: Option<Cow<'a, str>>,
    pub(crate) content: Content<'a>,
    pub(crate) effect: EffectKey,
    pub(crate) fingerprint: [u8; 32],
    /// Of a live message: what the five-second window compares.
    pub(crate) digest: Option<[u8; 16]>,
    pub(crate) media: Option<Media<'a>>,
    pub(crate) changes: Vec<IdentityChange<'a>>,
    pub(crate) contacts: Vec<Contact<'a>>,
}

impl<'a> Item<'a> {
    /// An item about which its content says all.
    pub(crate) fn of(origin: Origin<'a>, content: Content<'a>, effect: EffectKey) -> Self {
        let Origin {
            entry,
            envelope,
            doubtful,
            context,
        } = origin;
        // Entries made before traces were on, or elsewhere without them, belong to the trace of their id.
        let own = || context.trace_id().map(|id| Cow::Owned(id.to_string()));
        Self {
            entry,
            envelope,
            doubtful,
            context,
            trace_id: trace_id(&envelope.traceparent)
                .map(Cow::Borrowed)
                .or_else(own),
            content,
            effect,
            fingerprint: [0; 32],
            digest: None,
            media: None,
            changes: Vec::new(),
            contacts: Vec::new(),
        }
    }

    pub(crate) fn new(origin: Origin<'a>, update: Update<'a>) -> Self {
        let number = update.metadata.phone_number_id.as_str();
        let message = |id: &str| EffectKey::message(number, id);
        let (mut fingerprint, mut digest, mut media) = ([0; 32], None, None);
        let (mut changes, mut contacts) = (Vec::new(), Vec::new());
        if let UpdateBody::Message(message) = &update.body {
            digest = message.content_digest(number);
        }
        let effect = match &update.body {
            UpdateBody::Message(said) | UpdateBody::Echo(said) => {
                media = said.media();
                changes = said.identity_change().into_iter().collect();
                message(&said.id)
            }
            UpdateBody::History(history) => {
                media = history.message.media();
                message(&history.message.id)
            }
            UpdateBody::Status(status) => {
                let participant = status.participant().map_or("", |text| text.as_str());
                EffectKey::status(&status.id, &status.status, participant)
            }
            UpdateBody::Account(account) => {
                fingerprint = update.fingerprint();
                changes = account.identity_changes();
                contacts = account.contacts();
                EffectKey::account(&fingerprint)
            }
            // Set aside before it gets here.
            UpdateBody::Malformed { .. } => EffectKey::account(&[0; 32]),
        };
        Self {
            fingerprint,
            digest,
            media,
            changes,
            contacts,
            ..Self::of(origin, Content::Update(update), effect)
        }
    }

    /// This item alone, as something that failed.
    pub(crate) fn fail(&self, class: &'static str, why: String) -> Bad {
        let update = match &self.content {
            Content::Update(update) => update,
            Content::Send(sending) => return self.fail_whole(sending.outgoing.id, class, why),
            Content::Fact(fact) => return self.fail_whole(fact.message_id, class, why),
        };
        let body = Bytes::from(update.isolate());
        let mut bad = Bad::new(self.envelope, body, class, why);
        (bad.entry, bad.kind) = (self.entry, count::kind(self));
        bad.message_id = match &update.body {
            UpdateBody::Message(message) | UpdateBody::Echo(message) => Some(&message.id),
            UpdateBody::History(history) => Some(&history.message.id),
            UpdateBody::Status(status) => Some(&status.id),
            UpdateBody::Account(_) | UpdateBody::Malformed { .. } => None,
        }
        .map(ToString::to_string);
        bad
    }

    fn fail_whole(&self, id: Uuid, class: &'static str, why: String) -> Bad {
        let mut bad = Bad::entry(self.envelope, class, why);
        bad.entry = self.entry;
        bad.message_id = Some(id.to_string());
        bad
    }

    /// Whom a log line about it is about.
    pub(crate) fn about(&self) -> About {
        let about = About::default()
            .request(self.envelope.request_id)
            .trace(self.context);
        match &self.content {
            Content::Update(_) => about,
            Content::Send(sending) => about.message(sending.outgoing.id),
            Content::Fact(fact) => about.message(fact.message_id),
        }
    }

    /// The message that it is, or speaks of, where one's row may tell more. History is nobody's news.
    pub(crate) fn message(&self) -> Option<MessageKey<'_>> {
        let update = match &self.content {
            Content::Update(update) => update,
            Content::Send(sending) => {
                return Some(MessageKey {
                    id: Some(sending.outgoing.id),
                    phone_number_id: &sending.outgoing.phone_number_id,
                    wamid: None,
                });
            }
            Content::Fact(fact) => {
                return Some(MessageKey {
                    id: Some(fact.message_id),
                    phone_number_id: &fact.phone_number_id,
                    wamid: None,
                });
            }
        };
        let (id, wamid) = match &update.body {
            UpdateBody::Message(message) | UpdateBody::Echo(message) => (None, &message.id),
            UpdateBody::Status(status) => (status.our_id(), &status.id),
            UpdateBody::History(_) | UpdateBody::Account(_) | UpdateBody::Malformed { .. } => {
                return None;
            }
        };
        Some(MessageKey {
            id,
            phone_number_id: &update.metadata.phone_number_id,
            wamid: Some(wamid),
        })
    }
}
