//! What version 2 of the events tells of nodes and chains, beside version 1.

use std::time::Instant;

use serde_json::{Value, json};

use crate::event::Event;
use crate::peer::PeerName;

use super::feed::Feed;
use super::kinds::{BLOCK_SYNC, NODE_ANNOUNCE, NODE_LEAVE};
use super::moment::Moment;
use super::origin::http_of;
use super::view::View;

/// What follows from an event of the node.
pub(super) fn after(feed: &Feed, view: &View, event: &Event, now: Moment) {
    let own = &feed.name;
    match event {
        Event::Started(_) => come(feed, own, now),
        Event::Stopped { .. } => go(feed, own, now),
        Event::Copied { height, hash, from, abandoned, .. } => {
            let hash = hash.to_string();
            let data = json!({ "height": height, "hash": hash, "abandoned": abandoned });
            feed.announce(now.unix, BLOCK_SYNC, from, data);
        }
        _ => {}
    }
    if is_of_status(event) {
        feed.status(now.instant, now.unix, status(view, now.instant));
    }
}

/// Peers that have come and gone.
pub(super) fn moves(feed: &Feed, moves: &[(PeerName, bool)], now: Moment) {
    for (peer, is_there) in moves {
        let tell = if *is_there { come } else { go };
        tell(feed, peer, now);
    }
}

fn come(feed: &Feed, who: &PeerName, now: Moment) {
    let http = http_of(who).map(|address| format!("http://{address}"));
    let data = json!({ "node": who.as_str(), "http": http });
    feed.announce(now.unix, NODE_ANNOUNCE, who, data);
}

fn go(feed: &Feed, who: &PeerName, now: Moment) {
    feed.announce(now.unix, NODE_LEAVE, who, json!({ "node": who.as_str() }));
}

/// Whether the node's status is another one after this.
fn is_of_status(event: &Event) -> bool {
    matches!(
        event,
        Event::Started(_)
            | Event::Created { .. }
            | Event::Copied { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Rested { .. }
    )
}

fn status(view: &View, now: Instant) -> Value {
    json!({
        "height": view.height,
        "tip": view.tip.to_string(),
        "state": view.state(now),
        "paused": view.is_paused,
    })
}
