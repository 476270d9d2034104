//! How each index is asked.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{Along, Build};
use crate::sql::first_id;

/// What the clocks of ingress, worker and Postgres may differ.
const SKEW: Duration = Duration::from_secs(25);
/// What `messages_late` calls late.
const LATE: Duration = Duration::from_secs(5);
/// How long a request may take from its first byte until its messages are accepted.
const REQUEST: Duration = Duration::from_secs(60);

/// What `messages_number` is on; by this name alone it is found.
const NUMBER: &str = "m.phone_number_id COLLATE \"POSIX\"";

/// The condition of `messages_rare_status`.
const RARE_STATUS: &str =
    " AND (m.failed_at IS NOT NULL OR m.played_at IS NOT NULL OR m.origin = 'history')";
/// The condition of `messages_no_contact`.
const NO_CONTACT: &str = " AND m.contact_id IS NULL AND m.person_phone IS NOT NULL";

impl Build<'_> {
    /// The first id that `since` leaves.
    fn from(&self) -> Uuid {
        let since = self.filter.since.map(|at| first_id(earlier(at, SKEW)));
        since.unwrap_or(Uuid::nil())
    }

    /// Ids between the two, newest first, in the order of an index on `column` and id. Where that index is partial, `part` is
    /// its condition.
    fn walk(&mut self, column: &str, value: &str, ids: (Uuid, Uuid), part: &str) -> String {
        let (from, to) = (self.values.uuid(ids.0), self.values.uuid(ids.1));
        let (also, limit) = (&self.also, self.limit);
        format!(
            "(SELECT m.id FROM messages m
              WHERE ({column}, m.id) >= ({value}, {from}) AND ({column}, m.id) < ({value}, {to}){part}{also}
              ORDER BY {column} DESC, m.id DESC LIMIT {limit})"
        )
    }

    /// Ids between the two, newest first, in the order of an index on the id alone.
    fn stroll(&mut self, ids: (Uuid, Uuid), part: &str, order: &str) -> String {
        let (from, to) = (self.values.uuid(ids.0), self.values.uuid(ids.1));
        let (also, limit) = (&self.also, self.limit);
        format!(
            "(SELECT m.id FROM messages m WHERE m.id >= {from} AND m.id < {to}{part}{also}
              ORDER BY m.id DESC{order} LIMIT {limit})"
        )
    }

    pub(super) fn by_time(&mut self) -> String {
        let end = self
            .filter
            .until
            .map_or(Uuid::max(), |at| first_id(later(at, LATE + SKEW)));
        let ids = (self.from(), self.before.map_or(end, |id| id.min(end)));
        let filter = self.filter;
        // A value that the index sees to is a condition for those that are late.
        let (found, own) = match (self.along, &filter.state, &filter.phone_number_id) {
            (Along::State, Some(state), _) => {
                let state = self.values.text(state);
                let column = "m.state COLLATE \"C\"";
                let found = self.walk(column, &state, ids, " AND m.state <> 'sent'");
                (found, format!(" AND m.state = {state}"))
            }
            (Along::Number, _, Some(number)) => {
                let number = self.values.text(number);
                let found = self.walk(NUMBER, &number, ids, "");
                (found, format!(" AND m.phone_number_id = {number}"))
            }
            (Along::RareStatus, ..) => {
                let found = self.stroll(ids, RARE_STATUS, " NULLS LAST");
                (found, String::new())
            }
            _ => (self.stroll(ids, "", ""), String::new()),
        };
        // All that are late have higher ids.
        if self.before.is_some_and(|id| id <= end) {
            return found;
        }
        let Some(until) = filter.until else {
            return found;
        };
        let received = format!("m.received_at < {}", self.values.at(until));
        let own = format!("{own} AND m.id >= {}", self.values.uuid(end));
        format!("{found} UNION ALL {}", self.late(&received, &own))
    }

    /// Those received then, and stored long after.
    fn late(&self, received: &str, own: &str) -> String {
        let also = &self.also;
        format!(
            "(SELECT m.id FROM messages m
              WHERE m.created_at - m.received_at > interval '5 seconds' AND {received} AND (true{own}) IS TRUE{also} OFFSET 0)"
        )
    }

    pub(super) fn by_people(&mut self) -> String {
        let ids = (self.from(), self.before.unwrap_or(Uuid::max()));
        let people = self.people().unwrap_or_default();
        let said = self.walk("m.contact_id", "p.id", ids, " AND m.contact_id IS NOT NULL");
        let found = format!("SELECT said.id FROM ({people}) p CROSS JOIN LATERAL {said} said");
        let (Some(phone), None) = (&self.filter.person_phone, self.filter.contact_id) else {
            return found;
        };
        let phone = self.values.text(phone);
        let column = "m.person_phone COLLATE \"C\"";
        let nobody = self.walk(column, &phone, ids, NO_CONTACT);
        format!("{found} UNION ALL {nobody}")
    }

    pub(super) fn by_wamid(&mut self) -> String {
        let wamid = self.filter.wamid.as_deref().unwrap_or_default();
        let (wamid, also) = (self.values.text(wamid), &self.also);
        format!(
            "SELECT m.id FROM messages m WHERE m.wamid = {wamid}{also}
             UNION
             SELECT sent.id FROM message_steps s
             CROSS JOIN LATERAL (SELECT m.id FROM messages m WHERE m.id = s.message_id{also} OFFSET 0) sent
             WHERE s.wamid = {wamid}"
        )
    }

    /// There is no index on requests: their ids have a time, and that is when their messages were received.
    pub(super) fn by_request(&mut self) -> Option<String> {
        let request = self.filter.request_id?;
        let (seconds, nanos) = request.get_timestamp()?.to_unix();
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))?;
        let (from, to) = (earlier(at, SKEW), later(at, REQUEST + SKEW));
        let first = self.values.uuid(first_id(from));
        let last = self.values.uuid(first_id(later(to, LATE)));
        let (from, to) = (self.values.at(from), self.values.at(to));
        let own = format!(" AND m.request_id = {}", self.values.uuid(request));
        let received = format!("m.received_at >= {from} AND m.received_at < {to}");
        let late = self.late(&received, &own);
        let also = &self.also;
        Some(format!(
            "(SELECT m.id FROM messages m WHERE m.id >= {first} AND m.id < {last}{own}{also} OFFSET 0) UNION {late}"
        ))
    }
}

fn earlier(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_sub(by).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn later(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_add(by).unwrap_or(at)
}
