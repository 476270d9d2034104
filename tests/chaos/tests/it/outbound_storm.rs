//! Everything at once: ten thousand messages, every fault that Meta knows, and a dispatcher killed every second.

use std::collections::BTreeMap;
use std::time::Duration;

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
        now_and_then(0.0005, Effect::TokenExpired),
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
const ECHOES: &str =
    "SELECT message_id::text, (extract(epoch FROM min(received_at)) * 1000)::bigint
    FROM message_statuses WHERE message_id IS NOT NULL GROUP BY 1";

/// Until when an echo had time, where policy then decided to send again: four seconds, see `hasty`.
const DEADLINES: &str =
    "SELECT message_id::text, (extract(epoch FROM max(a.finished_at)) * 1000)::bigint + 4000
    FROM message_steps s JOIN message_attempts a USING (message_id, attempt)
    WHERE s.state = 'retrying' AND a.verdict = 'unknown' GROUP BY 1";

/// All that is known of a message, for whoever has to find out what went wrong.
const STORY: &str = "SELECT line FROM (
    SELECT concat_ws(' ', at, 'step', attempt, state, error_message) FROM message_steps WHERE message_id = '$1'
    UNION ALL SELECT concat_ws(' ', finished_at, 'attempt', attempt, verdict, http_status, error_message, started_at)
        FROM message_attempts WHERE message_id = '$1'
    UNION ALL SELECT concat_ws(' ', received_at, 'status', status, created_at)
        FROM message_statuses WHERE message_id = '$1') AS lines (line) ORDER BY 1";

/// Starts a number again whenever its token has expired.
async fn operator(way: &Outbound) {
    loop {
        for number in NUMBERS {
            // Redis does not go away in this storm; if it did, there would be another round.
            if way
                .outbox
                .number(number)
                .await
                .is_ok_and(|n| n.stopped.is_some())
            {
                let _ = way.outbox.start_number(number).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn moments(way: &Outbound, query: &str) -> BTreeMap<String, i64> {
    let rows = way.stage.query(query).await;
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
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
    let passed = async {
        let done = tokio::join!(posting, killing);
        way.settled(PASSED).await;
        done
    };
    let (posted, deaths) = tokio::select! {
        done = passed => done,
        () = operator(&way) => unreachable!("an operator never rests"),
    };

    way.are_in_order(&posted);
    let (taken, states) = (way.taken(), way.states().await);
    let echoes = moments(&way, ECHOES).await;
    let deadlines = moments(&way, DEADLINES).await;
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
            let id = message.id.to_string();
            let deadline = deadlines.get(&id).copied();
            let echoed = echoes.get(&id).copied();
            if deadline.is_none() || echoed.is_some_and(|echo| Some(echo) < deadline) {
                let story = way.stage.texts(&STORY.replace("$1", &id)).await;
                panic!("sent again although its echo had come in time, {copies:?}: {story:#?}");
            }
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
