//! The request of one call: checked, with who calls.

use prost::{Message, Name};
use tonic::{Request, Status};
use uuid::Uuid;
use waypost_rpc::rules;
use waypost_rpc::v1::Role;
use waypost_runtime::RequestId;
use waypost_telemetry::trace;

use crate::fault;
use crate::guard::Caller;

/// One call.
pub(crate) struct Call<M> {
    pub(crate) message: M,
    pub(crate) caller: Caller,
    pub(crate) request_id: Uuid,
    /// What is done for it belongs to this.
    pub(crate) trace: trace::Context,
}

impl<M: Message + Name> Call<M> {
    /// Checks the request against what its proto says.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn admit(request: Request<M>) -> Result<Self, Status> {
        let extensions = request.extensions();
        // The guard stands before every service; should somebody take it away, nobody may do anything.
        let caller = extensions.get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Status::internal("the guard was passed by"))?;
        let request_id = extensions.get::<RequestId>().copied();
        let trace = extensions.get::<trace::Context>().copied();
        let message = request.into_inner();
        let violations = rules::check(&message);
        if !violations.is_empty() {
            return Err(fault::invalid(&violations));
        }
        Ok(Self {
            message,
            caller,
            request_id: request_id.unwrap_or_else(RequestId::new).uuid(),
            trace: trace.unwrap_or(trace::Context::NONE),
        })
    }
}

impl<M> Call<M> {
    /// What people wrote is for operators.
    ///
    /// # Errors
    /// When it was asked for by somebody else.
    pub(crate) fn may_read(&self, asked: bool) -> Result<(), Status> {
        if asked && self.caller.role < Role::Operator {
            return Err(fault::forbidden(
                "PAYLOAD_NEEDS_OPERATOR",
                "what people wrote is shown to operators only: leave include_payload out, or use a token of that role",
            ));
        }
        Ok(())
    }
}

/// An id that the rules have found to be one.
///
/// # Errors
/// When it is none all the same.
pub(crate) fn id(field: &str, text: &str) -> Result<Uuid, Status> {
    Uuid::try_parse(text).map_err(|_| fault::wrong(field, "must be a UUID"))
}
