//! `waypost message list`.

use waypost_rpc::v1::{Direction, Message, MessageServiceListRequest, MessageServiceListResponse};

use super::story;
use crate::admin::cli::MessageList;
use crate::admin::fault::Fault;
use crate::admin::page;
use crate::admin::session::Session;
use crate::admin::text::{Cell, Look, Table, Tone, time};

/// As the protocol has it.
const MOST_OF_A_PAGE: u32 = 500;

pub(super) async fn command(session: &Session, arguments: &MessageList) -> Result<(), Fault> {
    let fetch = async |page_size, page_token| {
        let request = request(arguments, page_size, page_token);
        let page = session.call(session.messages().list(request)).await?;
        Ok((page.messages, page.next_page_token))
    };
    let (messages, next_page_token) =
        page::collect(&arguments.paging, MOST_OF_A_PAGE, fetch).await?;
    let answer = MessageServiceListResponse {
        messages,
        next_page_token,
    };
    session.screen.show(&answer, |look| {
        table(&answer.messages, look) + &page::more(&answer.next_page_token, look)
    });
    Ok(())
}

fn request(flags: &MessageList, page_size: u32, page_token: String) -> MessageServiceListRequest {
    let direction = flags.direction.map_or(Direction::Unspecified, Into::into);
    MessageServiceListRequest {
        page_size,
        page_token,
        direction: direction.into(),
        phone_number_id: flags.number.clone(),
        contact_id: flags.contact.clone(),
        person_phone: flags.person.clone(),
        wamid: flags.wamid.clone(),
        request_id: flags.request.clone(),
        state: flags.state.clone(),
        status: flags.status.clone(),
        since: flags.period.since,
        until: flags.period.until,
        include_payload: flags.payload,
    }
}

pub(super) fn table(messages: &[Message], look: &Look) -> String {
    if messages.is_empty() {
        return "No messages.\n".to_owned();
    }
    let mut table = Table::new(&["id", "", "type", ">age", "state", "person"]);
    for message in messages {
        let at = message.accepted_at.as_ref();
        let (tone, state) = state(message);
        table.noted(
            vec![
                Cell::new(&message.id),
                Cell::new(direction(message)),
                Cell::new(&message.r#type),
                Cell::from(at.map_or_else(String::new, |at| time::age(at, look.now))),
                Cell::toned(tone, &state),
                Cell::from(person(message)),
            ],
            &message.payload,
        );
    }
    table.render(look)
}

fn direction(message: &Message) -> &'static str {
    match message.direction() {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Unspecified => "?",
    }
}

/// In a word: Meta's, once it has one.
fn state(message: &Message) -> (Tone, String) {
    let word = match (message.status.as_str(), message.state.as_str()) {
        ("failed", _) if message.error_code != 0 => format!("failed {}", message.error_code),
        ("", "dead") if !message.state_class.is_empty() => message.state_class.clone(),
        ("", "") => "received".to_owned(),
        ("", state) => state.to_owned(),
        (status, _) => status.to_owned(),
    };
    let tone = match (message.status.as_str(), message.state.as_str()) {
        ("failed", _) | (_, "dead") => Tone::Bad,
        (_, "accepted" | "retrying" | "unknown" | "held") => Tone::Warn,
        _ => Tone::Good,
    };
    (tone, word)
}

/// The name, or the number where there is none.
fn person(message: &Message) -> String {
    match message.contact_name.as_str() {
        "" => story::person(&Message {
            contact_id: String::new(),
            ..message.clone()
        }),
        name => name.to_owned(),
    }
}
