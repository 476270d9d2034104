use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use waypost_harness::eventually;

/// As long as Kubernetes' preStop waits in our manifests: within it the old one has answered all that it was given.
const PRE_STOP: Duration = Duration::from_secs(10);

/// What stands before several replicas and chooses one for each request, as an Ingress does. Connections of clients outlive the
/// replicas behind it.
///
/// It reads no HTTP: its clients send the next request of a connection only when they have the answer to the last, so the first
/// bytes of a client after those of a replica begin a request. It tries nothing a second time.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    target: SocketAddr,
    /// Requests that a replica has not begun to answer.
    busy: BTreeMap<SocketAddr, usize>,
    answered: u64,
    broken: Vec<String>,
}

/// A request under way. When it is dropped, it is no more.
struct Turn<'a> {
    shared: &'a Shared,
    target: SocketAddr,
}

impl Balancer {
    /// Everything goes to `target`.
    ///
    /// # Panics
    /// When no port can be opened.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                target,
                busy: BTreeMap::new(),
                answered: 0,
                broken: Vec::new(),
            }),
        });
        let serving = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { carry(client, &shared).await });
            }
        });
        Self {
            address,
            shared,
            accepting,
        }
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, every request goes to `target`. Waits until whoever had them before has begun to answer all that it was given,
    /// as it does while preStop keeps the SIGTERM from it.
    ///
    /// # Panics
    /// When that takes longer than preStop does.
    pub async fn point_to(&self, target: SocketAddr) {
        let old = std::mem::replace(&mut self.shared.state().target, target);
        eventually(PRE_STOP, "the old one has answered", async || {
            self.shared.state().busy.get(&old).is_none_or(|&n| n == 0)
        })
        .await;
    }

    /// Requests that were answered so far, whatever the answer.
    pub fn answered(&self) -> u64 {
        self.shared.state().answered
    }

    /// Requests that got no answer, and why.
    pub fn broken(&self) -> Vec<String> {
        self.shared.state().broken.clone()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses a replica. In one step with noting it down, so that none is taken out in between.
    fn begin(&self) -> Turn<'_> {
        let mut state = self.state();
        let target = state.target;
        *state.busy.entry(target).or_default() += 1;
        Turn {
            shared: self,
            target,
        }
    }

    fn broke(&self, target: SocketAddr, why: &str) {
        self.state().broken.push(format!("{target}: {why}"));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(busy) = self.shared.state().busy.get_mut(&self.target) {
            *busy -= 1;
        }
    }
}

/// One connection of a client, until either side has had enough.
async fn carry(mut client: TcpStream, shared: &Shared) {
    let _ = client.set_nodelay(true);
    let mut replica: Option<(SocketAddr, TcpStream)> = None;
    let mut turn: Option<Turn<'_>> = None;
    let (mut up, mut down) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let answer = async {
            match &mut replica {
                Some((_, stream)) => stream.read(&mut down).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(read @ 1..) = read else { return };
                let now = turn.get_or_insert_with(|| shared.begin()).target;
                if let Err(error) = pass_on(&mut replica, now, &up[..read]).await {
                    return shared.broke(now, &error.to_string());
                }
            }
            read = answer => match (read, turn.take()) {
                (Ok(read @ 1..), begun) => {
                    shared.state().answered += u64::from(begun.is_some());
                    if client.write_all(&down[..read]).await.is_err() {
                        return;
                    }
                }
                // Closed between two requests, as is its right.
                (_, None) => replica = None,
                (read, Some(turn)) => {
                    return shared.broke(turn.target, &format!("no answer: {read:?}"));
                }
            },
        }
    }
}

async fn pass_on(
    replica: &mut Option<(SocketAddr, TcpStream)>,
    target: SocketAddr,
    bytes: &[u8],
) -> std::io::Result<()> {
    let stream = match replica {
        Some((address, stream)) if *address == target => stream,
        _ => {
            let stream = TcpStream::connect(target).await?;
            stream.set_nodelay(true)?;
            &mut replica.insert((target, stream)).1
        }
    };
    stream.write_all(bytes).await
}
