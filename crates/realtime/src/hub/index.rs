//! Who sees what: a lookup for every event instead of a question to every client.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;
use waypost_token::Scope;

use super::frame::Frame;
use super::outlet::Outlet;

/// Clients by number: an order that does not change from event to event, and a removal that costs no walk.
type Members = BTreeMap<u64, Arc<Outlet>>;

/// The clients that are live, by what they may see. A client is in exactly one of the tables, so it gets no event twice.
#[derive(Default)]
pub(super) struct Index {
    everything: Members,
    numbers: HashMap<String, Members>,
    accounts: HashMap<String, Members>,
    /// By contact. The number is compared too: a contact may write to several.
    conversations: HashMap<Uuid, BTreeMap<u64, (String, Arc<Outlet>)>>,
}

impl Index {
    pub(super) fn add(&mut self, scope: &Scope, outlet: &Arc<Outlet>) {
        let id = outlet.id;
        match scope {
            Scope::Everything => {
                self.everything.insert(id, Arc::clone(outlet));
            }
            Scope::Numbers { numbers, account } => {
                for number in numbers {
                    let members = self.numbers.entry(number.clone()).or_default();
                    members.insert(id, Arc::clone(outlet));
                }
                if let Some(account) = account {
                    let members = self.accounts.entry(account.clone()).or_default();
                    members.insert(id, Arc::clone(outlet));
                }
            }
            Scope::Conversation { number, contact } => {
                let members = self.conversations.entry(*contact).or_default();
                members.insert(id, (number.clone(), Arc::clone(outlet)));
            }
        }
    }

    pub(super) fn remove(&mut self, scope: &Scope, id: u64) {
        match scope {
            Scope::Everything => {
                self.everything.remove(&id);
            }
            Scope::Numbers { numbers, account } => {
                for number in numbers {
                    take(&mut self.numbers, number, id);
                }
                if let Some(account) = account {
                    take(&mut self.accounts, account, id);
                }
            }
            Scope::Conversation { contact, .. } => {
                if let Some(members) = self.conversations.get_mut(contact) {
                    members.remove(&id);
                    if members.is_empty() {
                        self.conversations.remove(contact);
                    }
                }
            }
        }
    }

    /// Calls `tell` for every client that sees the frame.
    pub(super) fn each(&self, frame: &Frame, mut tell: impl FnMut(&Arc<Outlet>)) {
        self.everything.values().for_each(&mut tell);
        let table = match (&*frame.number, &frame.about.waba_id) {
            ("", Some(account)) => self.accounts.get(&**account),
            ("", None) => None,
            (number, _) => self.numbers.get(number),
        };
        table
            .into_iter()
            .flat_map(BTreeMap::values)
            .for_each(&mut tell);
        let Some(contact) = &frame.about.contact_id else {
            return;
        };
        let with = self.conversations.get(contact).into_iter();
        with.flat_map(BTreeMap::values)
            .filter(|(number, _)| **number == *frame.number)
            .for_each(|(_, outlet)| tell(outlet));
    }
}

/// Whether the scope sees the frame: the same as [`Index::each`], for one client that catches up.
pub(super) fn sees(scope: &Scope, frame: &Frame) -> bool {
    match scope {
        Scope::Everything => true,
        Scope::Numbers { account, .. } if frame.number.is_empty() => {
            account.is_some() && frame.about.waba_id.as_deref() == account.as_deref()
        }
        Scope::Numbers { numbers, .. } => numbers.iter().any(|number| **number == *frame.number),
        Scope::Conversation { number, contact } => {
            **number == *frame.number && frame.about.contact_id == Some(*contact)
        }
    }
}

fn take(table: &mut HashMap<String, Members>, key: &str, id: u64) {
    if let Some(members) = table.get_mut(key) {
        members.remove(&id);
        if members.is_empty() {
            table.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::event;
    use super::*;

    fn scopes() -> Vec<Scope> {
        let numbers = |numbers: &[&str], account: Option<&str>| Scope::Numbers {
            numbers: numbers.iter().map(|&number| number.to_owned()).collect(),
            account: account.map(str::to_owned),
        };
        let conversation = |number: &str, contact| Scope::Conversation {
            number: number.to_owned(),
            contact: Uuid::from_u128(contact),
        };
        vec![
            Scope::Everything,
            numbers(&["1"], None),
            numbers(&["2", "1"], Some("7")),
            numbers(&["2"], Some("8")),
            conversation("1", 5),
            conversation("2", 5),
            conversation("1", 6),
        ]
    }

    #[test]
    fn index_and_question_agree_and_nobody_is_told_twice() {
        let contact = r#"{"contact_id":"00000000-0000-0000-0000-000000000005"}"#;
        for (number, data, expected) in [
            ("1", "{}", &[0, 1, 2][..]),
            ("1", contact, &[0, 1, 2, 4]),
            ("2", contact, &[0, 2, 3, 5]),
            ("3", contact, &[0]),
            ("", r#"{"waba_id":"7"}"#, &[0, 2]),
            ("", "{}", &[0]),
            ("1", r#"{"waba_id":"8"}"#, &[0, 1, 2]),
        ] {
            let frame = Frame::new(&event("1-1", number, data)).unwrap();
            let mut index = Index::default();
            let outlets: Vec<_> = (0..7).map(|id| Arc::new(Outlet::new(id, 8))).collect();
            for (scope, outlet) in scopes().iter().zip(&outlets) {
                index.add(scope, outlet);
            }
            let mut told = Vec::new();
            index.each(&frame, |outlet| told.push(outlet.id));
            told.sort_unstable();
            assert_eq!(told, expected, "{number} {data}");
            let scopes = scopes();
            let seen: Vec<u64> = scopes
                .iter()
                .enumerate()
                .filter(|(_, scope)| sees(scope, &frame))
                .map(|(id, _)| id as u64)
                .collect();
            assert_eq!(seen, expected, "{number} {data}");
            for (scope, outlet) in scopes.iter().zip(&outlets) {
                index.remove(scope, outlet.id);
            }
            index.each(&frame, |_| unreachable!("all have left"));
            assert!(index.numbers.is_empty() && index.conversations.is_empty());
        }
    }
}
