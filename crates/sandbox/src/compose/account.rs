//! Values of the fields about the account, its numbers, templates, people and calls.

use serde_json::{Value, json};

use super::Composer;

impl Composer {
    pub(super) fn account_update(&mut self) -> Value {
        match self.dice.below(4) {
            0 => {
                json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "April 17, 2027"}})
            }
            1 => {
                json!({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}})
            }
            2 => {
                json!({"event": "PARTNER_ADDED", "waba_info": {"waba_id": super::WABA, "owner_business_id": "800000000000001"}})
            }
            _ => {
                let expiration = self.now() + 86_400;
                json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": expiration}]})
            }
        }
    }

    pub(super) fn account_review_update(&mut self) -> Value {
        json!({"decision": self.dice.pick(&["APPROVED", "REJECTED", "PENDING", "DEFERRED"], "APPROVED")})
    }

    pub(super) fn account_alerts(&mut self) -> Value {
        let description = self.phrase();
        json!({
            "entity_type": "PHONE_NUMBER", "entity_id": self.number().id(),
            "alert_info": {"alert_severity": "WARNING", "alert_status": "ACTIVE", "alert_type": "OBA_REJECTED", "alert_description": description},
        })
    }

    pub(super) fn account_settings_update(&mut self) -> Value {
        let (at, number) = (self.now().to_string(), self.number().id());
        let settings = json!({"phone_number_id": number, "calling": {"status": "ENABLED"}});
        json!({"messaging_product": "whatsapp", "timestamp": at, "type": "phone_number_settings", "phone_number_settings": settings})
    }

    pub(super) fn business_capability_update(&mut self) -> Value {
        match self.dice.chance(0.5) {
            true => {
                json!({"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_business": 20})
            }
            false => {
                json!({"max_daily_conversations_per_business": "TIER_10K", "max_phone_numbers_per_waba": 20})
            }
        }
    }

    pub(super) fn phone_number_quality_update(&mut self) -> Value {
        let number = self.number().display();
        json!({"display_phone_number": number, "event": "THROUGHPUT_UPGRADE", "max_daily_conversations_per_business": "TIER_UNLIMITED"})
    }

    pub(super) fn phone_number_name_update(&mut self) -> Value {
        let number = self.number().display();
        json!({"display_phone_number": number, "decision": "APPROVED", "requested_verified_name": "Müller & Söhne", "rejection_reason": null})
    }

    pub(super) fn messaging_limit(&mut self) -> Value {
        json!({"max_daily_conversations_per_business": self.dice.pick(&["TIER_2K", "TIER_10K"], "TIER_2K")})
    }

    pub(super) fn security(&mut self) -> Value {
        json!({"display_phone_number": self.number().display(), "event": "PIN_CHANGED", "requester": "800000000000002"})
    }

    pub(super) fn flows(&mut self) -> Value {
        let rate = self.dice.below(100);
        json!({"event": "ENDPOINT_ERROR_RATE", "message": "Error rate is high", "flow_id": "850000000000001", "error_rate": rate, "threshold": 10, "alert_state": "ACTIVATED"})
    }

    fn template(&mut self) -> Value {
        // A 64-bit id, which a float would spoil.
        let id = 9_007_199_254_740_993 + self.next_count();
        json!({"message_template_id": id, "message_template_name": "order_update", "message_template_language": "pt_BR"})
    }

    pub(super) fn template_status(&mut self) -> Value {
        let mut value = self.template();
        value["event"] = json!(
            self.dice
                .pick(&["APPROVED", "PAUSED", "REJECTED", "IN_APPEAL"], "APPROVED")
        );
        value["reason"] = Value::Null;
        value
    }

    pub(super) fn template_quality(&mut self) -> Value {
        let mut value = self.template();
        value["previous_quality_score"] = json!("GREEN");
        value["new_quality_score"] = json!("YELLOW");
        value
    }

    pub(super) fn template_components(&mut self) -> Value {
        let mut value = self.template();
        value["message_template_element"] = json!("Olá {{1}}, até já!");
        value["message_template_buttons"] = json!([{"message_template_button_type": "URL", "message_template_button_text": "Track"}]);
        value
    }

    pub(super) fn template_category(&mut self) -> Value {
        let mut value = self.template();
        value["previous_category"] = json!("UTILITY");
        value["new_category"] = json!("MARKETING");
        value
    }

    pub(super) fn user_preferences(&mut self) -> Value {
        let (number, customer, at) = (self.number(), self.customer(), self.now());
        let mut wish = json!({"detail": "User requested to stop marketing messages", "category": "marketing_messages", "value": "stop", "timestamp": at});
        if let Some(wish) = wish.as_object_mut() {
            customer.sign(wish, "wa_id", "user_id");
        }
        json!({"messaging_product": "whatsapp", "metadata": number.metadata(), "contacts": [customer.contact()], "user_preferences": [wish]})
    }

    pub(super) fn user_id_update(&mut self) -> Value {
        let (number, old, at) = (self.number(), self.customer(), self.now());
        let new_id = format!("US.{}", 4_000_000_000_000_000 + self.next_count());
        let mut entry = json!({"detail": "User ID changed", "user_id": {"previous": old.user_id, "current": new_id}, "timestamp": at});
        if let Some(phone) = &old.phone {
            entry["wa_id"] = json!(phone);
        }
        self.replace(
            &old,
            super::Customer {
                user_id: new_id,
                ..old.clone()
            },
        );
        json!({"messaging_product": "whatsapp", "metadata": number.metadata(), "user_id_update": [entry]})
    }

    pub(super) fn business_username(&mut self) -> Value {
        json!({"display_phone_number": self.number().display(), "username": "example.shop", "status": "approved"})
    }

    pub(super) fn calls(&mut self) -> Value {
        let (number, customer, at) = (self.number(), self.customer(), self.now().to_string());
        let id = format!("wacid.SANDBOX{:010X}", self.next_count());
        if self.dice.chance(0.5) {
            // A status that is no message's.
            let status = json!({"id": id, "type": "call", "status": "RINGING", "timestamp": at, "recipient_user_id": customer.user_id});
            return json!({"messaging_product": "whatsapp", "metadata": number.metadata(), "statuses": [status]});
        }
        let call = json!({
            "id": id, "from_user_id": customer.user_id, "to": number.display(), "event": "connect",
            "direction": "USER_INITIATED", "timestamp": at, "session": {"sdp_type": "offer", "sdp": "v=0\r\n"},
        });
        json!({"messaging_product": "whatsapp", "metadata": number.metadata(), "contacts": [customer.contact()], "calls": [call]})
    }

    fn group(&mut self, kind: &str, more: Value) -> Value {
        let (number, at) = (self.number(), self.now().to_string());
        let request = format!("REQ{:010X}", self.next_count());
        let mut group = json!({"timestamp": at, "group_id": "R1JPVVAtMQ==", "type": kind, "request_id": request});
        if let (Some(group), Value::Object(more)) = (group.as_object_mut(), more) {
            group.extend(more);
        }
        json!({"messaging_product": "whatsapp", "metadata": number.metadata(), "groups": [group]})
    }

    pub(super) fn group_lifecycle(&mut self) -> Value {
        self.group("group_create", json!({"subject": "Nachbarn für alle", "description": "All of us", "invite_link": "https://chat.example.com/1"}))
    }

    pub(super) fn group_participants(&mut self) -> Value {
        // Meta's examples have numbers here.
        self.group("group_participants_add", json!({"added_participants": [{"input": 15_551_000_001_u64, "wa_id": 15_551_000_001_u64}]}))
    }

    pub(super) fn group_settings(&mut self) -> Value {
        let picture = json!({"mime_type": "image/jpeg", "sha256": self.sha256()});
        self.group(
            "group_settings_update",
            json!({"subject": {"text": "New name"}, "profile_picture": picture}),
        )
    }

    pub(super) fn group_status(&mut self) -> Value {
        self.group(
            "group_suspend",
            json!({"errors": [{"code": 131_041, "title": "Group suspended"}]}),
        )
    }

    pub(super) fn automatic_events(&mut self) -> Value {
        let (id, at) = (self.wamid(), self.now());
        let event = json!({"id": id, "event_name": "Purchase", "timestamp": at, "ctwa_clid": "clid-1", "custom_data": {"currency": "USD", "value": 25}});
        json!({"automatic_events": [event]})
    }

    pub(super) fn payment_configuration(&mut self) -> Value {
        let at = self.now();
        json!({"configuration_name": "main", "provider_name": "examplepay", "provider_mid": "mid-1", "status": "Needs Testing", "updated_timestamp": at})
    }

    pub(super) fn partner_solutions(&mut self) -> Value {
        json!({"event": "SOLUTION_UPDATED", "solution_id": "860000000000001", "solution_status": "ACTIVE"})
    }
}
