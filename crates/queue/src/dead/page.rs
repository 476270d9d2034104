//! Pages of dead letters over all partitions, oldest first: the same for both ways.

use std::time::SystemTime;

use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::connect::Redis;
use crate::envelope::millis;
use crate::error::QueueError;
use crate::keys::{LaneKeys, PartitionKeys};
use crate::script;

/// Most letters that a page looks at in one partition.
const LOOKED_AT: usize = 1_024;
/// Bytes of letters after which a page looks no further in one partition.
const BYTES: usize = 4 << 20;

/// Dead letters that one script throws away.
pub(crate) const AT_ONCE: usize = 256;

/// The place of a dead letter: when it was buried, in ms since 1970, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeadCursor(pub u64, pub Uuid);

/// Where the dead letters of one partition lie.
pub(crate) struct Shelf {
    dead: String,
    order: String,
}

impl Shelf {
    pub(crate) fn of(keys: &PartitionKeys) -> Self {
        Self {
            dead: keys.dead.clone(),
            order: keys.dead_order.clone(),
        }
    }

    pub(crate) fn of_lanes(keys: &LaneKeys) -> Self {
        Self {
            dead: keys.key("dead"),
            order: keys.key("dead:order"),
        }
    }
}

/// Which page.
pub(crate) struct Wanted {
    pub(crate) since: Option<SystemTime>,
    pub(crate) until: Option<SystemTime>,
    pub(crate) after: Option<DeadCursor>,
    pub(crate) limit: usize,
    /// Whether many letters may be passed over for one that is taken.
    pub(crate) picky: bool,
}

type Letter = (DeadCursor, Vec<u8>);
/// What the script answers: whether there is more, and each letter's id, time and bytes.
type Answer = (bool, Vec<(Vec<u8>, u64, Vec<u8>)>);

/// One page, and where the next one begins.
pub(crate) async fn page<T>(
    redis: &Redis,
    shelves: &[Shelf],
    wanted: &Wanted,
    read: impl Fn(DeadCursor, &[u8]) -> Result<T, QueueError>,
    takes: impl Fn(&T) -> bool,
) -> Result<(Vec<T>, Option<DeadCursor>), QueueError> {
    let looked = try_join_all(shelves.iter().map(|shelf| look(redis, shelf, wanted))).await?;
    // How far all of them were looked through: beyond, an older letter may lie elsewhere.
    let ends = looked.iter().filter(|(more, _)| *more);
    let bound = ends
        .filter_map(|(_, letters)| letters.last().map(|(at, _)| *at))
        .min();
    let mut letters: Vec<Letter> = looked
        .into_iter()
        .flat_map(|(_, letters)| letters)
        .collect();
    letters.sort_unstable_by_key(|(at, _)| *at);
    let all = letters.len();
    let mut taken = Vec::new();
    for (place, (at, bytes)) in letters.into_iter().enumerate() {
        if bound.is_some_and(|bound| at > bound) {
            break;
        }
        match read(at, &bytes) {
            Ok(letter) if takes(&letter) => taken.push(letter),
            Ok(_) => {}
            // One that cannot be read must not hide the others.
            Err(error) => tracing::warn!("a dead letter cannot be read: {error}"),
        }
        if taken.len() >= wanted.limit.max(1) {
            let more = bound.is_some() || place + 1 < all;
            return Ok((taken, more.then_some(at)));
        }
    }
    Ok((taken, bound))
}

/// What one partition has from there on, and whether it has more.
async fn look(
    redis: &Redis,
    shelf: &Shelf,
    wanted: &Wanted,
) -> Result<(bool, Vec<Letter>), QueueError> {
    let most = match wanted.picky {
        true => LOOKED_AT,
        false => wanted.limit.clamp(1, LOOKED_AT),
    };
    let until = wanted
        .until
        .map_or_else(|| "inf".to_owned(), |until| millis(until).to_string());
    let (ms, id) = match &wanted.after {
        Some(DeadCursor(ms, id)) => (*ms, &id.as_bytes()[..]),
        None => (0, &[][..]),
    };
    let (more, flat): Answer = script::DEAD_PAGE
        .key(&shelf.dead)
        .key(&shelf.order)
        .arg(wanted.since.map_or(0, millis))
        .arg(until)
        .arg(ms)
        .arg(id)
        .arg(most)
        .arg(BYTES)
        .invoke_async(&mut redis.connection())
        .await?;
    let letters = flat.into_iter().map(|(id, ms, letter)| {
        let id = Uuid::from_slice(&id).unwrap_or_default();
        (DeadCursor(ms, id), letter)
    });
    Ok((more, letters.collect()))
}

/// Dead letters that lie there.
pub(crate) async fn count<'a>(
    redis: &Redis,
    keys: impl Iterator<Item = &'a str>,
) -> Result<u64, QueueError> {
    let counts = keys.map(|key| {
        let mut connection = redis.connection();
        async move {
            let mut command = redis::cmd("HLEN");
            command.arg(key).query_async::<u64>(&mut connection).await
        }
    });
    Ok(try_join_all(counts).await?.iter().sum())
}

/// Dead letters that were buried at `since` or later and before `until`.
pub(crate) async fn count_between(
    redis: &Redis,
    shelves: &[Shelf],
    since: Option<SystemTime>,
    until: Option<SystemTime>,
) -> Result<u64, QueueError> {
    let from = since.map_or_else(|| "-inf".to_owned(), |since| millis(since).to_string());
    let till = until.map_or_else(|| "+inf".to_owned(), |until| format!("({}", millis(until)));
    let counts = shelves.iter().map(|shelf| {
        let mut connection = redis.connection();
        let mut command = redis::cmd("ZCOUNT");
        command.arg(&shelf.order).arg(&from).arg(&till);
        async move { command.query_async::<u64>(&mut connection).await }
    });
    Ok(try_join_all(counts).await?.iter().sum())
}

/// One letter as it lies there, and its place, which older versions may not have noted.
pub(crate) async fn find(
    redis: &Redis,
    shelf: &Shelf,
    id: Uuid,
) -> Result<Option<(Option<DeadCursor>, Vec<u8>)>, QueueError> {
    let (letter, ms): (Option<Vec<u8>>, Option<u64>) = redis::pipe()
        .hget(&shelf.dead, &id.as_bytes()[..])
        .zscore(&shelf.order, &id.as_bytes()[..])
        .query_async(&mut redis.connection())
        .await?;
    Ok(letter.map(|letter| (ms.map(|ms| DeadCursor(ms, id)), letter)))
}
