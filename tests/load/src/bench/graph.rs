//! The fake Meta as a program of its own, and dispatchers that send to it.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use bytes::Bytes;
use serde::Deserialize;
use uuid::Uuid;
use waypost_harness::{Client, bin, free_port};
use waypost_model::{OnUnknown, Priority, Recipient};
use waypost_queue::{
    Acceptor, AcceptorTask, Outbox, OutboxSettings, Outgoing, Redis, RedisSettings,
};

use super::stack::{Stack, local};
use crate::process::Program;

pub(super) const NUMBER: &str = "200000000000001";
pub(super) const BODY: &str = r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"+491500000000","type":"text","text":{"body":"Your parcel is on its way and will be with you tomorrow."}}"#;
/// Accepted at once while filling.
const AT_ONCE: usize = 1_000;

pub(super) struct Meta {
    pub(super) program: Program,
    pub(super) at: SocketAddr,
}

impl Meta {
    pub(super) async fn start() -> Result<Self> {
        let at = local(free_port()?);
        let listen = at.to_string();
        let arguments = ["sandbox", "--listen", &listen];
        let mut program = Program::start(&bin("waypost"), &arguments, &[])?;
        program.listening(at).await?;
        Ok(Self { program, at })
    }

    /// Moments at which it took messages, since its start, in order.
    pub(super) async fn taken(&self) -> Result<Vec<Duration>> {
        #[derive(Deserialize)]
        struct Line {
            seq: u64,
            since_start_us: u64,
        }
        let client = Client::new(self.at, "");
        let (mut moments, mut after) = (Vec::new(), 0);
        loop {
            let page = client.get(&format!("/_sandbox/log?after={after}")).await?;
            let before = moments.len();
            for line in page
                .body
                .split(|byte| *byte == b'\n')
                .filter(|l| !l.is_empty())
            {
                let line: Line = serde_json::from_slice(line)?;
                after = line.seq;
                moments.push(Duration::from_micros(line.since_start_us));
            }
            if moments.len() == before {
                moments.sort_unstable();
                return Ok(moments);
            }
        }
    }
}

/// Lanes to be emptied by dispatchers.
pub(super) struct Lanes {
    pub(super) outbox: Outbox,
    acceptor: Acceptor,
    redis: Redis,
    _task: AcceptorTask,
}

impl Lanes {
    pub(super) async fn on(stack: &Stack) -> Result<Self> {
        let redis = Redis::connect(&RedisSettings::for_url(&stack.redis.url())).await?;
        let settings = OutboxSettings {
            max_backlog: u64::MAX / 2,
            ..OutboxSettings::default()
        };
        let (acceptor, task) = Acceptor::start(redis.clone(), &settings);
        Ok(Self {
            outbox: Outbox::new(&redis, &settings),
            acceptor,
            redis,
            _task: task,
        })
    }

    /// Each to another person, so that nothing but the dispatcher decides how many go at once.
    pub(super) async fn fill(&self, count: usize) -> Result<()> {
        for first in (0..count).step_by(AT_ONCE) {
            let people = first..count.min(first + AT_ONCE);
            let messages = people.map(|person| (message(person), None)).collect();
            for answer in self.acceptor.accept_all(messages).await {
                answer?;
            }
        }
        // Nobody reads the facts here.
        self.redis.forget(&self.redis.keys().facts(0).ready).await?;
        Ok(())
    }
}

/// Starts a dispatcher with these settings beside the usual ones.
pub(super) async fn dispatcher(
    stack: &Stack,
    meta: &Meta,
    settings: &[(&str, &str)],
) -> Result<Program> {
    let admin = local(free_port()?);
    let usual = [
        ("WAYPOST_REDIS_URL", stack.redis.url()),
        ("WAYPOST_GRAPH_URL", format!("http://{}", meta.at)),
        ("WHATSAPP_API_TOKEN", "bench".to_owned()),
        ("WAYPOST_ADMIN_LISTEN", admin.to_string()),
        ("WAYPOST_LIMITS_PAIR_INTERVAL", "0s".to_owned()),
    ];
    let mut program = Program::start_with(&bin("waypost-dispatcher"), &[], &usual, settings)?;
    program.listening(admin).await.context("the dispatcher")?;
    Ok(program)
}

fn message(person: usize) -> Outgoing {
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
        body: Bytes::from_static(BODY.as_bytes()),
    }
}
