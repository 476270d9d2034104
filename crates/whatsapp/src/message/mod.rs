//! Messages: the head that every message has (parsed at once), and the content of each type (parsed when asked for).

mod content;
mod context;
mod digest;
mod head;
mod history;
mod identity;
mod interactive;
mod location;
mod media;
mod notice;
mod order;
mod referral;
mod shared_contact;
mod system;
mod text_types;

pub use content::Content;
pub use context::{Context, ReferredProduct};
pub use head::Message;
pub use history::{HistoryMessage, Thread};
pub use identity::{Identity, IdentityChange};
pub use interactive::{ButtonReply, CallPermissionReply, FlowReply, Interactive, ListReply};
pub use location::Location;
pub use media::{Media, MediaObject};
pub use notice::{Edit, Edited, Revoke, Unsupported};
pub use order::{Order, ProductItem};
pub use referral::{Referral, WelcomeMessage};
pub use shared_contact::{Address, Email, Name, Organisation, Phone, SharedContact, Url};
pub use system::{IdentityCheck, System, SystemKind};
pub use text_types::{Button, Reaction, TextBody};
