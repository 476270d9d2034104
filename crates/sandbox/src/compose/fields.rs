//! Every webhook field other than `messages`, and the bare errors of that one, by name.

use serde_json::{Value, json};

use super::{Composed, Composer, Effect, Place};

/// Makes the value of a change.
type Make = fn(&mut Composer) -> Value;

/// Fields whose change leaves one row in `account_events` and nothing else.
const PLAIN: &[(&str, Make)] = &[
    ("account_update", Composer::account_update),
    ("account_review_update", Composer::account_review_update),
    ("account_alerts", Composer::account_alerts),
    ("account_settings_update", Composer::account_settings_update),
    (
        "business_capability_update",
        Composer::business_capability_update,
    ),
    (
        "phone_number_quality_update",
        Composer::phone_number_quality_update,
    ),
    (
        "phone_number_name_update",
        Composer::phone_number_name_update,
    ),
    (
        "whatsapp_business_manager_messaging_limit",
        Composer::messaging_limit,
    ),
    ("message_template_status_update", Composer::template_status),
    (
        "message_template_quality_update",
        Composer::template_quality,
    ),
    (
        "message_template_components_update",
        Composer::template_components,
    ),
    ("template_category_update", Composer::template_category),
    ("user_preferences", Composer::user_preferences),
    ("user_id_update", Composer::user_id_update),
    ("business_username_updates", Composer::business_username),
    ("security", Composer::security),
    ("flows", Composer::flows),
    ("calls", Composer::calls),
    ("group_lifecycle_update", Composer::group_lifecycle),
    ("group_participants_update", Composer::group_participants),
    ("group_settings_update", Composer::group_settings),
    ("group_status_update", Composer::group_status),
    ("smb_app_state_sync", Composer::app_state_sync),
    ("automatic_events", Composer::automatic_events),
    (
        "payment_configuration_update",
        Composer::payment_configuration,
    ),
    ("partner_solutions", Composer::partner_solutions),
    ("tracking_events", Composer::shapeless),
    ("message_echoes", Composer::shapeless),
    ("messaging_handovers", Composer::shapeless),
    ("standby", Composer::standby),
    ("contacts", Composer::shapeless),
    ("call_recording_available", Composer::shapeless),
    ("a_field_of_the_future", Composer::shapeless),
];

/// Shapes that leave messages behind as well, or that have a field in common.
const SPECIAL: &[&str] = &[
    "history",
    "history_media",
    "history_declined",
    "smb_message_echoes",
    "messages_errors",
    "messages_future",
];

/// The names that [`Composer::field`] knows: the webhook fields, and some shapes of them.
pub fn field_names() -> impl Iterator<Item = &'static str> {
    PLAIN
        .iter()
        .map(|(name, _)| *name)
        .chain(SPECIAL.iter().copied())
}

impl Composer {
    /// A change of this name; `None` for a name that [`field_names`] does not list.
    pub fn field(&mut self, name: &str) -> Option<Composed> {
        Some(match name {
            "history" => self.history(),
            "history_media" => self.history_media(),
            "history_declined" => self.history_declined(),
            "smb_message_echoes" => self.echoes(),
            "messages_errors" => self.bare_errors(),
            "messages_future" => self.future_list(),
            name => {
                let (field, make) = PLAIN.iter().find(|(field, _)| *field == name)?;
                let value = make(self);
                self.account_change(field, &value, Vec::new())
            }
        })
    }

    /// A change that leaves one row in `account_events`, and these effects.
    pub(super) fn account_change(
        &mut self,
        field: &str,
        value: &Value,
        more: Vec<Effect>,
    ) -> Composed {
        let number = self.number();
        let mut effects = vec![Effect::Account {
            field: field.to_owned(),
        }];
        effects.extend(more);
        // The entry's time tells two changes apart that say the same.
        Composed::change(number, Place::Timed(self.now()), field, value, effects)
    }

    /// Errors of the account without a message.
    fn bare_errors(&mut self) -> Composed {
        let details = format!("The message was not fetched in time #{}", self.next_count());
        let error = json!({"code": 131_035, "title": "Message dropped", "error_data": {"details": details}});
        self.messages_event(json!({"errors": [error]}))
    }

    /// A kind of list in field `messages` that Meta has not invented yet.
    fn future_list(&mut self) -> Composed {
        let id = self.next_count();
        self.messages_event(json!({"holograms": [{"id": id}]}))
    }

    fn messages_event(&mut self, mut value: Value) -> Composed {
        let number = self.number();
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = number.metadata();
        let effects = vec![Effect::Account {
            field: "messages".to_owned(),
        }];
        Composed::change(number, Place::Change, "messages", &value, effects)
    }

    fn shapeless(&mut self) -> Value {
        json!({"note": self.phrase(), "list": [1, 2.5, null, {"nested": true}]})
    }

    /// Looks like live traffic, and is not: the thread belongs to another app.
    fn standby(&mut self) -> Value {
        let text = json!({"body": self.phrase()});
        json!({"messages": [{"id": self.wamid(), "from": "15551999999", "type": "text", "text": text}]})
    }
}
