use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::{Dial, Failed, Item, Record, Transport};

/// Between two tries of a client that finds nobody.
const PAUSE: Duration = Duration::from_millis(50);

/// A client as it should be: comes back when its connection ends, and says where it stood.
#[derive(Debug)]
pub struct Follower {
    record: Arc<Mutex<Record>>,
    task: JoinHandle<()>,
}

impl Follower {
    /// Begins to listen.
    pub fn start(transport: Transport, dial: Dial) -> Self {
        Self::go_on(transport, dial, Record::default())
    }

    /// Goes on after what a client was told before.
    pub fn go_on(transport: Transport, mut dial: Dial, record: Record) -> Self {
        dial.after = record
            .position
            .map(|position| position.to_string())
            .or(dial.after);
        let record = Arc::new(Mutex::new(record));
        let task = tokio::spawn(follow(transport, dial, Arc::clone(&record)));
        Self { record, task }
    }

    /// Looks at what it has been told so far.
    ///
    /// # Panics
    /// When it was told something that no client was promised; what, stands on stderr.
    pub fn look<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        assert!(!self.task.is_finished(), "a client gave up");
        look(&lock(&self.record))
    }

    /// Stops listening; what it was told.
    pub fn stop(self) -> Record {
        self.task.abort();
        lock(&self.record).clone()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(transport: Transport, mut dial: Dial, record: Arc<Mutex<Record>>) {
    loop {
        match transport.connect(&dial).await {
            Ok(mut connection) => {
                lock(&record).connects += 1;
                while let Some(item) = connection.next().await {
                    let bye = match &item {
                        Item::Bye(bye) => Some(bye.retry),
                        _ => None,
                    };
                    lock(&record).take(item);
                    if let Some(retry) = bye {
                        let more = connection.next().await;
                        assert_eq!(more, None, "nothing comes after a bye");
                        sleep(retry).await;
                    }
                }
            }
            Err(Failed::Unreachable(_)) => sleep(PAUSE).await,
            Err(refused) => {
                lock(&record).refusals.push(refused.to_string());
                sleep(PAUSE).await;
            }
        }
        let position = lock(&record).position;
        dial.after = position.map(|position| position.to_string()).or(dial.after);
    }
}

fn lock(record: &Mutex<Record>) -> std::sync::MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
