//! Who may call what.
//!
//! A layer around the services, and the only way to them: the gateway calls through it too. Every caller shows a bearer
//! token, which has a role; every method names in the protos the least role that may call it. A method that names none, or
//! that no proto knows, nobody may call. Health and reflection are open.
//!
//! Failures are limited by address, and only those: whoever shows a good token is never held up by what others do behind
//! the same address.
//!
//! In reading order: `role`: what a token is good for; `decide`: the decision on a request; `refusal`: what is answered
//! when it is no; `origin` and `limiter`: how often one address may fail, and how much is told of it; `layer`: the tower
//! layer; `stream`: answers that end when their token is withdrawn; `open`: those that need no token, bounded.

mod decide;
mod layer;
mod limiter;
mod open;
mod origin;
mod refusal;
mod role;
mod stream;

use std::net::IpAddr;

use layer::GuardLayer;
use role::RoleGrant;
pub use role::new_token;
pub(crate) use role::word;
use waypost_rpc::v1::Role;
pub(crate) use waypost_runtime::Peer;
use waypost_runtime::keys;

/// The tokens of a file.
pub(crate) type Keys = keys::Keys<RoleGrant>;

/// Follows that file.
pub(crate) type Keeper = keys::KeyKeeper<RoleGrant>;

/// The header of every answer to a known caller that names the caller's role, so that a user interface knows what to offer.
pub(crate) const ROLE_HEADER: &str = "x-waypost-role";

/// Who calls, in the extensions of every request that has passed and was not to an open method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The name of the token.
    pub(crate) name: String,
    /// What it is good for.
    pub(crate) role: Role,
    /// Where the call comes from; IPv4 is always written as such.
    pub(crate) address: Option<IpAddr>,
}

/// A call that was refused, of a method that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The name of the token; empty when none is known.
    pub(crate) caller: String,
    /// The token's role, where it is known.
    pub(crate) role: Option<Role>,
    /// Where the call came from.
    pub(crate) address: Option<IpAddr>,
    /// Service and method, like `QueueService.Pause`.
    pub(crate) method: &'static str,
    /// The reason in the caller's `ErrorInfo`, like `ROLE_TOO_LOW`, and how many refusals before this one were not told,
    /// when there were too many of them.
    pub(crate) reason: String,
}

/// The layer. Without tokens everybody on this machine is the admin `loopback`, and nobody else may call: the
/// configuration allows that only where nobody else can.
///
/// `on_refused` is told of refused calls of methods that change something, as far as there are not too many.
pub(crate) fn guard(
    tokens: Option<Keys>,
    on_refused: impl Fn(Refused) + Send + Sync + 'static,
) -> GuardLayer {
    GuardLayer::new(decide::Guard::new(tokens, Box::new(on_refused)))
}

#[cfg(test)]
mod tests;
