//! Limits and failures of one number or person are nobody else's business.

use std::time::Duration;

use waypost_chaos::{Draft, Outbound, hasty};
use waypost_e2e::Stage;
use waypost_harness::eventually;
use waypost_sandbox::Graph;
use waypost_sandbox::graph::{Effect, Fault, Filter, Limits, PairRate};

const SICK: &str = "200000000000001";
const WELL: &str = "200000000000002";
const SOON: Duration = Duration::from_secs(40);

/// Messages from one number, each to another person.
fn crowd(number: &str, count: usize) -> Vec<Draft> {
    (0..count)
        .map(|i| Draft::new(number, &format!("+4915{i:08}")))
        .collect()
}

/// Messages of this number that Meta took from one moment to another, both since its start.
fn taken(graph: &Graph, number: &str, from: Duration, to: Duration) -> usize {
    graph
        .accepted()
        .iter()
        .filter(|m| m.phone_number_id == number && m.since_start >= from && m.since_start < to)
        .count()
}

/// Messages that the well number sends in five seconds at its limit, while the other one is in whatever state.
async fn rate_of_the_well(way: &Outbound) -> usize {
    let before = way.graph.accepted().len();
    way.post(&crowd(WELL, 1_200)).await;
    eventually(SOON, "the number sends", async || {
        way.graph.accepted().len() > before + 50
    })
    .await;
    let from = way.graph.accepted()[before..]
        .iter()
        .find(|m| m.phone_number_id == WELL)
        .unwrap()
        .since_start;
    // The burst of the first moment is over.
    let (from, to) = (from + Duration::from_secs(1), from + Duration::from_secs(6));
    eventually(SOON, "five seconds are over", async || {
        way.graph
            .accepted()
            .last()
            .is_some_and(|m| m.since_start > to)
    })
    .await;
    taken(&way.graph, WELL, from, to)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_gets_429_to_everything_costs_the_others_nothing() {
    let stage = hasty(Stage::new().await).with("limits.number", "100");
    let way = Outbound::on(stage).await;
    let _worker = way.stage.services.worker_process().await;
    let _dispatcher = way.stage.services.dispatcher_process().await;
    let alone = rate_of_the_well(&way).await;
    let when = Filter {
        number: Some(SICK.to_owned()),
        ..Filter::default()
    };
    let too_many = Effect::Bare429 { retry_after: None };
    way.graph.set_faults(vec![Fault::when(when, too_many)]);
    way.post(&crowd(SICK, 500)).await;
    eventually(SOON, "it is told to slow down", async || {
        way.outbox
            .number(SICK)
            .await
            .is_ok_and(|n| n.lowered_rate.is_some())
    })
    .await;
    let beside = rate_of_the_well(&way).await;
    assert!(
        beside as f64 >= alone as f64 * 0.95,
        "{beside} beside the sick one, {alone} alone"
    );
    assert_eq!(
        way.outbox.number(SICK).await.unwrap().backlog,
        500,
        "none is lost"
    );
    way.graph.clear_faults();
    eventually(
        Duration::from_secs(90),
        "the sick one recovers",
        async || way.outbox.number(SICK).await.is_ok_and(|n| n.backlog == 0),
    )
    .await;
    let states = way.states().await;
    assert!(
        states
            .values()
            .all(|state| state.as_deref() != Some("dead")),
        "no attempt was spent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_his_limit_delays_only_himself_and_meta_never_has_to_say_so() {
    let stage = hasty(Stage::new().await)
        .with("limits.pair_interval", "500ms")
        .with("limits.pair_burst", "5");
    let way = Outbound::on(stage).await;
    way.graph.set_limits(Some(Limits {
        pair: Some(PairRate {
            every: Duration::from_millis(500),
            burst: 5,
            repaid: true,
        }),
        ..Limits::default()
    }));
    let _worker = way.stage.services.worker_process().await;
    let _dispatchers = [
        way.stage.services.dispatcher_process().await,
        way.stage.services.dispatcher_process().await,
    ];
    let chatty: Vec<Draft> = (0..15).map(|_| Draft::new(WELL, "+491700000000")).collect();
    let to_one = way.post(&chatty).await;
    let to_many = way.post(&crowd(WELL, 300)).await;
    way.settled(SOON).await;
    way.are_in_order(&to_one);
    let taken = way.taken();
    let at = |posted: &waypost_chaos::Posted| taken[&posted.id][0].since_start;
    let first = at(&to_one[0]);
    let others = to_many.iter().map(at).max().unwrap();
    // Fifteen are three bursts of five, each paid back in two and a half seconds.
    assert!(at(&to_one[14]) - first >= Duration::from_millis(4_900));
    assert!(
        others.saturating_sub(first) < Duration::from_millis(4_000),
        "{others:?}"
    );
    let answers = way.graph.answers();
    assert!(
        !answers.keys().any(|answer| answer.contains("131056")),
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_opens_probes_and_closes() {
    let stage = hasty(Stage::new().await)
        .with("breaker.open", "500ms")
        .with("breaker.longest", "1s");
    let way = Outbound::on(stage).await;
    let _worker = way.stage.services.worker_process().await;
    let _dispatcher = way.stage.services.dispatcher_process().await;
    let when = Filter {
        number: Some(SICK.to_owned()),
        ..Filter::default()
    };
    way.graph
        .set_faults(vec![Fault::when(when, Effect::code(131_016))]);
    way.post(&crowd(SICK, 200)).await;
    eventually(SOON, "the breaker opens", async || {
        way.outbox
            .number(SICK)
            .await
            .is_ok_and(|n| n.breaker.is_some())
    })
    .await;
    // What was in flight is answered; from then on only probes go, at most one for each time that it opens.
    eventually(SOON, "nothing is in flight but a probe", async || {
        way.outbox
            .number(SICK)
            .await
            .is_ok_and(|n| n.in_flight <= 1)
    })
    .await;
    let (opened, requests) = (
        way.outbox.stats().await.unwrap().breaker_opened,
        way.graph.requests(),
    );
    way.post(&crowd(WELL, 20)).await;
    eventually(SOON, "several probes fail", async || {
        way.outbox
            .stats()
            .await
            .is_ok_and(|s| s.breaker_opened >= opened + 3)
    })
    .await;
    let probes = way.outbox.stats().await.unwrap().breaker_opened - opened;
    let sent = way.graph.requests() - requests - 20;
    assert!(
        sent <= probes + 1,
        "{sent} requests while it was open, {probes} probes"
    );
    way.graph.clear_faults();
    way.settled(SOON).await;
    assert_eq!(way.outbox.number(SICK).await.unwrap().breaker, None);
    let states = way.states().await;
    let sent = states
        .values()
        .filter(|s| s.as_deref() == Some("sent"))
        .count();
    assert_eq!(sent, 220, "deferred messages spend no attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_number_sends_nothing_and_loses_nothing() {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let _worker = way.stage.services.worker_process().await;
    let _dispatcher = way.stage.services.dispatcher_process().await;
    let when = Filter {
        number: Some(SICK.to_owned()),
        ..Filter::default()
    };
    way.graph
        .set_faults(vec![Fault::when(when, Effect::TokenExpired)]);
    let posted = way.post(&crowd(SICK, 100)).await;
    eventually(SOON, "the number is stopped", async || {
        way.outbox
            .number(SICK)
            .await
            .is_ok_and(|n| n.stopped.is_some() && n.in_flight == 0)
    })
    .await;
    let requests = way.graph.requests();
    way.post(&crowd(SICK, 50)).await;
    // The other number's messages pass by, so time has passed for everyone.
    way.post(&crowd(WELL, 200)).await;
    eventually(SOON, "the other number is done", async || {
        way.outbox.number(WELL).await.is_ok_and(|n| n.backlog == 0)
    })
    .await;
    assert_eq!(
        way.graph.requests(),
        requests + 200,
        "nothing of the stopped number"
    );
    assert_eq!(way.outbox.number(SICK).await.unwrap().backlog, 150);
    way.graph.clear_faults();
    way.outbox.start_number(SICK).await.unwrap();
    way.settled(SOON).await;
    way.are_in_order(&posted);
    let states = way.states().await;
    assert_eq!(states.len(), 350);
    assert!(states.values().all(|s| s.as_deref() == Some("sent")));
}
