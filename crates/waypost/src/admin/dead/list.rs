//! `waypost dead list`.

use waypost_rpc::v1::{
    DeadLetter, DeadLetterServiceListRequest, DeadLetterServiceListResponse, ErrorDetail,
};

use crate::admin::cli::DeadList;
use crate::admin::fault::Fault;
use crate::admin::session::Session;
use crate::admin::text::{Cell, Look, Table, clean, counted, time};
use crate::admin::{hold, page};

/// As the protocol has it.
const MOST_OF_A_PAGE: u32 = 1_000;

pub(super) async fn command(session: &Session, arguments: &DeadList) -> Result<(), Fault> {
    let mut total_dead = 0;
    let fetch = async |page_size, page_token| {
        let request = DeadLetterServiceListRequest {
            filter: Some(super::filter(&arguments.filter)),
            page_size,
            page_token,
        };
        let page = session.call(session.dead_letters().list(request)).await?;
        total_dead = page.total_dead;
        Ok((page.dead_letters, page.next_page_token))
    };
    let (dead_letters, next_page_token) =
        page::collect(&arguments.paging, MOST_OF_A_PAGE, fetch).await?;
    let answer = DeadLetterServiceListResponse {
        dead_letters,
        next_page_token,
        total_dead,
    };
    session.screen.show(&answer, |look| view(&answer, look));
    Ok(())
}

pub(super) fn view(answer: &DeadLetterServiceListResponse, look: &Look) -> String {
    let letters = &answer.dead_letters;
    if letters.is_empty() && answer.next_page_token.is_empty() {
        return match answer.total_dead {
            0 => "No dead letters.\n".to_owned(),
            total => format!(
                "None of the {} is like that.\n",
                counted(total, "dead letter")
            ),
        };
    }
    let mut table = Table::new(&["id", "queue", "class", ">given up", ">tries"]);
    for letter in letters {
        let dead = letter.dead_at.as_ref();
        table.noted(
            vec![
                Cell::new(&letter.id),
                Cell::new(hold::queue(letter.queue())),
                Cell::new(&letter.class),
                Cell::from(dead.map_or_else(String::new, |at| time::relative(at, look.now))),
                Cell::from(letter.attempts.to_string()),
            ],
            &why(letter),
        );
    }
    let shown = u64::try_from(letters.len()).unwrap_or(u64::MAX);
    let mut text = table.render(look);
    if shown < answer.total_dead {
        text.push_str(&look.dim(&format!(
            "{shown} of {}.\n",
            counted(answer.total_dead, "dead letter")
        )));
    }
    text + &page::more(&answer.next_page_token, look)
}

/// The business number, and what went wrong last.
fn why(letter: &DeadLetter) -> String {
    let last = letter.last_error.as_ref().and_then(|e| e.error.as_ref());
    let why = last.map_or_else(|| letter.reason.clone(), short);
    match letter.phone_number_id.as_str() {
        "" => why,
        number => format!("from {number}: {why}"),
    }
}

/// An error in a line: Meta's code and our words for it, or else what was said.
fn short(error: &ErrorDetail) -> String {
    let words = match error.explanation.as_str() {
        "" => clean(&error.message),
        words => clean(words),
    };
    match error.code {
        0 => words.into_owned(),
        code => format!("{code} {words}"),
    }
}
