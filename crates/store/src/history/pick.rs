//! Along which index messages are looked for.
//!
//! The planner is not asked: it plans without the values, see `connect`, and a number with ten messages among a hundred
//! million looks to it like any other. So a query says by its order which index it wants: where rows are compared and
//! ordered by two columns, `(phone_number_id, id)`, only the index on just these will do. All other conditions are only checked.
//!
//! Ids are in the order of time, but an id says when a message was stored (or accepted from its sender), and people ask for
//! when it was received. Nearly always that is the same to a second, so a range of ids with some slack holds them; the few
//! that were stored long after they were received are in an index of their own.

#[cfg(test)]
mod tests;
mod ways;

use uuid::Uuid;
use waypost_model::Direction;

use super::MessageFilter;
use crate::query::{self, Values};

/// A query for ids, newest first.
pub(super) struct Pick {
    pub(super) sql: String,
    pub(super) values: Values,
}

/// Along what to look, the narrowest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Along {
    Wamid,
    Request,
    People,
    State,
    RareStatus,
    Number,
    Time,
}

impl Along {
    fn of(filter: &MessageFilter) -> Self {
        let unsent = |state: &str| state != "sent";
        let inbound = filter.direction == Some(Direction::In);
        // What came in has no status, unless history told it.
        let rare = |status: &str| inbound || !matches!(status, "sent" | "delivered" | "read");
        if filter.wamid.is_some() {
            Self::Wamid
        } else if filter.request_id.is_some() {
            Self::Request
        } else if filter.contact_id.is_some() || filter.person_phone.is_some() {
            Self::People
        } else if filter.state.as_deref().is_some_and(unsent) {
            Self::State
        } else if filter.status.as_deref().is_some_and(rare) {
            Self::RareStatus
        } else if filter.phone_number_id.is_some() {
            Self::Number
        } else {
            Self::Time
        }
    }
}

impl Pick {
    /// `None` when there can be no such message.
    pub(super) fn of(filter: &MessageFilter, before: Option<Uuid>, limit: i64) -> Option<Self> {
        if filter.direction == Some(Direction::In) && filter.state.is_some() {
            return None;
        }
        let mut build = Build::of(filter, before, query::limit(limit));
        let found = match build.along {
            Along::Wamid => build.by_wamid(),
            Along::Request => build.by_request()?,
            Along::People => build.by_people(),
            Along::State | Along::RareStatus | Along::Number | Along::Time => build.by_time(),
        };
        let limit = build.limit;
        Some(Self {
            sql: format!("SELECT id FROM ({found}) found ORDER BY id DESC LIMIT {limit}"),
            values: build.values,
        })
    }
}

struct Build<'f> {
    filter: &'f MessageFilter,
    along: Along,
    before: Option<Uuid>,
    limit: i64,
    values: Values,
    /// What a row of `messages m` must meet beside what the index along which we look sees to.
    also: String,
}

impl<'f> Build<'f> {
    fn of(filter: &'f MessageFilter, before: Option<Uuid>, limit: i64) -> Self {
        let mut build = Self {
            filter,
            along: Along::of(filter),
            before,
            limit,
            values: Values::default(),
            also: String::new(),
        };
        build.conditions();
        build
    }

    fn conditions(&mut self) {
        let (filter, along, values) = (self.filter, self.along, &mut self.values);
        let mut all = Vec::new();
        if let Some(id) = self.before {
            all.push(format!("m.id < {}", values.uuid(id)));
        }
        if let Some(direction) = filter.direction {
            all.push(format!("m.direction = {}", values.text(direction.as_str())));
        }
        if let (Some(id), true) = (&filter.phone_number_id, along != Along::Number) {
            all.push(format!("m.phone_number_id = {}", values.text(id)));
        }
        if let (Some(id), true) = (filter.request_id, along != Along::Request) {
            all.push(format!("m.request_id = {}", values.uuid(id)));
        }
        if let (Some(state), true) = (&filter.state, along != Along::State) {
            all.push(format!("m.state = {}", values.text(state)));
        }
        if let Some(status) = &filter.status {
            all.push(format!("m.status = {}", values.text(status)));
        }
        if let Some(at) = filter.since {
            all.push(format!("m.received_at >= {}", values.at(at)));
        }
        if let Some(at) = filter.until {
            all.push(format!("m.received_at < {}", values.at(at)));
        }
        if along != Along::People {
            all.extend(self.with_people());
        }
        if !all.is_empty() {
            // A bare condition might bring another index into play; of a truth value nobody has one.
            self.also = format!(" AND ({}) IS TRUE", all.join(" AND "));
        }
    }

    /// Contacts that the filter names, as a query of their ids.
    fn people(&mut self) -> Option<String> {
        // Whoever was merged away is one step from the survivor, who has the messages.
        let contact = self.filter.contact_id.map(|id| {
            let id = self.values.uuid(id);
            format!("SELECT coalesce(merged_into, id) AS id FROM contacts WHERE id = {id}")
        });
        let phone = self.filter.person_phone.as_deref().map(|phone| {
            let phone = self.values.text(phone);
            let held = |when| {
                format!(
                    "SELECT contact_id AS id FROM contact_identifiers WHERE value = {phone} AND kind = 'phone' AND valid_to {when}"
                )
            };
            format!("({} UNION {})", held("IS NULL"), held("IS NOT NULL"))
        });
        match (contact, phone) {
            (Some(contact), Some(phone)) => Some(format!("{contact} INTERSECT {phone}")),
            (contact, phone) => contact.or(phone),
        }
    }

    /// The same as a condition, for a few rows found otherwise.
    fn with_people(&mut self) -> Option<String> {
        let with = format!("m.contact_id IN ({})", self.people()?);
        match (&self.filter.person_phone, self.filter.contact_id) {
            (Some(phone), None) => {
                let phone = self.values.text(phone);
                Some(format!(
                    "({with} OR (m.contact_id IS NULL AND m.person_phone = {phone}))"
                ))
            }
            _ => Some(with),
        }
    }
}
