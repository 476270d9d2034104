//! Tokens for events, and what an inbox reads.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;
use waypost_admin_tests::{Plane, Reply};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{DISPLAY, NOON, messages, text};
use waypost_harness::{Services, eventually};
use waypost_rpc::v1::{IssueTokenRequest, ListConversationsRequest, Role};
use waypost_settings::SecretString;
use waypost_token::{Claims, Scope, Tokens};

use crate::SOON;

const NUMBER: &str = "106540352242922";
const CONTACT: &str = "01933b7e-5c00-7000-8000-000000000001";
const SECRET: &str = "a secret of the tests of 32 bytes or more";
const ISSUE: &str = "/v1/realtime/tokens";

fn with_secret(services: &Services) -> Services {
    services
        .clone()
        .with("realtime.secrets", SECRET)
        .with("monitor.realtime_url", "https://rt.example.com/")
}

async fn issue(plane: &Plane, role: Role, body: Value) -> Reply {
    plane.http(role, "POST", ISSUE, Some(body)).await
}

/// What a token says to whoever knows the secret.
fn claims(token: &str) -> Claims {
    let tokens = Tokens::new(&[SecretString::from(SECRET)]).unwrap();
    tokens.verify(token, SystemTime::now()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_what_was_asked_for() {
    let stage = Stage::new().await;
    let plane = Plane::on(&with_secret(&stage.services)).await;
    let number = NUMBER.to_owned();
    let contact = Uuid::parse_str(CONTACT).unwrap();
    let cases = [
        (json!({"numbers": ["*"]}), Scope::Everything),
        (
            json!({"numbers": [NUMBER, "7"], "account": "102290129340398"}),
            Scope::Numbers {
                numbers: vec![number.clone(), "7".to_owned()],
                account: Some("102290129340398".to_owned()),
            },
        ),
        (
            json!({"numbers": [NUMBER], "contact": CONTACT}),
            Scope::Conversation { number, contact },
        ),
    ];
    for (body, scope) in cases {
        let issued = issue(&plane, Role::Operator, body).await;
        assert_eq!(issued.status, 200, "{:?}", issued.json);
        assert_eq!(issued.json["url"], "https://rt.example.com");
        let claims = claims(issued.json["token"].as_str().unwrap());
        assert_eq!(claims.scope, scope);
        assert_eq!(claims.subject, "admin:ROLE_OPERATOR");
        let lasts = claims.expires.duration_since(SystemTime::now()).unwrap();
        assert!(lasts <= Duration::from_secs(900) && lasts > Duration::from_secs(840));
    }
    let mut operator = plane.as_role(Role::Operator).await;
    let request = IssueTokenRequest {
        numbers: vec!["*".to_owned()],
        ttl_seconds: 60,
        subject: "front-end".to_owned(),
        ..IssueTokenRequest::default()
    };
    let issued = operator.realtime.issue_token(request).await.unwrap();
    let issued = issued.into_inner();
    let claims = claims(&issued.token);
    assert_eq!(claims.subject, "front-end");
    let told = issued.expires_at.unwrap().seconds;
    assert_eq!(u64::try_from(told), Ok(claims.expires_unix()));
    assert!(claims.expires < SystemTime::now() + Duration::from_secs(61));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_refused_and_so_is_a_viewer() {
    let stage = Stage::new().await;
    let plane = Plane::on(&with_secret(&stage.services)).await;
    for (body, field) in [
        (json!({}), "numbers"),
        (json!({"numbers": []}), "numbers"),
        (json!({"numbers": ["+1555"]}), "numbers"),
        (json!({"numbers": ["*", "1"]}), "numbers"),
        (json!({"numbers": vec!["1"; 65]}), "numbers"),
        (
            json!({"numbers": ["1", "2"], "contact": CONTACT}),
            "contact",
        ),
        (json!({"numbers": ["*"], "contact": CONTACT}), "contact"),
        (json!({"numbers": ["1"], "contact": "x"}), "contact"),
        (json!({"numbers": ["1"], "account": "x"}), "account"),
        (json!({"numbers": ["1"], "ttlSeconds": 59}), "ttl_seconds"),
        (
            json!({"numbers": ["1"], "ttlSeconds": 86401}),
            "ttl_seconds",
        ),
        (json!({"numbers": ["1"], "subject": "a b"}), "subject"),
    ] {
        let refused = issue(&plane, Role::Operator, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}: {:?}", refused.json);
        assert_eq!(refused.json["errors"][0]["field"], field, "{body}");
    }
    let mut viewer = plane.as_role(Role::Viewer).await;
    let request = IssueTokenRequest {
        numbers: vec![NUMBER.to_owned()],
        ..IssueTokenRequest::default()
    };
    let refused = viewer.realtime.issue_token(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_in_the_audit_and_its_text_is_not() {
    let stage = Stage::new().await;
    let plane = Plane::on(&with_secret(&stage.services)).await;
    let body = json!({"numbers": [NUMBER], "subject": "front-end"});
    let issued = issue(&plane, Role::Operator, body).await;
    let token = issued.json["token"].as_str().unwrap();
    let audit = plane.http(Role::Admin, "GET", "/v1/audit", None).await;
    let entry = &audit.json["entries"][0];
    assert_eq!(entry["method"], "RealtimeService.IssueToken");
    assert_eq!(entry["outcome"], "done");
    assert_eq!(entry["target"], format!("events {NUMBER}"));
    assert_eq!(entry["request"]["subject"], "front-end");
    assert_eq!(entry["after"]["id"], json!(claims(token).id));
    let all = audit.json.to_string();
    let signature = token.rsplit('.').next().unwrap();
    assert!(!all.contains(signature) && !all.contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_it_says_what_to_set() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let refused = issue(&plane, Role::Operator, json!({"numbers": ["*"]})).await;
    assert_eq!(
        (refused.status, &refused.json["reason"]),
        (409, &json!("NO_REALTIME_SECRET"))
    );
    let detail = refused.json["detail"].as_str().unwrap();
    assert!(detail.contains("realtime.secrets"), "{detail}");
    let audit = plane.http(Role::Admin, "GET", "/v1/audit", None).await;
    assert_eq!(audit.json["entries"][0]["outcome"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_with_what_was_said_last_for_operators() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let ingress = stage.services.ingress_process().await;
    let _worker = stage.services.worker_process().await;
    let said = [("1", "one", 0), ("2", "two", 1), ("1", "three", 2)];
    for (person, body, later) in said {
        let wamid = format!("wamid.{body}");
        let from = format!("1555000111{person}");
        let webhook = messages(&[text(&wamid, Some(&from), None, NOON + later, body)]);
        assert_eq!(ingress.client().post(webhook).await.unwrap(), 200);
        // One after the other, so that it is known who was last.
        eventually(SOON, "it is stored", async || {
            let path = format!("/v1/messages?wamid={wamid}");
            let found = plane.http(Role::Viewer, "GET", &path, None).await;
            found.json["messages"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        })
        .await;
    }
    let path = "/v1/conversations?include_payload=true";
    let listed = plane.http(Role::Operator, "GET", path, None).await;
    assert_eq!(listed.status, 200, "{:?}", listed.json);
    let conversations = listed.json["conversations"].as_array().unwrap();
    let told: Vec<_> = conversations
        .iter()
        .map(|one| (&one["lastMessage"]["wamid"], &one["unanswered"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("wamid.three"), &json!(2)),
            (&json!("wamid.two"), &json!(1))
        ]
    );
    let payload = conversations[0]["lastMessage"]["payload"].as_str().unwrap();
    assert!(payload.contains("three"));
    assert_eq!(conversations[0]["displayPhoneNumber"], DISPLAY);
    assert_eq!(listed.json["nextPageToken"], "");

    let refused = plane.http(Role::Viewer, "GET", path, None).await;
    assert_eq!(refused.json["reason"], "PAYLOAD_NEEDS_OPERATOR");
    let mut viewer = plane.as_role(Role::Viewer).await;
    let first = ListConversationsRequest {
        page_size: 1,
        ..ListConversationsRequest::default()
    };
    let page = viewer.messages.list_conversations(first.clone()).await;
    let page = page.unwrap().into_inner();
    let last = page.conversations[0].last_message.as_ref().unwrap();
    assert_eq!(
        (last.wamid.as_str(), last.payload.as_str()),
        ("wamid.three", "")
    );
    let second = ListConversationsRequest {
        page_token: page.next_page_token,
        ..first
    };
    let page = viewer.messages.list_conversations(second).await;
    let page = page.unwrap().into_inner();
    let last = page.conversations[0].last_message.as_ref().unwrap();
    assert_eq!(last.wamid, "wamid.two");
    assert_eq!(page.next_page_token, "");
}
