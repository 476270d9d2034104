//! Which statuses a message gets, and when each comes.

use std::time::Duration;

use super::super::WebhookSettings;
use super::Sent;
use crate::dice::Dice;

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Sent,
    Delivered,
    Read,
    Failed,
}

/// One status to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) word: Word,
    /// When it happened, after the message was accepted.
    pub(super) happened: Duration,
    /// When it is told. In disorder this is another status's time.
    pub(super) told: Duration,
}

impl Word {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// Made from the seed and the message's place alone.
pub(super) fn steps(settings: &WebhookSettings, seed: u64, sent: &Sent) -> Vec<Step> {
    let mut dice = Dice::new(Dice::new(seed).next() ^ sent.seq);
    if dice.chance(settings.lost) {
        return Vec::new();
    }
    let words: &[Word] = match (sent.reaction, dice.chance(settings.failed)) {
        (true, _) => &[Word::Sent],
        (_, true) => &[Word::Sent, Word::Failed],
        _ => &[Word::Sent, Word::Delivered, Word::Read],
    };
    let mut time = Duration::ZERO;
    let mut steps: Vec<Step> = words
        .iter()
        .map(|word| {
            time += dice.between(&settings.delay);
            Step {
                word: *word,
                happened: time,
                told: time,
            }
        })
        .collect();
    if dice.chance(settings.disorder) {
        disorder(&mut steps, &mut dice);
    }
    for at in 0..steps.len() {
        if dice.chance(settings.doubled) {
            let mut again = steps[at];
            again.told += dice.between(&settings.delay);
            steps.push(again);
        }
    }
    steps
}

/// Any order but the natural one: the last comes first, or first and second change places.
fn disorder(steps: &mut [Step], dice: &mut Dice) {
    let told: Vec<Duration> = steps.iter().map(|step| step.told).collect();
    match dice.chance(0.5) {
        true => steps.reverse(),
        false if steps.len() > 1 => steps.swap(0, 1),
        false => {}
    }
    for (step, told) in steps.iter_mut().zip(told) {
        step.told = told;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(seq: u64, reaction: bool) -> Sent {
        Sent {
            seq,
            wamid: String::new(),
            number: String::new(),
            to: String::new(),
            to_group: false,
            callback: None,
            reaction,
            at: 0,
        }
    }

    fn words(settings: &WebhookSettings, seq: u64) -> Vec<Word> {
        let mut steps = steps(settings, 1, &sent(seq, false));
        steps.sort_by_key(|step| step.told);
        steps.iter().map(|step| step.word).collect()
    }

    const NATURAL: [Word; 3] = [Word::Sent, Word::Delivered, Word::Read];

    #[test]
    fn orderly_by_default() {
        let settings = WebhookSettings::to("");
        for seq in 0..200 {
            assert_eq!(words(&settings, seq), NATURAL);
        }
        let of_a_reaction = steps(&settings, 1, &sent(1, true));
        assert_eq!(of_a_reaction.len(), 1);
    }

    #[test]
    fn disorder_is_never_the_natural_order_and_loses_nothing() {
        let settings = WebhookSettings {
            disorder: 1.0,
            ..WebhookSettings::to("")
        };
        for seq in 0..200 {
            let words = words(&settings, seq);
            assert_ne!(words, NATURAL);
            assert!(NATURAL.iter().all(|word| words.contains(word)));
        }
    }

    #[test]
    fn shares_are_kept() {
        let settings = WebhookSettings {
            doubled: 0.5,
            failed: 0.25,
            lost: 0.1,
            ..WebhookSettings::to("")
        };
        let all: Vec<_> = (0..4_000).map(|seq| words(&settings, seq)).collect();
        let lost = all.iter().filter(|words| words.is_empty()).count();
        assert!((340..460).contains(&lost), "{lost}");
        let failed = all
            .iter()
            .filter(|words| words.contains(&Word::Failed))
            .count();
        assert!((800..1_000).contains(&failed), "{failed}");
        let total: usize = all.iter().map(Vec::len).sum();
        let single = failed * 2 + (4_000 - lost - failed) * 3;
        assert!(
            (single * 14 / 10..single * 16 / 10).contains(&total),
            "{total}"
        );
    }
}
