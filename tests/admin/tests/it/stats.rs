//! The figures are right, to the message, after any number of deaths.

use std::time::Duration;

use serde_json::Value;
use waypost_admin_tests::Plane;
use waypost_chaos::{Draft, Load, Outbound, Weather, hasty};
use waypost_e2e::Stage;
use waypost_harness::{eventually, eventually_some};
use waypost_rpc::v1::{Role, WatchStatsRequest};
use waypost_sandbox::graph::{Effect, Fault, Filter};

const STATS: &str = "/api/queue-monitor/stats";
const MESSAGES: u64 = 3_000;
const QUIET: Duration = Duration::from_secs(120);

fn figure(stats: &Value, queue: &str, name: &str) -> u64 {
    let figure = stats[queue][name].as_u64();
    figure.unwrap_or_else(|| panic!("{queue}.{name} in {stats}"))
}

/// Messages both ways while three workers and two dispatchers are killed and started again.
#[tokio::test(flavor = "multi_thread")]
async fn they_are_right_to_the_message_once_all_is_quiet() {
    let stage = hasty(Stage::new().await);
    let mut way = Outbound::on(stage).await;
    let plane = Plane::on(&way.stage.services).await;
    let now_and_then = |probability: f64, what: Effect| {
        Fault::when(
            Filter {
                probability: Some(probability),
                ..Filter::default()
            },
            what,
        )
    };
    way.graph.set_faults(vec![
        now_and_then(0.02, Effect::code(131_026)),
        now_and_then(0.02, Effect::code(131_016)),
        now_and_then(0.01, Effect::ResetAfter),
    ]);
    let services = &way.stage.services;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(services.worker_process().await);
    }
    let mut dispatchers = vec![
        services.dispatcher_process().await,
        services.dispatcher_process().await,
    ];
    let load = Load::start(&way.stage.inbox, vec![way.ingress.client()]);
    let drafts: Vec<_> = (0..MESSAGES)
        .map(|i| Draft::new("200000000000001", &format!("+4915{:08}", i % 300)))
        .collect();
    let killing = async {
        let mut weather = Weather::new();
        for death in 0..12 {
            weather.pass(200, 700).await;
            if death % 2 == 0 {
                let victim = weather.pick(workers.len());
                workers.swap_remove(victim).kill9().await;
                workers.push(services.worker_process().await);
            } else {
                let victim = weather.pick(dispatchers.len());
                dispatchers.swap_remove(victim).kill9().await;
                dispatchers.push(services.dispatcher_process().await);
            }
        }
    };
    let (posted, ()) = tokio::join!(way.post(&drafts), killing);
    let sent = load.stop().await;
    way.settled(QUIET).await;
    eventually(QUIET, "only the living are consumers", async || {
        let stats = plane.http(Role::Viewer, "GET", STATS, None).await.json;
        stats["webhook"]["consumerCount"] == 3 && stats["message"]["consumerCount"] == 2
    })
    .await;

    let stats = plane.http(Role::Viewer, "GET", STATS, None).await.json;
    for queue in ["webhook", "message", "fact"] {
        for name in ["waiting", "active", "delayed"] {
            assert_eq!(figure(&stats, queue, name), 0, "{queue}.{name} of {stats}");
        }
    }
    let dead = way.stage.dead_letters().await.len() as u64;
    assert_eq!(figure(&stats, "webhook", "dead"), dead);
    let states = way.states().await;
    let of = |state: &str| {
        states
            .values()
            .filter(|s| s.as_deref() == Some(state))
            .count() as u64
    };
    assert_eq!(posted.len() as u64, MESSAGES);
    assert_eq!(
        figure(&stats, "message", "completed"),
        of("sent"),
        "{stats}"
    );
    assert_eq!(figure(&stats, "message", "failed"), of("dead"), "{stats}");
    assert_eq!(figure(&stats, "message", "dead"), of("dead"), "{stats}");
    assert_eq!(of("sent") + of("dead"), MESSAGES);
    let numbers = plane
        .http(Role::Viewer, "GET", "/v1/numbers", None)
        .await
        .json;
    let number = &numbers["numbers"][0];
    assert_eq!(number["completed"].as_u64(), Some(of("sent")), "{number}");
    assert_eq!(
        (&number["backlog"], &number["inFlight"]),
        (&0.into(), &0.into()),
        "{number}"
    );
    // What the ingress has answered 200 is what workers have completed, however many of them died with it.
    way.ingress.process.sigterm();
    way.ingress.process.wait().await;
    let log = way.ingress.process.log();
    let webhooks = log.lines().find(|line| line.contains("spooled="));
    let accepted = webhooks.and_then(|line| line.split("accepted=").nth(1)?.split(' ').next());
    let accepted: u64 = accepted.unwrap_or_else(|| panic!("{log}")).parse().unwrap();
    assert_eq!(figure(&stats, "webhook", "completed"), accepted, "{stats}");
    let live = "SELECT count(*) FROM messages WHERE direction = 'in'";
    assert_eq!(way.stage.count(live).await, sent.messages.len() as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_sees_them_move_until_the_drain() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let ingress = stage.services.ingress().await;
    let _worker = stage.services.worker().await;
    let mut viewer = plane.as_role(Role::Viewer).await;
    let request = WatchStatsRequest {
        include_consumers: true,
        ..WatchStatsRequest::default()
    };
    let mut watched = viewer
        .queues
        .watch_stats(request)
        .await
        .unwrap()
        .into_inner();
    let mut look = async || watched.message().await.unwrap().unwrap().stats.unwrap();
    // The worker joins while we are looking already.
    let consumers = eventually_some(Duration::from_secs(20), "the worker is seen", async || {
        let consumers = look().await.webhook.unwrap().consumers;
        (!consumers.is_empty()).then_some(consumers)
    })
    .await;
    assert_eq!(consumers.len(), 1);
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    let mut moved = false;
    for _ in 0..20 {
        let stats = watched.message().await.unwrap().unwrap().stats.unwrap();
        let webhook = stats.webhook.unwrap();
        if webhook.completed > 0 && webhook.last_minute.unwrap().completed_per_second > 0.0 {
            moved = true;
            break;
        }
    }
    assert!(moved, "twenty looks, and nothing moved");
    load.stop().await;
    plane.running.begin_stop();
    while let Ok(Some(_)) = watched.message().await {}
}
