//! `waypost audit`: who changed what.

use prost_types::Struct;
use waypost_rpc::json;
use waypost_rpc::v1::{AuditEntry, AuditServiceListRequest, AuditServiceListResponse, Role};

use super::cli::Audit;
use super::fault::Fault;
use super::page;
use super::session::Session;
use super::text::{Cell, Look, Table, Tone, clean, time};

/// As the protocol has it.
const MOST_OF_A_PAGE: u32 = 500;

pub(crate) async fn command(session: &Session, arguments: &Audit) -> Result<(), Fault> {
    let fetch = async |page_size, page_token| {
        let request = AuditServiceListRequest {
            page_size,
            page_token,
            actor: arguments.actor.clone(),
            method: arguments.method.clone(),
            target: arguments.target.clone(),
            since: arguments.period.since,
            until: arguments.period.until,
        };
        let page = session.call(session.audits().list(request)).await?;
        Ok((page.entries, page.next_page_token))
    };
    let (entries, next_page_token) =
        page::collect(&arguments.paging, MOST_OF_A_PAGE, fetch).await?;
    let answer = AuditServiceListResponse {
        entries,
        next_page_token,
    };
    session.screen.show(&answer, |look| {
        let text = match arguments.long {
            true => long(&answer.entries, look),
            false => table(&answer.entries, look),
        };
        text + &page::more(&answer.next_page_token, look)
    });
    Ok(())
}

fn table(entries: &[AuditEntry], look: &Look) -> String {
    if entries.is_empty() {
        return "Nobody changed anything.\n".to_owned();
    }
    let mut table = Table::new(&["at", "actor", "method", "outcome", "target"]);
    for entry in entries {
        table.noted(
            vec![
                Cell::from(entry.at.as_ref().map(time::stamp).unwrap_or_default()),
                Cell::new(&entry.actor),
                Cell::new(&entry.method),
                Cell::toned(tone(&entry.outcome), &entry.outcome),
                Cell::new(&entry.target),
            ],
            &entry.error,
        );
    }
    table.render(look)
}

fn tone(outcome: &str) -> Tone {
    match outcome {
        "done" => Tone::Good,
        "started" => Tone::Warn,
        _ => Tone::Bad,
    }
}

fn long(entries: &[AuditEntry], look: &Look) -> String {
    let each = entries.iter().map(|entry| one(entry, look));
    each.collect::<Vec<_>>().join("\n")
}

fn one(entry: &AuditEntry, look: &Look) -> String {
    let role = match entry.role() {
        Role::Unspecified => "no role".to_owned(),
        role => json_word(role),
    };
    let mut text = format!(
        "{}  {}  {}\n",
        entry.at.as_ref().map(time::stamp).unwrap_or_default(),
        look.bold(&clean(&entry.method)),
        look.paint
            .with(tone(&entry.outcome), &clean(&entry.outcome)),
    );
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {name:<8} {}\n", look.wrap(&clean(value), 11)));
        }
    };
    line(
        "by",
        &format!("{} ({role}), from {}", entry.actor, entry.address),
    );
    line("on", &entry.target);
    line("error", &entry.error);
    line("asked", &members(entry.request.as_ref()));
    line("before", &members(entry.before.as_ref()));
    line("after", &members(entry.after.as_ref()));
    line("request", &entry.request_id);
    text
}

/// The short word of a role: `ROLE_ADMIN` is `admin`.
fn json_word(role: Role) -> String {
    let name = role.as_str_name();
    name.strip_prefix("ROLE_")
        .unwrap_or(name)
        .to_ascii_lowercase()
}

/// JSON, on one line, by way of the entry's own JSON.
fn members(of: Option<&Struct>) -> String {
    let Some(of) = of else {
        return String::new();
    };
    let entry = AuditEntry {
        request: Some(of.clone()),
        ..AuditEntry::default()
    };
    let mut members = json::of(&entry)["request"].take();
    whole(&mut members);
    members.to_string()
}

/// Every number of a `Struct` is a float; counts are read more easily without their `.0`.
fn whole(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            if let Some(Ok(count)) = text.strip_suffix(".0").map(str::parse::<i64>) {
                *number = count.into();
            }
        }
        serde_json::Value::Array(elements) => elements.iter_mut().for_each(whole),
        serde_json::Value::Object(members) => members.values_mut().for_each(whole),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Value;
    use prost_types::value::Kind;

    use super::*;
    use crate::admin::text::golden::{clock, look};

    fn entries() -> Vec<AuditEntry> {
        let queue = Value {
            kind: Some(Kind::StringValue("message".to_owned())),
        };
        let count = Value {
            kind: Some(Kind::NumberValue(1200.0)),
        };
        let done = AuditEntry {
            id: "01933b7e-5c00-7000-8000-000000000001".to_owned(),
            at: clock("21:12:00"),
            actor: "ops".to_owned(),
            role: Role::Admin.into(),
            address: "10.0.0.7".to_owned(),
            method: "QueueService.Pause".to_owned(),
            target: "message".to_owned(),
            request: Some(Struct {
                fields: [("queue".to_owned(), queue), ("count".to_owned(), count)].into(),
            }),
            outcome: "done".to_owned(),
            request_id: "01933b7e-5c00-7000-8000-00000000000a".to_owned(),
            ..AuditEntry::default()
        };
        let refused = AuditEntry {
            actor: "dashboard".to_owned(),
            role: Role::Viewer.into(),
            method: "QueueService.Clear".to_owned(),
            outcome: "refused".to_owned(),
            error: "the role viewer is too low".to_owned(),
            request: None,
            ..done.clone()
        };
        vec![refused, done]
    }

    #[test]
    fn changes_are_listed_shortly_or_at_length() {
        insta::assert_snapshot!(table(&entries(), &look(Some(80))));
        insta::assert_snapshot!(long(&entries(), &look(Some(80))));
    }
}
