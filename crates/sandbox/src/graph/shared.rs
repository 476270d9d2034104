//! What all connections have in common.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::armed::Faults;
use super::limits::{Buckets, Limits};
use super::log::Log;
use super::media::MediaStore;
use super::webhooks::Webhooks;
use super::{GraphSettings, StartError};
use crate::dice::Dice;

pub(super) struct Shared {
    /// `http://127.0.0.1:port`
    pub(super) url: String,
    pub(super) settings: GraphSettings,
    pub(super) began: Instant,
    pub(super) log: Log,
    pub(super) marked_read: AtomicU64,
    pub(super) faults: Faults,
    pub(super) media: MediaStore,
    pub(super) webhooks: Option<Webhooks>,
    tokens: RwLock<Arc<HashSet<String>>>,
    limits: RwLock<Option<Arc<Buckets>>>,
    /// Ends everything at once.
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Shared {
    pub(super) fn new(url: String, settings: GraphSettings) -> Result<Arc<Self>, StartError> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let webhooks = match &settings.webhooks {
            Some(wanted) => Some(Webhooks::start(wanted, &settings, &stop, &tasks)?),
            None => None,
        };
        let shared = Self {
            url,
            began: Instant::now(),
            log: Log::new(settings.log),
            marked_read: AtomicU64::new(0),
            faults: Faults::new(settings.seed),
            media: MediaStore::new(settings.seed, settings.media_url_life),
            webhooks,
            tokens: RwLock::default(),
            limits: RwLock::default(),
            stop,
            tasks,
            settings,
        };
        shared.set_tokens(shared.settings.tokens.clone());
        shared.set_limits(shared.settings.limits.clone());
        Ok(Arc::new(shared))
    }

    pub(super) fn set_tokens(&self, tokens: Vec<String>) {
        let tokens = Arc::new(HashSet::from_iter(tokens));
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    pub(super) fn takes_token(&self, token: &str) -> bool {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        !token.is_empty() && (tokens.is_empty() || tokens.contains(token))
    }

    /// All buckets are full again.
    pub(super) fn set_limits(&self, limits: Option<Limits>) {
        let buckets = limits.map(|limits| Arc::new(Buckets::new(limits)));
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = buckets;
    }

    pub(super) fn buckets(&self) -> Option<Arc<Buckets>> {
        self.limits
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How long this request's answer takes.
    pub(super) fn latency(&self, request: u64) -> Duration {
        let mut dice = Dice::new(self.settings.seed ^ request.rotate_left(32));
        dice.between(&self.settings.latency)
    }
}
