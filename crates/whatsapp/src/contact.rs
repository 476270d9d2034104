//! `value.contacts[]`: who the people of a change are.

use std::collections::HashMap;

use crate::json::{Json, Wire};
use crate::text::Text;

/// One entry of `contacts[]`. `wa_id` is omitted for people who use a username, `user_id` by older payloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact<'a> {
    /// The phone number, digits only.
    pub wa_id: Option<Text<'a>>,
    /// Business-scoped user id.
    pub user_id: Option<Text<'a>>,
    /// The same across several portfolios, for enrolled businesses only.
    pub parent_user_id: Option<Text<'a>>,
    /// `profile.name`, chosen by the person.
    pub name: Option<Text<'a>>,
    /// `profile.username`; can change at any time, never a key.
    pub username: Option<Text<'a>>,
    /// `identity_key_hash`, where the identity check is on.
    pub identity_key_hash: Option<Text<'a>>,
    /// The entry as received.
    pub raw: &'a str,
}

impl<'a> Wire<'a> for Contact<'a> {
    fn read(json: Json<'a>) -> Option<Self> {
        if !json.is_object() {
            return None;
        }
        let mut contact = Self {
            wa_id: None,
            user_id: None,
            parent_user_id: None,
            name: None,
            username: None,
            identity_key_hash: None,
            raw: json.get(),
        };
        for (key, value) in json.members() {
            match &*key {
                "wa_id" => contact.wa_id = Text::read_id(value),
                "user_id" => contact.user_id = Text::read_id(value),
                "parent_user_id" => contact.parent_user_id = Text::read_id(value),
                "identity_key_hash" => contact.identity_key_hash = Text::read_id(value),
                "profile" => {
                    for (key, value) in value.members() {
                        match &*key {
                            "name" => contact.name = Text::read_id(value),
                            "username" => contact.username = Text::read_id(value),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Some(contact)
    }
}

/// The contacts of one change, found by id. Meta does not promise that they stand in the order of the messages.
pub(crate) struct ContactBook<'a> {
    contacts: Vec<Contact<'a>>,
    /// Where the search starts: they usually do stand in order.
    next: usize,
    /// Made at the first miss of a big book, so that 1,000 messages do not cost a million comparisons.
    index: Option<HashMap<Text<'a>, usize>>,
}

/// Up to here walking the list is cheaper than hashing.
const SMALL: usize = 8;

impl<'a> ContactBook<'a> {
    pub(crate) fn new(contacts: Option<Json<'a>>) -> Self {
        let items = contacts.and_then(Json::items).into_iter().flatten();
        Self {
            contacts: items.filter_map(Contact::read).collect(),
            next: 0,
            index: None,
        }
    }

    /// The first contact that bears one of these ids; the ids that are known better come first.
    pub(crate) fn find(&mut self, ids: &[Option<&Text<'a>>]) -> Option<Contact<'a>> {
        if self.contacts.is_empty() {
            return None;
        }
        let found = ids
            .iter()
            .copied()
            .flatten()
            .find_map(|id| self.position(id))?;
        self.next = (found + 1) % self.contacts.len();
        self.contacts.get(found).cloned()
    }

    fn position(&mut self, id: &Text<'a>) -> Option<usize> {
        let bears = |contact: &Contact<'a>| {
            contact.wa_id.as_ref() == Some(id) || contact.user_id.as_ref() == Some(id)
        };
        if self.contacts.get(self.next).is_some_and(bears) {
            return Some(self.next);
        }
        if self.contacts.len() <= SMALL {
            return self.contacts.iter().position(bears);
        }
        let contacts = &self.contacts;
        let index = self.index.get_or_insert_with(|| index(contacts));
        index.get(id).copied()
    }
}

fn index<'a>(contacts: &[Contact<'a>]) -> HashMap<Text<'a>, usize> {
    let mut index = HashMap::with_capacity(contacts.len() * 2);
    for (position, contact) in contacts.iter().enumerate() {
        for id in [&contact.wa_id, &contact.user_id].into_iter().flatten() {
            index.entry(id.clone()).or_insert(position);
        }
    }
    index
}

/// Whoever is at the other end of a message or a status. All may be absent, the phone too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Customer<'t, 'a> {
    /// Digits only.
    pub phone: Option<&'t str>,
    /// Business-scoped user id.
    pub user_id: Option<&'t Text<'a>>,
    /// Parent business-scoped user id.
    pub parent_user_id: Option<&'t Text<'a>>,
    /// The username of now.
    pub username: Option<&'t Text<'a>>,
    /// The profile's name of now.
    pub name: Option<&'t Text<'a>>,
}

impl<'t, 'a> Customer<'t, 'a> {
    /// Ids of the item itself, completed by the matching contact. A leading `+` is dropped: echoes have one.
    pub(crate) fn of(
        phone: Option<&'t Text<'a>>,
        user_id: Option<&'t Text<'a>>,
        parent_user_id: Option<&'t Text<'a>>,
        contact: Option<&'t Contact<'a>>,
    ) -> Self {
        let contact_has =
            |part: fn(&'t Contact<'a>) -> Option<&'t Text<'a>>| contact.and_then(part);
        let phone = phone.or_else(|| contact_has(|contact| contact.wa_id.as_ref()));
        Self {
            phone: phone
                .map(|phone| phone.trim_start_matches('+'))
                .filter(|phone| !phone.is_empty()),
            user_id: user_id.or_else(|| contact_has(|contact| contact.user_id.as_ref())),
            parent_user_id: parent_user_id
                .or_else(|| contact_has(|contact| contact.parent_user_id.as_ref())),
            username: contact_has(|contact| contact.username.as_ref()),
            name: contact_has(|contact| contact.name.as_ref()),
        }
    }
}
