//! `GET /metrics`: all counters and gauges, for Prometheus.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::meters::counters;
use super::shared::{MAX_EVENT_CLIENTS, Shared};
use crate::contacts::{Standing, Told};

/// All metrics, as text for Prometheus
///
/// A client that does not ask for OpenMetrics by `Accept`, such as a browser, gets the same
/// text as plain text.
#[utoipa::path(get, path = "/metrics", tag = "node", responses(
    (status = 200, content((String = "text/plain"), (String = "application/openmetrics-text"))),
))]
pub(super) async fn metrics(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let mut text = String::new();
    encode_registry(&mut text, &levels(&shared)).expect("a string takes all");
    encode(&mut text, &shared.registry).expect("a string takes all");
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let kind = match accept {
        Some(accept) if accept.contains("application/openmetrics-text") => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
        _ => "text/plain; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], text)
}

/// The values of all gauges.
fn levels(shared: &Shared) -> Registry {
    let mut levels = Registry::with_prefix("cairn");
    let uptime = ConstGauge::new(shared.started.instant.elapsed().as_secs_f64());
    levels.register("uptime_seconds", "Time since the node started", uptime);
    let view = shared.view.borrow();
    let mut set = |name, help, level: usize| levels.register(name, help, ConstGauge::new(level));
    set("height", "Height of the chain's tip", view.height);
    let active = view.peers.active(Instant::now()).count();
    set("active_peers", "Peers that were heard from in the last two minutes", active);
    let abandoned = view.book.abandoned().len();
    set("abandoned_blocks", "Abandoned blocks that are remembered", abandoned);
    let clients = MAX_EVENT_CLIENTS - shared.event_places.available_permits();
    set("event_clients", "Clients of the events", clients);
    if let Some(contacts) = &shared.settings.contacts {
        among_strangers(&mut levels, contacts.told());
    }
    levels
}

/// The counters of a node among strangers.
fn among_strangers(levels: &mut Registry, told: Told) {
    let connected = told.contacts.iter().filter(|it| it.standing == Standing::Connected).count();
    levels.register("connections", "Connections to strangers", ConstGauge::new(connected));
    levels.register("known_peers", "Strangers known", ConstGauge::new(told.contacts.len()));
    let help = "Handshakes with strangers, by result";
    let handshakes = counters(levels, "handshakes", help, "outcome", &["done"]);
    for (outcome, count) in told.handshakes {
        handshakes.get_or_create(&[("outcome", outcome)]).inc_by(count);
    }
}
