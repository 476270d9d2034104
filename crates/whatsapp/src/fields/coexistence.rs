//! Fields of numbers that the phone app uses too: the past, the echoes, the address book.

use crate::contact::Contact;
use crate::error::MetaError;
use crate::json::{Json, object};
use crate::text::Text;
use crate::timestamp::Timestamp;

object! {
    /// `history`, without its messages, which are updates of their own.
    pub struct History<'a> {
        /// The chunks in this webhook.
        pub history: Vec<Chunk<'a>>,
    }

    /// A chunk of the past.
    pub struct Chunk<'a> {
        /// Which chunk it is.
        pub metadata: Option<ChunkMetadata>,
        /// 2593109: the business does not share its past.
        pub errors: Vec<MetaError<'a>>,
        /// Threads as received.
        pub threads: Option<Json<'a>>,
    }

    /// Which chunk it is.
    pub struct ChunkMetadata {
        /// 0: the first day, 1: up to day 90, 2: up to day 180.
        pub phase: Option<i64>,
        /// Place among the phase's chunks.
        pub chunk_order: Option<i64>,
        /// Percent of everything that has been sent.
        pub progress: Option<i64>,
    }

    /// `smb_message_echoes`: the messages are updates of their own.
    pub struct SmbMessageEchoes<'a> {
        /// As received.
        pub message_echoes: Vec<Json<'a>>,
    }

    /// `smb_app_state_sync`.
    pub struct SmbAppStateSync<'a> {
        /// What changed in the address book.
        pub state_sync: Vec<StateSync<'a>>,
    }

    /// One change of the address book.
    pub struct StateSync<'a> {
        /// `contact`.
        pub kind: Option<Text<'a>> = "type",
        /// Who.
        pub contact: Option<AppContact<'a>>,
        /// `add` (or edited) and `remove`.
        pub action: Option<Text<'a>>,
        /// When.
        pub metadata: Option<SyncMetadata>,
    }

    /// Somebody in the address book.
    pub struct AppContact<'a> {
        /// Absent when removed.
        pub full_name: Option<Text<'a>>,
        /// Absent when removed.
        pub first_name: Option<Text<'a>>,
        /// With or without a leading `+`.
        pub phone_number: Option<Text<'a>>,
    }

    /// When the address book changed.
    pub struct SyncMetadata {
        /// The time.
        pub timestamp: Option<Timestamp>,
    }
}

impl<'a> SmbAppStateSync<'a> {
    /// Names for phone numbers. Removed entries are left out: a person does not lose the name they gave themselves.
    pub(crate) fn contacts(self) -> Vec<Contact<'a>> {
        let contact = |entry: StateSync<'a>| {
            let removed = entry.action.is_some_and(|action| action == "remove");
            let AppContact {
                full_name,
                first_name,
                phone_number,
            } = entry.contact.filter(|_| !removed)?;
            Some(Contact {
                wa_id: Some(phone_number.filter(|phone| !phone.is_empty())?),
                name: full_name.or(first_name),
                user_id: None,
                parent_user_id: None,
                username: None,
                identity_key_hash: None,
                raw: "",
            })
        };
        self.state_sync.into_iter().filter_map(contact).collect()
    }
}
