//! What counts as a token, and which paths need one.

use tonic::service::Routes;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::*;

#[tokio::test]
async fn only_one_well_formed_good_token_opens() {
    let fixture = Fixture::new();
    let token = fixture.token(Role::Viewer).to_owned();
    let with = |before: &str, after: &str| format!("{before}{token}{after}").into_bytes();
    for good in [
        with("Bearer ", ""),
        with("bearer ", ""),
        with("BEARER ", ""),
        with("bEaReR   ", "  "),
    ] {
        let answer = Answer::of(fixture.call(request(STATS, &[&good], Some(HERE))).await);
        assert_eq!(answer.code, Code::Ok, "{}", good.escape_ascii());
    }
    assert_eq!(fixture.take_reached().len(), 4);
    let plain = with("Bearer ", "");
    let missing: &[&[&[u8]]] = &[
        &[],
        &[b""],
        &[b"Bearer"],
        &[b"Bearer "],
        &[&with("", "")],
        &[&with("Basic ", "")],
        &[&with("Bearer\t", "")],
        &[&with("Bearer", "")],
        &[&with("Token ", "")],
        &[b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"],
        // The same one twice, a good one among others, in either order.
        &[&plain, &plain],
        &[&plain, b"Bearer wpk_other"],
        &[b"Basic d3Br", &plain],
    ];
    for (case, headers) in missing.iter().enumerate() {
        let answer = Answer::of(fixture.call(request(STATS, headers, Some(HERE))).await);
        assert_eq!(answer.code, Code::Unauthenticated, "{case}");
        assert_eq!(answer.reason(), "TOKEN_MISSING", "{case}");
    }
    let upside_down = token.to_uppercase();
    for (case, wrong) in [
        with("Bearer ", "x"),
        with("Bearer x", ""),
        with("Bearer Bearer ", ""),
        with("Bearer ", ", Bearer other"),
        with("Bearer \"", "\""),
        format!("Bearer {upside_down}").into_bytes(),
        format!("Bearer {}", &token[..46]).into_bytes(),
        b"Bearer \xff\x80\xc3\x28".to_vec(),
        b"Bearer wpk_".to_vec(),
    ]
    .iter()
    .enumerate()
    {
        let answer = Answer::of(fixture.call(request(STATS, &[wrong], Some(HERE))).await);
        assert_eq!(answer.reason(), "TOKEN_UNKNOWN", "{case}");
        assert_eq!(answer.code, Code::Unauthenticated, "{case}");
        assert_eq!(answer.header(ROLE_HEADER), None, "{case}");
    }
    assert!(fixture.take_reached().is_empty());
}

#[tokio::test]
async fn health_and_reflection_are_open_and_nothing_like_them() {
    let fixture = Fixture::new();
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        for headers in [&[][..], &[&b"Bearer nonsense"[..]]] {
            let answer = Answer::of(fixture.call(request(path, headers, Some(HERE))).await);
            assert_eq!(answer.code, Code::Ok, "{path}");
            let [reached] = &*fixture.take_reached() else {
                panic!("{path} did not come through");
            };
            assert!(reached.caller.is_none() && !reached.with_token);
        }
    }
    for path in [
        "/grpc.health.v1.Health",
        "/grpc.health.v1.HealthX/Check",
        "/grpc.health.v2.Health/Check",
        "//grpc.health.v1.Health/Check",
        "/GRPC.health.v1.Health/Check",
        "/grpc.reflectionx.v1.S/M",
        "/",
    ] {
        let answer = Answer::of(fixture.call(request(path, &[], Some(HERE))).await);
        assert_eq!(answer.code, Code::Unauthenticated, "{path}");
    }
    assert!(fixture.take_reached().is_empty());
}

#[tokio::test]
async fn what_no_proto_knows_reaches_nothing() {
    let fixture = Fixture::new();
    for path in [
        "/waypost.v1.QueueService/Nothing",
        "/waypost.v1.QueueService/Pause/",
        "/waypost.v1.QueueService//Pause",
        "//waypost.v1.QueueService/Pause",
        "/waypost.v1.QueueService/%50ause",
        "/waypost.v1.queueservice/Pause",
        "/waypost.v1.QueueService/pause",
        "/x/../waypost.v1.QueueService/Pause",
        "/other.Service/Method",
        "/",
    ] {
        let stranger = Answer::of(fixture.call(request(path, &[], Some(HERE))).await);
        assert_eq!(stranger.code, Code::Unauthenticated, "{path}");
        let answer = fixture.as_role(path, Role::Viewer).await;
        assert_eq!(answer.code, Code::Unimplemented, "{path}");
        assert_eq!(answer.reason(), "METHOD_UNKNOWN", "{path}");
    }
    // A query is no part of the path, and changes nothing.
    let path = format!("{PAUSE}?x=/grpc.health.v1.Health/Check");
    let answer = fixture.as_role(&path, Role::Viewer).await;
    assert_eq!(answer.code, Code::PermissionDenied);
    assert!(fixture.take_reached().is_empty());
}

#[tokio::test]
async fn the_health_of_tonic_answers_strangers() {
    let fixture = Fixture::new();
    let (_reporter, health) = tonic_health::server::health_reporter();
    let layer = guard(Some(fixture.keys.clone()), |_| {});
    let service = layer.layer(Routes::new(health));
    let answer = HealthClient::new(service)
        .check(HealthCheckRequest::default())
        .await
        .unwrap();
    assert_eq!(answer.into_inner().status, 1);
}
