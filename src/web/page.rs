//! The page, which is inside the program.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::guard::network;
use super::shared::Shared;

const HTML: &str = include_str!("page/index.html");
const CSS: &str = include_str!("page/page.css");
const JS: &str = include_str!("page/page.js");

pub(super) fn router() -> Router<Arc<Shared>> {
    let css = || async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], CSS) };
    let js = || async { ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], JS) };
    Router::new().route("/", get(html)).route("/page.css", get(css)).route("/page.js", get(js))
}

async fn html(State(shared): State<Arc<Shared>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy(&shared)),
    ];
    (headers, HTML).into_response()
}

/// Nothing but what this node serves, and talk with the network's nodes alone.
fn policy(shared: &Shared) -> String {
    let mut policy = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; connect-src 'self'"
        .to_owned();
    for address in std::iter::once(shared.address).chain(network(shared)) {
        write!(policy, " http://{address} ws://{address}").expect("a string takes all");
        if address.ip().is_loopback() {
            let port = address.port();
            write!(policy, " http://localhost:{port} ws://localhost:{port}")
                .expect("a string takes all");
        }
    }
    policy
}
