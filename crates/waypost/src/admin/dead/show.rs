//! `waypost dead show`: one dead letter with all its errors.

use waypost_rpc::v1::{DeadLetter, DeadLetterServiceGetRequest, DeadLetterServiceGetResponse};

use crate::admin::cli::DeadShow;
use crate::admin::fault::Fault;
use crate::admin::hold;
use crate::admin::message::{self, Rows};
use crate::admin::session::Session;
use crate::admin::text::{Look, Tone, clean, counted, time};

pub(super) async fn command(session: &Session, arguments: &DeadShow) -> Result<(), Fault> {
    let request = DeadLetterServiceGetRequest {
        id: arguments.id.clone(),
        include_payload: arguments.payload,
    };
    let answer = session.call(session.dead_letters().get(request)).await?;
    session.screen.show(&answer, |look| view(&answer, look));
    Ok(())
}

pub(super) fn view(answer: &DeadLetterServiceGetResponse, look: &Look) -> String {
    let letter = answer.dead_letter.clone().unwrap_or_default();
    let id = clean(&letter.id);
    let queue = hold::queue(letter.queue());
    let mut text = format!("{}\n\n", look.bold(&format!("Dead letter {id} ({queue})")));
    text.push_str(&rows(&letter, look));
    text.push_str(&format!("\n{}\n", look.bold("Attempts that failed")));
    if answer.errors.is_empty() {
        text.push_str("  none was kept\n");
    }
    for failure in &answer.errors {
        let at = failure.at.as_ref().map(time::stamp).unwrap_or_default();
        text.push_str(&format!(
            "  {at}  attempt {}: {}\n",
            failure.attempt,
            clean(&failure.verdict)
        ));
        if let Some(error) = &failure.error {
            text.push_str(&message::error_lines(error, 6, look));
        }
    }
    text.push_str(&message::payload(&answer.payload, look));
    let story = match letter.queue() {
        waypost_rpc::v1::Queue::Message => format!("its story:     waypost message show {id}\n"),
        _ => String::new(),
    };
    text + &look.dim(&format!(
        "\ntry it again:  waypost dead replay {id}\nthrow it away: waypost dead purge {id}\n{story}"
    ))
}

fn rows(letter: &DeadLetter, look: &Look) -> String {
    let when = |at: &Option<_>| {
        at.as_ref().map_or_else(String::new, |at| {
            format!("{}, {}", time::stamp(at), time::relative(at, look.now))
        })
    };
    let mut rows = Rows::new(look);
    let class = match letter.reason.as_str() {
        "" => letter.class.clone(),
        reason => format!("{}: {reason}", letter.class),
    };
    rows.toned("Given up", Tone::Bad, &class);
    rows.add("When", &when(&letter.dead_at));
    rows.add("Accepted", &when(&letter.accepted_at));
    let attempts = counted(letter.attempts.into(), "attempt");
    rows.add(
        "Tried",
        &match letter.replays {
            0 => attempts,
            replays => format!(
                "{attempts}, replayed {} before",
                counted(replays.into(), "time")
            ),
        },
    );
    rows.add("From", &letter.phone_number_id);
    rows.add("Type", &letter.r#type);
    rows.add("Priority", &letter.priority);
    rows.add("Request", &letter.request_id);
    rows.add("Size", &counted(letter.payload_bytes.into(), "byte"));
    rows.text()
}
