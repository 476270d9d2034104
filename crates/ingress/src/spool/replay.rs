//! Moving what the spool holds into Redis.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use waypost_queue::{EnqueueError, Enqueuer, Envelope};

use super::directory::{Directory, Segment};
use super::{Spool, SpoolError, failed, record};

/// How often the spool is looked at, and Redis asked again after a failure.
const PAUSE: Duration = Duration::from_millis(500);
/// Webhooks handed over at once: one group of the enqueuer's, with room left in it for live ones.
const AT_ONCE: usize = 128;

/// Replays for ever. Begin it when Redis has been found fit.
pub(crate) async fn replay(spool: Spool, enqueuer: Enqueuer) {
    loop {
        if spool.directory.oldest().is_none() && spool.directory.used() > 0 {
            spool.seal().await;
        }
        if let Some(segment) = spool.directory.oldest()
            && let Err(error) = replay_segment(&spool.directory, &segment, &enqueuer).await
        {
            // The segment stays and is tried again; what is already in Redis is then there twice, which dedup absorbs.
            tracing::error!("{error}");
        } else if spool.directory.oldest().is_some() {
            continue;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn replay_segment(
    directory: &Arc<Directory>,
    segment: &Segment,
    enqueuer: &Enqueuer,
) -> Result<(), SpoolError> {
    let (envelopes, torn) = load(segment.clone()).await?;
    if torn > 0 {
        tracing::warn!(
            segment = %segment.path.display(),
            bytes = torn,
            "the segment ends in a record that was never finished; it is cut off"
        );
    }
    let count = envelopes.len();
    for group in envelopes.chunks(AT_ONCE) {
        hand_over(group.to_vec(), enqueuer).await;
    }
    let (directory, segment) = (Arc::clone(directory), segment.clone());
    aside(move || directory.delete(&segment)).await?;
    tracing::info!(webhooks = count, "replayed a segment of the spool");
    Ok(())
}

/// Returns when Redis has all of them.
async fn hand_over(mut group: Vec<Envelope>, enqueuer: &Enqueuer) {
    loop {
        let answers = join_all(
            group
                .iter()
                .cloned()
                .map(|envelope| enqueuer.enqueue(envelope)),
        )
        .await;
        group = failed_ones(group, &answers);
        if group.is_empty() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn failed_ones(group: Vec<Envelope>, answers: &[Result<(), EnqueueError>]) -> Vec<Envelope> {
    let with_answers = group.into_iter().zip(answers);
    let failed = with_answers.filter(|(_, answer)| answer.is_err());
    failed.map(|(envelope, _)| envelope).collect()
}

async fn load(segment: Segment) -> Result<(Vec<Envelope>, usize), SpoolError> {
    aside(move || {
        match std::fs::read(&segment.path) {
            Ok(bytes) => Ok(record::read(Bytes::from(bytes))),
            // An operator took it away. There is nothing to wait for.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok((Vec::new(), 0)),
            Err(error) => Err(failed("read", &segment.path)(error)),
        }
    })
    .await
}

/// Runs what waits for the disk where it holds up nobody.
async fn aside<T, F>(work: F) -> Result<T, SpoolError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, SpoolError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(failed("finish work on", std::path::Path::new("a segment"))(
            error.into(),
        )),
    }
}
