//! Media: upload, describe, download, delete. (Meta: business phone numbers, media.)

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::ErrorAnswer;
use super::answer::{self, Answer};
use super::log::Told;
use super::multipart;
use super::route::{bearer, query};
use super::shared::Shared;
use super::wamid::base64;

/// Where the files themselves are.
pub(super) const FILES: &str = "/whatsapp_business/attachments/";

/// What is kept at most, of all files together.
const MAX_KEPT: usize = 256 << 20;

pub(super) struct MediaStore {
    first_id: u64,
    url_life: Duration,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    uploads: u64,
    kept: usize,
    by_id: HashMap<String, File>,
}

#[derive(Clone)]
struct File {
    bytes: Bytes,
    mime: String,
    sha256: String,
}

impl MediaStore {
    pub(super) fn new(seed: u64, url_life: Duration) -> Self {
        Self {
            // Ids of 16 digits that differ from seed to seed.
            first_id: 1_000_000_000_000_000 + (seed % 1_000_000) * 1_000_000_000,
            url_life,
            files: Mutex::default(),
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, id: &str) -> Option<File> {
        self.files().by_id.get(id).cloned()
    }

    fn keep(&self, bytes: Bytes, mime: &str) -> Option<String> {
        let sha256 = base64(&Sha256::digest(&bytes));
        let mut files = self.files();
        if files.kept + bytes.len() > MAX_KEPT {
            return None;
        }
        files.kept += bytes.len();
        files.uploads += 1;
        let id = (self.first_id + files.uploads).to_string();
        let file = File {
            bytes,
            mime: mime.to_owned(),
            sha256,
        };
        files.by_id.insert(id.clone(), file);
        Some(id)
    }
}

pub(super) fn upload(shared: &Shared, head: &Parts, body: &Bytes) -> Answer {
    let content_type = head.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let Some(fields) = multipart::fields(content_type.unwrap_or_default(), body) else {
        return refuse(
            shared,
            &ErrorAnswer::code(100).details("The body is not a form."),
        );
    };
    let field = |name: &str| fields.iter().find(|field| field.name == name);
    let text = |name: &str| field(name).and_then(|field| std::str::from_utf8(field.value).ok());
    let (Some("whatsapp"), Some(file)) = (text("messaging_product"), field("file")) else {
        let details = "The fields messaging_product and file are required.";
        return refuse(shared, &ErrorAnswer::code(100).details(details));
    };
    let Some(mime) = text("type").or(file.content_type) else {
        return refuse(
            shared,
            &ErrorAnswer::code(131_053).details("The type is missing."),
        );
    };
    match shared.media.keep(Bytes::copy_from_slice(file.value), mime) {
        Some(id) => done(shared, &json!({"id": id})),
        None => refuse(
            shared,
            &ErrorAnswer::code(131_000).details("The sandbox is full."),
        ),
    }
}

pub(super) fn describe(shared: &Shared, id: &str) -> Answer {
    let Some(file) = shared.media.file(id) else {
        return gone(shared);
    };
    let until = now() + shared.media.url_life.as_millis();
    done(
        shared,
        &json!({
            "messaging_product": "whatsapp",
            "url": format!("{}{FILES}?mid={id}&ext={until}", shared.url),
            "mime_type": file.mime,
            "sha256": file.sha256,
            "file_size": file.bytes.len(),
            "id": id,
        }),
    )
}

pub(super) fn delete(shared: &Shared, id: &str) -> Answer {
    let mut files = shared.media.files();
    let Some(file) = files.by_id.remove(id) else {
        drop(files);
        return gone(shared);
    };
    files.kept -= file.bytes.len();
    drop(files);
    done(shared, &json!({"success": true}))
}

/// The bytes, for the token's holder and as long as the address is good; 404 otherwise.
pub(super) fn file(shared: &Shared, head: &Parts) -> Answer {
    let fresh = query(head, "ext")
        .and_then(|until| until.parse::<u128>().ok())
        .is_some_and(|until| now() < until);
    let file = query(head, "mid").and_then(|id| shared.media.file(id));
    let (true, true, Some(file)) = (fresh, shared.takes_token(bearer(head)), file) else {
        return answer::bare(StatusCode::NOT_FOUND, "");
    };
    let mut answer = answer::bare(StatusCode::OK, file.bytes);
    if let Ok(mime) = HeaderValue::from_str(&file.mime) {
        answer.headers_mut().insert(CONTENT_TYPE, mime);
    }
    answer
}

fn done(shared: &Shared, value: &serde_json::Value) -> Answer {
    shared.log.told(Told::Status(200));
    answer::ok(value)
}

/// What Meta says of ids that it does not know.
fn gone(shared: &Shared) -> Answer {
    let error = ErrorAnswer {
        subcode: Some(33),
        message: Some("Unsupported request. Object does not exist or cannot be loaded.".to_owned()),
        ..ErrorAnswer::code(100)
    };
    refuse(shared, &error)
}

fn refuse(shared: &Shared, error: &ErrorAnswer) -> Answer {
    shared.log.told(Told::Code(error.http_status(), error.code));
    answer::error(error, shared.log.requests())
}

fn now() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis()
}
