//! The scripts, compiled into the binary.
//!
//! Each is sent by its hash and loaded when Redis does not know it, so a restarted or emptied Redis needs no help.

use std::sync::LazyLock;

use redis::Script;

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub(crate) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(include_str!($file)));)*
    };
}

macro_rules! lane_scripts {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(concat!(include_str!("lua/lanes/common.lua"), include_str!($file)))
        });)*
    };
}

lane_scripts! {
    /// Takes messages into their lanes.
    LANES_ACCEPT = "lua/lanes/accept.lua";
    /// Leases lane heads that may go.
    LANES_RESERVE = "lua/lanes/reserve.lua";
    /// Ends what was leased.
    LANES_SETTLE = "lua/lanes/settle.lua";
    /// Takes over what dead dispatchers held.
    LANES_ADOPT = "lua/lanes/adopt.lua";
    /// Ends a dispatcher's lease.
    LANES_LEAVE = "lua/lanes/leave.lua";
    /// Settles what Meta has echoed.
    LANES_ECHO = "lua/lanes/echo.lua";
    /// Sends a parked message again.
    LANES_RESEND = "lua/lanes/resend.lua";
    /// Replays or purges a dead letter.
    LANES_RAISE = "lua/lanes/raise.lua";
    /// Changes what is set for a number.
    LANES_CONTROL = "lua/lanes/control.lua";
    /// All figures of a partition.
    LANES_STATS = "lua/lanes/stats.lua";
}

scripts! {
    /// Starts a lease.
    JOIN = "lua/join.lua";
    /// Moves entries into a batch of the consumer's own.
    RESERVE = "lua/reserve.lua";
    /// Ends a batch: done, delayed, dead.
    SETTLE = "lua/settle.lua";
    /// Extends a lease.
    HEARTBEAT = "lua/heartbeat.lua";
    /// Hands back what lapsed or leaving consumers hold.
    REAP = "lua/reap.lua";
    /// All figures of a partition.
    STATS = "lua/stats.lua";
    /// Puts dead letters back into the queue.
    REPLAY = "lua/replay.lua";
}
