//! Publishes events at a fixed rate, as a worker does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use waypost_model::{EffectKey, Event, EventKind};
use waypost_queue::{EventLog, EventSettings, Redis, RedisSettings};

use super::clients::MARK;
use super::{Load, NUMBER};

/// Between two looks at the clock.
const BEAT: Duration = Duration::from_micros(250);

pub(super) struct Published {
    /// When the first event was due.
    pub(super) first: Duration,
    /// Microseconds from when events were due to when they went to Redis.
    pub(super) late: Histogram<u64>,
}

/// Publishes all events of `load`, on a thread with the system's own clock, because tokio's ticks in milliseconds.
pub(super) async fn publish(redis: String, load: Arc<Load>) -> Result<Published> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let published = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("runtime")
            .and_then(|runtime| runtime.block_on(drive(&redis, &load)));
        // Whatever became of it: clients would wait for more.
        load.published.store(true, Ordering::Release);
        let _ = sender.send(published);
    });
    receiver.await.context("the publisher's thread ended")?
}

async fn drive(redis: &str, load: &Load) -> Result<Published> {
    let redis = Redis::connect(&RedisSettings::for_url(redis)).await?;
    let log = EventLog::new(&redis, &EventSettings::default());
    let first = load.now();
    let due = |event: usize| first + (event as f64 / load.rate * 1e6) as u64;
    let mut late = Histogram::new(3)?;
    let mut next = 0;
    let mut group = Vec::new();
    while next < load.events {
        std::thread::sleep(BEAT);
        let now = load.now();
        while next < load.events && due(next) <= now {
            group.push(event(next)?);
            load.sent[next].store(now, Ordering::Relaxed);
            late.record(now - due(next))?;
            next += 1;
        }
        log.publish(&group).await?;
        group.clear();
    }
    Ok(Published {
        first: Duration::from_micros(first),
        late,
    })
}

/// A message of common length, with the mark that clients look for.
fn event(number: usize) -> Result<Event> {
    let wamid = format!("wamid.{number:052}");
    let text = "Hola, \\u00bfme ayudas con mi pedido? Lo ped\\u00ed el lunes y no ha llegado.";
    let data = format!(
        r#"{{"direction":"in","origin":"live","waba_id":"200000000000001","phone_number_id":"{NUMBER}","wamid":"{wamid}","type":"text","contact_id":"018f0000-0000-7000-8000-000000000001","from":"5215512345678","name":"Ana",{MARK}{number:08}","request_id":"018f0000-0000-7000-8000-000000000002","message":{{"from":"5215512345678","id":"{wamid}","timestamp":"1790000000","type":"text","text":{{"body":"{text}"}}}}}}"#
    );
    let id = EffectKey::message(NUMBER, &wamid);
    let body = RawValue::from_string(data)?;
    Ok(Event::new(id, EventKind::Message, NUMBER, &body)?)
}
