//! The decision on a request.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderMap;
use waypost_rpc::schema::Method;
use waypost_rpc::v1::Role;
use waypost_runtime::keys::bearer;

use super::limiter::Limiter;
use super::origin::Origin;
use super::refusal::Refusal;
use super::stream::Held;
use super::{Caller, Keys, Refused};

/// What needs no token: load balancers ask after health, and what the API looks like is in its documentation.
const OPEN: [&str; 2] = ["/grpc.health.v1.Health/", "/grpc.reflection."];

/// Wrong tokens from one address: so many at once, and then one each period. Nobody finds a key of 256 bits by trying,
/// however fast; this is for the log, and for whoever tries all the same.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();
const THEN_ONE_EACH: Duration = Duration::from_secs(6);

/// Refusals of strangers that are told, over all addresses.
const TOLD_AT_ONCE: NonZeroU32 = NonZeroU32::new(100).unwrap();
const THEN_ONE_TOLD_EACH: Duration = Duration::from_secs(1);

type OnRefused = dyn Fn(Refused) + Send + Sync;

/// Decides, and counts failures.
pub(super) struct Guard {
    tokens: Option<Keys>,
    wrong: Limiter<Origin>,
    /// What is told goes to disk: a stranger, or a viewer in a loop, must not be able to fill it.
    told: Limiter<(Origin, String)>,
    told_of_strangers: Limiter<()>,
    untold: AtomicU64,
    on_refused: Box<OnRefused>,
}

/// The decision.
pub(super) enum Verdict {
    /// Anybody may.
    Open,
    /// This caller may. An answer that goes on and on does so while the token is held.
    Pass(Caller, Option<Held>),
    /// Refused, to this caller where there is one.
    Refuse(Refusal, Option<Role>),
}

impl Guard {
    pub(super) fn new(tokens: Option<Keys>, on_refused: Box<OnRefused>) -> Self {
        Self {
            tokens,
            wrong: Limiter::new(AT_ONCE, THEN_ONE_EACH),
            told: Limiter::new(AT_ONCE, THEN_ONE_EACH),
            told_of_strangers: Limiter::new(TOLD_AT_ONCE, THEN_ONE_TOLD_EACH),
            untold: AtomicU64::new(0),
            on_refused,
        }
    }

    pub(super) fn decide(
        &self,
        path: &str,
        headers: &HeaderMap,
        address: Option<IpAddr>,
    ) -> Verdict {
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return Verdict::Open;
        }
        let method = Method::at(path);
        let (caller, held) = match self.caller(headers, address) {
            Ok(known) => known,
            Err(refusal) => {
                self.note(refusal, method, None, address);
                return Verdict::Refuse(refusal, None);
            }
        };
        // Only now: a stranger need not learn what there is.
        let Some(method) = method else {
            return Verdict::Refuse(Refusal::MethodUnknown, Some(caller.role));
        };
        if method.role.is_none_or(|required| caller.role < required) {
            let refusal = Refusal::RoleTooLow {
                required: method.role,
                actual: caller.role,
            };
            self.note(refusal, Some(method), Some(&caller), address);
            return Verdict::Refuse(refusal, Some(caller.role));
        }
        Verdict::Pass(caller, held.filter(|_| method.is_stream()))
    }

    /// Whose token it is. Looked up for every request, so that a token taken away is so at once, also on a connection
    /// that is already there.
    fn caller(
        &self,
        headers: &HeaderMap,
        address: Option<IpAddr>,
    ) -> Result<(Caller, Option<Held>), Refusal> {
        let caller = |name: &str, role| Caller {
            name: name.to_owned(),
            role,
            address,
        };
        let Some(tokens) = &self.tokens else {
            return match address {
                Some(here) if here.is_loopback() => Ok((caller("loopback", Role::Admin), None)),
                _ => Err(Refusal::TokenMissing),
            };
        };
        let token = bearer(headers).ok_or(Refusal::TokenMissing)?;
        // First whether it is good, then the failures of the address, which may be somebody else's.
        match tokens.current().find(token) {
            Some(key) => {
                let caller = caller(&key.name, key.grant.role());
                Ok((caller, Some(Held::new(tokens.clone(), key))))
            }
            None => Err(self.failed(address)),
        }
    }

    /// A missing token is no failure in this sense: there is nothing to try, and whoever opens the dashboard is to be
    /// asked for a token, whatever others do behind the same address.
    fn failed(&self, address: Option<IpAddr>) -> Refusal {
        match self.wrong.count(&Origin::of(address)) {
            Ok(()) => {
                let address = address.map(tracing::field::display);
                tracing::warn!(address, "a call with a token that is not known");
                Refusal::TokenUnknown
            }
            Err(wait) => Refusal::TooManyFailures { wait },
        }
    }

    /// Tells of a refused change.
    fn note(
        &self,
        refusal: Refusal,
        method: Option<&'static Method>,
        caller: Option<&Caller>,
        address: Option<IpAddr>,
    ) {
        let Some(method) = method.filter(|method| method.changes) else {
            return;
        };
        let name = caller.map(|caller| caller.name.clone()).unwrap_or_default();
        if !self.is_told(Origin::of(address), name.clone()) {
            self.untold.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let reason = match self.untold.swap(0, Ordering::Relaxed) {
            0 => refusal.reason().to_owned(),
            some => format!("{}; {some} more before it", refusal.reason()),
        };
        (self.on_refused)(Refused {
            caller: name,
            role: caller.map(|caller| caller.role),
            address,
            method: &method.name,
            reason,
        });
    }

    /// Each address has its own limit, and in it each token: strangers cannot use up what is told of a known caller.
    fn is_told(&self, origin: Origin, name: String) -> bool {
        let stranger = name.is_empty();
        self.told.count(&(origin, name)).is_ok()
            && (!stranger || self.told_of_strangers.count(&()).is_ok())
    }
}
