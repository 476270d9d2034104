//! Events of an account: every field other than `messages`, and `value.errors` of that one.

use crate::contact::Contact;
use crate::fields::{Field, SmbAppStateSync, UserIdUpdate};
use crate::json::{Json, Wire};
use crate::message::IdentityChange;
use crate::text::Text;
use crate::webhook::{Change, Metadata};

/// One change, kept whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Account<'a> {
    /// The webhook field.
    pub field: Text<'a>,
    /// The business number, where the change names one.
    pub phone_number_id: Option<Text<'a>>,
    /// `change.value`.
    pub value: Json<'a>,
    /// The change as received: `field` and `value`.
    pub raw: &'a str,
}

impl<'a> Account<'a> {
    pub(crate) fn new(change: &Change<'a>, metadata: &Metadata<'a>) -> Self {
        Self {
            field: change.field.clone(),
            phone_number_id: Some(metadata.phone_number_id.clone()).filter(|id| !id.is_empty()),
            value: change.value,
            raw: change.raw.get(),
        }
    }

    /// The value by field, read leniently.
    pub fn typed(&self) -> Field<'a> {
        Field::of(&self.field, self.value)
    }

    /// Customers whose user id changed (field `user_id_update`).
    pub fn identity_changes(&self) -> Vec<IdentityChange<'a>> {
        match &*self.field {
            "user_id_update" => UserIdUpdate::read(self.value)
                .map(UserIdUpdate::changes)
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// People this change names: the address book of the phone app (field `smb_app_state_sync`; entries that were
    /// removed from it are left out), and `value.contacts` of any field.
    pub fn contacts(&self) -> Vec<Contact<'a>> {
        match &*self.field {
            "smb_app_state_sync" => SmbAppStateSync::read(self.value)
                .map(SmbAppStateSync::contacts)
                .unwrap_or_default(),
            _ => {
                let contacts = self.value.member("contacts").and_then(Json::items);
                contacts
                    .into_iter()
                    .flatten()
                    .filter_map(Contact::read)
                    .collect()
            }
        }
    }
}
