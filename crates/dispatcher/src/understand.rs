//! What came of a request, by the error table, and how its history words it.

use waypost_queue::{Fact, Outgoing, Signal};
use waypost_whatsapp::graph::{AttemptFacts, GraphError, Judgement, Verdict, judge};

use crate::call::Called;

/// What an attempt was judged to be, for the log too.
pub(crate) struct Judged {
    pub(crate) judgement: Judgement,
    pub(crate) http_status: Option<u16>,
    /// Why there was no answer.
    pub(crate) why: Option<String>,
    pub(crate) signal: Signal,
}

impl Judged {
    /// Whether the number or its token is of no use until somebody acts.
    pub(crate) fn stops_number(&self) -> bool {
        self.judgement.verdict == Verdict::StopNumber
    }
}

/// Judges what came of a request by the error table.
pub(crate) fn understand(called: Called, outgoing: &Outgoing) -> Judged {
    let silence = |verdict, why| Judged {
        judgement: Judgement {
            verdict,
            error: None,
            operator: false,
            meta_failure: true,
        },
        http_status: None,
        why: Some(why),
        signal: Signal::Failure,
    };
    match called {
        Called::Answered {
            status,
            retry_after,
            body,
            whole,
        } => {
            let facts = AttemptFacts {
                by_link: outgoing.by_link,
            };
            let mut judgement = judge(status, &body, retry_after, facts);
            if !whole && judgement.error.is_none() && judgement.verdict == Verdict::Never {
                // A refusal whose reason was cut off: Meta has not taken it, and why may pass.
                judgement.verdict = Verdict::Retry {
                    at_most: None,
                    after: retry_after,
                };
                judgement.operator = false;
            }
            let failure = judgement.meta_failure || judgement.verdict == Verdict::Unknown;
            Judged {
                http_status: Some(status),
                why: None,
                signal: if failure {
                    Signal::Failure
                } else {
                    Signal::Success
                },
                judgement,
            }
        }
        Called::NotSent(why) => {
            let again = Verdict::Retry {
                at_most: None,
                after: None,
            };
            silence(again, why)
        }
        Called::Unknown(why) => silence(Verdict::Unknown, why),
    }
}

/// Puts it into the words of a fact.
pub(crate) fn describe(fact: &mut Fact, judged: &Judged) {
    fact.verdict = word(&judged.judgement.verdict).to_owned();
    fact.http_status = judged.http_status;
    fact.error_message.clone_from(&judged.why);
    if let Some(error) = &judged.judgement.error {
        fact.error_code = Some(error.code);
        fact.error_subcode = error.subcode;
        fact.error_message = Some(text_of(error));
        fact.fbtrace_id.clone_from(&error.fbtrace_id);
    }
    if let Verdict::Done { wamid, .. } = &judged.judgement.verdict {
        fact.wamid.clone_from(wamid);
    }
}

/// Meta's details say more than its message, where there are any.
fn text_of(error: &GraphError) -> String {
    match &error.details {
        Some(details) if !details.is_empty() => format!("{}: {details}", error.message),
        _ => error.message.clone(),
    }
}

/// The verdict in a word, as history and dead letters have it.
pub(crate) const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done { .. } => "done",
        Verdict::Retry { .. } => "retry",
        Verdict::SlowDown { .. } => "slow_down",
        Verdict::Never => "never",
        Verdict::StopNumber => "stop_number",
        Verdict::Unknown => "unknown",
    }
}
