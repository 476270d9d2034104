//! Two contacts turn out to be one person.

use deadpool_postgres::Transaction;
use uuid::Uuid;

use crate::StoreError;

const STEPS: [&str; 4] = [
    "UPDATE contact_identifiers SET contact_id = $1 WHERE contact_id = ANY ($2)",
    "UPDATE messages SET contact_id = $1 WHERE contact_id = ANY ($2)",
    // The newer name wins, and a name in the address book is not lost.
    "UPDATE contacts s SET name = coalesce(n.name, s.name), name_at = coalesce(n.name_at, s.name_at), book_name = coalesce(s.book_name, b.book_name)
     FROM (SELECT 1) one
     LEFT JOIN LATERAL (SELECT name, name_at FROM contacts WHERE (id = $1 OR id = ANY ($2)) AND name IS NOT NULL
                        ORDER BY name_at DESC NULLS LAST LIMIT 1) n ON true
     LEFT JOIN LATERAL (SELECT book_name FROM contacts WHERE id = ANY ($2) AND book_name IS NOT NULL LIMIT 1) b ON true
     WHERE s.id = $1",
    // Those merged into a loser before follow it, so that one step always leads to the survivor.
    "UPDATE contacts SET merged_into = $1 WHERE id = ANY ($2) OR merged_into = ANY ($2)",
];

/// One username and one parent id remain: those seen last.
const ONE_OF_EACH_WEAK: &str = "
UPDATE contact_identifiers i SET valid_to = newer.valid_from
FROM contact_identifiers newer
WHERE i.contact_id = $1 AND newer.contact_id = $1 AND i.kind IN ('username', 'parent_bsuid') AND newer.kind = i.kind
  AND coalesce(i.valid_to, 'infinity') = 'infinity' AND coalesce(newer.valid_to, 'infinity') = 'infinity'
  AND (newer.valid_from, newer.value) > (i.valid_from, i.value)";

/// Makes `losers` part of `survivor`: names, messages and former merges. Only under the exclusive lock.
pub(super) async fn merge(
    tx: &Transaction<'_>,
    survivor: Uuid,
    losers: &[Uuid],
) -> Result<(), StoreError> {
    for step in STEPS {
        let statement = tx.prepare_cached(step).await?;
        tx.execute(&statement, &[&survivor, &losers]).await?;
    }
    let statement = tx.prepare_cached(ONE_OF_EACH_WEAK).await?;
    tx.execute(&statement, &[&survivor]).await?;
    Ok(())
}
