//! Redis away, unsafe, full: 503, and healing by itself.

use waypost_ingress::IngressError;
use waypost_queue::QueueError;

use crate::local_redis::{LocalRedis, eventually};
use crate::raw::{exchange, header, signed, status};
use crate::service::Service;

#[tokio::test]
async fn while_redis_is_away_webhooks_get_503_and_afterwards_200_with_no_restart() {
    let mut redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[("redis.timeout", "500ms")]).await;
    assert_eq!(status(&exchange(service.address, &signed(b"1")).await), 200);
    redis.stop();
    for _ in 0..3 {
        let answer = exchange(service.address, &signed(b"lost")).await;
        assert_eq!(status(&answer), 503, "{answer}");
        assert_eq!(header(&answer, "retry-after"), Some("5"));
        assert!(header(&answer, "x-request-id").is_some());
    }
    assert!(
        service.is_ready().await,
        "a 503 of ours is a better answer than a load balancer's"
    );
    redis.resume().await;
    eventually("webhooks are taken again", || async {
        status(&exchange(service.address, &signed(b"2")).await) == 200
    })
    .await;
    let bodies: Vec<_> = redis
        .take()
        .await
        .into_iter()
        .map(|envelope| envelope.body)
        .collect();
    assert_eq!(bodies, ["1", "2"]);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_redis_that_is_away_at_the_start_is_waited_for() {
    let mut redis = LocalRedis::stopped();
    let service = Service::start(&redis.url(), &[("redis.timeout", "500ms")]).await;
    assert_eq!(status(&exchange(service.address, &signed(b"1")).await), 503);
    assert!(!service.is_ready().await);
    redis.resume().await;
    eventually("the service is ready", || service.is_ready()).await;
    assert_eq!(status(&exchange(service.address, &signed(b"1")).await), 200);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_redis_that_could_lose_webhooks_ends_the_start_unless_allowed() {
    let mut redis = LocalRedis::stopped();
    redis.resume_with(&["--appendonly", "no"]).await;
    let service = Service::start(&redis.url(), &[]).await;
    let error = service.ended().await.unwrap_err();
    assert!(
        matches!(error, IngressError::Queue(QueueError::Unsafe(_))),
        "{error}"
    );
    let service = Service::ready(&redis.url(), &[("redis.allow_unsafe", "true")]).await;
    assert_eq!(status(&exchange(service.address, &signed(b"1")).await), 200);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_backlog_over_its_limit_gets_503() {
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[("inbox.max_backlog", "3")]).await;
    eventually("the limit is noticed", || async {
        status(&exchange(service.address, &signed(b"1")).await) == 503
    })
    .await;
    let waiting = redis.waiting().await;
    assert!((3..100).contains(&waiting), "{waiting}");
    redis.take().await;
    eventually("it is noticed that there is room again", || async {
        status(&exchange(service.address, &signed(b"2")).await) == 200
    })
    .await;
    service.stop().await.unwrap();
}
