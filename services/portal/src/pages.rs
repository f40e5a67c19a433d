//! The pages' files, built into the program, and what browsers are told beside them.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use evcharging_common::grpc_server::{Kind, Pages};
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{self, HeaderName},
    request::Parts,
    uri::Authority,
};
use rust_embed::RustEmbed;
use tonic::{Status, body::Body};

use crate::cookie::Page;

/// Made by `npm run build` in `web/`.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

/// Nothing but what this server sends: no script in a page, no other host, no frame around it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

const NOT_BUILT: &str = "The pages are not in this build of evcharging: Node.js 20.19 or newer was missing when it was made.\n\
     Install it, run `make build` and start again. gRPC and gRPC-Web work on this port all the same.\n";

/// What may be called at a page's port, by everybody who reaches it.
const CALLED_HERE: [&str; 3] = ["/evcharging.portal.v1.", "/grpc.health.v1.Health/", "/grpc.reflection."];

/// What answers browsers at a page.
pub fn pages(page: Page) -> Pages {
    Arc::new(move |request, kind| match kind {
        Kind::Call if is_of_another_site(request) => {
            Some(text(StatusCode::FORBIDDEN, "another site may not call\n"))
        }
        // Anybody may come to this port: what a process tells its operators is not for everybody.
        Kind::Call if !CALLED_HERE.iter().any(|called| request.uri.path().starts_with(called)) => {
            Some(Status::unimplemented("not served at this port").into_http())
        }
        Kind::Call => None,
        Kind::Page => Some(file_or_page(page, request)),
    })
}

/// Whether a page of another site makes this browser call. Browsers say where a call comes from; other callers say nothing.
fn is_of_another_site(request: &Parts) -> bool {
    let text = |name| request.headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    // Browsers say so where they trust the connection: over HTTPS, and on this machine.
    let Some(origin) = text("origin") else { return false };
    // HTTP/2 has it in the address.
    let host = text("host").or_else(|| request.uri.authority().map(Authority::as_str)).unwrap_or_default();
    origin.split_once("://").is_none_or(|(_, origin_host)| !origin_host.eq_ignore_ascii_case(host))
}

fn file_or_page(page: Page, request: &Parts) -> Response<Body> {
    if request.method != Method::GET && request.method != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    let path = request.uri.path().trim_start_matches('/');
    let is_file = path.starts_with("assets/") || Files::get(path).is_some();
    // Any other path is a place inside the page, which finds it by itself.
    let html = match page {
        Page::Driver => "driver.html",
        Page::Operator => "operator.html",
    };
    let name = if is_file { path } else { html };
    if is_file && name.ends_with(".html") {
        return text(StatusCode::NOT_FOUND, "no such file\n");
    }
    let takes_gzip = request.headers.get(header::ACCEPT_ENCODING).is_some_and(|accepted| {
        accepted.to_str().unwrap_or_default().split(',').any(|one| one.trim().starts_with("gzip"))
    });
    let compressed = Files::get(&format!("{name}.gz")).filter(|_| takes_gzip);
    let is_compressed = compressed.is_some();
    let Some(file) = compressed.or_else(|| Files::get(name)) else {
        let missing = if is_file { "no such file\n" } else { NOT_BUILT };
        return text(StatusCode::NOT_FOUND, missing);
    };
    let body = match file.data {
        _ if request.method == Method::HEAD => Bytes::new(),
        Cow::Borrowed(built_in) => Bytes::from_static(built_in),
        Cow::Owned(read) => Bytes::from(read),
    };
    let mut response = answer(StatusCode::OK, body, content_type(name));
    let headers = response.headers_mut();
    // The names of built files tell their content; a page is asked for anew each time.
    let caching =
        if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    answer(status, Bytes::from_static(text.as_bytes()), "text/plain; charset=utf-8")
}

fn answer(status: StatusCode, body: Bytes, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::new(http_body_util::Full::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().extend(HEADERS.map(|(name, value)| (Some(name), value)));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn call(pairs: &[(&'static str, &str)]) -> Parts {
        let mut request = http::Request::post("/evcharging.portal.v1.DriverService/Watch");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_the_page_itself_and_programs_may_call() {
        for (of_another, pairs) in [
            (false, &[] as &[_]),
            (false, &[("host", "localhost:8001"), ("origin", "http://localhost:8001")]),
            (false, &[("sec-fetch-site", "same-origin")]),
            (true, &[("host", "localhost:8001"), ("origin", "http://localhost:8000")]),
            (true, &[("host", "localhost:8001"), ("origin", "https://evil.example")]),
            (true, &[("host", "localhost:8001"), ("origin", "null")]),
            (
                false,
                &[("sec-fetch-site", "same-origin"), ("host", "inside"), ("origin", "https://a.example")],
            ),
            (true, &[("sec-fetch-site", "cross-site")]),
            (true, &[("sec-fetch-site", "same-site")]),
        ] {
            assert_eq!(is_of_another_site(&call(pairs)), of_another, "{pairs:?}");
        }
    }

    #[test]
    fn every_answer_says_what_a_page_may_load() {
        let request = |path: &str| http::Request::get(path.to_owned()).body(()).unwrap().into_parts().0;
        for path in ["/", "/history", "/assets/none.js", "/driver.html", "/../Cargo.toml"] {
            let response = file_or_page(Page::Driver, &request(path));
            assert_eq!(
                response.headers()[header::CONTENT_SECURITY_POLICY],
                CONTENT_SECURITY_POLICY,
                "{path}"
            );
        }
        let outside = file_or_page(Page::Driver, &request("/../Cargo.toml"));
        let is_page = outside.headers()[header::CONTENT_TYPE] == content_type("driver.html");
        assert!(is_page || outside.status() == StatusCode::NOT_FOUND, "nothing from outside of the folder");
    }

    #[test]
    fn nothing_can_be_put_there() {
        let request = http::Request::post("/").body(()).unwrap().into_parts().0;
        assert_eq!(file_or_page(Page::Driver, &request).status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
