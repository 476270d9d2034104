use std::collections::{BTreeMap, BTreeSet};

use waypost_queue::Position;

use crate::{Bye, Heard, Item, Resync};

/// All that one client was told, over however many connections.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Events, doubles too, as they came.
    pub events: Vec<Heard>,
    /// How often it has connected.
    pub connects: usize,
    /// Where it stands: what it hands over when it comes back.
    pub position: Option<Position>,
    /// Gaps that it was told of.
    pub resyncs: Vec<Resync>,
    /// Ends that were announced.
    pub byes: Vec<Bye>,
    /// Answers that were no connection. A browser's EventSource would not come back after one.
    pub refusals: Vec<String>,
}

impl Record {
    /// Notes down what came.
    pub fn take(&mut self, item: Item) {
        match item {
            Item::Event(heard) => {
                self.position = Some(heard.position);
                self.events.push(heard);
            }
            Item::Position(position) => self.position = Some(position),
            Item::Resync(resync) => {
                self.position = Some(resync.position);
                self.resyncs.push(resync);
            }
            Item::Bye(bye) => self.byes.push(bye),
        }
    }

    /// How many different events it has.
    pub fn distinct(&self) -> usize {
        let ids: BTreeSet<&str> = self.events.iter().map(|event| &*event.id).collect();
        ids.len()
    }

    /// The client has every event that it may see of those that were `told`, and no other; a double is the same event again; without
    /// the doubles, all is in the order of the stream.
    ///
    /// # Panics
    /// When it is not so; says what is wrong, for the client of this `name`.
    pub fn is_whole(&self, name: &str, told: &[Heard], sees: impl Fn(&Heard) -> bool) {
        // The worker may have told of an effect twice, and then it stands in the stream twice.
        let mut expected: BTreeMap<&str, Vec<&Heard>> = BTreeMap::new();
        for event in told.iter().filter(|event| sees(event)) {
            expected.entry(&event.id).or_default().push(event);
        }
        let mut kept: BTreeMap<&str, Position> = BTreeMap::new();
        let mut last = Position::default();
        for event in &self.events {
            let Some(written) = expected.get(&*event.id) else {
                panic!("{name} was told of what it may not see, or of nothing: {event:?}");
            };
            assert!(
                written.contains(&event),
                "{name} was told something else than the stream says: {event:?}, not {written:?}"
            );
            if kept.contains_key(&*event.id) {
                continue;
            }
            assert!(
                last < event.position,
                "{name}: {} came after {last}, over {} connections",
                event.position,
                self.connects
            );
            last = event.position;
            kept.insert(&event.id, last);
        }
        let missing = expected.iter().filter(|(id, _)| !kept.contains_key(*id));
        let mut missing: Vec<_> = missing.map(|(_, written)| written[0].position).collect();
        missing.sort_unstable();
        assert!(
            missing.is_empty(),
            "{name} lacks {} of {} events, over {} connections, from {:?}",
            missing.len(),
            expected.len(),
            self.connects,
            missing.first()
        );
    }

    /// Nothing was lost without need, and every answer was one after which a browser comes back.
    ///
    /// # Panics
    /// When it is not so.
    pub fn went_well(&self, name: &str) {
        assert_eq!(self.resyncs, [], "{name} was told of a gap");
        assert!(
            self.refusals.is_empty(),
            "{name} was refused: {:?}",
            self.refusals
        );
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use serde_json::json;

    use super::*;

    fn event(id: &str, position: &str) -> Heard {
        Heard {
            id: id.to_owned(),
            position: position.parse().unwrap(),
            kind: "message".to_owned(),
            number: "1".to_owned(),
            data: json!({}),
        }
    }

    /// What `is_whole` says of these events when the stream has `a` to `d`, `b` twice, and `d` is somebody else's.
    fn verdict(heard: &[(&str, &str)]) -> Result<(), String> {
        let mut told = [
            ("a", "1-0"),
            ("b", "2-0"),
            ("c", "3-0"),
            ("b", "4-0"),
            ("d", "5-0"),
        ]
        .map(|(id, position)| event(id, position));
        told[4].number = "2".to_owned();
        let record = Record {
            events: heard
                .iter()
                .map(|(id, position)| event(id, position))
                .collect(),
            ..Record::default()
        };
        let looked = catch_unwind(AssertUnwindSafe(|| {
            record.is_whole("it", &told, |event| event.number == "1");
        }));
        looked.map_err(|panic| *panic.downcast::<String>().unwrap())
    }

    #[test]
    fn only_the_whole_in_order_is_whole() {
        let (a, b, c) = (("a", "1-0"), ("b", "2-0"), ("c", "3-0"));
        let again = ("b", "4-0");
        for good in [
            &[a, b, c][..],
            &[a, b, c, again],
            &[a, b, a, b, c, c, again, b],
        ] {
            assert_eq!(verdict(good), Ok(()), "{good:?}");
        }
        for (bad, word) in [
            (&[a, c][..], "lacks 1 of 3"),
            (&[a, c, b], "came after"),
            (&[a, b, c, ("d", "5-0")], "may not see"),
            (&[a, b, c, ("e", "6-0")], "or of nothing"),
            (&[a, b, ("c", "3-1")], "something else"),
        ] {
            let text = verdict(bad).unwrap_err();
            assert!(text.contains(word), "{bad:?}: {text}");
        }
    }
}
