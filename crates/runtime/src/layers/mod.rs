//! Tower layers that every listener may use. Where a layer belongs in a stack is the stack's own matter.

mod catch_panic;
mod identify;

pub use catch_panic::{CatchPanic, CatchPanicLayer};
pub use identify::{Identified, Identify, IdentifyLayer};
