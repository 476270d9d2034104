//! `waypost pause` and `waypost resume`.

use waypost_rpc::v1::{PauseRequest, ResumeRequest};

use super::cli::{self, Pause, Resume};
use super::fault::Fault;
use super::hold;
use super::session::Session;

pub(crate) async fn pause(session: &Session, arguments: &Pause) -> Result<(), Fault> {
    let request = PauseRequest {
        queue: cli::queue(arguments.queue),
        phone_number_id: arguments.number.clone(),
        reason: arguments.reason.clone(),
    };
    let answer = session.call(session.queues().pause(request)).await?;
    session.screen.show(&answer, |look| {
        let paused = hold::queues(answer.paused());
        let mut text = match (arguments.number.as_str(), answer.changed) {
            ("", true) => format!("Paused. What comes in waits; now paused: {paused}.\n"),
            ("", false) => format!("It was paused before; now paused: {paused}.\n"),
            (number, true) => format!("Paused the messages of {number}. What comes in waits.\n"),
            (number, false) => format!("The messages of {number} were paused before.\n"),
        };
        text.push_str(&look.dim("`waypost resume` ends it.\n"));
        text
    });
    Ok(())
}

pub(crate) async fn resume(session: &Session, arguments: &Resume) -> Result<(), Fault> {
    let request = ResumeRequest {
        queue: cli::queue(arguments.queue),
        phone_number_id: arguments.number.clone(),
    };
    let answer = session.call(session.queues().resume(request)).await?;
    session.screen.show(&answer, |_| {
        let mut text = match (arguments.number.as_str(), answer.changed) {
            ("", true) => "Resumed.".to_owned(),
            ("", false) => "It was not paused.".to_owned(),
            (number, true) => format!("Resumed the messages of {number}."),
            (number, false) => format!("The messages of {number} were not paused."),
        };
        if !answer.paused.is_empty() {
            let paused = hold::queues(answer.paused());
            text.push_str(&format!(" Paused still: {paused}."));
        }
        text + "\n"
    });
    Ok(())
}
