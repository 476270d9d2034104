use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use opentelemetry_proto::tonic::metrics::v1::Metric;

use super::span::{Attributes, Span};
use super::state::State;
use crate::eventually_some;

/// Far longer than anything is on its way, for machines that have other things to do.
const PATIENCE: Duration = Duration::from_secs(40);

/// What has come. What a test waits for and does not come makes it panic. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Received(Arc<Mutex<State>>);

impl Received {
    /// All spans so far, in the order in which they came.
    pub fn spans(&self) -> Vec<Span> {
        self.state().spans.clone()
    }

    /// The spans of a trace so far, in the order of their beginnings.
    pub fn trace(&self, trace: &str) -> Vec<Span> {
        let mut spans = self.spans();
        spans.retain(|span| span.trace == trace);
        spans.sort_by_key(|span| span.start);
        spans
    }

    /// Waits for the first span like this.
    #[track_caller]
    pub fn span(&self, what: &str, like: impl Fn(&Span) -> bool) -> impl Future<Output = Span> {
        self.until(what, move |spans| {
            spans.iter().find(|span| like(span)).cloned()
        })
    }

    /// Waits for the first span of this name, in any trace.
    #[track_caller]
    pub fn named(&self, name: &str) -> impl Future<Output = Span> {
        self.span(name, move |span| span.name == name)
    }

    /// Waits for the span of this name in a trace, of which there may be no other.
    #[track_caller]
    pub fn one(&self, trace: &str, name: &str) -> impl Future<Output = Span> {
        let all = self.all(trace, name, 1);
        async move {
            let mut all = all.await;
            assert_eq!(all.len(), 1, "{name} in {trace}");
            all.remove(0)
        }
    }

    /// Waits until there are so many spans of this name in a trace.
    #[track_caller]
    pub fn all(&self, trace: &str, name: &str, count: usize) -> impl Future<Output = Vec<Span>> {
        self.until(name, move |spans| {
            let spans = spans.iter();
            let found = spans.filter(|span| span.name == name && span.trace == trace);
            let found: Vec<Span> = found.cloned().collect();
            (found.len() >= count).then_some(found)
        })
    }

    /// Waits for the span that the first link of another leads to.
    #[track_caller]
    pub fn linked(&self, from: &Span) -> impl Future<Output = Span> {
        let link = from.links.first().expect("a link").clone();
        self.span("what is linked to", move |span| link.leads_to(span))
    }

    /// Waits until a look at all spans finds something.
    #[track_caller]
    fn until<T>(&self, what: &str, look: impl Fn(&[Span]) -> Option<T>) -> impl Future<Output = T> {
        eventually_some(PATIENCE, what, async move || look(&self.state().spans))
    }

    /// The latest of a metric of a service.
    pub fn metric(&self, service: &str, name: &str) -> Option<Metric> {
        let key = (service.to_owned(), name.to_owned());
        self.state().metrics.get(&key).cloned()
    }

    /// What everything is from, each once.
    pub fn resources(&self) -> BTreeSet<Attributes> {
        self.state().resources.clone()
    }

    /// What was shown as a credential, each once; an empty one where nothing was.
    pub fn credentials(&self) -> Vec<String> {
        self.state().credentials.iter().cloned().collect()
    }

    /// All that came, as text: every name, attribute, label and message in it.
    pub fn texts(&self) -> Vec<String> {
        self.state().texts.clone()
    }

    /// From now on, so many requests with spans are refused first.
    pub fn refuse(&self, requests: u32) {
        self.state().refusals = requests;
    }

    /// How many of these are still to come.
    pub fn refusals_left(&self) -> u32 {
        self.state().refusals
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.lock();
        state.expect("something came that a collector would not understand")
    }
}
