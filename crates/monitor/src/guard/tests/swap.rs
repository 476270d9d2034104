//! The file of tokens changes while calls run.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::time::{Instant, interval};

use super::*;

const DEADLINE: Duration = Duration::from_secs(20);

/// An answer that goes on until nobody listens.
pub(super) fn ticking() -> Body {
    let ticks = stream::unfold(interval(Duration::from_millis(10)), async |mut ticks| {
        ticks.tick().await;
        let frame = Frame::data(Bytes::from_static(b"tick"));
        Some((Ok::<_, Status>(frame), ticks))
    });
    Body::new(StreamBody::new(ticks))
}

/// What comes next: data, or the status at the end.
async fn next(body: &mut Body) -> Result<Bytes, Status> {
    let frame = body.frame().await.unwrap().unwrap();
    frame
        .into_data()
        .map_err(|frame| Status::from_header_map(frame.trailers_ref().unwrap()).unwrap())
}

async fn swapped(fixture: &Fixture, tables: &str) {
    let before = fixture.keys.current();
    std::fs::write(fixture.file.path(), tables).unwrap();
    let start = Instant::now();
    while Arc::ptr_eq(&before, &fixture.keys.current()) {
        assert!(start.elapsed() < DEADLINE, "the file was not read again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_token_withdrawn_is_so_at_once_and_one_added_is_good() {
    let mut fixture = Fixture::new();
    let keeper = tokio::spawn(fixture.keeper.take().unwrap().run());
    let fixture = fixture;
    let [viewer, operator, admin] = &*fixture.made else {
        panic!("three tokens");
    };
    let watch = async |role| fixture.as_role(WATCH, role).await.response.into_body();
    let mut withdrawn = watch(Role::Viewer).await;
    let mut changed = watch(Role::Operator).await;
    let mut kept = watch(Role::Admin).await;
    for body in [&mut withdrawn, &mut changed, &mut kept] {
        assert_eq!(next(body).await.unwrap(), "tick");
    }
    let added = new_token("added", Role::Viewer).unwrap();
    let lowered = operator.1.table.replace("\"operator\"\n", "\"viewer\"\n");
    assert_ne!(lowered, operator.1.table);
    swapped(
        &fixture,
        &format!("{}{}{lowered}", added.table, admin.1.table),
    )
    .await;

    // One may already have been under way.
    for body in [&mut withdrawn, &mut changed] {
        let end = match next(body).await {
            Ok(_) => next(body).await,
            end => end,
        };
        let end = end.unwrap_err();
        assert_eq!(end.code(), Code::Unauthenticated);
        let details = end.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "TOKEN_UNKNOWN");
        assert!(body.frame().await.is_none());
    }
    assert_eq!(next(&mut kept).await.unwrap(), "tick");
    assert_eq!(next(&mut kept).await.unwrap(), "tick");

    let answer = fixture
        .show(STATS, viewer.1.key.expose_secret(), HERE)
        .await;
    assert_eq!(answer.reason(), "TOKEN_UNKNOWN");
    let answer = fixture.show(STATS, added.key.expose_secret(), HERE).await;
    assert_eq!(answer.code, Code::Ok);
    let answer = fixture
        .show(STATS, operator.1.key.expose_secret(), HERE)
        .await;
    assert_eq!(answer.header(ROLE_HEADER), Some("viewer"));

    // A file that is wrong changes nothing; one that is right again does.
    std::fs::write(fixture.file.path(), "[broken").unwrap();
    let answer = fixture.as_role(STATS, Role::Admin).await;
    assert_eq!(answer.code, Code::Ok);
    swapped(&fixture, &viewer.1.table).await;
    let answer = fixture.as_role(STATS, Role::Viewer).await;
    assert_eq!(answer.code, Code::Ok);
    keeper.abort();
}

#[tokio::test]
async fn an_answer_that_ends_ends_as_it_did() {
    let body = StreamBody::new(tokio_stream::iter([
        Ok::<_, Status>(Frame::data(Bytes::from_static(b"one"))),
        Ok(Frame::trailers(
            Status::aborted("so")
                .into_http::<()>()
                .into_parts()
                .0
                .headers,
        )),
    ]));
    let fixture = Fixture::new();
    let key = fixture
        .keys
        .current()
        .find(fixture.token(Role::Viewer).as_bytes())
        .unwrap();
    let held = super::stream::Held::new(fixture.keys.clone(), key);
    let mut body = held.wrap(Body::new(body));
    assert_eq!(next(&mut body).await.unwrap(), "one");
    assert_eq!(next(&mut body).await.unwrap_err().code(), Code::Aborted);
    assert!(body.frame().await.is_none());
}
