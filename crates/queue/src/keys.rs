//! Every key of Redis, in one place.
//!
//! `{…}` is a hash tag: all keys of one partition live in one slot of a Redis Cluster, so that one script may touch
//! them together. With the default prefix `wp:` and partition 0:
//!
//! | key | type | what |
//! |---|---|---|
//! | `wp:{inbox:0}:ready` | list | entries that wait; producers push left, consumers take right |
//! | `wp:{inbox:0}:batch:<consumer>/<n>` | list | what one reservation holds, gone when it is settled |
//! | `wp:{inbox:0}:held` | hash | `<consumer>/<n>` → `<entries>:<reserved at, ms>` |
//! | `wp:{inbox:0}:leases` | sorted set | consumer → end of its lease, ms |
//! | `wp:{inbox:0}:handbacks` | hash | entry id → how often a lapsed consumer held it |
//! | `wp:{inbox:0}:delayed` | sorted set | entry → due time, ms |
//! | `wp:{inbox:0}:dead` | hash | entry id → dead letter |
//! | `wp:{inbox:0}:dead:order` | sorted set | entry id → time of burial, ms |
//! | `wp:{inbox:0}:counters` | hash | `completed`, `failed`, `retried`, `handed_back`, since the keys exist |
//! | `wp:{inbox:0}:paused` | string | present while the queue is paused; JSON that says who and when |
//! | `wp:{effects}:<period>` | set | effects that were committed in that period |
//! | `wp:{events}:stream` | stream | events for the browsers, capped |

/// Makes the names of keys under one prefix.
#[derive(Clone, Debug)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// Names under `prefix`, which usually ends in a colon.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The keys of one partition of the inbox.
    pub fn partition(&self, partition: u16) -> PartitionKeys {
        let tag = format!("{}{{inbox:{partition}}}:", self.prefix);
        PartitionKeys {
            ready: format!("{tag}ready"),
            batch_prefix: format!("{tag}batch:"),
            held: format!("{tag}held"),
            leases: format!("{tag}leases"),
            handbacks: format!("{tag}handbacks"),
            delayed: format!("{tag}delayed"),
            dead: format!("{tag}dead"),
            dead_order: format!("{tag}dead:order"),
            counters: format!("{tag}counters"),
            paused: format!("{tag}paused"),
        }
    }

    /// The set of effects committed in one period.
    pub fn effects(&self, period: u64) -> String {
        format!("{}{{effects}}:{period}", self.prefix)
    }

    /// The stream of events.
    pub fn events(&self) -> String {
        format!("{}{{events}}:stream", self.prefix)
    }
}

/// The keys of one partition. Names are those of the module's table.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the table above says what each key holds")]
pub struct PartitionKeys {
    pub ready: String,
    pub batch_prefix: String,
    pub held: String,
    pub leases: String,
    pub handbacks: String,
    pub delayed: String,
    pub dead: String,
    pub dead_order: String,
    pub counters: String,
    pub paused: String,
}

impl PartitionKeys {
    /// The list of one batch, by the name that `held` knows it under.
    pub fn batch(&self, name: &str) -> String {
        format!("{}{name}", self.batch_prefix)
    }
}
