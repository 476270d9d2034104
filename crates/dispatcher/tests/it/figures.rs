//! What `/metrics` says after a run.

use tempfile::TempDir;
use waypost_harness::eventually;
use waypost_model::SendState;
use waypost_sandbox::GraphSettings;
use waypost_sandbox::graph::{Effect, Fault, Filter};

use crate::common::{NUMBER, SOON, Stage, graph, message};
use crate::numbers::write;

/// The value of a series, by its name and labels as they are written.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

fn first(what: Effect) -> Fault {
    let when = Filter {
        first: Some(1),
        ..Filter::default()
    };
    Fault::when(when, what)
}

#[tokio::test]
async fn a_run_shows_in_the_metrics() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(vec![
        first(Effect::code(131_016)),
        first(Effect::code(131_047)),
        first(Effect::code(987_654)),
    ]);
    let dir = TempDir::new().unwrap();
    let file = write(&dir, "account = \"102290129340398\"");
    let stage = Stage::at(graph.url())
        .await
        .with_numbers(&file)
        .with("limits.number", "10")
        .with("limits.account", "10")
        .with("limits.pair_interval", "1s")
        .with("limits.pair_burst", "1");
    let program = stage.program().await;
    eventually(SOON, "the account is known", async || {
        stage.outbox.number(NUMBER).await.unwrap().account.is_some()
    })
    .await;
    stage.put_crowd(8).await;
    for _ in 0..2 {
        stage.put(message("4915999999")).await;
    }
    stage.drained().await;

    let text = program.metrics().await;
    let attempts =
        |class| format!("waypost_attempts_total{{class=\"{class}\",number=\"{NUMBER}\"}}");
    let counted = [
        (attempts("done"), 8.0),
        (attempts("retry"), 1.0),
        (attempts("never"), 2.0),
        (attempts("unknown"), 0.0),
        (
            "waypost_attempt_errors_total{code=\"131016\"}".to_owned(),
            1.0,
        ),
        (
            "waypost_attempt_errors_total{code=\"131047\"}".to_owned(),
            1.0,
        ),
        (
            "waypost_attempt_errors_total{code=\"other\"}".to_owned(),
            1.0,
        ),
        ("waypost_attempt_duration_seconds_count".to_owned(), 11.0),
        ("waypost_sent_latency_seconds_count".to_owned(), 8.0),
        ("waypost_retries_total{class=\"retry\"}".to_owned(), 1.0),
        (
            "waypost_dead_letters_total{class=\"rejected\"}".to_owned(),
            2.0,
        ),
        (
            "waypost_dead_letters_total{class=\"expired\"}".to_owned(),
            0.0,
        ),
    ];
    for (series, expected) in counted {
        assert_eq!(value(&text, &series), Some(expected), "{series} in\n{text}");
    }
    for limit in ["number", "pair", "account"] {
        let series = format!("waypost_limiter_waits_total{{limit=\"{limit}\"}}");
        assert!(value(&text, &series) >= Some(1.0), "{series} in\n{text}");
    }
    assert!(!text.contains("4915"), "a person in\n{text}");

    let rate = format!("waypost_limiter_rate{{number=\"{NUMBER}\"}}");
    let breaker = format!("waypost_breaker_state{{number=\"{NUMBER}\"}}");
    let shows = async |series: &str, expected: f64| {
        let what = format!("{series} is {expected}");
        eventually(SOON, &what, async || {
            value(&program.metrics().await, series) == Some(expected)
        })
        .await;
    };
    shows(&rate, 10.0).await;
    shows(&breaker, 0.0).await;
    shows("waypost_numbers_stopped", 0.0).await;

    graph.set_faults(vec![Fault::always(Effect::TokenExpired)]);
    let id = stage.put(message("4915000777")).await;
    stage.reaches(id, SendState::Retrying).await;
    shows("waypost_numbers_stopped", 1.0).await;
    shows("waypost_retries_total{class=\"stop_number\"}", 1.0).await;
    program.stop().await;
}
