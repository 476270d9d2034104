//! The dashboard: files embedded in the program.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use rust_embed::{EmbeddedFile, RustEmbed};

/// Everything in `ui/`.
#[derive(RustEmbed)]
#[folder = "ui/"]
#[exclude = "*.md"]
struct Files;

/// What the page may do: load its own files and talk to where it came from, nothing else, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The file behind a path; `None` when it is no path of the dashboard.
pub(crate) fn answer<B>(request: &Request<B>) -> Option<Response<Full<Bytes>>> {
    let name = match request.uri().path() {
        "/" => "index.html",
        "/favicon.ico" => "favicon.svg",
        path => path.strip_prefix("/ui/")?,
    };
    let mut response = match (Files::get(name), request.method()) {
        (Some(file), &Method::GET | &Method::HEAD) => serve(request, name, file),
        (Some(_), _) => {
            let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            response
        }
        (None, _) => empty(StatusCode::NOT_FOUND),
    };
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ] {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    Some(response)
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

    fn get(path: &str) -> Option<Response<Full<Bytes>>> {
        answer(&Request::get(path).body(()).unwrap())
    }

    #[test]
    fn the_page_is_there_and_may_do_little() {
        let page = get("/").unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
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
        assert_eq!(answer(&again).unwrap().status(), StatusCode::NOT_MODIFIED);
    }
}
