//! Updates made up, of the size that Meta's are.

use std::time::{Duration, SystemTime};

use uuid::Uuid;
use waypost_model::{Direction, Origin, content_id};
use waypost_store::{Batch, Item, MessageRow, Person, RawWebhook, StatusRow};

/// Updates in one webhook.
const WEBHOOK: usize = 10;

/// One update, owned.
pub(crate) struct Update {
    pub(crate) is_status: bool,
    pub(crate) wamid: String,
    pub(crate) phone: String,
    pub(crate) bsuid: String,
    pub(crate) payload: String,
    pub(crate) content: [u8; 16],
}

/// What one batch is made of.
pub(crate) struct Made {
    pub(crate) updates: Vec<Update>,
    pub(crate) webhooks: Vec<(Uuid, Vec<u8>)>,
    pub(crate) received_at: SystemTime,
    pub(crate) request_id: Uuid,
}

impl Made {
    pub(crate) fn new(batch: usize, updates: usize) -> Self {
        let updates: Vec<Update> = (0..updates)
            .map(|i| update(batch * updates + i, i % 5 < 3))
            .collect();
        let webhook = |chunk: &[Update]| {
            let payloads: Vec<&str> = chunk.iter().map(|u| u.payload.as_str()).collect();
            let body = format!(
                r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1029384756","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"5550001"}},"messages":[{}]}}}}]}}]}}"#,
                payloads.join(",")
            );
            (Uuid::now_v7(), body.into_bytes())
        };
        Self {
            webhooks: updates.chunks(WEBHOOK).map(webhook).collect(),
            updates,
            received_at: SystemTime::now(),
            request_id: Uuid::now_v7(),
        }
    }

    pub(crate) fn batch(&self) -> Batch<'_> {
        let webhooks = self.webhooks.iter().map(|(id, body)| RawWebhook {
            id: *id,
            received_at: self.received_at,
            body,
        });
        Batch {
            webhooks: webhooks.collect(),
            items: self
                .updates
                .iter()
                .map(|update| self.item(update))
                .collect(),
        }
    }

    fn item<'a>(&self, update: &'a Update) -> Item<'a> {
        let person = Person {
            phone: Some(&update.phone),
            bsuid: Some(&update.bsuid),
            ..Person::default()
        };
        if update.is_status {
            Item::Status(StatusRow {
                waba_id: "1029384756",
                phone_number_id: "5550001",
                wamid: &update.wamid,
                status: "delivered",
                at: Some(self.received_at),
                received_at: self.received_at,
                request_id: self.request_id,
                recipient_id: Some(&update.phone),
                participant: None,
                person: Person {
                    bsuid: None,
                    ..person
                },
                error_code: None,
                message_id: None,
                callback: None,
                payload: &update.payload,
            })
        } else {
            Item::Message(MessageRow {
                direction: Direction::In,
                origin: Origin::Live,
                waba_id: "1029384756",
                phone_number_id: "5550001",
                wamid: &update.wamid,
                kind: "text",
                sent_at: Some(self.received_at - Duration::from_secs(1)),
                received_at: self.received_at,
                request_id: self.request_id,
                trace_id: None,
                person: Person {
                    name: Some("Ada Lovelace"),
                    ..person
                },
                group_id: None,
                context_wamid: None,
                status: None,
                content: Some(update.content),
                media: None,
                change: None,
                payload: &update.payload,
            })
        }
    }
}

fn update(number: usize, is_status: bool) -> Update {
    let random = content_id(&number.to_le_bytes());
    let wamid = format!(
        "wamid.HBgL{}FQIAERgS{}",
        &random.simple().to_string()[..16],
        random.simple()
    );
    let phone = format!("49170{:07}", random.as_u128() % 10_000_000);
    let payload = if is_status {
        format!(
            r#"{{"id":"{wamid}","status":"delivered","timestamp":"1795500000","recipient_id":"{phone}","pricing":{{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"}}}}"#
        )
    } else {
        format!(
            r#"{{"from":"{phone}","id":"{wamid}","timestamp":"1795500000","type":"text","text":{{"body":"Hello, is the blue one still there? My order number is {number}."}}}}"#
        )
    };
    Update {
        is_status,
        bsuid: format!("DE.{}", random.as_u128() % 1_000_000_000_000),
        content: *random.as_bytes(),
        wamid,
        phone,
        payload,
    }
}
