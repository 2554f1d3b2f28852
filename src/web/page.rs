//! The page, which is inside the program.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::assets::{ASSETS, Asset};
use super::shared::Shared;

pub(super) fn router() -> Router<Arc<Shared>> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, get(move |state| serve(state, asset)))
    })
}

async fn serve(State(shared): State<Arc<Shared>>, asset: &'static Asset) -> Response {
    let headers = [
        (header::CONTENT_TYPE, asset.content_type.to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy(&shared)),
    ];
    (headers, asset.text).into_response()
}

/// Nothing but what this node serves, and talk with the network's nodes alone.
fn policy(shared: &Shared) -> String {
    let mut policy = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; connect-src 'self'"
        .to_owned();
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
