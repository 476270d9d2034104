//! `waypost send`: a text, for trying.

use uuid::Uuid;
use waypost_rpc::v1::SendTextRequest;

use crate::admin::cli::Send;
use crate::admin::fault::{Fault, Kind};
use crate::admin::session::Session;
use crate::admin::text::clean;

pub(crate) async fn send(session: &Session, arguments: &Send) -> Result<(), Fault> {
    // With a key of our own, a call whose answer was lost can be made again and sends nothing twice.
    let key = match &arguments.idempotency_key {
        Some(key) => key.clone(),
        None => Uuid::new_v4().to_string(),
    };
    let request = SendTextRequest {
        phone_number_id: arguments.from.clone(),
        to: format!("+{}", arguments.to),
        text: arguments.text.clone(),
        idempotency_key: key.clone(),
    };
    let answer = session
        .call(session.messages().send_text(request))
        .await
        .map_err(|fault| match fault.kind() {
            Kind::Failed => Fault::new(
                Kind::Failed,
                format!(
                    "{fault}; to try again and send it once only: --idempotency-key {}",
                    clean(&key)
                ),
            ),
            _ => fault,
        })?;
    session.screen.show(&answer, |look| {
        let id = clean(&answer.id);
        let what = match answer.replayed {
            true => "Accepted before, with the same key",
            false => "Accepted",
        };
        let tip = look.dim(&format!("waypost message show {id}"));
        format!("{what}: {id}\n{tip}\n")
    });
    Ok(())
}
