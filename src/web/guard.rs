//! Which requests are let in: not too many, not under a foreign name, not for a web page
//! from elsewhere, and changes only with the token if one is needed.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::hash::Hash;

use super::limits::Account;
use super::origin::Site;
use super::problem::Problem;
use super::shared::Shared;

/// The longest time for an answer, including the request's body.
const MAX_ANSWER: Duration = Duration::from_secs(10);

/// The posts that open a session: they need none.
const SESSION_PATHS: [&str; 2] = ["/session", "/session/challenge"];

/// The client: put into each request by the server.
#[derive(Clone, Copy)]
pub(super) struct Client(pub(super) SocketAddr);

/// Which of our addresses it was asked at: put there, too.
#[derive(Clone, Copy)]
pub(super) struct Here(pub(super) SocketAddr);

/// Lets a request in or answers it with a problem.
pub(super) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    shared.traffic.requests.inc();
    let is_post = request.method() == Method::POST;
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = match admit(&shared, &request) {
        Err(problem) => {
            shared.traffic.refused.inc();
            problem.into_response()
        }
        Ok(()) => {
            let mut response = answer(request, next).await;
            if let Some(origin) = origin {
                allow(response.headers_mut(), origin);
            }
            response
        }
    };
    if is_post {
        shared.traffic.operation(response.status());
    }
    protect(response.headers_mut());
    response
}

async fn answer(request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return preflight();
    }
    match tokio::time::timeout(MAX_ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "the request took too long";
            Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response()
        }
    }
}

fn admit(shared: &Shared, request: &Request) -> Result<(), Problem> {
    let Client(from) = request.extensions().get().expect("the server puts it there");
    let headers = request.headers();
    let site = check_site(shared, headers);
    let is_foreign = site.is_err() || is_embedded(headers);
    shared.limits.check(Account::new(from.ip(), is_foreign), Instant::now())?;
    site?;
    match *request.method() {
        Method::GET | Method::HEAD | Method::OPTIONS => Ok(()),
        _ if SESSION_PATHS.contains(&request.uri().path()) => Ok(()),
        _ => check_token(shared, headers),
    }
}

/// Whether this is our host's name, and a page that asks belongs to the network.
fn check_site(shared: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    let host = text(headers, &header::HOST).unwrap_or_default();
    if Site::parse(host, 80).is_none() {
        let detail = "name this node by its IP address or localhost, not by another name";
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", detail));
    }
    if headers.contains_key(header::ORIGIN) {
        let origin = text(headers, &header::ORIGIN).unwrap_or_default();
        if !is_of_the_network(shared, host, origin) {
            let detail = format!("a page from {origin:.100} has no business with this node");
            return Err(Problem::new(StatusCode::FORBIDDEN, "origin", detail));
        }
    }
    Ok(())
}

/// Whether a page from elsewhere makes a browser ask, for example for a picture: without an
/// `Origin`, but browsers say so in another header.
fn is_embedded(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    !headers.contains_key(header::ORIGIN) && matches!(site, Some(b"cross-site" | b"same-site"))
}

/// Whether a page from there may talk to us: our own page, or another node's.
fn is_of_the_network(shared: &Shared, host: &str, origin: &str) -> bool {
    if origin.strip_prefix("http://").is_some_and(|own| own.eq_ignore_ascii_case(host)) {
        return true;
    }
    let Some(site) = Site::of_origin(origin) else { return false };
    site.is(&shared.address) || shared.network().iter().any(|address| site.is(address))
}

fn check_token(shared: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    if !shared.needs_token() {
        return Ok(());
    }
    if shared.token.is_none() && shared.settings.keys.is_empty() {
        let detail = "outside loopback posts need a token, and this node was started without one";
        return Err(Problem::new(StatusCode::FORBIDDEN, "token-needed", detail));
    }
    let shown = text(headers, &header::AUTHORIZATION).and_then(|text| text.strip_prefix("Bearer "));
    match shown {
        Some(shown) if is_token(shared, shown.trim()) => Ok(()),
        Some(_) => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "token-wrong",
            "that is not the token, nor that of an open session",
        )),
        None => {
            let detail = "posts need the header Authorization: Bearer TOKEN";
            Err(Problem::new(StatusCode::UNAUTHORIZED, "token-needed", detail))
        }
    }
}

/// Whether this is the fixed token or a session's. Hashes are compared, so that the time it
/// takes reveals nothing about the token.
fn is_token(shared: &Shared, shown: &str) -> bool {
    let shown = Hash::of(shown.as_bytes());
    let sessions = shared.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let has_session = sessions.has(Instant::now(), &shown);
    has_session | (shared.token == Some(shown))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Answers a browser that asks whether a page may post to another origin.
fn preflight() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

/// Lets a page of this origin read the answer.
fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let expose = HeaderValue::from_static("retry-after");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose);
}

/// Headers that keep a browser from misreading an answer.
fn protect(headers: &mut HeaderMap) {
    let mut set = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::VARY, "origin");
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
}
