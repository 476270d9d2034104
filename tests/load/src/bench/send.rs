//! The send API against the webhook path: the same server, the same durability, one parses and the other verifies.

use anyhow::Result;

use super::Plan;
use super::ingress::saturate;
use super::report::Report;
use super::stack::{KEY, Stack};
use crate::client::{Requests, requests};
use crate::corpus::webhooks;

/// Different requests; they come round again, each time as another message.
const DISTINCT: usize = 20_000;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let webhooks = requests(&webhooks(DISTINCT, 1), "/webhook");
    let sends = sends();
    let (ingress, at) = stack.ingress().await?;
    let send_at = stack.send_at;
    let mut ratios = Vec::new();
    for round in 0..=plan.rounds {
        let webhook = saturate(at, ingress.pid(), &webhooks, plan.seconds).await?;
        stack.empty().await?;
        let send = saturate(send_at, ingress.pid(), &sends, plan.seconds).await?;
        stack.empty().await?;
        println!(
            "send API: {:.0}/s, {:.2} us CPU each; webhook: {:.0}/s, {:.2} us CPU each",
            send.rate, send.cpu_us, webhook.rate, webhook.cpu_us
        );
        if round > 0 {
            ratios.push(send.rate / webhook.rate);
        }
    }
    report.figure("send_api_vs_webhook", ratios);
    ingress.stop().await
}

fn sends() -> Requests {
    (0..DISTINCT)
        .map(|i| {
            let number = 200_000_000_000_000 + i % 4;
            let body = format!(
                r#"{{"from":"{number}","to":"+4915{:08}","type":"text","text":{{"body":"Your parcel {i} is on its way and will be with you tomorrow."}}}}"#,
                i % 5_000
            );
            let head = format!(
                "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), body.as_bytes()].concat()
        })
        .collect()
}
