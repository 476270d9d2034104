//! Every role against every method.

use waypost_rpc::schema::METHODS;
use waypost_rpc::v1::queue_service_client::QueueServiceClient;
use waypost_rpc::v1::{GetStatsRequest, PauseRequest};

use super::*;

#[tokio::test]
async fn each_role_may_do_what_the_protos_say_and_a_viewer_changes_nothing() {
    let mut allowed = 0;
    for method in METHODS.iter() {
        // A fresh one each time: what is told of refusals is limited.
        let fixture = Fixture::new();
        let required = method.role.unwrap();
        for role in ROLES {
            let answer = fixture.as_role(&method.path, role).await;
            let (reached, refused) = (fixture.take_reached(), fixture.take_refused());
            let case = format!("{} as {}", method.name, word(role));
            assert_eq!(answer.header(ROLE_HEADER), Some(word(role)), "{case}");
            if role >= required {
                allowed += 1;
                let caller = Caller {
                    name: word(role).to_owned(),
                    role,
                    address: HERE.parse().ok(),
                };
                let wanted = Reached {
                    path: method.path.clone(),
                    caller: Some(caller),
                    with_token: false,
                };
                assert_eq!((answer.code, reached), (Code::Ok, vec![wanted]), "{case}");
                assert!(refused.is_empty(), "{case}");
                assert!(!method.changes || role > Role::Viewer, "{case}");
            } else {
                assert_eq!(answer.code, Code::PermissionDenied, "{case}");
                assert_eq!(answer.reason(), "ROLE_TOO_LOW", "{case}");
                let info = answer.details.error_info().unwrap();
                assert_eq!(info.metadata["required"], word(required), "{case}");
                assert_eq!(info.metadata["actual"], word(role), "{case}");
                assert!(reached.is_empty(), "{case}");
                let told = Refused {
                    caller: word(role).to_owned(),
                    role: Some(role),
                    address: HERE.parse().ok(),
                    method: &method.name,
                    reason: "ROLE_TOO_LOW".to_owned(),
                };
                let told = Vec::from_iter(method.changes.then_some(told));
                assert_eq!(refused, told, "{case}");
            }
        }
    }
    assert!(allowed > METHODS.len(), "{allowed}");
}

/// What a client makes of it that nobody here wrote.
#[tokio::test]
async fn a_client_reads_why_and_its_role() {
    let fixture = Fixture::new();
    let mut client = QueueServiceClient::new(fixture.service.clone());
    let mut request = tonic::Request::new(PauseRequest::default());
    let token = format!("Bearer {}", fixture.token(Role::Operator));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    let status = client.pause(request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(
        status.message(),
        "this takes the role admin; the token has operator"
    );
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "ROLE_TOO_LOW");
    assert_eq!(status.metadata().get(ROLE_HEADER).unwrap(), "operator");

    let status = client.get_stats(GetStatsRequest::default()).await;
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(status.metadata().get(ROLE_HEADER).is_none());
    assert_eq!(
        status.get_error_details().error_info().unwrap().reason,
        "TOKEN_MISSING"
    );
}

#[tokio::test]
async fn without_a_file_this_machine_is_the_admin_and_nobody_else_may() {
    let fixture = Fixture::open();
    for (address, here) in [
        ("127.0.0.1", true),
        ("127.9.9.9", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("192.0.2.7", false),
        ("::ffff:192.0.2.7", false),
        ("2001:db8::1", false),
        ("0.0.0.0", false),
    ] {
        let answer = Answer::of(fixture.call(request(PAUSE, &[], Some(address))).await);
        let reached = fixture.take_reached();
        if here {
            assert_eq!(answer.code, Code::Ok, "{address}");
            let caller = reached[0].caller.clone().unwrap();
            assert_eq!((&*caller.name, caller.role), ("loopback", Role::Admin));
        } else {
            assert_eq!(answer.reason(), "TOKEN_MISSING", "{address}");
            assert!(reached.is_empty(), "{address}");
        }
    }
    let nowhere = Answer::of(fixture.call(request(PAUSE, &[], None)).await);
    assert_eq!(nowhere.code, Code::Unauthenticated);
}
