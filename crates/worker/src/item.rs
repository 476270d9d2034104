//! One thing that can be stored, whatever brought it.

use bytes::Bytes;
use uuid::Uuid;
use waypost_model::EffectKey;
use waypost_queue::{Envelope, Fact};
use waypost_store::MessageKey;
use waypost_whatsapp::{Contact, IdentityChange, Media, Update, UpdateBody};

use crate::outbound::Sending;
use crate::parse::Bad;

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

/// One thing that can be stored, with the parts that its row borrows.
pub(crate) struct Item<'a> {
    pub(crate) envelope: &'a Envelope,
    /// An earlier consumer died with it: its effect may exist, and its event may not.
    pub(crate) doubtful: bool,
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
    pub(crate) fn of(
        envelope: &'a Envelope,
        doubtful: bool,
        content: Content<'a>,
        effect: EffectKey,
    ) -> Self {
        Self {
            envelope,
            doubtful,
            content,
            effect,
            fingerprint: [0; 32],
            digest: None,
            media: None,
            changes: Vec::new(),
            contacts: Vec::new(),
        }
    }

    pub(crate) fn new(envelope: &'a Envelope, doubtful: bool, update: Update<'a>) -> Self {
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
            ..Self::of(envelope, doubtful, Content::Update(update), effect)
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
        bad.message_id = Some(id.to_string());
        bad
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
