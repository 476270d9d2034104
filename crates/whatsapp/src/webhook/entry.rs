//! Entries and changes, cut but not yet understood.

use std::time::SystemTime;

use super::List;
use crate::json::{Cursor, Json, Wire};
use crate::text::Text;
use crate::timestamp::read_time;

/// One `entry[]`: what happened to one WhatsApp Business Account.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The account's id; the business portfolio's for field `partner_solutions`; `""` when absent.
    pub id: Text<'a>,
    /// When it was sent. Meta gives it only for fields other than `messages`.
    pub time: Option<SystemTime>,
    /// Empty also when `changes` is no array, see `is_broken`.
    pub changes: Vec<Change<'a>>,
    /// The entry as received.
    pub raw: Json<'a>,
    /// True when this is no object with an array `changes`, so that only `raw` can be kept.
    pub is_broken: bool,
}

/// One `changes[]`: a field and its value.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The webhook field; `""` when absent.
    pub field: Text<'a>,
    /// `null` when absent.
    pub value: Json<'a>,
    /// The change as received.
    pub raw: Json<'a>,
    /// The members of `value` that carry updates.
    pub(super) list: List<'a>,
}

impl<'a> Entry<'a> {
    /// All entries of the array that starts here; `None` when no array does.
    pub(super) fn cut_all(cursor: &mut Cursor<'a>) -> Option<Vec<Self>> {
        let mut entries = Vec::new();
        let (_, is_array) = cursor.array(|cursor| entries.push(Self::cut(cursor)));
        is_array.then_some(entries)
    }

    fn cut(cursor: &mut Cursor<'a>) -> Self {
        let mut entry = Self {
            id: Text::default(),
            time: None,
            changes: Vec::new(),
            raw: Json::NULL,
            is_broken: true,
        };
        entry.raw = cursor.object(|cursor, key| match &*key {
            "id" => entry.id = Text::read(cursor.value()).unwrap_or_default(),
            "time" => entry.time = read_time(cursor.value()),
            "changes" => {
                entry.changes.clear();
                let (_, is_array) = cursor.array(|cursor| entry.changes.push(Change::cut(cursor)));
                entry.is_broken = !is_array;
            }
            _ => _ = cursor.value(),
        });
        entry
    }
}

impl<'a> Change<'a> {
    fn cut(cursor: &mut Cursor<'a>) -> Self {
        let mut change = Self {
            field: Text::default(),
            value: Json::NULL,
            raw: Json::NULL,
            list: List::default(),
        };
        change.raw = cursor.object(|cursor, key| match &*key {
            "field" => change.field = Text::read(cursor.value()).unwrap_or_default(),
            "value" => (change.value, change.list) = List::cut(cursor),
            _ => _ = cursor.value(),
        });
        change
    }
}
