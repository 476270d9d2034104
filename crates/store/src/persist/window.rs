//! The five-second window: the same content, number and sender under different ids.
//!
//! Each content has a row in `content_windows` with the last few messages that had it. A new message puts itself in front
//! and gets back who was there before; the lock on that row makes two that arrive at the same moment see each other,
//! whichever worker has them.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use deadpool_postgres::Transaction;
use uuid::Uuid;
use waypost_model::{Direction, Origin};

use super::rows::Placed;
use crate::sql::At;
use crate::{MessageRow, StoreError, StoreSettings, WindowPolicy};

/// Messages remembered for each content.
const DEPTH: usize = 4;

pub(super) const UPSERT: &str = "
WITH now_there AS (
    INSERT INTO content_windows AS w (content, wamids, sent, seen_at)
    SELECT k.content, ARRAY[k.wamid], ARRAY[k.sent], now()
    FROM unnest($1::bytea[], $2::text[], $3::timestamptz[]) AS k (content, wamid, sent)
    ON CONFLICT (content) DO UPDATE
    SET wamids = (excluded.wamids || w.wamids)[1:4], sent = (excluded.sent || w.sent)[1:4], seen_at = excluded.seen_at
    RETURNING w.content, w.wamids, w.sent)
SELECT content, wamids, sent FROM now_there WHERE cardinality(wamids) > 1";

const REPLACE: &str =
    "UPDATE content_windows SET wamids = $2, sent = $3, seen_at = now() WHERE content = $1";
const MARK: &str = "
UPDATE messages m SET duplicate_of = d.of
FROM unnest($1::uuid[], $2::text[]) AS d (id, of) WHERE m.id = d.id";
const REMOVE: &str = "DELETE FROM messages WHERE id = ANY ($1)";
const RECORD: &str = "
INSERT INTO dropped_duplicates (phone_number_id, wamid, duplicate_of, content, request_id, sent_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING";

/// What the window says of a message.
pub(super) enum Verdict {
    /// Keep it, and say what it repeats.
    Mark { of: String },
    /// Keep it out. `news` is false when it was kept out before.
    Drop { of: String, news: bool },
}

/// A message that had the content before.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    wamid: String,
    sent: SystemTime,
}

type Row<'b, 'a> = Placed<'b, MessageRow<'a>>;

/// Compares messages that are new, carries out the policy, and tells the verdicts by place in the batch.
pub(super) async fn judge(
    tx: &Transaction<'_>,
    settings: &StoreSettings,
    rows: &[Row<'_, '_>],
) -> Result<HashMap<usize, Verdict>, StoreError> {
    let mut by_content: BTreeMap<[u8; 16], Vec<(SystemTime, &Row<'_, '_>)>> = BTreeMap::new();
    for row in rows {
        let live = row.row.direction == Direction::In && row.row.origin == Origin::Live;
        if let (true, Some(content), Some(sent)) = (live, row.row.content, row.row.sent_at) {
            by_content.entry(content).or_default().push((sent, row));
        }
    }
    if by_content.is_empty() || settings.window.is_zero() {
        return Ok(HashMap::new());
    }
    for group in by_content.values_mut() {
        group.sort_by(|a, b| (a.0, a.1.row.wamid).cmp(&(b.0, b.1.row.wamid)));
    }
    let mut before = upsert(tx, &by_content).await?;
    let mut repeats: Vec<(&Row<'_, '_>, String)> = Vec::new();
    for (content, group) in &by_content {
        let seen = before.remove(content).unwrap_or_default();
        if seen.is_empty() && group.len() == 1 {
            continue;
        }
        let newest = group.iter().map(|(_, row)| row.row.wamid).next_back();
        let (after, found) = compare(seen.clone(), group, settings);
        repeats.extend(found);
        if Some(after.as_slice()) != written(newest, group, &seen).as_deref() {
            replace(tx, content, &after).await?;
        }
    }
    match settings.policy {
        WindowPolicy::Mark => mark(tx, repeats).await,
        WindowPolicy::Drop => remove(tx, repeats).await,
    }
}

/// Puts the newest of each content in front, and tells who was there.
async fn upsert(
    tx: &Transaction<'_>,
    by_content: &BTreeMap<[u8; 16], Vec<(SystemTime, &Row<'_, '_>)>>,
) -> Result<HashMap<[u8; 16], Vec<Seen>>, StoreError> {
    let statement = tx.prepare_cached(UPSERT).await?;
    let contents: Vec<&[u8]> = by_content
        .keys()
        .map(|content| content.as_slice())
        .collect();
    let newest = || by_content.values().filter_map(|group| group.last());
    let wamids: Vec<&str> = newest().map(|(_, row)| row.row.wamid).collect();
    let sent: Vec<At> = newest().map(|(sent, _)| At(*sent)).collect();
    let rows = tx.query(&statement, &[&contents, &wamids, &sent]).await?;
    let mut before = HashMap::new();
    for row in rows {
        let wamids: Vec<String> = row.get(1);
        let sent: Vec<SystemTime> = row.get(2);
        let seen = wamids.into_iter().zip(sent).skip(1);
        let seen = seen.map(|(wamid, sent)| Seen { wamid, sent }).collect();
        if let Ok(content) = <[u8; 16]>::try_from(row.get::<_, &[u8]>(0)) {
            before.insert(content, seen);
        }
    }
    Ok(before)
}

/// Goes through the new ones in the order they were sent. Returns who is to be remembered, and who repeats whom.
fn compare<'r, 'b, 'a>(
    mut seen: Vec<Seen>,
    group: &[(SystemTime, &'r Row<'b, 'a>)],
    settings: &StoreSettings,
) -> (Vec<Seen>, Vec<(&'r Row<'b, 'a>, String)>) {
    let mut repeats = Vec::new();
    for (sent, row) in group {
        let wamid = row.row.wamid;
        let near = |s: &&Seen| s.wamid != wamid && apart(s.sent, *sent) <= settings.window;
        // The earliest of several, so that all copies point at the same message.
        let of = seen.iter().filter(near).min_by_key(|s| s.sent);
        let of = of.map(|s| s.wamid.clone());
        // What is kept out is not there to be repeated: else a person who says "ok" every four seconds is heard once.
        if of.is_none() || settings.policy == WindowPolicy::Mark {
            seen.insert(
                0,
                Seen {
                    wamid: wamid.to_owned(),
                    sent: *sent,
                },
            );
        }
        repeats.extend(of.map(|of| (*row, of)));
    }
    // Those sent last are the ones that the next may repeat.
    seen.sort_by_key(|s| std::cmp::Reverse(s.sent));
    seen.truncate(DEPTH);
    (seen, repeats)
}

/// What the upsert has left in the row.
fn written(
    newest: Option<&str>,
    group: &[(SystemTime, &Row<'_, '_>)],
    before: &[Seen],
) -> Option<Vec<Seen>> {
    let first = Seen {
        wamid: newest?.to_owned(),
        sent: group.last()?.0,
    };
    Some([&[first], before].concat())
}

fn apart(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b)
        .unwrap_or_else(|earlier| earlier.duration())
}

async fn replace(
    tx: &Transaction<'_>,
    content: &[u8; 16],
    seen: &[Seen],
) -> Result<(), StoreError> {
    let statement = tx.prepare_cached(REPLACE).await?;
    let wamids: Vec<&str> = seen.iter().map(|s| s.wamid.as_str()).collect();
    let sent: Vec<At> = seen.iter().map(|s| At(s.sent)).collect();
    tx.execute(&statement, &[&content.as_slice(), &wamids, &sent])
        .await?;
    Ok(())
}

async fn mark(
    tx: &Transaction<'_>,
    repeats: Vec<(&Row<'_, '_>, String)>,
) -> Result<HashMap<usize, Verdict>, StoreError> {
    if !repeats.is_empty() {
        let statement = tx.prepare_cached(MARK).await?;
        let ids: Vec<Uuid> = repeats.iter().map(|(row, _)| row.id).collect();
        let of: Vec<&str> = repeats.iter().map(|(_, of)| of.as_str()).collect();
        tx.execute(&statement, &[&ids, &of]).await?;
    }
    let verdict = |(row, of): (&Row<'_, '_>, _)| (row.place, Verdict::Mark { of });
    Ok(repeats.into_iter().map(verdict).collect())
}

async fn remove(
    tx: &Transaction<'_>,
    repeats: Vec<(&Row<'_, '_>, String)>,
) -> Result<HashMap<usize, Verdict>, StoreError> {
    let mut verdicts = HashMap::new();
    if repeats.is_empty() {
        return Ok(verdicts);
    }
    let statement = tx.prepare_cached(REMOVE).await?;
    let ids: Vec<Uuid> = repeats.iter().map(|(row, _)| row.id).collect();
    tx.execute(&statement, &[&ids]).await?;
    let statement = tx.prepare_cached(RECORD).await?;
    for (placed, of) in repeats {
        let row = placed.row;
        let content = row.content.unwrap_or_default();
        let sent = row.sent_at.map(At);
        let recorded = tx
            .execute(
                &statement,
                &[
                    &row.phone_number_id,
                    &row.wamid,
                    &of,
                    &content.as_slice(),
                    &row.request_id,
                    &sent,
                ],
            )
            .await?;
        let news = recorded == 1;
        verdicts.insert(placed.place, Verdict::Drop { of, news });
    }
    Ok(verdicts)
}
