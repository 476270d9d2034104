//! `waypost number`: business numbers.

use waypost_rpc::v1::{
    BreakerState, Number, NumberServiceListRequest, NumberServiceListResponse,
    NumberServiceResumeRequest, SetLimitRequest, StopRequest,
};

use super::cli::{self, Limit, NumberList};
use super::fault::{Fault, Kind};
use super::session::Session;
use super::text::{Cell, Look, Table, Tone, clean, count, rate, time};
use super::{hold, page};

/// As the protocol has it.
const MOST_OF_A_PAGE: u32 = 1_000;

pub(crate) async fn command(session: &Session, command: &cli::Number) -> Result<(), Fault> {
    match command {
        cli::Number::List(arguments) => list(session, arguments).await,
        cli::Number::Limit(arguments) => limit(session, arguments).await,
        cli::Number::Stop(arguments) => {
            let request = StopRequest {
                phone_number_id: arguments.number.clone(),
                reason: arguments.reason.clone(),
            };
            let answer = session.call(session.numbers().stop(request)).await?;
            session.screen.show(&answer, |look| {
                let what = match answer.changed {
                    true => "Stopped. It sends nothing until `waypost number resume`.",
                    false => "It was stopped before.",
                };
                changed(what, answer.number.as_ref(), look)
            });
            Ok(())
        }
        cli::Number::Resume(arguments) => {
            let request = NumberServiceResumeRequest {
                phone_number_id: arguments.number.clone(),
            };
            let answer = session.call(session.numbers().resume(request)).await?;
            session.screen.show(&answer, |look| {
                let what = match answer.changed {
                    true => "Resumed.",
                    false => "It was neither stopped nor paused.",
                };
                changed(what, answer.number.as_ref(), look)
            });
            Ok(())
        }
    }
}

async fn list(session: &Session, arguments: &NumberList) -> Result<(), Fault> {
    let fetch = async |page_size, page_token| {
        let request = NumberServiceListRequest {
            page_size,
            page_token,
            phone_number_id: arguments.number.clone(),
        };
        let page = session.call(session.numbers().list(request)).await?;
        Ok((page.numbers, page.next_page_token))
    };
    let (numbers, next_page_token) =
        page::collect(&arguments.paging, MOST_OF_A_PAGE, fetch).await?;
    if numbers.is_empty() && !arguments.number.is_empty() {
        let text = format!("no number {} was ever seen", clean(&arguments.number));
        return Err(Fault::new(Kind::NotFound, text));
    }
    let answer = NumberServiceListResponse {
        numbers,
        next_page_token,
    };
    session.screen.show(&answer, |look| {
        table(&answer.numbers, look) + &page::more(&answer.next_page_token, look)
    });
    Ok(())
}

async fn limit(session: &Session, arguments: &Limit) -> Result<(), Fault> {
    let request = SetLimitRequest {
        phone_number_id: arguments.number.clone(),
        limit_per_second: arguments.wanted.per_second,
    };
    let answer = session.call(session.numbers().set_limit(request)).await?;
    session.screen.show(&answer, |look| {
        let what = match answer.changed {
            true => "The limit is set.",
            false => "The limit was that before.",
        };
        changed(what, answer.number.as_ref(), look)
    });
    Ok(())
}

fn changed(what: &str, number: Option<&Number>, look: &Look) -> String {
    let numbers: Vec<Number> = number.cloned().into_iter().collect();
    format!("{what}\n\n{}", table(&numbers, look))
}

/// One line a number, and one more for each thing that holds it up.
pub(crate) fn table(numbers: &[Number], look: &Look) -> String {
    if numbers.is_empty() {
        return "No numbers.\n".to_owned();
    }
    let mut table = Table::new(&[
        "number",
        ">backlog",
        ">active",
        ">sent/s",
        "limit/s",
        ">drained in",
        "state",
    ]);
    let mut notes = Vec::new();
    for number in numbers {
        let (tone, state) = state(number);
        let drained = number.time_to_drain_seconds.filter(|_| number.backlog > 0);
        table.row(vec![
            Cell::new(&number.phone_number_id),
            Cell::from(count(number.backlog)),
            Cell::from(count(number.in_flight)),
            Cell::from(rate(number.sent_per_second)),
            Cell::from(limit_words(number)),
            Cell::from(drained.map_or_else(|| "-".to_owned(), time::span)),
            Cell::toned(tone, state),
        ]);
        notes.extend(self::notes(number, look));
    }
    let mut text = table.render(look);
    if !notes.is_empty() {
        text.push('\n');
    }
    text + &notes.concat()
}

/// The worst of what there is.
fn state(number: &Number) -> (Tone, &'static str) {
    match number.breaker() {
        _ if number.stopped.is_some() => (Tone::Bad, "stopped"),
        BreakerState::Open => (Tone::Bad, "broken"),
        BreakerState::Probing => (Tone::Warn, "probing"),
        _ if number.paused.is_some() => (Tone::Warn, "paused"),
        _ if slowed(number) => (Tone::Warn, "slowed"),
        _ => (Tone::Good, "sends"),
    }
}

fn slowed(number: &Number) -> bool {
    number.limit_per_second > 0.0 && number.current_rate_per_second < number.limit_per_second
}

fn limit_words(number: &Number) -> String {
    match number.limit_per_second {
        limit if limit > 0.0 => format!("{} {}", rate(limit), number.limit_source),
        _ => "none".to_owned(),
    }
}

fn notes(number: &Number, look: &Look) -> Vec<String> {
    let id = clean(&number.phone_number_id);
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(format!("! {}\n", look.wrap(&text, 2)));
    if let Some(stop) = &number.stopped {
        note(hold::words(&format!("{id}: stopped"), stop, look.now));
    }
    if let Some(pause) = &number.paused {
        note(hold::words(&format!("{id}: paused"), pause, look.now));
    }
    if number.breaker() == BreakerState::Open {
        let tries = number.breaker_retry_at.as_ref().map_or_else(
            || "for a while".to_owned(),
            |at| {
                format!(
                    "until one message is tried {}",
                    time::relative(at, look.now)
                )
            },
        );
        note(format!(
            "{id}: too many attempts failed, so nothing passes {tries}"
        ));
    }
    if slowed(number) {
        note(format!(
            "{id}: Meta has pushed back, so it goes at {} a second and speeds up again by itself",
            rate(number.current_rate_per_second)
        ));
    }
    notes
}
