//! The page: every file of the folder `page`, inside the program.
//!
//! There is no build step and nothing is fetched from elsewhere. The page's own
//! tour is in `page/main.js`.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use include_dir::{Dir, include_dir};

use super::problem::Problem;
use super::shared::Shared;
use super::status::Status;

static PAGE: Dir = include_dir!("$CARGO_MANIFEST_DIR/src/web/page");

/// The policy of a page that may talk only to its own server.
pub(super) const ALONE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                                img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                                frame-ancestors 'none'; connect-src 'self'";

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/", get(index)).route("/page/{*name}", get(file))
}

/// The page for a browser, and the node's status for a program.
async fn index(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut answer = match is_program(&headers) {
        true => Json(Status::of(&shared.view.borrow())).into_response(),
        false => serve(&shared, "index.html")?,
    };
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("origin, accept"));
    Ok(answer)
}

/// Whether a client accepts anything, and does not mention HTML: all browsers name it, and
/// programs such as curl accept anything.
fn is_program(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| !accept.contains("text/html"))
}

async fn file(
    State(shared): State<Arc<Shared>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    serve(&shared, &name?)
}

fn serve(shared: &Shared, name: &str) -> Result<Response, Problem> {
    file_of_page(name, policy(shared))
}

/// A file of the page, with this content security policy.
pub(super) fn file_of_page(name: &str, policy: String) -> Result<Response, Problem> {
    let found = content_type(name).zip(PAGE.get_file(name));
    let (kind, file) = found.ok_or_else(|| Problem::not_found("no such file of the page"))?;
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    Ok((headers, file.contents()).into_response())
}

/// Only the files that a browser needs; the folder has others, for tests.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit('.').next()? {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// Only files of this node, and connections to the network's nodes.
fn policy(shared: &Shared) -> String {
    let mut policy = ALONE.to_owned();
    if shared.settings.orders.is_some() {
        // Nodes may be added to this network while the page is open.
        policy += " http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*";
    }
    for address in std::iter::once(shared.address).chain(shared.network()) {
        write!(policy, " http://{address} ws://{address}").expect("a string takes all");
        if address.ip().is_loopback() {
            let port = address.port();
            write!(policy, " http://localhost:{port} ws://localhost:{port}")
                .expect("a string takes all");
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that are served, and their text.
    fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
        let files = PAGE.files().filter_map(|file| Some((file.path().to_str()?, file)));
        let served = files.filter(|(name, _)| content_type(name).is_some());
        served.map(|(name, file)| (name, file.contents_utf8().expect("it is UTF-8")))
    }

    /// Every `name.js` in quotes after `from` or `src=`, and so on.
    fn named_in(text: &str) -> impl Iterator<Item = &str> {
        let quoted = text.split(['"', '\'']);
        let bare = quoted.map(|part| part.trim_start_matches("./").trim_start_matches("/page/"));
        let is_file = |name: &&str| [".js", ".css", ".svg"].iter().any(|end| name.ends_with(end));
        bare.filter(move |name| is_file(name) && !name.contains([' ', '/']))
    }

    #[test]
    fn each_file_that_the_page_names_is_there() {
        assert!(files().count() > 10);
        for (file, text) in files() {
            assert!(!text.is_empty(), "{file} is empty");
            for name in named_in(text) {
                assert!(PAGE.get_file(name).is_some(), "{file} names {name}, which is not there");
            }
        }
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_nothing_is_inline() {
        for (file, text) in files() {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for banned in ["https://", "eval(", " style=\"", "onclick=", "innerHTML"] {
                assert!(!text.contains(banned), "{file} has {banned}");
            }
        }
    }
}
