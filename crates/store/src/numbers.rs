//! Business numbers, as webhooks name them.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;

use crate::sql::without_nul;
use crate::{NumberRow, Store, StoreError};

/// Sorted by key, and only written where something is news, so that workers that learn the same hardly meet.
const LEARN: &str = "
INSERT INTO numbers AS n (phone_number_id, waba_id, display_phone_number)
SELECT DISTINCT ON (1) * FROM unnest($1::text[], $2::text[], $3::text[]) ORDER BY 1
ON CONFLICT (phone_number_id) DO UPDATE
SET waba_id = excluded.waba_id, display_phone_number = excluded.display_phone_number, seen_at = clock_timestamp()
WHERE (n.waba_id, n.display_phone_number) IS DISTINCT FROM (excluded.waba_id, excluded.display_phone_number)";

const SHOWN_AS: &str = "
SELECT phone_number_id FROM numbers WHERE display_phone_number = $1 AND (waba_id = $2 OR $2 = '')
ORDER BY seen_at DESC LIMIT 1";

const DISPLAYED: &str = "
SELECT phone_number_id, display_phone_number FROM numbers WHERE phone_number_id = ANY ($1::text[])";

impl Store {
    /// Notes numbers that are new or have changed.
    ///
    /// # Errors
    /// When Postgres can't take it now.
    pub async fn learn(&self, numbers: &[NumberRow<'_>]) -> Result<(), StoreError> {
        let ids = texts(numbers, |n| n.phone_number_id.to_owned());
        let accounts = texts(numbers, |n| n.waba_id.to_owned());
        let shown = texts(numbers, |n| digits(n.display_phone_number));
        let client = self.client().await?;
        let learn = async {
            let statement = client.prepare_cached(LEARN).await?;
            client
                .execute(&statement, &[&ids, &accounts, &shown])
                .await?;
            Ok::<_, StoreError>(())
        };
        let result = self.within(learn).await;
        self.settle(client, result)
    }

    /// The id of a number by what people see of it, within an account; an empty account is any.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn number_shown_as(
        &self,
        display_phone_number: &str,
        waba_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let (shown, waba) = (digits(display_phone_number), without_nul(waba_id));
        let client = self.client().await?;
        let parameters: [&(dyn ToSql + Sync); 2] = [&shown, &waba];
        let result = self.within(client.query_opt(SHOWN_AS, &parameters)).await;
        Ok(self.settle(client, result)?.map(|row| row.get(0)))
    }

    /// What people see of these numbers, digits only, of those that a webhook has named.
    ///
    /// # Errors
    /// When Postgres can't answer.
    pub async fn displayed_numbers(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, String>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<_> = ids.iter().map(|id| without_nul(id)).collect();
        let client = self.client().await?;
        let parameters: [&(dyn ToSql + Sync); 1] = [&ids];
        let result = self.within(client.query(DISPLAYED, &parameters)).await;
        let rows = self.settle(client, result)?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

fn texts(numbers: &[NumberRow<'_>], text: impl Fn(&NumberRow<'_>) -> String) -> Vec<String> {
    let clean = |text: String| without_nul(&text).into_owned();
    numbers.iter().map(text).map(clean).collect()
}

fn digits(shown: &str) -> String {
    shown.chars().filter(char::is_ascii_digit).collect()
}
