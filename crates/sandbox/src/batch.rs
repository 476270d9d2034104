//! Up to 1,000 updates in one body, grouped the way Meta does.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::compose::{Composed, Place, WABA};

/// What Meta puts into one webhook at most. (Meta: create a webhook endpoint, batching.)
const MAX_UPDATES: usize = 1_000;

/// And the size it never goes over: 3 MB. (Meta: webhooks overview.)
const MAX_BYTES: usize = 3_000_000;

/// Room for the envelope around the items.
const ENVELOPE: usize = 4_096;

/// The body of a webhook in the making.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    items: Vec<Composed>,
    updates: usize,
    bytes: usize,
}

/// The batch cannot take the update, which is given back.
#[derive(Debug, thiserror::Error)]
#[error("a webhook carries at most 1,000 updates and 3 MB; start another batch")]
pub struct Full(pub Box<Composed>);

impl Batch {
    /// An empty one, which is a valid webhook too.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an update, unless the body would be larger than Meta's are.
    pub fn push(&mut self, composed: Composed) -> Result<(), Full> {
        let contact = composed.contact.as_ref().map_or(0, String::len);
        let bytes = self.bytes + composed.json.len() + contact + 64;
        let updates = self.updates + composed.updates();
        if updates > MAX_UPDATES || bytes + ENVELOPE > MAX_BYTES {
            return Err(Full(Box::new(composed)));
        }
        (self.updates, self.bytes) = (updates, bytes);
        self.items.push(composed);
        Ok(())
    }

    /// How many updates it holds: rows, not items.
    pub fn updates(&self) -> usize {
        self.updates
    }

    /// What has been put in.
    pub fn items(&self) -> &[Composed] {
        &self.items
    }

    /// The body. Messages and statuses of one number share a change; every other change stands alone.
    pub fn body(&self) -> Bytes {
        let mut entries = Vec::new();
        let mut shared: BTreeMap<u8, Lists<'_>> = BTreeMap::new();
        for item in &self.items {
            match item.place {
                Place::Messages | Place::Statuses => {
                    shared.entry(item.number.0).or_default().add(item);
                }
                Place::Change => {
                    entries.push(format!(r#"{{"id":"{WABA}","changes":[{}]}}"#, item.json));
                }
                Place::Timed(at) => {
                    entries.push(format!(
                        r#"{{"id":"{WABA}","time":{at},"changes":[{}]}}"#,
                        item.json
                    ));
                }
            }
        }
        if !shared.is_empty() {
            let changes: Vec<String> = shared.values().map(Lists::change).collect();
            entries.insert(
                0,
                format!(r#"{{"id":"{WABA}","changes":[{}]}}"#, changes.join(",")),
            );
        }
        let entries = entries.join(",");
        Bytes::from(format!(
            r#"{{"object":"whatsapp_business_account","entry":[{entries}]}}"#
        ))
    }
}

/// What one number's change holds.
#[derive(Default)]
struct Lists<'a> {
    metadata: String,
    contacts: Vec<&'a str>,
    messages: Vec<&'a str>,
    statuses: Vec<&'a str>,
}

impl<'a> Lists<'a> {
    fn add(&mut self, item: &'a Composed) {
        if self.metadata.is_empty() {
            self.metadata = item.number.metadata().to_string();
        }
        match item.place {
            Place::Statuses => self.statuses.push(&item.json),
            _ => self.messages.push(&item.json),
        }
        self.contacts.extend(item.contact.as_deref());
    }

    fn change(&self) -> String {
        let mut contacts = self.contacts.clone();
        // Sorted, so that a contact rarely stands where its message does: they are to be matched by id.
        contacts.sort_unstable();
        contacts.dedup();
        let mut value = format!(
            r#"{{"messaging_product":"whatsapp","metadata":{}"#,
            self.metadata
        );
        for (name, list) in [
            ("contacts", &contacts),
            ("messages", &self.messages),
            ("statuses", &self.statuses),
        ] {
            if !list.is_empty() {
                value.push_str(&format!(r#","{name}":[{}]"#, list.join(",")));
            }
        }
        format!(r#"{{"value":{value}}},"field":"messages"}}"#)
    }
}
