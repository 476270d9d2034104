//! The error table: every row of Meta's codes that we know, with what to do and our own words.
//!
//! A row is `codes => rule, operator?, "what it means and what to do"`. Rows for one code with one subcode come first.
//! Sources: Meta's error code pages of 2025 and 2026, and what SDKs and issue trackers have seen. Codes marked [inf]
//! are not described by Meta for sending; their verdict is an inference.

use super::Scope::{Account, App, Number, Pair};
use super::rule::Rule::{self, Again, Few, IfByLink, Later, Never, Perhaps, Slow, Stop, Wait};

/// One row.
pub(super) struct Row {
    /// First and last code of each range.
    pub(super) codes: &'static [(i64, i64)],
    /// Only with this subcode.
    pub(super) subcode: Option<i64>,
    pub(super) rule: Rule,
    /// Somebody should look.
    pub(super) operator: bool,
    /// What it means and what to do.
    pub(super) words: &'static str,
}

/// One line a row; rustfmt leaves it alone.
macro_rules! rows {
    ($($first:literal $(to $last:literal)? $(, $more:literal $(to $more_last:literal)?)*
        $(with $subcode:literal)? => $rule:expr, $operator:ident, $words:literal;)+) => {
        &[$(Row {
            codes: &[
                ($first, rows!(@last $first $($last)?)),
                $(($more, rows!(@last $more $($more_last)?))),*
            ],
            subcode: rows!(@option $($subcode)?),
            rule: $rule,
            operator: rows!(@operator $operator),
            words: $words,
        }),+]
    };
    (@last $first:literal) => { $first };
    (@last $first:literal $last:literal) => { $last };
    (@option) => { None };
    (@option $subcode:literal) => { Some($subcode) };
    (@operator look) => { true };
    (@operator calm) => { false };
}

/// Hours, in seconds, for limits whose length Meta does not tell.
const HOURS: u64 = 2 * 3600;

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = rows! {
    // Graph API: credentials, permissions, throttles.
    100 with 33 => Stop, look, "The number, account or template named in the request is gone or this token may not see it: check the phone_number_id and the token's access.";
    0 => Stop, look, "Meta cannot authenticate the app user: the token is wrong, expired or revoked; put in a new one.";
    1 => Perhaps, calm, "Unknown at Meta's side, either a bad request or a server error: tried a few times, then check the request.";
    2 => Again, calm, "Meta's service is down or overloaded: tried again with backoff.";
    3 => Stop, look, "The app lacks a capability or permission for this call: check the app's permissions.";
    4 => Slow(App), calm, "The app has used up its call rate: all its calls slow down.";
    10 => Stop, look, "A permission is missing, was removed, or the number is not eligible: check the token's permissions.";
    17, 32, 341, 613 => Slow(App), calm, "A throttle of the Graph API (user, page or app): all calls of the app slow down.";
    33 => Stop, look, "The business phone number does not exist any more: remove it or put in its successor.";
    100 => Never, calm, "A parameter is invalid, misspelled, not supported or too long: correct the message.";
    102, 104, 2500 => Stop, look, "The session is invalid or the token is missing: put in a valid token.";
    190 => Stop, look, "The access token is expired or invalid (app removed, password changed, revoked): put in a new system user token.";
    200 to 299 => Stop, look, "The token lacks a permission, or none was sent: grant the permissions for WhatsApp messaging.";
    368 => Stop, look, "The account is restricted or disabled for breaking a policy: see its status in the business manager.";
    506 => Never, calm, "Meta took this for a repetition of an earlier post.";
    // [inf] Seen as a subcode beside 130429; alone it is read the same way.
    2494055 => Slow(Number), calm, "The number sends faster than it may: it slows down.";

    // Limits and people.
    80007 => Slow(Account), calm, "The WhatsApp business account has used up its rate: all its numbers slow down.";
    130403 => Never, calm, "The business has blocked this person: unblock before writing.";
    130429 => Slow(Number), calm, "The number sends faster than its throughput allows: it slows down.";
    130472 => Never, calm, "The person is part of an experiment in which marketing messages are withheld: do not send again.";
    130497 => Never, look, "The account may not write to people in that country: check the restrictions of its business category.";

    // Messages.
    131000 => Few, calm, "Something went wrong at Meta's side: tried a few times; if it stays, ask Meta's support.";
    131005 => Stop, look, "Access denied: the permission was not granted or was removed.";
    131008 => Never, calm, "A required parameter is missing: correct the message.";
    131009 => Never, calm, "The value of a parameter is not valid: correct the message.";
    131014 => Never, calm, "Meta could not fetch a URL of the message: check that it is public.";
    131016 => Again, calm, "A service of Meta's is unavailable for the moment: tried again with backoff.";
    131020 => Never, calm, "The group has a single member: nobody would receive it.";
    131021 => Never, calm, "Sender and recipient are the same number.";
    131026 => Never, calm, "Undeliverable: the person is not on WhatsApp, uses an old version, or has not accepted the terms.";
    131030 => Never, calm, "The recipient is not on the list of allowed numbers of this test number: add him there.";
    131031 => Stop, look, "The account is locked, for breaking a policy or for a wrong PIN: see its status in the business manager.";
    131035 => Never, look, "An inbound webhook was dropped unread because the number keeps nothing at Meta: find out why the webhook failed.";
    131037 => Stop, look, "The number has no approved display name yet: get the display name approved.";
    131041 => Never, calm, "The group is unknown: check its id.";
    131042 => Never, look, "Payment or eligibility trouble stops what costs money: mend the payment method of the account.";
    131044 => Never, look, "Payment trouble with calls: mend the payment method of the account.";
    131045 => Stop, look, "The number's registration or certificate is not valid: register the number again.";
    131047 => Never, calm, "More than 24 hours since the person's last message: send a template instead.";
    131048 => Wait(Number, HOURS), look, "Too many messages of this number were blocked or reported: it waits for hours; look at its quality.";
    131049 => Never, calm, "Meta withheld a marketing message to keep the ecosystem healthy: not again within 24 hours.";
    131050 => Never, calm, "The person has stopped marketing messages of this business: do not send him any.";
    131051 => Never, calm, "The type of message is not supported.";
    131052 => Never, calm, "Media sent by a person could not be downloaded: ask him to send it another way.";
    131053 => IfByLink, calm, "Media of the message could not be uploaded or fetched, or is not what its type says: check file and link.";
    131055 => Never, look, "The method is not allowed for this number or kind of message: check how the number is set up.";
    131056 => Slow(Pair), calm, "Too many messages from this number to the same person: only he waits.";
    131057 => Wait(Number, 60), calm, "The number is in maintenance, for instance while its throughput is raised: it waits a minute.";
    131059 => Never, calm, "A cursor of a listing is not valid any more: begin the listing again.";
    131060 => Never, calm, "An inbound message's content is unavailable: it can be read in the business app only.";
    131062 => Never, calm, "This message cannot go to a user id: a phone number is needed.";
    131063 => Never, look, "Marketing templates are switched off for the Cloud API on this account: use the marketing messages API.";
    131064 => Wait(Account, HOURS), look, "The account is limited because a template was put into the wrong category: it waits for hours; correct the template.";
    131201, 131202, 131204, 131207, 131209 to 131215 => Never, look, "An operation on a group failed: check the group and its members.";
    131208 => Slow(Number), calm, "Too many operations on groups: the number slows down.";

    // Templates and flows.
    132000 => Never, calm, "The number of parameters is not that of the template.";
    132001 => Never, look, "The template does not exist in that language or is not approved.";
    132005 => Never, calm, "The template's text is too long once the parameters are filled in.";
    132007 => Never, look, "The template's content breaks a policy: change the template.";
    132008, 132012 => Never, calm, "A parameter's value or format is not what the template wants.";
    132015 => Never, look, "The template is paused for low quality: wait until it is unpaused, or improve it.";
    132016 => Never, look, "The template was paused too often and is disabled for good: make another one.";
    132018 => Never, calm, "The template's parameters did not pass Meta's checks: correct them.";
    132068 => Never, look, "The flow is blocked: mend it in the flow manager.";
    // Meta's scope is the flow, which no limiter here knows; the pair is the smallest scope that waits. [inf]
    132069 => Wait(Pair, 360), look, "The flow is throttled to ten messages an hour: mend the flow; meanwhile this person waits.";

    // Registration of numbers.
    133000 => Never, look, "An earlier deregistration of the number was not completed: deregister it again.";
    133004 => Again, calm, "A server of Meta's is unavailable for the moment: tried again with backoff.";
    133005, 133006, 133008, 133009 => Never, look, "The two-step PIN is wrong, has to be verified again, or was tried too often or too fast.";
    133010 => Stop, look, "The number is not registered with the Cloud API: register it.";
    133015 => Never, look, "The number was deleted a moment ago: register it after five minutes.";
    133016 => Never, look, "The number was registered and deregistered too often: wait for three days.";
    134011 => Never, look, "The terms of payments on WhatsApp are not accepted: accept them in the business manager.";

    // Marketing messages API and the rest of sending.
    134100 => Never, calm, "Only marketing templates can go through the marketing messages API.";
    // Meta's scope is the template; the pair is the smallest scope that waits. [inf]
    134101 => Wait(Pair, 600), calm, "The template is being synchronised for the marketing messages API: tried again after ten minutes.";
    134102 => Never, look, "The template is not available in the marketing messages API: see its status.";
    135000 => Never, calm, "A generic user error: the parameters of the message do not fit together.";
    137000 => Never, calm, "The recipient's identity has changed since the key hash was taken: verify him again.";

    // Not about sending; a message never meets these unless Meta changes its mind.
    138000 to 138023 => Never, calm, "An error of the calling API.";
    139103 => Perhaps, look, "The block list could not be changed for an internal reason: tried again.";
    139000 to 139004, 139100 to 139102 => Never, look, "Managing a flow or the block list failed: see the details.";
    147001 to 147005 => Never, look, "Managing the business username failed: see the details.";
    1752041 => Never, calm, "The account is already signed up for the marketing messages API: nothing to do.";
    200005 to 200007 => Never, calm, "Template insights are not available: nothing to do with sending.";
    2494100 => Later(300), look, "The number is in maintenance: tried again after some minutes.";
    2388001 to 2388299 => Never, look, "Creating a template or moving a number failed: see the details.";
    2494164 to 2494179 => Never, look, "Signing up inside the app failed: see the details.";
    2593107 to 2593109 => Never, look, "Synchronising with the business app was refused or came too late: onboard the number again.";
    2593079, 2593085 => Never, look, "Onboarding on behalf of another business failed: see the details.";
};

/// The row of an error. The code decides; the subcode only where a row asks for it, or where the code is unknown.
pub(super) fn find(code: i64, subcode: Option<i64>) -> Option<&'static Row> {
    ROWS.iter()
        .find(|row| row.holds(code) && (row.subcode.is_none() || row.subcode == subcode))
        .or_else(|| subcode.and_then(by_subcode))
}

/// What a code means and what to do, in one sentence of ours; for codes of the table.
pub fn explain(code: i64) -> Option<&'static str> {
    find(code, None).map(|row| row.words)
}

impl Row {
    pub(super) fn holds(&self, code: i64) -> bool {
        self.codes
            .iter()
            .any(|&(first, last)| (first..=last).contains(&code))
    }
}

/// Long subcodes are of the same numbering as codes; short ones mean something else (33 is no deleted number).
fn by_subcode(subcode: i64) -> Option<&'static Row> {
    find(subcode, None).filter(|_| subcode >= 1_000_000)
}
