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
//! | `wp:{inbox:0}:beats` | hash | consumer → when it was last heard of, ms |
//! | `wp:{inbox:0}:handbacks` | hash | entry id → how often a lapsed consumer held it |
//! | `wp:{inbox:0}:delayed` | sorted set | entry → due time, ms |
//! | `wp:{inbox:0}:dead` | hash | entry id → dead letter |
//! | `wp:{inbox:0}:dead:order` | sorted set | entry id → time of burial, ms |
//! | `wp:{inbox:0}:counters` | hash | since the keys exist: `completed`, `failed` (less those replayed), `revived`, `retried`, `handed_back`, `cleared`, and `cut`: entries that were made out of others |
//! | `wp:{inbox:0}:samples` | list | what the counters were lately, newest first: `<ms> <accepted> <completed> <failed>`; gone when nobody adds to it |
//! | `wp:{inbox:0}:paused` | string | present while the queue is paused; JSON that says who, when and why |
//! | `wp:{outbox:0}:…` | | lanes and what belongs to them: the table of [`LaneKeys`] |
//! | `wp:{outbox:0}:facts:…` | | a queue like the inbox: facts about messages, told by the scripts of the lanes |
//! | `wp:{effects}:<period>` | set | effects that were committed in that period |
//! | `wp:{events}:stream` | stream | events for the browsers, capped |
//! | `wp:{admin}:secret` | string | what the replicas of the monitor sign confirmations with |
//! | `wp:{admin}:audit` | hash | id → record of the audit that Postgres may not have yet |

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
        PartitionKeys::under(&format!("{}{{inbox:{partition}}}:", self.prefix))
    }

    /// The keys of the facts that one partition of the outbox tells. They share its hash tag, so that one script
    /// moves a lane and tells of it.
    pub fn facts(&self, partition: u16) -> PartitionKeys {
        PartitionKeys::under(&format!("{}{{outbox:{partition}}}:facts:", self.prefix))
    }

    /// The keys of one partition of the outbox.
    pub fn lanes(&self, partition: u16) -> LaneKeys {
        LaneKeys {
            tag: format!("{}{{outbox:{partition}}}:", self.prefix),
        }
    }

    /// The partition of the outbox that a business number belongs to, of so many.
    pub fn partition_of(phone_number_id: &str, partitions: u16) -> u16 {
        let hash = xxhash_rust::xxh3::xxh3_64(phone_number_id.as_bytes());
        u16::try_from(hash % u64::from(partitions.max(1))).unwrap_or(0)
    }

    /// The set of effects committed in one period.
    pub fn effects(&self, period: u64) -> String {
        format!("{}{{effects}}:{period}", self.prefix)
    }

    /// A key of the admin plane.
    pub fn admin(&self, name: &str) -> String {
        format!("{}{{admin}}:{name}", self.prefix)
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
    pub beats: String,
    pub handbacks: String,
    pub delayed: String,
    pub dead: String,
    pub dead_order: String,
    pub counters: String,
    pub samples: String,
    pub paused: String,
}

impl PartitionKeys {
    fn under(tag: &str) -> Self {
        Self {
            ready: format!("{tag}ready"),
            batch_prefix: format!("{tag}batch:"),
            held: format!("{tag}held"),
            leases: format!("{tag}leases"),
            beats: format!("{tag}beats"),
            handbacks: format!("{tag}handbacks"),
            delayed: format!("{tag}delayed"),
            dead: format!("{tag}dead"),
            dead_order: format!("{tag}dead:order"),
            counters: format!("{tag}counters"),
            samples: format!("{tag}samples"),
            paused: format!("{tag}paused"),
        }
    }

    /// The list of one batch, by the name that `held` knows it under.
    pub fn batch(&self, name: &str) -> String {
        format!("{}{name}", self.batch_prefix)
    }
}

/// The keys of one partition of the outbox.
///
/// Scripts get the tag alone and build names from it: which numbers and lanes there are only Redis knows. All of them
/// carry the partition's hash tag. With the default prefix and partition 0, after `wp:{outbox:0}:`
///
/// | key | type | what |
/// |---|---|---|
/// | `lane:<lane>` | list | messages of one conversation and priority, oldest first; the head stays until its outcome is known |
/// | `ready:<number>:<h, n or l>` | list | lanes whose head may go, in the order of their turn |
/// | `numbers` | sorted set | number → when to look at it again, µs; a number without ready lanes is absent |
/// | `number:<number>` | hash | limits, breaker, stop, pause and counters of a number |
/// | `sent:<number>` | hash | stretch of 5 s → messages that Meta took in it, for the last minute |
/// | `all` | set | every number that was ever seen |
/// | `names` | sorted set | the same in the order of their ids, all with score 0 |
/// | `backlogs` | sorted set | number with a backlog → less its backlog, so that the largest comes first |
/// | `backlogs:checked` | hash | `cursor` while `backlogs` is being checked, number by number; `ended`, ms, of the latest check: older versions do not keep it |
/// | `halted` | sorted set | stopped or paused number → since when, ms |
/// | `delayed` | sorted set | lane → when its head may go, ms |
/// | `parked` | sorted set | lane whose head's outcome is unknown → when policy decides, ms; `inf` holds it |
/// | `scheduled` | sorted set | message id → when it joins its lane, ms |
/// | `scheduled:entries` | hash | message id → its number, lane and entry |
/// | `held` | hash | lane → `<consumer>/<reservation>/<cause>` of whoever has its head |
/// | `calls` | hash | consumer → number of its latest reservation call |
/// | `adopted_at`, `grace` | string | when anybody last looked for lapsed leases; there while nothing is adopted |
/// | `leases` | sorted set | consumer → end of its lease, ms |
/// | `beats` | hash | consumer → when it was last heard of, ms |
/// | `holding` | hash | consumer → heads that it has, as many as in `held` |
/// | `heads` | hash | lane → progress of its head, absent before the first attempt |
/// | `replayed` | hash | message id → progress of one that was replayed from the dead, until its end |
/// | `open` | hash | message id → lane, while an attempt has been made and its end is not known |
/// | `echoes` | hash | message id → 1, echoed by a status while its attempt was still under way |
/// | `pair:<number>/<recipient>` | string | burst of a pair: `<paid back at, µs>/<began at, µs>/<messages>`, gone when paid back |
/// | `account:<id>` | hash | token bucket of an account, and when its numbers were slowed down last; `*` is the app |
/// | `breaker:<number>` | hash | outcomes by second |
/// | `idem:<digest>` | string | digest of the request and id of the message that an idempotency key stands for |
/// | `dead`, `dead:order` | hash, sorted set | as in the inbox |
/// | `dead:unknown` | set | dead letters that an echo may still raise |
/// | `counters` | hash | since the keys exist: `accepted` = `completed` + `failed` (less those replayed) + `cleared` + `backlog`; `revived`, `retried`, `echoed`, `slowed`, `breaker_opened` |
/// | `samples` | list | as in the inbox |
/// | `paused` | string | present while the outbox is paused |
/// | `wake` | list | at most one token: somebody may have work |
///
/// A lane that is not empty is in exactly one of a ready list, `delayed`, `parked` and `held`.
#[derive(Clone, Debug)]
pub struct LaneKeys {
    tag: String,
}

impl LaneKeys {
    /// What every key of the partition begins with; scripts get it as their only key.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// One of the keys in the table.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.tag)
    }
}
