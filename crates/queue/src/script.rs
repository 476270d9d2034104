//! The scripts, compiled into the binary.
//!
//! Each is sent by its hash and loaded when Redis does not know it, so a restarted or emptied Redis needs no help.

use std::sync::LazyLock;

use redis::Script;

/// Each is its files, one after the other.
macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $($file:literal)+;)*) => {
        $($(#[$doc])* pub(crate) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(concat!($(include_str!($file)),+)));)*
    };
}

/// All of them begin with `common.lua`.
macro_rules! lane_scripts {
    ($($(#[$doc:meta])* $name:ident = $($file:literal)+;)*) => {
        scripts! { $($(#[$doc])* $name = "lua/lanes/common.lua" $($file)+;)* }
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
    /// Replays a dead letter.
    LANES_RAISE = "lua/lanes/raise.lua";
    /// Throws dead letters away.
    LANES_PURGE = "lua/lanes/purge.lua";
    /// Changes what is set for a number.
    LANES_CONTROL = "lua/lanes/control.lua";
    /// Extends a dispatcher's lease.
    LANES_HEARTBEAT = "lua/sample.lua" "lua/lanes/heartbeat.lua";
    /// All figures of a partition.
    LANES_STATS = "lua/sample.lua" "lua/lanes/stats.lua";
    /// Names of numbers.
    LANES_NAMES = "lua/lanes/names.lua";
    /// Numbers with a backlog.
    LANES_BUSY = "lua/lanes/busy.lua";
    /// What is known of numbers.
    LANES_NUMBERS = "lua/lanes/numbers.lua";
    /// Reads a parked message.
    LANES_PARKED = "lua/lanes/clearing.lua" "lua/lanes/parked.lua";
    /// Makes a dead letter of a parked message.
    LANES_GIVE_UP = "lua/lanes/clearing.lua" "lua/lanes/give_up.lua";
    /// Looks for messages to throw away.
    LANES_PEEK = "lua/lanes/clearing.lua" "lua/lanes/peek.lua";
    /// Throws messages away.
    LANES_CUT = "lua/lanes/clearing.lua" "lua/lanes/cut.lua";
    /// Both, for scheduled messages.
    LANES_UNSCHEDULE = "lua/lanes/unschedule.lua";
}

scripts! {
    /// Starts a lease.
    JOIN = "lua/join.lua";
    /// Moves entries into a batch of the consumer's own.
    RESERVE = "lua/reserve.lua";
    /// Ends a batch: done, delayed, dead.
    SETTLE = "lua/settle.lua";
    /// Extends a lease.
    HEARTBEAT = "lua/sample.lua" "lua/figures.lua" "lua/heartbeat.lua";
    /// Hands back what lapsed or leaving consumers hold.
    REAP = "lua/reap.lua";
    /// All figures of a partition.
    STATS = "lua/sample.lua" "lua/figures.lua" "lua/stats.lua";
    /// Looks through what waits, and throws away.
    SWEEP = "lua/sweep.lua";
    /// A page of dead letters, of either way.
    DEAD_PAGE = "lua/dead_page.lua";
    /// Puts dead letters back into the queue.
    REPLAY = "lua/replay.lua";
}
