use std::time::SystemTime;

use bytes::Bytes;
use tempfile::TempDir;
use uuid::Uuid;

use super::record::{MAGIC, OLD_MAGIC};
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

#[test]
fn a_record_keeps_its_trace_and_those_of_the_layout_before_are_read() {
    let mut traced = webhook("one");
    traced.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
    let mut segment = MAGIC.to_vec();
    record::write(&mut segment, &traced);
    record::write(&mut segment, &webhook("two"));
    let (read, torn) = record::read(Bytes::from(segment));
    assert_eq!(torn, 0);
    assert_eq!(read[0].traceparent, traced.traceparent);
    assert_eq!((&*read[0].body, &*read[1].body), (&b"one"[..], &b"two"[..]));
    assert_eq!(read[1].traceparent, "");

    let content = [traced.id.as_bytes(), &[0; 8][..], b"old"].concat();
    let mut old = OLD_MAGIC.to_vec();
    old.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
    old.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(&content).to_le_bytes());
    old.extend_from_slice(&content);
    let (read, torn) = record::read(Bytes::from(old));
    assert_eq!(torn, 0);
    assert_eq!((read[0].id, &*read[0].body), (traced.id, &b"old"[..]));
    assert_eq!(read[0].traceparent, "");
}

#[test]
fn records_are_counted_without_being_read() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("segment");
    let mut segment = MAGIC.to_vec();
    for body in ["", "one", "x".repeat(100_000).as_str()] {
        record::write(&mut segment, &webhook(body));
    }
    let count = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        record::count(std::fs::File::open(&path).unwrap()).unwrap()
    };
    assert_eq!(count(&segment), 3);
    assert_eq!(count(&segment[..segment.len() - 1]), 2, "the last is torn");
    for empty in [&segment[..0], &segment[..4], &segment[..8], &segment[..20]] {
        assert_eq!(count(empty), 0);
    }
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
