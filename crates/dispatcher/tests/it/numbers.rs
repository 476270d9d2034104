//! Numbers: tokens, proofs, and what stops one.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use waypost_harness::{eventually, eventually_some};
use waypost_model::{DeadClass, SendState};
use waypost_queue::{NumberConfig, Outgoing};
use waypost_sandbox::GraphSettings;

use crate::common::{NUMBER, SOON, Stage, attempts, graph, message};

/// A file of numbers with these fields of [`NUMBER`].
pub(crate) fn write(dir: &TempDir, fields: &str) -> PathBuf {
    let path = dir.path().join("numbers.toml");
    put(&path, fields);
    path
}

/// In one step, as a mounted secret is swapped.
fn put(path: &Path, fields: &str) {
    let fresh = path.with_extension("fresh");
    std::fs::write(&fresh, format!("[{NUMBER}]\n{fields}\n")).unwrap();
    std::fs::rename(fresh, path).unwrap();
}

fn only(token: &str) -> GraphSettings {
    GraphSettings {
        tokens: vec![token.to_owned()],
        ..GraphSettings::default()
    }
}

#[tokio::test]
async fn an_expired_token_stops_the_number_and_a_changed_one_starts_it() {
    let graph = graph(only("new")).await;
    let dir = TempDir::new().unwrap();
    let file = write(&dir, "token = \"old\"");
    let stage = Stage::at(graph.url()).await.with_numbers(&file);
    let dispatcher = stage.dispatcher().await;
    let ids = stage.put_crowd(20).await;
    let reason = eventually_some(SOON, "it stops", async || stage.stopped().await).await;
    assert!(reason.starts_with("190: "), "{reason}");
    eventually(SOON, "what was under way ends", async || {
        stage.outbox.stats().await.unwrap().active == 0
    })
    .await;
    assert_eq!(stage.outbox.number(NUMBER).await.unwrap().backlog, 20);
    assert!(stage.dead().await.is_empty());

    put(&file, "token = \"new\"");
    for id in &ids {
        stage.reaches(*id, SendState::Sent).await;
    }
    assert_eq!(stage.stopped().await, None);
    assert_eq!(graph.accepted_count(), 20);
    dispatcher.stop().await;
}

#[tokio::test]
async fn a_number_without_a_token_waits_for_one() {
    let graph = graph(only("late")).await;
    let dir = TempDir::new().unwrap();
    let file = write(&dir, "limit = 100");
    let stage = Stage::at(graph.url())
        .await
        .with("whatsapp.api_token", "")
        .with_numbers(&file);
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    let reason = eventually_some(SOON, "it stops", async || stage.stopped().await).await;
    assert!(reason.contains("numbers.file"), "{reason}");
    assert_eq!(graph.requests(), 0);

    put(&file, "limit = 100\ntoken = \"late\"");
    let facts = stage.reaches(id, SendState::Sent).await;
    assert_eq!(attempts(&facts), [(1, "done", SendState::Sent)]);
    assert_eq!(
        stage.outbox.number(NUMBER).await.unwrap().limit,
        Some(100.0)
    );
}

#[tokio::test]
async fn each_number_has_its_own_token_and_proof() {
    let graph = graph(GraphSettings {
        app_secret: Some("0badcafe".to_owned()),
        require_proof: true,
        ..only("own")
    })
    .await;
    let dir = TempDir::new().unwrap();
    let file = write(&dir, "token = \"own\"\napp_secret = \"0badcafe\"");
    let stage = Stage::at(graph.url()).await.with_numbers(&file);
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    stage.reaches(id, SendState::Sent).await;
    assert_eq!(graph.accepted_by_id(id).len(), 1);
}

#[tokio::test]
async fn the_token_of_all_has_its_proof_too() {
    let graph = graph(GraphSettings {
        app_secret: Some("0badcafe".to_owned()),
        require_proof: true,
        ..only("common")
    })
    .await;
    let stage = Stage::at(graph.url())
        .await
        .with("whatsapp.api_token", "common")
        .with("graph.app_secret", "0badcafe");
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    stage.reaches(id, SendState::Sent).await;
}

#[tokio::test]
async fn what_expires_while_its_number_is_stopped_says_so() {
    let graph = graph(GraphSettings::default()).await;
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    // A number that nobody knows cannot be stopped.
    let known = NumberConfig {
        phone_number_id: NUMBER.to_owned(),
        account: None,
        limit: None,
        token_fingerprint: "mark".to_owned(),
    };
    stage.outbox.configure(&[known]).await.unwrap();
    assert!(stage.outbox.stop_number(NUMBER, "test", "").await.unwrap());
    let id = stage
        .put(Outgoing {
            expires_at: Some(SystemTime::now() + Duration::from_millis(300)),
            ..message("4915000001")
        })
        .await;
    let facts = stage.reaches(id, SendState::Dead).await;
    assert_eq!(facts[0].class, Some(DeadClass::NumberStopped));
    assert_eq!(graph.requests(), 0);
}
