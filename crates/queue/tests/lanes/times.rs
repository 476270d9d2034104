//! Not before, not after, and not until somebody knows.

use std::time::{Duration, Instant, SystemTime};

use waypost_queue::{Accepted, Cause, LaneReserved};

use crate::common::*;

#[tokio::test]
async fn a_scheduled_message_joins_its_lane_when_due() {
    let lanes = lanes(free()).await;
    let mut later = message(NUMBER, "1");
    later.send_at = Some(SystemTime::now() + Duration::from_millis(400));
    let (start, id) = (Instant::now(), later.id);
    let accepted = lanes.acceptor.accept(later, None).await.unwrap();
    assert_eq!(
        accepted,
        Accepted::New {
            id,
            scheduled: true
        }
    );
    let now = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    assert_eq!(ids(&turns), now);
    done(&dispatcher, &turns).await;
    assert_eq!(lanes.outbox.stats().await.unwrap().scheduled, 1);
    assert_eq!(ids(&await_turns(&dispatcher, 10).await), [id]);
    assert!(start.elapsed() >= Duration::from_millis(390));
}

#[tokio::test]
async fn an_expired_message_is_handed_out_as_such_and_costs_no_token() {
    let lanes = lanes(free()).await;
    let mut late = message(NUMBER, "1");
    late.expires_at = Some(SystemTime::now() - Duration::from_millis(1));
    lanes.put(late).await;
    let next = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    assert_eq!(causes(&turns), [Cause::Expired { stopped: false }]);
    let how = bury(waypost_model::DeadClass::Expired, false);
    end(&dispatcher, &turns[0], how).await;
    assert_eq!(ids(&take(&dispatcher, 10).await), next);
}

#[tokio::test]
async fn a_parked_message_comes_up_at_its_deadline_and_a_held_one_does_not() {
    let lanes = lanes(free()).await;
    lanes.put(message(NUMBER, "1")).await;
    lanes.put(message(NUMBER, "2")).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 10).await;
    end(&dispatcher, &turns[0], unknown(Some(300))).await;
    end(&dispatcher, &turns[1], unknown(None)).await;
    let start = Instant::now();
    let overdue = await_turns(&dispatcher, 10).await;
    assert!(start.elapsed() >= Duration::from_millis(250));
    assert_eq!(ids(&overdue), ids(&turns[..1]));
    assert_eq!(causes(&overdue), [Cause::Overdue]);
    assert!(overdue[0].progress.unknown);
}

#[tokio::test]
async fn a_waiter_wakes_when_something_comes() {
    let lanes = lanes(free()).await;
    let dispatcher = lanes.dispatcher().await;
    let mut waiter = dispatcher.waiter();
    assert!(matches!(
        dispatcher.reserve(10).await.unwrap(),
        LaneReserved::Empty(_)
    ));
    let put = async {
        // So that it is the waiting that ends and not the asking; the test holds either way.
        tokio::time::sleep(Duration::from_millis(100)).await;
        lanes.put(message(NUMBER, "1")).await;
    };
    let start = Instant::now();
    let (waited, ()) = tokio::join!(waiter.wait(Duration::from_secs(1)), put);
    waited.unwrap();
    assert!(
        start.elapsed() < Duration::from_millis(800),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(take(&dispatcher, 10).await.len(), 1);
}
