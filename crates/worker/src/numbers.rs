//! Business numbers: learnt from webhooks, and given the higher limit when Meta says so.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use waypost_queue::LimitBy;
use waypost_store::NumberRow;
use waypost_whatsapp::{Field, Metadata, Update, UpdateBody};

use crate::context::Context;
use crate::item::Content;
use crate::parse::Parsed;
use crate::persist::Fate;

/// What Meta allows a number of which it says `THROUGHPUT_UPGRADE`, in messages a second.
const UPGRADED: f64 = 1000.0;

/// What the table is known to hold: account and looks of a number, by its id.
#[derive(Default)]
pub(crate) struct Numbers(Mutex<HashMap<String, (String, String)>>);

impl Numbers {
    fn knows(&self, row: &NumberRow<'_>) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(row.phone_number_id)
            .is_some_and(|(waba, shown)| waba == row.waba_id && shown == row.display_phone_number)
    }

    fn note(&self, rows: &[NumberRow<'_>]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(rows.iter().map(|row| {
            let looks = (row.waba_id.to_owned(), row.display_phone_number.to_owned());
            (row.phone_number_id.to_owned(), looks)
        }));
    }
}

/// Learns the numbers that the batch names. The next webhook names them again, so one try is enough.
pub(crate) async fn learn(context: &Context, parsed: &Parsed<'_>) {
    let mut news: Vec<NumberRow<'_>> = Vec::new();
    let mut last = "";
    for update in parsed.items.iter().filter_map(|item| match &item.content {
        Content::Update(update) => Some(update),
        Content::Send(_) | Content::Fact(_) => None,
    }) {
        // A batch of one number, the usual case, costs one look.
        let Some(row) = named(update).filter(|row| row.phone_number_id != last) else {
            continue;
        };
        last = row.phone_number_id;
        if !context.numbers.knows(&row) {
            news.retain(|before| before.phone_number_id != row.phone_number_id);
            news.push(row);
        }
    }
    if news.is_empty() {
        return;
    }
    match context.store.learn(&news).await {
        Ok(()) => context.numbers.note(&news),
        Err(error) => tracing::debug!("numbers not noted: {error}"),
    }
}

fn named<'t>(update: &'t Update<'_>) -> Option<NumberRow<'t>> {
    let Metadata {
        phone_number_id,
        display_phone_number,
    } = &update.metadata;
    let whole = !phone_number_id.is_empty()
        && !display_phone_number.is_empty()
        && !update.waba_id.is_empty();
    whole.then_some(NumberRow {
        phone_number_id,
        waba_id: &update.waba_id,
        display_phone_number,
    })
}

/// Raises the limits that new account events speak of; false when the process stops before.
pub(crate) async fn upgrade(context: &Context, parsed: &Parsed<'_>, fates: &[Fate]) -> bool {
    for (item, fate) in parsed.items.iter().zip(fates) {
        if let Content::Update(update) = &item.content
            && fate.is_news()
            && let Some(shown) = upgraded(update)
            && !raise(context, update, &shown).await
        {
            return false;
        }
    }
    true
}

/// The number, as people see it, that may send more from now on.
fn upgraded(update: &Update<'_>) -> Option<String> {
    let UpdateBody::Account(account) = &update.body else {
        return None;
    };
    // Parsed only where it can matter.
    if account.field != "phone_number_quality_update" {
        return None;
    }
    let Field::PhoneNumberQualityUpdate(change) = account.typed() else {
        return None;
    };
    let upgraded = change
        .event
        .is_some_and(|event| event == "THROUGHPUT_UPGRADE");
    let shown = change.display_phone_number?.to_string();
    upgraded.then_some(shown)
}

async fn raise(context: &Context, update: &Update<'_>, shown: &str) -> bool {
    let number = loop {
        match context.store.number_shown_as(shown, &update.waba_id).await {
            Ok(number) => break number,
            Err(error) => {
                context.postgres.fail(error.to_string());
                tracing::warn!("a higher limit waits for Postgres: {error}");
            }
        }
        if !context.rest().await {
            return false;
        }
    };
    let Some(number) = number else {
        tracing::warn!(
            "Meta raised the throughput of a number that no webhook has named yet; set its limit by hand"
        );
        return true;
    };
    while let Err(error) = context
        .outbox
        .set_limit(&number, LimitBy::Meta, Some(UPGRADED))
        .await
    {
        context.redis.fail(error.to_string());
        tracing::warn!("a higher limit waits for Redis: {error}");
        if !context.rest().await {
            return false;
        }
    }
    tracing::info!(phone_number_id = %number, limit = UPGRADED, "Meta raised the throughput of a number");
    true
}
