//! Media, there and back.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::time::Duration;

use http::Method;
use support::{Caller, NUMBER, Reply, TOKEN, start};
use waypost_sandbox::GraphSettings;

async fn upload(caller: &Caller, bytes: &[u8]) -> Reply {
    let mut body = Vec::new();
    for (name, value) in [("messaging_product", "whatsapp"), ("type", "image/png")] {
        body.extend(
            format!("--b1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(b"--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n");
    body.extend(bytes);
    body.extend(b"\r\n--b1--\r\n");
    let path = format!("/v25.0/{NUMBER}/media");
    caller
        .call(
            Method::POST,
            &path,
            Some(TOKEN),
            "multipart/form-data; boundary=b1",
            body,
        )
        .await
        .unwrap()
}

async fn get(caller: &Caller, path: &str, token: Option<&str>) -> Reply {
    caller
        .call(Method::GET, path, token, "text/plain", "")
        .await
        .unwrap()
}

#[tokio::test]
async fn media_go_there_and_back() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let bytes: Vec<u8> = (0..100_000_u32).map(|byte| byte as u8).collect();
    let id = upload(&caller, &bytes).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v25.0/{id}");
    let about = get(&caller, &path, Some(TOKEN)).await.json();
    assert_eq!(
        (about["id"].as_str(), about["file_size"].as_u64()),
        (Some(id.as_str()), Some(100_000))
    );
    assert_eq!(about["mime_type"], "image/png");
    let digest = about["sha256"].as_str().unwrap();
    assert!(digest.len() == 44 && digest.ends_with('='));

    let url = about["url"].as_str().unwrap();
    let file = get(&caller, url, Some(TOKEN)).await;
    assert_eq!(file.headers["content-type"], "image/png");
    assert!(file.bytes[..] == bytes[..]);
    assert_eq!(
        get(&caller, url, None).await.status,
        404,
        "without the token"
    );

    let delete = caller
        .call(Method::DELETE, &path, Some(TOKEN), "text/plain", "")
        .await;
    assert_eq!(delete.unwrap().json()["success"], true);
    assert_eq!(get(&caller, url, Some(TOKEN)).await.status, 404);
    let gone = get(&caller, &path, Some(TOKEN)).await;
    assert_eq!(gone.code(), (400, 100));
    assert_eq!(gone.json()["error"]["error_subcode"], 33);
}

#[tokio::test]
async fn an_address_grows_old() {
    let settings = GraphSettings {
        media_url_life: Duration::ZERO,
        ..GraphSettings::default()
    };
    let graph = start(settings).await;
    let caller = Caller::new(&graph);
    let id = upload(&caller, b"png").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let about = get(&caller, &format!("/v25.0/{id}"), Some(TOKEN))
        .await
        .json();
    let old = get(&caller, about["url"].as_str().unwrap(), Some(TOKEN)).await;
    assert_eq!(old.status, 404);
}

#[tokio::test]
async fn what_is_no_upload_is_refused() {
    let graph = start(GraphSettings::default()).await;
    let caller = Caller::new(&graph);
    let path = format!("/v25.0/{NUMBER}/media");
    for (kind, body) in [
        ("application/json", "{}"),
        ("multipart/form-data; boundary=b1", "--b1--\r\n"),
    ] {
        let reply = caller
            .call(Method::POST, &path, Some(TOKEN), kind, body)
            .await;
        assert_eq!(reply.unwrap().code(), (400, 100), "{kind}");
    }
}
