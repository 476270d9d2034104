//! From changes to updates. The field is looked at first: `history` carries an array `messages` too, and `calls` an
//! array `statuses`, and neither is live traffic.

use super::{Change, Entry, List, Metadata, Place, Update, UpdateBody, Webhook};
use crate::account::Account;
use crate::contact::ContactBook;
use crate::escape::find_poison;
use crate::isolate::Isolated;
use crate::json::Json;
use crate::message::{HistoryMessage, Message, Thread};
use crate::problem::ParseError;
use crate::status::Status;
use crate::text::Text;

pub(super) fn updates<'a>(webhook: &Webhook<'a>) -> Vec<Update<'a>> {
    let mut updates = Vec::new();
    for entry in &webhook.entries {
        if entry.is_broken {
            let why = ParseError::Shape {
                what: "entry",
                why: "it has no array `changes`",
            };
            updates.push(broken_entry(entry, why));
        }
        for change in &entry.changes {
            let list = change.list;
            let route = Route {
                metadata: list.metadata.map(Metadata::of).unwrap_or_default(),
                book: ContactBook::new(list.contacts),
                list,
                entry,
                change,
                poisoned: webhook.poisoned,
                isolated: webhook.isolated,
                updates: &mut updates,
            };
            route.change();
        }
    }
    updates
}

fn broken_entry<'a>(entry: &Entry<'a>, why: ParseError) -> Update<'a> {
    Update {
        waba_id: entry.id.clone(),
        time: entry.time,
        field: Text::default(),
        change: entry.raw,
        metadata: Metadata::default(),
        body: UpdateBody::Malformed {
            raw: entry.raw.get(),
            message_id: None,
            why,
        },
        place: Place::Entry,
    }
}

/// One change on its way.
struct Route<'r, 'a> {
    entry: &'r Entry<'a>,
    change: &'r Change<'a>,
    list: List<'a>,
    metadata: Metadata<'a>,
    book: ContactBook<'a>,
    poisoned: bool,
    isolated: Option<Isolated>,
    updates: &'r mut Vec<Update<'a>>,
}

impl<'a> Route<'_, 'a> {
    fn change(mut self) {
        let before = self.updates.len();
        match &*self.change.field {
            "" => self.malformed_change("it has no string `field`"),
            "messages" => {
                if !self.change.value.is_object() {
                    return self.malformed_change("its `value` is not an object");
                }
                self.arrays();
                self.items(self.list.messages, Place::Messages);
                self.items(self.list.statuses, Place::Statuses);
                // Errors stand beside the messages they explain, or alone. A change with nothing in it that we know
                // is kept as an event, so that a new kind of array is not lost.
                if self.has_errors() || self.updates.len() == before {
                    self.account();
                }
            }
            "smb_message_echoes" => {
                self.account();
                self.items(self.list.echoes, Place::Echoes);
            }
            "history" => {
                self.account();
                self.threads();
                // Media of the last days follow in webhooks of their own, without threads.
                self.items(self.list.messages, Place::Messages);
            }
            _ => self.account(),
        }
    }

    fn has_errors(&self) -> bool {
        let errors = self.list.errors.map(Json::items);
        errors.is_some_and(|items| items.is_none_or(|mut items| items.next().is_some()))
    }

    /// Live traffic in a shape that cannot be walked must not vanish. (Of other fields the whole change is kept.)
    fn arrays(&mut self) {
        let lists = [self.list.messages, self.list.statuses];
        let broken = lists
            .into_iter()
            .flatten()
            .any(|list| list.items().is_none());
        if broken && matches!(self.isolated, None | Some(Isolated::Broken)) {
            self.malformed_change("`messages` or `statuses` is not an array");
        }
    }

    fn items(&mut self, array: Option<Json<'a>>, place: Place) {
        if !self.wants_items() {
            return;
        }
        for item in array.and_then(Json::items).into_iter().flatten() {
            let body = self.item(item, place);
            self.push(body, place);
        }
    }

    fn item(&mut self, item: Json<'a>, place: Place) -> UpdateBody<'a> {
        if let Err(why) = self.storable(item) {
            return malformed(item, why);
        }
        if place == Place::Statuses {
            return Status::parse(item, &mut self.book)
                .map_or_else(|why| malformed(item, why), UpdateBody::Status);
        }
        let message = match Message::parse(item, &mut self.book) {
            Ok(message) => message,
            Err(why) => return malformed(item, why),
        };
        match (place, &*self.change.field) {
            (Place::Echoes, _) => UpdateBody::Echo(message),
            (_, "history") => {
                UpdateBody::History(HistoryMessage::new(message, None, &self.metadata))
            }
            _ => UpdateBody::Message(message),
        }
    }

    fn threads(&mut self) {
        if !self.wants_items() {
            return;
        }
        for chunk in self
            .list
            .history
            .and_then(Json::items)
            .into_iter()
            .flatten()
        {
            for (thread, messages) in Thread::all_of(chunk) {
                for item in messages {
                    let body = self.past(item, &thread);
                    self.push(body, Place::Threads);
                }
            }
        }
    }

    fn past(&mut self, item: Json<'a>, thread: &Thread<'a>) -> UpdateBody<'a> {
        let message = self
            .storable(item)
            .and_then(|()| Message::parse(item, &mut self.book));
        match message {
            Ok(message) => {
                UpdateBody::History(HistoryMessage::new(message, Some(thread), &self.metadata))
            }
            Err(why) => malformed(item, why),
        }
    }

    fn account(&mut self) {
        if matches!(self.isolated, Some(Isolated::Item | Isolated::Broken)) {
            return;
        }
        let body = match self.storable(self.change.raw) {
            Ok(()) => UpdateBody::Account(Account::new(self.change, &self.metadata)),
            Err(why) => malformed(self.change.raw, why),
        };
        self.push(body, Place::Change);
    }

    fn malformed_change(&mut self, why: &'static str) {
        let body = malformed(
            self.change.raw,
            ParseError::Shape {
                what: "change",
                why,
            },
        );
        self.push(body, Place::Change);
    }

    fn wants_items(&self) -> bool {
        matches!(self.isolated, None | Some(Isolated::Item))
    }

    /// Looks for escapes only where the body has some at all: nearly no body does.
    fn storable(&self, item: Json<'a>) -> Result<(), ParseError> {
        match self.poisoned.then(|| find_poison(item.get())).flatten() {
            Some(poison) => Err(poison.into()),
            None => Ok(()),
        }
    }

    fn push(&mut self, body: UpdateBody<'a>, place: Place) {
        self.updates.push(Update {
            waba_id: self.entry.id.clone(),
            time: self.entry.time,
            field: self.change.field.clone(),
            change: self.change.raw,
            metadata: self.metadata.clone(),
            body,
            place,
        });
    }
}

fn malformed<'a>(item: Json<'a>, why: ParseError) -> UpdateBody<'a> {
    let message_id = item.member("id").and_then(Text::read_id);
    UpdateBody::Malformed {
        raw: item.get(),
        message_id,
        why,
    }
}
