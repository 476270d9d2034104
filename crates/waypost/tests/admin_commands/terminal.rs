//! What only happens on a terminal: questions, colours, drawing in place.

use std::net::TcpListener;

use tokio::runtime::Runtime;
use waypost_harness::eventually;

use crate::canned::Canned;
use crate::program::{Desk, SOON};

#[tokio::test]
async fn before_what_cannot_be_taken_back_it_asks() {
    let desk = Desk::new().await;
    for (typed, code, calls, words) in [
        ("no\n", 5, 1, "nothing was done"),
        ("yes\n", 0, 3, "Threw away 5 webhooks"),
    ] {
        let mut terminal = desk.on_terminal(&["clear"], 40);
        terminal
            .shows("and 1,200 messages. What comes in from now on stays. Type yes to go on:")
            .await;
        terminal.types(typed);
        assert_eq!(terminal.ends().await, Some(code), "{}", terminal.shown());
        terminal.shows(words).await;
        assert_eq!(desk.server.calls().len(), calls);
    }
}

#[tokio::test]
async fn figures_are_drawn_in_place_until_ctrl_c_and_then_stay() {
    let desk = Desk::new().await;
    let mut terminal = desk.on_terminal(&["stats", "--watch", "--interval", "20ms"], 40);
    // The third drawing has gone to the first line thrice.
    terminal.shows("Ctrl-C ends this.").await;
    eventually(SOON, "three drawings", async || {
        terminal.shown().matches("\u{1b}[H").count() >= 3
    })
    .await;
    terminal.interrupt();
    assert_eq!(terminal.ends().await, Some(0));
    terminal.shows("\u{1b}[?25h\u{1b}[?1049l").await;
    let shown = terminal.shown();
    let (_, after) = shown.rsplit_once("\u{1b}[?1049l").unwrap();
    assert!(
        after.contains("Waypost at") && after.contains("1,543"),
        "{after}"
    );
    assert!(
        shown.contains("\u{1b}[1;31m"),
        "dead letters are red: {shown}"
    );
}

#[tokio::test]
async fn a_drawing_is_no_taller_than_the_terminal() {
    let desk = Desk::new().await;
    let mut terminal = desk.on_terminal(&["stats", "--watch"], 10);
    terminal.shows("Ctrl-C ends this.").await;
    let shown = terminal.shown();
    let drawing = shown.split("\u{1b}[H").nth(1).unwrap();
    assert!(drawing.matches('\n').count() < 10, "{drawing:?}");
    terminal.interrupt();
    assert_eq!(terminal.ends().await, Some(0));
}

#[tokio::test]
async fn a_watch_waits_for_a_monitor_that_restarts() {
    let mut desk = Desk::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    desk.address = listener.local_addr().unwrap();
    let first = serve(listener);
    let mut terminal = desk.on_terminal(&["stats", "--watch", "--interval", "20ms"], 40);
    terminal.shows("Ctrl-C ends this.").await;
    first.shutdown_background();
    terminal.shows("Trying again:").await;
    let drawings = || terminal.shown().matches("Ctrl-C ends this.").count();
    let before = drawings();
    let second = serve(TcpListener::bind(desk.address).unwrap());
    eventually(SOON, "it is back", async || drawings() > before).await;
    terminal.interrupt();
    assert_eq!(terminal.ends().await, Some(0));
    second.shutdown_background();
}

/// A server whose connections end with it: they live in a runtime of its own.
fn serve(listener: TcpListener) -> Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        Canned::default().serve(listener, None).await;
    });
    runtime
}
