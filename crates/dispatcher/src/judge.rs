//! What an answer means for the message, its pair, its number and the circuit breaker.

use std::time::{Duration, SystemTime};

use rand::Rng;
use waypost_model::{DeadClass, SendState};
use waypost_queue::{Cause, Fact, How, Progress, Signal, Slow, Stop, Turn};
use waypost_whatsapp::graph::{Scope, Verdict};

use crate::backoff::{backoff, pair_wait};
use crate::config::DispatcherSettings;
use crate::outcome::{Outcome, error_of, fact};
use crate::understand::{Judged, describe};

/// Longest that a lane waits by itself when its number or account is too fast: the limiter does the rest.
const STEP_ASIDE: Duration = Duration::from_secs(1);

/// What is known of an attempt.
pub(crate) struct Attempt {
    pub(crate) judged: Judged,
    /// Of the token that it was made with.
    pub(crate) token_fingerprint: String,
    pub(crate) started_at: SystemTime,
    pub(crate) finished_at: SystemTime,
}

/// Turns an attempt into an outcome, and says whether somebody should look.
pub(crate) fn conclude(
    settings: &DispatcherSettings,
    turn: Turn,
    attempt: Attempt,
) -> (Outcome, bool) {
    let judged = attempt.judged;
    let operator = judged.judgement.operator;
    let mut progress = turn.progress.clone();
    progress.made += 1;
    let mut told = fact(&turn, &progress, SendState::Sent);
    told.attempted = true;
    told.started_at = attempt.started_at;
    told.finished_at = Some(attempt.finished_at);
    describe(&mut told, &judged);
    let decided = decide(settings, turn.cause, &judged, &mut progress, &told);
    if !matches!(decided.how, How::Done) {
        progress.note(error_of(&told, attempt.finished_at));
    }
    told.state = decided.state;
    told.class = decided.class;
    told.next_at = decided.next.map(|wait| attempt.finished_at + wait);
    let outcome = Outcome {
        how: with_progress(decided.how, progress),
        fact: Some(told),
        signal: judged.signal,
        slow: decided.slow,
        stop: decided.stop.map(|reason| Stop {
            reason,
            token_fingerprint: attempt.token_fingerprint,
        }),
        slot: None,
        span: None,
        turn,
    };
    (outcome, operator)
}

struct Decided {
    how: How,
    state: SendState,
    class: Option<DeadClass>,
    next: Option<Duration>,
    slow: Option<Slow>,
    stop: Option<String>,
}

impl Decided {
    fn of(how: How, state: SendState) -> Self {
        Self {
            how,
            state,
            class: None,
            next: None,
            slow: None,
            stop: None,
        }
    }

    fn later(delay: Duration) -> Self {
        Self {
            next: Some(delay),
            ..Self::of(
                How::Later {
                    delay,
                    progress: Progress::default(),
                },
                SendState::Retrying,
            )
        }
    }

    fn bury(class: DeadClass, reason: String) -> Self {
        Self {
            class: Some(class),
            ..Self::of(
                How::Bury {
                    class,
                    reason,
                    progress: Progress::default(),
                },
                SendState::Dead,
            )
        }
    }
}

/// Where the message goes. Its progress is filled in afterwards.
fn decide(
    settings: &DispatcherSettings,
    cause: Cause,
    judged: &Judged,
    progress: &mut Progress,
    told: &Fact,
) -> Decided {
    match &judged.judgement.verdict {
        Verdict::Done { .. } => Decided::of(How::Done, SendState::Sent),
        Verdict::Retry { at_most, after } => {
            // A probe asks for all that wait; its own message should not pay for that.
            let free = cause == Cause::Probe && judged.signal == Signal::Failure;
            progress.attempts += u32::from(!free);
            progress.slowed = 0;
            let most = at_most.map_or(settings.attempts, |most| most.min(settings.attempts));
            if progress.attempts >= most {
                Decided::bury(DeadClass::Exhausted, reason(told))
            } else {
                Decided::later(backoff(settings, progress.attempts, *after))
            }
        }
        Verdict::SlowDown { scope, after } => slow_down(settings, *scope, *after, progress),
        Verdict::Never => Decided::bury(DeadClass::Rejected, reason(told)),
        Verdict::StopNumber => Decided {
            stop: Some(reason(told)),
            next: None,
            ..Decided::later(Duration::ZERO)
        },
        Verdict::Unknown => {
            progress.attempts += 1;
            progress.lose_sight();
            let wait = Some(settings.unknown_deadline);
            Decided {
                next: wait,
                ..Decided::of(
                    How::Park {
                        wait,
                        progress: Progress::default(),
                    },
                    SendState::Unknown,
                )
            }
        }
    }
}

fn slow_down(
    settings: &DispatcherSettings,
    scope: Scope,
    after: Option<Duration>,
    progress: &mut Progress,
) -> Decided {
    if scope == Scope::Pair {
        let wait = pair_wait(settings, progress.slowed, after);
        progress.slowed += 1;
        return Decided {
            slow: Some(Slow::Pair { wait }),
            ..Decided::later(wait)
        };
    }
    let aside = rand::rng().random_range(STEP_ASIDE / 10..=STEP_ASIDE);
    Decided {
        slow: Some(match scope {
            Scope::Account => Slow::Account { after },
            Scope::App => Slow::App { after },
            Scope::Number | Scope::Pair => Slow::Number { after },
        }),
        ..Decided::later(aside)
    }
}

fn with_progress(how: How, progress: Progress) -> How {
    match how {
        How::Later { delay, .. } => How::Later { delay, progress },
        How::Park { wait, .. } => How::Park { wait, progress },
        How::Bury { class, reason, .. } => How::Bury {
            class,
            reason,
            progress,
        },
        How::Done | How::Release => how,
    }
}

fn reason(told: &Fact) -> String {
    let text = told
        .error_message
        .as_deref()
        .unwrap_or("no reason was given");
    match (told.error_code, told.http_status) {
        (Some(code), _) => format!("{code}: {text}"),
        (None, Some(status)) => format!("HTTP {status}: {text}"),
        (None, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
