//! Clients that stop reading: they slow nobody, are let go, and miss nothing when they come back.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use waypost_harness::eventually;
use waypost_queue::Position;
use waypost_realtime_tests::feed::NUMBERS;
use waypost_realtime_tests::{
    Connection, Follower, Item, Realtime, Record, SOON, Site, Sse, Transport, message, tokens,
};

use crate::{MACHINE, NUMBER};

/// Clients that read.
const HEALTHY: usize = 50;
/// Clients of each kind that do not.
const STUCK: usize = 8;
/// Measured without stuck clients, and with.
const PAIRS: usize = 6;
/// Events that the healthy see in one round.
const EVENTS: usize = 80;
const PACE: Duration = Duration::from_millis(8);
/// Events that may wait for one client.
const QUEUE: usize = 64;
/// What only the stuck ones may see besides, so that the others are not busy with it: enough to fill what the kernel has for a connection.
const BULK: &str = NUMBERS[1];
const BULK_EVENTS: usize = 50;
const BULK_BYTES: usize = 64 << 10;
/// How much longer the slowest hundredth may wait when others are stuck.
const SHARE: f64 = 1.2;
/// And this besides: on two busy cores, a debug build answers in a millisecond or in three for no reason of ours, and a fifth of that is no
/// measure. A service that waits for a stuck client waits for seconds.
const ALLOWANCE: Duration = Duration::from_millis(4);

/// What stuck clients may cost in memory, all together, at most: their queues share the events with everybody.
const MOST_MEMORY: u64 = 48 << 20;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Clients that read, and how long events took to each.
struct Healthy {
    delays: Arc<Mutex<Vec<Duration>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Healthy {
    async fn listen(realtime: &Realtime) -> Self {
        let delays: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let clients = (0..HEALTHY).map(|_| async {
            // Each is a user with a token of his own.
            let dial = realtime.dial(tokens::of_numbers(&[NUMBER]));
            let mut sse = Sse::connect(&dial).await.unwrap();
            assert!(matches!(sse.next().await, Some(Item::Position(_))));
            sse
        });
        let clients = join_all(clients).await.into_iter();
        let tasks = clients.map(|sse| tokio::spawn(note(sse, Arc::clone(&delays))));
        let tasks = tasks.collect();
        Self { delays, tasks }
    }

    /// Events at a pace, for the healthy and the stuck; the delay that one in a hundred exceeds.
    async fn round(&self, site: &Site, name: &str) -> Duration {
        self.delays.lock().unwrap().clear();
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for at in 0..EVENTS {
            pace.tick().await;
            let wamid = format!("wamid.{name}.{at}");
            let sent = u64::try_from(BEGAN.elapsed().as_micros()).unwrap();
            let here = message(NUMBER, &wamid, json!({"sent_us": sent}));
            site.stream
                .publish(&[here, message(BULK, &wamid, json!({}))])
                .await;
        }
        let all = HEALTHY * EVENTS;
        eventually(SOON, "all healthy clients have all", async || {
            self.delays.lock().unwrap().len() >= all
        })
        .await;
        assert!(
            self.tasks.iter().all(|task| !task.is_finished()),
            "a healthy client was let go"
        );
        let mut delays = std::mem::take(&mut *self.delays.lock().unwrap());
        delays.sort_unstable();
        delays[delays.len() * 99 / 100]
    }
}

/// Reads as long as anything comes.
async fn note(mut sse: Sse, delays: Arc<Mutex<Vec<Duration>>>) {
    while let Some(item) = sse.next().await {
        let Item::Event(event) = item else { continue };
        let sent = event.data["sent_us"].as_u64().unwrap();
        let delay = BEGAN.elapsed() - Duration::from_micros(sent);
        delays.lock().unwrap().push(delay);
    }
}

impl Drop for Healthy {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|task| task.abort());
    }
}

/// A client that does not read.
struct Stuck {
    transport: Transport,
    token: String,
    connection: Connection,
    position: Position,
}

impl Stuck {
    async fn connect(realtime: &Realtime, transport: Transport) -> Self {
        let token = tokens::of_numbers(&[NUMBER, BULK]);
        let dial = realtime.dial(&token).with_little_room();
        let mut connection = transport.connect(&dial).await.unwrap();
        let Item::Position(position) = connection.soon().await else {
            panic!("where does it stand?")
        };
        Self {
            transport,
            token,
            connection,
            position,
        }
    }

    /// Some of each kind; what they are sent does not fit into what the kernel has for them.
    async fn crowd(site: &Site, realtime: &Realtime, name: &str) -> Vec<Self> {
        let all = Transport::BOTH.into_iter().cycle().take(2 * STUCK);
        let all = join_all(all.map(|transport| Self::connect(realtime, transport))).await;
        bulk(site, name).await;
        all
    }

    /// Reads what was sent before it was let go, up to the end, which must have been announced.
    async fn read_on(mut self) -> (Transport, String, Record) {
        let mut record = Record {
            connects: 1,
            position: Some(self.position),
            ..Record::default()
        };
        let reading = timeout(SOON * 2, async {
            while let Some(item) = self.connection.next().await {
                record.take(item);
            }
        });
        reading.await.expect("whoever was stuck is let go");
        let reasons: Vec<_> = record.byes.iter().map(|bye| &*bye.reason).collect();
        assert_eq!(
            reasons,
            ["slow"],
            "{:?}, after {} events",
            self.transport,
            record.events.len()
        );
        (self.transport, self.token, record)
    }
}

async fn bulk(site: &Site, name: &str) {
    let filler = "x".repeat(BULK_BYTES);
    for at in 0..BULK_EVENTS {
        let event = message(
            BULK,
            &format!("wamid.{name}.bulk.{at}"),
            json!({"filler": filler}),
        );
        site.stream.publish(&[event]).await;
    }
}

fn best(delays: &[Duration]) -> Duration {
    // What else the machine does makes a round slower, never faster: the best round shows what the service itself takes. Whatever a stuck
    // client costs the others, it costs in every round.
    delays.iter().copied().min().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_slows_nobody() {
    let _machine = MACHINE.write().await;
    let site = Site::new().await.with("realtime.queue", QUEUE.to_string());
    // The second reads the same stream with nobody stuck: what it takes in memory is what the events themselves take.
    let (realtime, idle) = (site.realtime().await, site.realtime().await);
    let healthy = Healthy::listen(&realtime).await;
    healthy.round(&site, "warm").await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (mut stuck, mut most) = (Vec::new(), 0);
    for pair in 0..PAIRS {
        stuck.clear();
        let name = format!("without.{pair}");
        bulk(&site, &name).await;
        without.push(healthy.round(&site, &name).await);
        let name = format!("with.{pair}");
        stuck = Stuck::crowd(&site, &realtime, &name).await;
        with.push(healthy.round(&site, &name).await);
        most = most.max(realtime.resident().saturating_sub(idle.resident()));
    }
    let (alone, beside) = (best(&without), best(&with));
    eprintln!(
        "p99 {alone:?} alone, {beside:?} beside; {} KiB more\n{without:?}\n{with:?}",
        most >> 10
    );
    assert!(
        beside <= alone.mul_f64(SHARE) + ALLOWANCE,
        "one in a hundred took {alone:?} alone and {beside:?} beside stuck clients: {without:?}, {with:?}"
    );
    assert!(most < MOST_MEMORY, "{} KiB for stuck clients", most >> 10);
    come_back(&site, &realtime, stuck).await;
}

/// Each reads on, finds that it was let go, comes back and has it all.
async fn come_back(site: &Site, realtime: &Realtime, stuck: Vec<Stuck>) {
    let start = stuck[0].position;
    let read = join_all(stuck.into_iter().map(Stuck::read_on)).await;
    let told = site.stream.told_after(start).await;
    for (transport, token, record) in read {
        assert!(record.distinct() < told.len(), "it was never stuck");
        let follower = Follower::go_on(transport, realtime.dial(token), record);
        let what = format!("{transport:?} has caught up");
        eventually(SOON, &what, async || {
            follower.look(Record::distinct) >= told.len()
        })
        .await;
        let record = follower.stop();
        record.went_well(&what);
        record.is_whole(&what, &told, |_| true);
    }
}

/// One that never reads again holds nothing for ever: its place goes to somebody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_never_reads_again_loses_his_place() {
    let _machine = MACHINE.read().await;
    let site = Site::new()
        .await
        .with("realtime.queue", QUEUE.to_string())
        .with("realtime.max_per_token", "1")
        .with("realtime.write_timeout", "1s");
    let realtime = site.realtime().await;
    for transport in Transport::BOTH {
        let stuck = Stuck::connect(&realtime, transport).await;
        let dial = realtime.dial(&stuck.token);
        assert!(
            transport.connect(&dial).await.is_err(),
            "two with a token for one"
        );
        for at in 0..3 {
            bulk(&site, &format!("{transport:?}.{at}")).await;
        }
        let what = format!("the place of a stuck {transport:?} is free");
        eventually(SOON, &what, async || transport.connect(&dial).await.is_ok()).await;
        drop(stuck);
    }
}

/// Whoever does not even take a goodbye is not waited for longer than `realtime.drain_deadline`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stuck_client_does_not_hold_up_the_end() {
    let _machine = MACHINE.read().await;
    let site = Site::new()
        .await
        .with("realtime.queue", QUEUE.to_string())
        .with("realtime.drain_deadline", "2s");
    let mut realtime = site.realtime().await;
    let stuck = Stuck::crowd(&site, &realtime, "held").await;
    let mut healthy = Vec::new();
    for transport in Transport::BOTH {
        healthy.push(
            transport
                .connect(&realtime.dial(tokens::of_numbers(&[NUMBER])))
                .await
                .unwrap(),
        );
    }
    let began = Instant::now();
    let ending = async {
        realtime.drain().await;
        began.elapsed()
    };
    let told = async {
        for connection in &mut healthy {
            let news = connection.news().await;
            assert!(
                matches!(&news, Item::Bye(bye) if bye.reason == "draining"),
                "{news:?}"
            );
            assert_eq!(connection.next().await, None);
        }
        began.elapsed()
    };
    let (ended, told) = tokio::join!(ending, told);
    assert!(
        told < Duration::from_secs(2),
        "the others were told after {told:?}"
    );
    assert!(ended < Duration::from_secs(6), "it ended after {ended:?}");
    drop(stuck);
}
