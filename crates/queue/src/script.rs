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
