//! With nothing sampled, a message that goes well leaves no span, and one that does not leaves those that tell why.

use std::collections::BTreeSet;

use bytes::Bytes;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::otlp::Receiver;
use waypost_harness::{eventually, eventually_some};
use waypost_sandbox::graph::{Effect, Fault, Filter};

use crate::SOON;
use crate::system::{System, told_to, trace_of, tree};

/// The third attempt at a webhook with half a character in it is the last. Its first span is gone: it went well. So is the batch of
/// the first attempt, since nothing in it was to be kept when it began.
const POISON: &str = "\
inbox process [worker consumer] error
  inbox process [worker consumer] error -> inbox batch
    inbox process [worker consumer] error -> inbox batch
";

/// What Meta refuses for good. What follows the failure is kept too.
const REFUSED: &str = "\
outbox process [dispatcher consumer] #1 error
  POST /{number}/messages [dispatcher client] error
  facts process [worker consumer] -> facts batch
    event publish [worker producer] -> events publish
      realtime push [realtime consumer]
    persist [worker client] -> persist batch
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_is_kept_and_nothing_else() {
    let collector = Receiver::grpc();
    let stage = told_to(Stage::new().await, collector.address());
    let system = System::start(stage.with("telemetry.sample_ratio", "0.0")).await;
    let page = system.page().await;
    let client = system.ingress.client();
    let one = |wamid: &str| messages(&[text(wamid, Some("15551000001"), None, NOON, "Hello")]);
    let good = system.webhook(&client, one("wamid.GOOD")).await;
    let well = system.send("4915000000001", "Hello", &[]).await;
    system.reaches(well, "sent").await;
    let half = String::from_utf8(one("wamid.POISON").to_vec()).unwrap();
    let half = half.replace("Hello", r"half \ud83d");
    let poison = system.webhook(&client, Bytes::from(half)).await;
    let filter = Filter {
        recipient: Some("4915000000002".to_owned()),
        ..Filter::default()
    };
    system
        .graph
        .set_faults(vec![Fault::when(filter, Effect::code(131_026))]);
    let refused = system.send("4915000000002", "Hello", &[]).await;
    system.reaches(refused, "dead").await;
    eventually_some(SOON, "the poison is given up", async || {
        system.site.stage.dead_letters().await.pop()
    })
    .await;
    // A message that came in, and two sent with a step each.
    eventually(SOON, "the page has heard of it all", async || {
        page.look(|record| record.distinct()) == 1 + 2 + 2
    })
    .await;
    // With their last words nothing is on its way any more.
    system.stop().await;

    let spans = collector.spans();
    assert_eq!(below_none(&tree(&spans, &trace_of(poison))), POISON);
    assert_eq!(below_none(&tree(&spans, &trace_of(refused))), REFUSED);
    for id in [good, well] {
        assert_eq!(tree(&spans, &trace_of(id)), "");
        let id = id.to_string();
        let named = spans.iter();
        let named = named.filter(|span| span.attribute("messaging.message.id") == id);
        assert_eq!(named.count(), 0, "a span elsewhere tells of what went well");
    }
    // All else are batches, and each leads to what was kept.
    let kept = BTreeSet::from([trace_of(poison), trace_of(refused)]);
    for root in &spans {
        if root.parent.is_empty() && !kept.contains(&root.trace) {
            let links = root.links.iter().map(|link| link.trace.clone());
            let links: BTreeSet<String> = links.collect();
            assert!(
                !links.is_empty() && links.is_subset(&kept),
                "{} -> {links:?}",
                root.name
            );
        }
    }
}

/// A tree whose root stands below a span that was not kept.
fn below_none(tree: &str) -> &str {
    let (above, tree) = tree.split_once(": ").unwrap_or(("", tree));
    assert!(above.starts_with("below "), "{tree}");
    tree
}
