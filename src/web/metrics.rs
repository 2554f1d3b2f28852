//! `GET /metrics`: everything that is counted, for Prometheus.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::meters::Text;
use super::shared::{MAX_EVENT_CLIENTS, Shared};
use super::view::View;

/// Counters, in Prometheus's text format
#[utoipa::path(get, path = "/metrics", tag = "node", responses(
    (status = 200, body = String, content_type = "text/plain"),
))]
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let mut text = Text::default();
    write_view(&mut text, &shared.view.borrow());
    let traffic = &shared.traffic;
    let requests = traffic.requests.get();
    text.counter("cairn_http_requests_total", "HTTP requests.", requests);
    let refused = traffic.refused.get();
    text.counter("cairn_http_refused_total", "HTTP requests that were not let in.", refused);
    let clients = (MAX_EVENT_CLIENTS - shared.event_places.available_permits()) as u64;
    text.gauge("cairn_event_clients", "Clients of the events.", clients);
    let cut_off = traffic.cut_off.get();
    let help = "Clients of the events that were too slow or too loud.";
    text.counter("cairn_event_clients_cut_off_total", help, cut_off);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.into_string())
}

fn write_view(text: &mut Text, view: &View) {
    let peers = &view.peers;
    text.gauge("cairn_height", "Height of the chain's tip.", view.height as u64);
    view.meters.write(text);
    let flows = [("in", &peers.incoming.messages), ("out", &peers.outgoing.messages)];
    let flows = flows.each_ref().map(|(label, count)| (label, *count));
    text.counters("cairn_datagrams_total", "Datagrams.", "direction", flows);
    let flows = [("in", &peers.incoming.bytes), ("out", &peers.outgoing.bytes)];
    let flows = flows.each_ref().map(|(label, count)| (label, *count));
    text.counters("cairn_bytes_total", "Bytes in datagrams.", "direction", flows);
    let active = peers.active(Instant::now()).count();
    let help = "Peers that were heard from in the last two minutes.";
    text.gauge("cairn_active_peers", help, active as u64);
    let abandoned = view.book.abandoned().len() as u64;
    text.gauge("cairn_abandoned_blocks", "Blocks that gave way and are remembered.", abandoned);
}
