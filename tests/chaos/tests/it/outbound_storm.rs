//! Everything at once: ten thousand messages, every fault that Meta knows, and a dispatcher killed every second.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use waypost_chaos::{Draft, Outbound, Weather, hasty};
use waypost_e2e::Stage;
use waypost_model::{OnUnknown, Priority};
use waypost_sandbox::graph::{Effect, Fault, Filter};

const MESSAGES: usize = 10_000;
const PEOPLE: usize = 500;
const NUMBERS: [&str; 4] = [
    "200000000000001",
    "200000000000002",
    "200000000000003",
    "200000000000004",
];
/// How long the storm may take to pass.
const PASSED: Duration = Duration::from_secs(240);

/// Each fault with its chance. What makes a message fail for good is rare, so that most arrive.
fn faults() -> Vec<Fault> {
    let now_and_then = |probability: f64, what: Effect| {
        let when = Filter {
            probability: Some(probability),
            ..Filter::default()
        };
        Fault::when(when, what)
    };
    vec![
        now_and_then(0.010, Effect::ResetBefore),
        now_and_then(0.010, Effect::ResetAfter),
        now_and_then(0.004, Effect::ResetAfter).silent(),
        now_and_then(0.005, Effect::TruncatedAnswer),
        now_and_then(0.003, Effect::HangAfterAccept),
        now_and_then(0.010, Effect::ServerError(502)),
        now_and_then(0.010, Effect::Slow(Duration::from_millis(300))),
        now_and_then(0.005, Effect::Bare429 { retry_after: None }),
        now_and_then(0.005, Effect::code(130_429)),
        now_and_then(0.010, Effect::code(131_056)),
        now_and_then(0.003, Effect::code(80_007)),
        now_and_then(0.010, Effect::code(131_000)),
        now_and_then(0.010, Effect::code(131_016)),
        now_and_then(0.005, Effect::code(2)),
        now_and_then(0.005, Effect::code(131_026)),
        now_and_then(0.003, Effect::code(131_047)),
    ]
}

fn drafts() -> Vec<Draft> {
    (0..MESSAGES)
        .map(|i| {
            let person = (i * 7) % PEOPLE;
            Draft {
                priority: Priority::ALL[(i / 3) % 3],
                on_unknown: [OnUnknown::Fail, OnUnknown::Resend][(i / PEOPLE) % 2],
                ..Draft::new(NUMBERS[person % 4], &format!("+4915{person:08}"))
            }
        })
        .collect()
}

/// When the first status of each message came in, in milliseconds since 1970.
async fn first_echoes(way: &Outbound) -> BTreeMap<String, i64> {
    let query = "SELECT message_id::text, (extract(epoch FROM min(received_at)) * 1000)::bigint
                 FROM message_statuses WHERE message_id IS NOT NULL GROUP BY 1";
    let rows = way.stage.query(query).await;
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn millis(at: SystemTime) -> i64 {
    i64::try_from(at.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_reach_an_end_in_order_and_none_is_sent_twice() {
    let way = Outbound::with(hasty(Stage::new().await), |webhooks| webhooks.rough()).await;
    way.graph.set_faults(faults());
    let _workers = [
        way.stage.services.worker_process().await,
        way.stage.services.worker_process().await,
    ];
    let mut dispatchers = Vec::new();
    for _ in 0..3 {
        dispatchers.push(way.stage.services.dispatcher_process().await);
    }
    let posting = async { way.post(&drafts()).await };
    let killing = async {
        let (mut weather, mut deaths) = (Weather::new(), 0);
        while deaths < 10 || way.graph.accepted_count() < MESSAGES as u64 * 8 / 10 {
            weather.pass(600, 1_000).await;
            let victim = weather.pick(dispatchers.len());
            dispatchers.swap_remove(victim).kill9().await;
            deaths += 1;
            dispatchers.push(way.stage.services.dispatcher_process().await);
            assert!(deaths < 200, "nothing gets through");
        }
        deaths
    };
    let (posted, deaths) = tokio::join!(posting, killing);
    way.settled(PASSED).await;

    way.are_in_order(&posted);
    let (taken, states) = (way.taken(), way.states().await);
    let echoes = first_echoes(&way).await;
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &posted {
        let copies = taken.get(&message.id).map_or(&[][..], Vec::as_slice);
        let state = states.get(&message.id.to_string());
        let state = state.and_then(Option::as_deref).unwrap_or("missing");
        *ends.entry(state).or_default() += 1;
        assert!(matches!(state, "sent" | "dead"), "{state}");
        if state == "sent" {
            assert!(!copies.is_empty(), "sent, and Meta knows nothing of it");
        }
        if copies.len() > 1 {
            assert_eq!(message.draft.on_unknown, OnUnknown::Resend);
            let echo = echoes.get(&message.id.to_string()).copied();
            let again = millis(copies[1].at);
            assert!(
                echo.is_none_or(|at| at > again),
                "sent again although its echo had come"
            );
        }
    }
    eprintln!(
        "{deaths} deaths; {ends:?}; answers {:?}",
        way.graph.answers()
    );
    assert_eq!(posted.len(), MESSAGES);
    assert!(ends["sent"] > MESSAGES * 9 / 10, "{ends:?}");
    // A replaced history is no history: every attempt that Meta answered has its row.
    let attempts = way
        .stage
        .count("SELECT count(*) FROM message_attempts")
        .await;
    assert!(attempts as usize >= ends["sent"], "{attempts} attempts");
}
