//! Webhooks that were answered 200 while Redis was away.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use tempfile::TempDir;
use waypost_ingress::{IngressError, SpoolError};

use crate::local_redis::{LocalRedis, eventually};
use crate::raw::{exchange, signed, status};
use crate::service::Service;

pub(crate) fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|e| e == "spool"))
        .collect()
}

fn settings(dir: &TempDir) -> [(&str, &str); 2] {
    [
        ("spool.dir", dir.path().to_str().unwrap()),
        ("redis.timeout", "500ms"),
    ]
}

#[tokio::test]
async fn an_outage_is_bridged_and_replayed_without_a_restart() {
    let dir = TempDir::new().unwrap();
    let mut redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &settings(&dir)).await;
    redis.stop();
    let requests: Vec<Vec<u8>> = (0..200)
        .map(|n| signed(format!("{n:03}").as_bytes()))
        .collect();
    let answers = join_all(
        requests
            .iter()
            .map(|request| exchange(service.address, request)),
    )
    .await;
    assert!(answers.iter().all(|answer| status(answer) == 200));
    assert!(!segments(dir.path()).is_empty(), "nothing is on disk");
    redis.resume().await;
    eventually("the spool is empty", || async {
        segments(dir.path()).is_empty()
    })
    .await;
    let mut bodies: Vec<_> = redis
        .take()
        .await
        .into_iter()
        .map(|envelope| envelope.body)
        .collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 200);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn what_an_earlier_run_left_is_replayed_and_its_torn_end_is_cut() {
    let dir = TempDir::new().unwrap();
    let mut redis = LocalRedis::stopped();
    let service = Service::start(&redis.url(), &settings(&dir)).await;
    for body in ["one", "two"] {
        assert_eq!(
            status(&exchange(service.address, &signed(body.as_bytes())).await),
            200
        );
    }
    service.stop().await.unwrap();
    let left = segments(dir.path());
    assert_eq!(left.len(), 1);
    // A write that the power went away from: a length, and less than that behind it.
    let mut file = OpenOptions::new().append(true).open(&left[0]).unwrap();
    file.write_all(&[40, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        .unwrap();
    drop(file);

    redis.resume().await;
    let service = Service::ready(&redis.url(), &settings(&dir)).await;
    eventually("the spool is empty", || async {
        segments(dir.path()).is_empty()
    })
    .await;
    let bodies: Vec<_> = redis
        .take()
        .await
        .into_iter()
        .map(|envelope| envelope.body)
        .collect();
    assert_eq!(bodies, ["one", "two"], "oldest first, and nothing else");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_full_spool_means_503() {
    let dir = TempDir::new().unwrap();
    let redis = LocalRedis::stopped();
    let mut settings = settings(&dir).to_vec();
    settings.push(("spool.max_bytes", "4MiB"));
    let service = Service::start(&redis.url(), &settings).await;
    let large = vec![b' '; 3 << 20];
    assert_eq!(
        status(&exchange(service.address, &signed(&large)).await),
        200
    );
    assert_eq!(
        status(&exchange(service.address, &signed(&large)).await),
        503
    );
    assert_eq!(
        status(&exchange(service.address, &signed(b"small")).await),
        200
    );
    service.stop().await.unwrap();
}

#[tokio::test]
async fn two_processes_cannot_share_a_spool() {
    let dir = TempDir::new().unwrap();
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &settings(&dir)).await;
    let error = Service::start(&redis.url(), &settings(&dir))
        .await
        .ended()
        .await
        .unwrap_err();
    assert!(
        matches!(error, IngressError::Spool(SpoolError::Locked { .. })),
        "{error}"
    );
    service.stop().await.unwrap();
}
