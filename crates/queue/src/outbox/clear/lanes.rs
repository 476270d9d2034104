//! Every lane of a partition, looked through.

use redis::FromRedisValue;
use xxhash_rust::xxh3::xxh3_64;

use super::{Sweep, WINDOW, cleared};
use crate::error::QueueError;
use crate::outbox::progress::Progress;
use crate::script;

/// Lanes that one script looks at.
const LANES: usize = 64;

/// A lane, and the place in it that is looked at next.
type Part = (String, usize);
/// What a script has found in a lane: how many messages it has looked at, then id and progress of those that wait.
type Found = (usize, Vec<Vec<u8>>);

/// What came of looking at lanes.
#[derive(Default)]
struct Outcome {
    messages: u64,
    /// Lanes that left the list that they stood in.
    unlisted: usize,
}

impl Sweep<'_> {
    /// A lane that is not empty is in exactly one of these.
    pub(super) async fn lanes(&mut self) -> Result<u64, QueueError> {
        let mut found = 0;
        for numbers in self.numbers().await?.chunks(WINDOW) {
            for list in self.lists(numbers).await? {
                found += self.in_line(&list).await?;
            }
        }
        for (name, command) in [("delayed", "ZSCAN"), ("parked", "ZSCAN"), ("held", "HSCAN")] {
            found += self.aside(command, &self.keys.key(name)).await?;
        }
        Ok(found)
    }

    async fn numbers(&self) -> Result<Vec<String>, QueueError> {
        match self.number {
            Some(number) => Ok(vec![number.to_owned()]),
            None => {
                self.ask(redis::cmd("SMEMBERS").arg(self.keys.key("all")))
                    .await
            }
        }
    }

    /// The lists of these numbers in which anything stands: most stand empty, and each costs a round trip otherwise.
    async fn lists(&self, numbers: &[String]) -> Result<Vec<String>, QueueError> {
        let priorities = |number| ["h", "n", "l"].map(|p| format!("ready:{number}:{p}"));
        let names = numbers.iter().flat_map(priorities);
        let lists: Vec<String> = names.map(|name| self.keys.key(&name)).collect();
        let mut pipe = redis::pipe();
        for list in &lists {
            pipe.cmd("EXISTS").arg(list);
        }
        let mut connection = self.outbox.redis.connection();
        let exist: Vec<bool> = pipe.query_async(&mut connection).await?;
        let there = lists.into_iter().zip(exist);
        Ok(there.filter_map(|(list, is)| is.then_some(list)).collect())
    }

    /// Lanes in line, from the end that they join at: those that are taken out at the other one move nothing.
    async fn in_line(&mut self, list: &str) -> Result<u64, QueueError> {
        let (mut found, mut passed) = (0, 0);
        loop {
            let mut range = redis::cmd("LRANGE");
            range.arg(list).arg(-((passed + LANES).cast_signed()));
            range.arg(-((passed + 1).cast_signed()));
            let lanes: Vec<String> = self.ask(&range).await?;
            let listed = lanes.len();
            let outcome = self.look_at(lanes).await?;
            found += outcome.messages;
            if listed < LANES {
                return Ok(found);
            }
            passed += listed - outcome.unlisted.min(listed);
        }
    }

    /// Lanes of a hash or sorted set.
    async fn aside(&mut self, command: &str, key: &str) -> Result<u64, QueueError> {
        let (mut found, mut cursor) = (0, 0_u64);
        loop {
            let mut scan = redis::cmd(command);
            scan.arg(key).arg(cursor).arg("COUNT").arg(WINDOW);
            let (next, pairs): (u64, Vec<(String, String)>) = self.ask(&scan).await?;
            let mine = pairs.into_iter().map(|(lane, _)| lane);
            let lanes: Vec<String> = mine.filter(|lane| self.is_wanted(lane)).collect();
            for some in lanes.chunks(LANES) {
                found += self.look_at(some.to_vec()).await?.messages;
            }
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }

    fn is_wanted(&self, lane: &str) -> bool {
        self.number
            .is_none_or(|number| lane.split('|').next() == Some(number))
    }

    /// Looks at a few lanes to their ends, and cuts out what it finds.
    async fn look_at(&mut self, lanes: Vec<String>) -> Result<Outcome, QueueError> {
        let new = |lane: &String| self.seen.insert(xxh3_64(lane.as_bytes()));
        let mut parts: Vec<Part> = lanes
            .into_iter()
            .filter(new)
            .map(|lane| (lane, 0))
            .collect();
        let mut outcome = Outcome::default();
        while !parts.is_empty() {
            let most = (WINDOW / parts.len()).max(1);
            let found = self.peek(&parts, most).await?;
            let gone = match self.by {
                Some(by) => {
                    let (gone, unlisted) = self.cut(&parts, most, &found, by).await?;
                    outcome.unlisted += unlisted;
                    outcome.messages += gone.iter().sum::<usize>() as u64;
                    gone
                }
                None => {
                    let messages = found.iter().map(|(_, found)| found.len() as u64 / 2);
                    outcome.messages += messages.sum::<u64>();
                    vec![0; parts.len()]
                }
            };
            parts = parts
                .into_iter()
                .zip(found.iter().zip(gone))
                .filter(|(_, ((looked, _), _))| *looked == most)
                .map(|((lane, from), ((looked, _), gone))| (lane, from + looked - gone))
                .collect();
        }
        Ok(outcome)
    }

    async fn peek(&self, parts: &[Part], most: usize) -> Result<Vec<Found>, QueueError> {
        let mut call = script::LANES_PEEK.prepare_invoke();
        call.key(self.keys.tag()).arg(self.until).arg(most);
        for (lane, from) in parts {
            call.arg(lane).arg(*from);
        }
        Ok(call
            .invoke_async(&mut self.outbox.redis.connection())
            .await?)
    }

    /// How many are gone of each lane, and how many lanes left a list.
    async fn cut(
        &self,
        parts: &[Part],
        most: usize,
        found: &[Found],
        by: &str,
    ) -> Result<(Vec<usize>, usize), QueueError> {
        if found.iter().all(|(_, messages)| messages.is_empty()) {
            return Ok((vec![0; parts.len()], 0));
        }
        let mut call = script::LANES_CUT.prepare_invoke();
        call.key(self.keys.tag()).arg(most);
        for ((lane, from), (_, messages)) in parts.iter().zip(found) {
            call.arg(lane).arg(*from).arg(messages.len() / 2);
            let number = lane.split('|').next().unwrap_or_default();
            for message in messages.chunks_exact(2) {
                let progress = Progress::decode(&message[1]).unwrap_or_default();
                let fact = cleared(&message[0], number, &progress, by);
                call.arg(&message[0]).arg(&message[1]);
                call.arg(fact.into_envelope().encode(usize::MAX));
            }
        }
        let answer: Vec<usize> = call
            .invoke_async(&mut self.outbox.redis.connection())
            .await?;
        let unlisted = answer.get(1).copied().unwrap_or(0);
        let mut gone = answer.get(2..).unwrap_or_default().to_vec();
        gone.resize(parts.len(), 0);
        Ok((gone, unlisted))
    }

    async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, QueueError> {
        let mut connection = self.outbox.redis.connection();
        Ok(command.query_async(&mut connection).await?)
    }
}
