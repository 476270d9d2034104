//! The four fields about groups; one shape serves them all. (Meta: groups, webhooks.)

use crate::error::MetaError;
use crate::json::{Json, object};
use crate::text::{Text, Token};
use crate::timestamp::Timestamp;

object! {
    /// `group_lifecycle_update`, `group_participants_update`, `group_settings_update`, `group_status_update`.
    pub struct Groups<'a> {
        /// One an event.
        pub groups: Vec<Group<'a>>,
    }

    /// What happened to a group.
    pub struct Group<'a> {
        /// The group.
        pub group_id: Option<Text<'a>>,
        /// `group_create`, `group_delete`, `group_participants_add`, `group_participants_remove`,
        /// `group_settings_update`, `group_suspend` and so on.
        pub kind: Option<Text<'a>> = "type",
        /// When.
        pub timestamp: Option<Timestamp>,
        /// The request of the business that this answers.
        pub request_id: Option<Text<'a>>,
        /// The group's name: a text when it was made, an object with the outcome when it was changed.
        pub subject: Option<Json<'a>>,
        /// What the group is about; as `subject`.
        pub description: Option<Json<'a>>,
        /// The group's picture.
        pub profile_picture: Option<Json<'a>>,
        /// By which people can join.
        pub invite_link: Option<Text<'a>>,
        /// Why it happened.
        pub reason: Option<Text<'a>>,
        /// Who joined.
        pub added_participants: Vec<GroupMember<'a>>,
        /// Who left.
        pub removed_participants: Vec<GroupMember<'a>>,
        /// Who could not be added or removed.
        pub failed_participants: Vec<GroupMember<'a>>,
        /// What went wrong.
        pub errors: Vec<MetaError<'a>>,
    }

    /// A member of a group. Meta's examples have numbers where the tables have strings.
    pub struct GroupMember<'a> {
        /// What the business had written.
        pub input: Option<Token<'a>>,
        /// Phone.
        pub wa_id: Option<Token<'a>>,
        /// Business-scoped user id.
        pub user_id: Option<Text<'a>>,
        /// What went wrong.
        pub errors: Vec<MetaError<'a>>,
    }
}
