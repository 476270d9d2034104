//! The pages, dashboard and inbox: files embedded in the program.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::realtime_url::RealtimeUrl;

/// Everything in `ui/`.
#[derive(RustEmbed)]
#[folder = "ui/"]
#[exclude = "*.md"]
struct Files;

/// What a page may do: load its own files and talk to where it came from, nothing else, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The page that may talk to one more.
const INBOX: &str = "inbox.html";

/// What is served of the pages.
#[derive(Clone)]
pub(crate) struct Ui {
    /// As `POLICY`, and to the realtime service too.
    inbox_policy: HeaderValue,
}

impl Ui {
    pub(crate) fn new(realtime: Option<&RealtimeUrl>) -> Self {
        let policy = realtime.map(|url| {
            let connect = "connect-src 'self'";
            POLICY.replace(connect, &format!("{connect} {}", url.sources()))
        });
        let policy = policy.and_then(|policy| HeaderValue::try_from(policy).ok());
        Self {
            inbox_policy: policy.unwrap_or(HeaderValue::from_static(POLICY)),
        }
    }

    /// The file behind a path; `None` when it is no path of the pages.
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
        let name = match request.uri().path() {
            "/" => "index.html",
            "/inbox" => INBOX,
            "/favicon.ico" => "favicon.svg",
            path => path.strip_prefix("/ui/")?,
        };
        let policy = match name {
            INBOX => self.inbox_policy.clone(),
            _ => HeaderValue::from_static(POLICY),
        };
        Some(secured(answer(request, name), policy))
    }
}

/// With what keeps a page to itself.
fn secured(mut response: Response<Full<Bytes>>, policy: HeaderValue) -> Response<Full<Bytes>> {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn answer<B>(request: &Request<B>, name: &str) -> Response<Full<Bytes>> {
    match (Files::get(name), request.method()) {
        (Some(file), &Method::GET | &Method::HEAD) => serve(request, name, file),
        (Some(_), _) => {
            let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            response
        }
        (None, _) => empty(StatusCode::NOT_FOUND),
    }
}

fn serve<B>(request: &Request<B>, name: &str, file: EmbeddedFile) -> Response<Full<Bytes>> {
    let tag: String = file.metadata.sha256_hash()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("\"{tag}\"");
    let known = request.headers().get(IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        let bytes = match file.data {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Response::new(Full::new(bytes))
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    // Asked for again each time, and answered 304: after an update nobody sees half of the old page.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ui() -> Ui {
        Ui::new(
            RealtimeUrl::parse("http://rt.example.com:8082")
                .ok()
                .as_ref(),
        )
    }

    fn get(path: &str) -> Option<Response<Full<Bytes>>> {
        ui().answer(&Request::get(path).body(()).unwrap())
    }

    fn policy(path: &str) -> String {
        let page = get(path).unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        policy.to_owned()
    }

    #[test]
    fn the_page_is_there_and_may_do_little() {
        let policy = policy("/");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        assert!(policy.contains("connect-src 'self';"), "{policy}");
    }

    #[test]
    fn the_inbox_alone_may_connect_to_the_realtime_service_and_to_no_other() {
        let inbox = policy("/inbox");
        let connect = "connect-src 'self' http://rt.example.com:8082 ws://rt.example.com:8082;";
        assert!(inbox.contains(connect), "{inbox}");
        assert_eq!(inbox.replace(connect, "connect-src 'self';"), policy("/"));
        assert_eq!(policy("/ui/inbox.html"), inbox);
        let nowhere = Ui::new(None);
        let page = nowhere.answer(&Request::get("/inbox").body(()).unwrap());
        assert_eq!(page.unwrap().headers()[CONTENT_SECURITY_POLICY], POLICY);
    }

    #[test]
    fn nothing_but_its_files_is_served() {
        assert_eq!(
            get("/ui/../Cargo.toml").unwrap().status(),
            StatusCode::NOT_FOUND
        );
        assert_eq!(get("/ui/none.js").unwrap().status(), StatusCode::NOT_FOUND);
        assert!(get("/v1/queues/stats").is_none());
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let tag = get("/").unwrap().headers()[ETAG].clone();
        let again = Request::get("/")
            .header(IF_NONE_MATCH, tag)
            .body(())
            .unwrap();
        assert_eq!(
            ui().answer(&again).unwrap().status(),
            StatusCode::NOT_MODIFIED
        );
    }
}
