//! How fast batches become rows, beside a bare binary COPY of the same rows into tables with the same indexes.
//!
//! `cargo run --release -p waypost-store --example persist_speed -- postgres://…/an_empty_database [batches] [writers] [copy|persist]`
//!
//! A batch is a thousand updates: 600 statuses and 400 messages, each message from somebody never seen before, raw
//! webhooks of ten updates kept. Needs a database of its own and leaves its tables behind.
#![allow(
    clippy::print_stdout,
    missing_docs,
    reason = "a measuring program for the terminal"
)]

#[path = "persist_speed/copy.rs"]
mod copy;
#[path = "persist_speed/made.rs"]
mod made;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::try_join_all;
use made::Made;
use waypost_store::{Outcome, Store, StoreSettings};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Updates in a batch.
const BATCH: usize = 1000;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = arguments
        .first()
        .ok_or("want the URL of an empty database")?;
    let number = |place: usize, default| match arguments.get(place) {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let (batches, writers): (usize, usize) = (number(1, 100)?, number(2, 3)?);
    let store = Store::connect(&StoreSettings::for_url(url).with_pool(writers + 1)).await?;
    store.migrate().await?;
    store.maintain().await?;

    let only = arguments.get(3).map(String::as_str);
    let made: Vec<Made> = (0..batches).map(|batch| Made::new(batch, BATCH)).collect();
    // Connections open and statements prepared, as in a worker that has run for a minute.
    let warm: Vec<Made> = (0..writers)
        .map(|w| Made::new(batches + w, BATCH))
        .collect();
    persist(&store, &warm, writers).await?;
    copy::prepare(url).await?;
    copy::run(url, &warm, writers).await?;

    let rate = |seconds: f64| (batches * BATCH) as f64 / seconds;
    let mut copied = f64::NAN;
    if only != Some("persist") {
        copied = timed(copy::run(url, &made, writers)).await?;
        println!("COPY     {:>9.0} updates/s", rate(copied));
    }
    if only == Some("copy") {
        return Ok(());
    }
    let persisted = timed(persist(&store, &made, writers)).await?;
    println!("persist  {:>9.0} updates/s", rate(persisted));
    println!("ratio    {:>9.2}", copied / persisted);
    if only.is_some() {
        return Ok(());
    }
    let again = timed(persist(&store, &made, writers)).await?;
    println!("again    {:>9.0} updates/s, all known", rate(again));
    let summary = store.summary().await?;
    println!(
        "{} messages, {} statuses, {} contacts, {} webhooks",
        summary.message_total(),
        summary.status_total(),
        summary.contacts,
        summary.webhooks
    );
    Ok(())
}

async fn timed(work: impl Future<Output = Result<()>>) -> Result<f64> {
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed().as_secs_f64())
}

async fn persist(store: &Store, made: &[Made], writers: usize) -> Result<()> {
    let next = AtomicUsize::new(0);
    let writer = || async {
        while let Some(made) = made.get(next.fetch_add(1, Ordering::Relaxed)) {
            let persisted = store.persist(&made.batch()).await;
            for outcome in persisted.outcomes {
                match outcome {
                    Outcome::Bad(error) | Outcome::Unavailable(error) => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    };
    try_join_all((0..writers).map(|_| writer())).await?;
    Ok(())
}
