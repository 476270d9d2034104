use std::time::SystemTime;

use bytes::Bytes;
use tempfile::TempDir;
use uuid::Uuid;

use super::record::MAGIC;
use super::*;

fn webhook(body: &str) -> Envelope {
    Envelope::webhook(
        Uuid::now_v7(),
        SystemTime::UNIX_EPOCH,
        Bytes::from(body.to_owned()),
    )
}

fn settings(dir: &TempDir) -> SpoolSettings {
    SpoolSettings {
        dir: dir.path().to_owned(),
        max_bytes: 4 << 20,
    }
}

fn segment_files(dir: &TempDir) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some()).collect();
    files.sort();
    files
}

fn bodies(path: &Path) -> (Vec<Bytes>, usize) {
    let (envelopes, torn) = record::read(Bytes::from(std::fs::read(path).unwrap()));
    (
        envelopes
            .into_iter()
            .map(|envelope| envelope.body)
            .collect(),
        torn,
    )
}

async fn close(spool: Spool, task: SpoolTask) {
    drop(spool);
    task.finished().await;
}

#[test]
fn a_record_comes_back_and_a_torn_one_is_cut_at_every_byte() {
    let (first, second) = (webhook("one"), webhook(""));
    let mut segment = MAGIC.to_vec();
    record::write(&mut segment, &first);
    let whole = segment.len();
    record::write(&mut segment, &second);
    let (read, torn) = record::read(Bytes::from(segment.clone()));
    assert_eq!((read.len(), torn), (2, 0));
    assert_eq!((read[0].id, &read[0].body), (first.id, &first.body));
    assert_eq!(read[0].received_at, first.received_at);
    for end in whole + 1..segment.len() {
        let (read, torn) = record::read(Bytes::copy_from_slice(&segment[..end]));
        assert_eq!((read.len(), torn), (1, end - whole), "cut at {end}");
    }
    *segment.last_mut().unwrap() ^= 1;
    assert_eq!(
        record::read(Bytes::from(segment)).0.len(),
        1,
        "a flipped bit was not seen"
    );
    let (read, torn) = record::read(Bytes::from_static(b"something else"));
    assert_eq!((read.len(), torn), (0, 14));
}

#[tokio::test]
async fn what_append_acknowledged_is_on_disk_and_found_again() {
    let dir = TempDir::new().unwrap();
    let (spool, task) = Spool::open(&settings(&dir)).unwrap();
    let appends = (0..100).map(|n| spool.append(webhook(&n.to_string())));
    assert!(
        futures_util::future::join_all(appends)
            .await
            .iter()
            .all(Result::is_ok)
    );
    let files = segment_files(&dir);
    assert_eq!(
        bodies(&files[0]).0.len(),
        100,
        "acknowledged before it was written"
    );
    close(spool, task).await;
    let (spool, task) = Spool::open(&settings(&dir)).unwrap();
    assert_eq!(spool.directory.oldest().unwrap().path, files[0]);
    // What comes now must not be put into the old segment.
    spool.append(webhook("new")).await.unwrap();
    assert_eq!(segment_files(&dir).len(), 2);
    close(spool, task).await;
}

#[tokio::test]
async fn a_second_process_is_kept_out_until_the_first_has_ended() {
    let dir = TempDir::new().unwrap();
    let (spool, task) = Spool::open(&settings(&dir)).unwrap();
    assert!(matches!(
        Spool::open(&settings(&dir)),
        Err(SpoolError::Locked { .. })
    ));
    close(spool, task).await;
    let (spool, task) = Spool::open(&settings(&dir)).unwrap();
    close(spool, task).await;
}

#[tokio::test]
async fn a_full_spool_refuses_and_takes_again_when_there_is_room() {
    let dir = TempDir::new().unwrap();
    let (spool, task) = Spool::open(&settings(&dir)).unwrap();
    let large = "x".repeat(3 << 20);
    spool.append(webhook(&large)).await.unwrap();
    assert!(spool.append(webhook(&large)).await.is_err());
    spool.append(webhook("small")).await.unwrap();
    spool.seal().await;
    let segment = spool.directory.oldest().unwrap();
    spool.directory.delete(&segment).unwrap();
    assert_eq!(spool.directory.used(), 0);
    spool.append(webhook(&large)).await.unwrap();
    close(spool, task).await;
}
