//! An outbox of its own, and short words for what tests do with it.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use uuid::Uuid;
use waypost_harness::TestRedis;
use waypost_model::{DeadClass, OnUnknown, Priority, Recipient, SendState};
use waypost_queue::{
    Accepted, Acceptor, AcceptorTask, Cause, Consumer, Ending, Fact, How, InboxSettings, Kind,
    LaneConsumer, LaneReserved, LaneSettings, Outbox, OutboxSettings, OutboxStats, Outgoing,
    Progress, Redis, RedisSettings, Reserved, Settle, Settlement, Signal, Slow, Turn,
};

pub(crate) const NUMBER: &str = "106540352242922";

pub(crate) struct Lanes {
    pub(crate) redis: Redis,
    pub(crate) url: String,
    pub(crate) outbox: Outbox,
    pub(crate) acceptor: Acceptor,
    pub(crate) settings: OutboxSettings,
    pub(crate) lanes: LaneSettings,
    /// Dropping it ends the acceptor.
    _task: AcceptorTask,
}

/// Nothing limits anything.
pub(crate) fn free() -> LaneSettings {
    LaneSettings {
        number_limit: 0.0,
        pair_interval: Duration::ZERO,
        ..LaneSettings::default()
    }
}

pub(crate) async fn lanes(lanes: LaneSettings) -> Lanes {
    let TestRedis { url, prefix, .. } = &waypost_harness::redis().await;
    lanes_at(url, prefix, lanes, OutboxSettings::default()).await
}

/// Several partitions, and nothing limits anything.
pub(crate) async fn parted(partitions: u16) -> Lanes {
    let TestRedis { url, prefix, .. } = &waypost_harness::redis().await;
    let settings = OutboxSettings {
        partitions,
        ..OutboxSettings::default()
    };
    lanes_at(url, prefix, free(), settings).await
}

pub(crate) async fn lanes_at(
    url: &str,
    prefix: &str,
    lanes: LaneSettings,
    settings: OutboxSettings,
) -> Lanes {
    let redis = RedisSettings::for_url(url).with_prefix(prefix);
    let redis = Redis::connect(&redis).await.unwrap();
    let (acceptor, task) = Acceptor::start(redis.clone(), &settings);
    Lanes {
        outbox: Outbox::new(&redis, &settings),
        acceptor,
        redis,
        url: url.to_owned(),
        settings,
        lanes,
        _task: task,
    }
}

pub(crate) fn message(number: &str, phone: &str) -> Outgoing {
    Outgoing {
        id: Uuid::now_v7(),
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: String::new(),
        phone_number_id: number.to_owned(),
        account: String::new(),
        recipient: Recipient::Phone(phone.to_owned()),
        kind: "text".to_owned(),
        priority: Priority::Normal,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: "test".to_owned(),
        by_link: false,
        body: Bytes::from_static(b"{\"type\":\"text\"}"),
    }
}

impl Lanes {
    pub(crate) async fn put(&self, outgoing: Outgoing) -> Uuid {
        match self.acceptor.accept(outgoing, None).await.unwrap() {
            Accepted::New { id, .. } | Accepted::Known { id } => id,
        }
    }

    /// So many messages to one person, in order.
    pub(crate) async fn put_many(&self, number: &str, phone: &str, count: usize) -> Vec<Uuid> {
        let all: Vec<_> = (0..count).map(|_| (message(number, phone), None)).collect();
        let ids = all.iter().map(|(outgoing, _)| outgoing.id).collect();
        for answer in self.acceptor.accept_all(all).await {
            answer.unwrap();
        }
        ids
    }

    pub(crate) async fn dispatcher(&self) -> LaneConsumer {
        self.dispatcher_of(0).await
    }

    pub(crate) async fn dispatcher_of(&self, partition: u16) -> LaneConsumer {
        LaneConsumer::join(&self.redis, &self.settings, &self.lanes, partition)
            .await
            .unwrap()
    }

    pub(crate) async fn stats(&self) -> OutboxStats {
        self.outbox.stats().await.unwrap()
    }

    /// To do what nobody does but by hand.
    pub(crate) async fn command(&self, name: &str, key: &str, arguments: &[&str]) {
        let client = redis::Client::open(&*self.url).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(name);
        command.arg(self.redis.keys().lanes(0).key(key));
        command.arg(arguments);
        command.exec_async(&mut connection).await.unwrap();
    }

    /// Every fact told so far, oldest first, and out of the way.
    pub(crate) async fn facts(&self) -> Vec<Fact> {
        let consumer = Consumer::join_facts(&self.redis, &InboxSettings::default(), 0)
            .await
            .unwrap();
        let mut facts = Vec::new();
        while let Reserved::Batch(batch) = consumer.reserve(1000, 1 << 20).await.unwrap() {
            for entry in &batch.entries {
                let envelope = entry.envelope.as_ref().unwrap();
                if envelope.kind == Kind::Fact {
                    facts.push(Fact::from_envelope(envelope).unwrap());
                }
            }
            consumer.settle(&batch, &Settlement::new()).await.unwrap();
        }
        facts
    }
}

/// What may go now.
pub(crate) async fn take(dispatcher: &LaneConsumer, most: usize) -> Vec<Turn> {
    match dispatcher.reserve(most).await.unwrap() {
        LaneReserved::Turns(turns) => turns,
        LaneReserved::Empty(_) => Vec::new(),
        LaneReserved::Paused => panic!("paused"),
    }
}

/// Waits until something may go.
pub(crate) async fn await_turns(dispatcher: &LaneConsumer, most: usize) -> Vec<Turn> {
    let mut waiter = dispatcher.waiter();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        assert!(tokio::time::Instant::now() < deadline, "nothing may go");
        dispatcher.heartbeat().await.unwrap();
        match dispatcher.reserve(most).await.unwrap() {
            LaneReserved::Turns(turns) => return turns,
            LaneReserved::Empty(due) => waiter.wait(due).await.unwrap(),
            LaneReserved::Paused => panic!("paused"),
        }
    }
}

pub(crate) fn ids(turns: &[Turn]) -> Vec<Uuid> {
    turns.iter().map(Turn::id).collect()
}

pub(crate) fn ending(turn: &Turn, how: How) -> Ending<'_> {
    Ending {
        turn,
        how,
        fact: None,
        signal: Signal::Success,
        slow: None,
        stop: None,
    }
}

pub(crate) async fn end(dispatcher: &LaneConsumer, turn: &Turn, how: How) -> Settle {
    dispatcher.settle(&[ending(turn, how)]).await.unwrap()[0]
}

pub(crate) async fn done(dispatcher: &LaneConsumer, turns: &[Turn]) {
    let endings: Vec<_> = turns.iter().map(|turn| ending(turn, How::Done)).collect();
    for settled in dispatcher.settle(&endings).await.unwrap() {
        assert_eq!(settled, Settle::Done);
    }
}

pub(crate) async fn slow(dispatcher: &LaneConsumer, turn: &Turn, slow: Slow) {
    let ending = Ending {
        slow: Some(slow),
        ..ending(turn, later(0))
    };
    dispatcher.settle(&[ending]).await.unwrap();
}

pub(crate) fn later(ms: u64) -> How {
    How::Later {
        delay: Duration::from_millis(ms),
        progress: Progress::default(),
    }
}

pub(crate) fn unknown(wait_ms: Option<u64>) -> How {
    How::Park {
        wait: wait_ms.map(Duration::from_millis),
        progress: Progress {
            attempts: 1,
            made: 1,
            unknown: true,
            ..Progress::default()
        },
    }
}

pub(crate) fn bury(class: DeadClass, unknown: bool) -> How {
    How::Bury {
        class,
        reason: "because".to_owned(),
        progress: Progress {
            attempts: 2,
            made: 2,
            unknown,
            ..Progress::default()
        },
    }
}

pub(crate) fn sent(id: Uuid) -> Fact {
    Fact::change(id, NUMBER, SendState::Sent)
}

pub(crate) fn causes(turns: &[Turn]) -> Vec<Cause> {
    turns.iter().map(|turn| turn.cause).collect()
}

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{what} did not come"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
