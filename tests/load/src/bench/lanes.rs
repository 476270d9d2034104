//! What one message costs in the lanes, however many wait and however many conversations there are.
//!
//! One cycle: a message is accepted, the head of some lane is leased and settled. CPU time of Redis and of this process
//! together, since the clock on the wall belongs to whoever else runs here.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use uuid::Uuid;
use waypost_model::{OnUnknown, Priority, Recipient};
use waypost_queue::{
    Acceptor, AcceptorTask, Ending, How, LaneConsumer, LaneReserved, LaneSettings, OutboxSettings,
    Outgoing, Redis, RedisSettings, Signal,
};

use super::Plan;
use super::report::Report;
use super::stack::Stack;
use crate::process::cpu_time;

const NUMBER: &str = "106540352242922";
/// Cycles in one measurement.
const CYCLES: usize = 10_000;
/// Accepted at once while filling.
const AT_ONCE: usize = 1_000;

/// What is in the lanes while cycles run.
#[derive(Clone, Copy)]
struct Filling {
    waiting: usize,
    conversations: usize,
}

const ONE: Filling = Filling {
    waiting: 1,
    conversations: 1,
};

struct Lanes {
    stack: Stack,
    redis: Redis,
    acceptor: Acceptor,
    consumer: LaneConsumer,
    _task: AcceptorTask,
}

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let fillings = [
        ("depth_cost_10k", 10_000, 1_000),
        ("depth_cost_1m", 1_000_000, 1_000),
        ("conversations_cost_100k", 100_000, 100_000),
    ];
    for (name, waiting, conversations) in fillings {
        let full = Lanes::filled(Filling {
            waiting,
            conversations,
        })
        .await?;
        let empty = Lanes::filled(ONE).await?;
        let mut ratios = Vec::new();
        for round in 0..=plan.rounds {
            // In turn, so that a noisy moment weighs on both.
            let (few, many) = (empty.cost().await?, full.cost().await?);
            println!("{name}: {few:.1} us with one waiting, {many:.1} us with {waiting}");
            if round > 0 {
                ratios.push(many / few);
            }
        }
        report.figure(name, ratios);
    }
    Ok(())
}

impl Lanes {
    async fn filled(filling: Filling) -> Result<Self> {
        let stack = Stack::start().await?;
        let redis = Redis::connect(&RedisSettings::for_url(&stack.redis.url())).await?;
        let outbox = OutboxSettings {
            max_backlog: u64::MAX / 2,
            ..OutboxSettings::default()
        };
        let lanes = LaneSettings {
            number_limit: 0.0,
            pair_interval: Duration::ZERO,
            // The pauses between measurements are longer than a dispatcher would ever be silent.
            lease: Duration::from_secs(3600),
            ..LaneSettings::default()
        };
        let (acceptor, task) = Acceptor::start(redis.clone(), &outbox);
        let consumer = LaneConsumer::join(&redis, &outbox, &lanes, 0).await?;
        let all = Self {
            stack,
            redis,
            acceptor,
            consumer,
            _task: task,
        };
        for first in (0..filling.waiting).step_by(AT_ONCE) {
            let end = filling.waiting.min(first + AT_ONCE);
            let messages = (first..end).map(|i| (message(i % filling.conversations), None));
            for answer in all.acceptor.accept_all(messages.collect()).await {
                answer?;
            }
            all.forget_facts().await?;
        }
        Ok(all)
    }

    /// Microseconds of CPU for one cycle.
    async fn cost(&self) -> Result<f64> {
        let server = self.stack.redis.pid().context("Redis")?;
        let ours = std::process::id();
        let before = cpu_time(server)? + cpu_time(ours)?;
        for _ in 0..CYCLES {
            self.cycle().await?;
        }
        let spent = cpu_time(server)? + cpu_time(ours)? - before;
        self.forget_facts().await?;
        Ok(spent.as_secs_f64() * 1e6 / CYCLES as f64)
    }

    async fn cycle(&self) -> Result<()> {
        let LaneReserved::Turns(turns) = self.consumer.reserve(1).await? else {
            anyhow::bail!("nothing may go");
        };
        ensure!(turns.len() == 1, "{} heads", turns.len());
        let mut again = turns[0].outgoing.as_ref().map_err(ToString::to_string);
        let again = again
            .as_mut()
            .map_err(|why| anyhow::anyhow!("{why}"))?
            .clone();
        let ending = Ending {
            turn: &turns[0],
            how: How::Done,
            fact: None,
            signal: Signal::Success,
            slow: None,
            stop: None,
        };
        self.consumer.settle(&[ending]).await?;
        // To the same person, so that as many wait as before.
        let id = Uuid::now_v7();
        self.acceptor.accept(Outgoing { id, ..again }, None).await?;
        Ok(())
    }

    /// Nobody reads them here.
    async fn forget_facts(&self) -> Result<()> {
        let facts = self.redis.keys().facts(0).ready;
        Ok(self.redis.forget(&facts).await?)
    }
}

/// A message to one of many people.
pub(super) fn message(person: usize) -> Outgoing {
    Outgoing {
        id: Uuid::now_v7(),
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: String::new(),
        phone_number_id: NUMBER.to_owned(),
        account: String::new(),
        recipient: Recipient::Phone(format!("4915{person:08}")),
        kind: "text".to_owned(),
        priority: Priority::Normal,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: "bench".to_owned(),
        by_link: false,
        body: Bytes::from_static(
            br#"{"messaging_product":"whatsapp","to":"+491500000000","type":"text","text":{"body":"Your parcel is on its way."}}"#,
        ),
    }
}
