//! A webhook's envelope: `object`, `entry[]`, `changes[]`. (Meta: webhooks overview; up to 1,000 updates, 3 MB.)

mod entry;
mod list;
mod metadata;
mod route;
mod update;

pub use entry::{Change, Entry};
pub use metadata::Metadata;
pub use update::{Update, UpdateBody};

use list::List;
pub(crate) use update::Place;

use crate::escape::find_poison;
use crate::isolate::{ISOLATED, Isolated};
use crate::json::{Cursor, Json, Wire};
use crate::problem::ParseError;
use crate::text::Text;

/// A parsed body. Everything in it borrows from the bytes it was parsed from.
#[derive(Clone, Debug)]
pub struct Webhook<'a> {
    /// `whatsapp_business_account`; `""` when absent.
    pub object: Text<'a>,
    /// The entries in the order received.
    pub entries: Vec<Entry<'a>>,
    /// True when the body has an escape that cannot be stored somewhere, so that items must be looked at one by one.
    poisoned: bool,
    /// What of the change counts, when this body was made by [`Update::isolate`].
    isolated: Option<Isolated>,
}

/// Checks a whole body, and cuts it into entries, changes and the lists of updates in one walk. Messages are looked at by [`Webhook::updates`].
pub fn parse(body: &[u8]) -> Result<Webhook<'_>, ParseError> {
    let text = std::str::from_utf8(body).map_err(|error| ParseError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    // The validator only skips values, so its message can quote no content.
    let json = Json::check(text).map_err(|error| ParseError::NotJson(error.to_string()))?;
    if !json.is_object() {
        return Err(ParseError::NotAWebhook("it is not an object"));
    }
    let (mut object, mut entries, mut isolated) = (Text::default(), None, None);
    Cursor::new(json).object(|cursor, key| match &*key {
        "object" => object = Text::read(cursor.value()).unwrap_or_default(),
        "entry" => entries = Entry::cut_all(cursor),
        ISOLATED => isolated = Isolated::read(cursor.value()),
        _ => _ = cursor.value(),
    });
    let entries = entries.ok_or(ParseError::NotAWebhook("it has no array `entry`"))?;
    Ok(Webhook {
        object,
        entries,
        poisoned: find_poison(text).is_some(),
        isolated,
    })
}

impl<'a> Webhook<'a> {
    /// Every update of every change, in the order received. Each stands alone: a bad one is
    /// [`UpdateBody::Malformed`] and the others are as if it were not there.
    pub fn updates(&self) -> Vec<Update<'a>> {
        route::updates(self)
    }

    /// True when this body holds one update that [`Update::isolate`] has cut out of another body.
    pub fn is_isolated(&self) -> bool {
        self.isolated.is_some()
    }
}
