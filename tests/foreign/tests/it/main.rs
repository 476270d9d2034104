//! Each test has a `waypost up` of its own: what one does to it would disturb the other.

use std::time::Duration;

use waypost_foreign::{Up, browser, python};

const SEED: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_client_that_knows_only_reflection_finds_its_way() {
    let up = Up::start().await;
    python("seed.py", &up, SEED).await;
    python("reflection.py", &up, Duration::from_secs(60)).await;
    up.stop().await;
}

#[tokio::test]
async fn the_server_does_what_its_openapi_document_says() {
    let up = Up::start().await;
    python("seed.py", &up, SEED).await;
    python("openapi.py", &up, Duration::from_secs(240)).await;
    up.stop().await;
}

#[tokio::test]
async fn an_operator_finds_his_way_in_a_browser() {
    let up = Up::start().await;
    browser(&up, Duration::from_secs(300)).await;
    up.stop().await;
}
