//! How the monitor is reached, and what is said when it is not, or refuses.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

use crate::canned::Canned;
use crate::program::Desk;
use crate::services::SLOW;

#[tokio::test]
async fn refusals_say_what_to_do_and_end_with_4() {
    let desk = Desk::new().await;
    let address = desk.address.to_string();
    let nobody = desk.run_with(&["stats", "--admin", &address], &[]).await;
    nobody.failed(4, "wants a token: give one with WAYPOST_TOKEN");
    let stranger = desk.run_as("nobody's", &["stats"]).await;
    stranger.failed(4, "does not know this token");
    assert!(!stranger.err.contains("nobody's-token"), "{stranger:?}");
    let viewer = desk.run_as("viewer", &["pause"]).await;
    viewer.failed(4, "this needs the role admin, and the token has viewer");
    let slowed = desk.run_as("slowed", &["stats"]).await;
    slowed.failed(
        1,
        "too many wrong tokens from this address; try again in 6.0 s",
    );
}

#[tokio::test]
async fn what_the_monitor_finds_wrong_is_listed() {
    let desk = Desk::new().await;
    let wrong = desk.run(&["pause", "--number", "abc"]).await;
    wrong.failed(64, "phone_number_id must match [0-9]{1,32}");
    let wrong = desk.run(&["message", "show", "7"]).await;
    wrong.failed(64, "id must be a UUID");
    let unreadable = desk.run(&["audit", "--since", "yesterday"]).await;
    assert_eq!(unreadable.code, Some(64), "{unreadable:?}");
    assert!(
        unreadable.err.contains("2026-11-24T21:00:00Z"),
        "{unreadable:?}"
    );
}

#[tokio::test]
async fn a_monitor_that_is_not_there_or_says_nothing_is_told() {
    let desk = Desk::new().await;
    let nobody = desk
        .run_with(&["stats", "--admin", "127.0.0.1:1"], &[])
        .await;
    nobody.failed(1, "the monitor at 127.0.0.1:1 cannot be reached");
    let silent = desk
        .run(&["message", "show", SLOW, "--timeout", "50ms"])
        .await;
    silent.failed(1, "has not answered within 50 ms");
    let nowhere = desk.run_with(&["stats", "--admin", "nowhere"], &[]).await;
    nowhere.failed(64, "HOST:PORT");
}

#[tokio::test]
async fn the_file_that_up_leaves_is_found() {
    let desk = Desk::new().await;
    let folder = desk.folder.path().join(".waypost");
    std::fs::create_dir(&folder).unwrap();
    let left = serde_json::json!({
        "admin_url": format!("http://{}", desk.address),
        "admin_grpc": desk.address.to_string(),
        "admin_token": "admin-token",
    });
    std::fs::write(folder.join("admin.json"), left.to_string()).unwrap();
    desk.run_with(&["audit"], &[]).await.well();
    // A token that is told wins over it.
    let told = desk
        .run_with(&["audit"], &[("WAYPOST_TOKEN", "viewer-token")])
        .await;
    told.failed(4, "this needs the role admin");
    std::fs::write(folder.join("admin.json"), "{").unwrap();
    desk.run_with(&["audit"], &[])
        .await
        .failed(64, ".waypost/admin.json cannot be read");
}

#[tokio::test]
async fn tokens_come_from_files_and_flags_stand_anywhere() {
    let desk = Desk::new().await;
    let file = desk.folder.path().join("token");
    std::fs::write(&file, "admin-token\n").unwrap();
    let (file, address) = (file.to_str().unwrap(), desk.address.to_string());
    for arguments in [
        &["audit", "--token-file", file, "--admin", &address][..],
        &["dead", "--admin", &address, "list", "--token-file", file],
        &[
            "dead",
            "list",
            "--admin",
            &address,
            "--token",
            "viewer-token",
        ],
    ] {
        desk.run_with(arguments, &[]).await.well();
    }
    let gone = desk
        .run_with(&["audit", "--token-file", "/nowhere/token"], &[])
        .await;
    gone.failed(64, "/nowhere/token");
}

#[tokio::test]
async fn with_tls_both_sides_show_who_they_are() {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let issue = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (
            params.signed_by(&key, &issuer).unwrap().pem(),
            key.serialize_pem(),
        )
    };
    let (server_pem, server_key) = issue("localhost");
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(server_pem, server_key))
        .client_ca_root(Certificate::from_pem(&authority_pem));
    let (_canned, address) = Canned::start(Some(tls)).await;

    let desk = Desk::new().await;
    let (client_pem, client_key) = issue("client");
    for (name, text) in [
        ("ca", &authority_pem),
        ("cert", &client_pem),
        ("key", &client_key),
    ] {
        std::fs::write(desk.folder.path().join(name), text).unwrap();
    }
    let url = format!("https://localhost:{}", address.port());
    let base = ["stats", "--admin", &url, "--token", "viewer-token"];
    let run = async |more: &[&str]| desk.run_with(&[&base[..], more].concat(), &[]).await;
    run(&["--ca", "ca", "--cert", "cert", "--key", "key"])
        .await
        .well();
    for (missing, code) in [
        (&["--ca", "ca"][..], 1),
        (&["--ca", "nowhere"], 64),
        (&["--cert", "cert"], 64),
    ] {
        assert_eq!(run(missing).await.code, Some(code), "{missing:?}");
    }
}
