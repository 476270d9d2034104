//! `MessageService.Decide`: what becomes of a message whose outcome is unknown.

use serde_json::json;
use tonic::Status;
use waypost_rpc::v1::{DecideRequest, DecideResponse, Decision};

use crate::call::{self, Call};
use crate::fault;
use crate::plane::Plane;

pub(super) async fn decide(
    plane: &Plane,
    call: Call<DecideRequest>,
) -> Result<DecideResponse, Status> {
    let id = call::id("id", &call.message.id)?;
    let number = &call.message.phone_number_id;
    let decision = call.message.decision();
    let change = plane
        .audit
        .begin(
            "MessageService.Decide",
            &call,
            format!("message {id}"),
            serde_json::Value::Null,
        )
        .await?;
    let done = match decision {
        Decision::Resend => plane.outbox.resend(number, id).await,
        Decision::GiveUp => plane.outbox.give_up(number, id).await,
        Decision::Unspecified => Ok(false),
    };
    let done = match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(fault::precondition(
            "NOT_UNKNOWN",
            "the message is not one of this number's whose outcome is unknown, or not any more",
        )),
        Err(error) => Err(fault::redis(&error)),
    };
    let after =
        json!({ "decided": if decision == Decision::Resend { "resend" } else { "give_up" } });
    change.end_with(done, |()| after).await?;
    Ok(DecideResponse {
        decided: decision.into(),
    })
}
