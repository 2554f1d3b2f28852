//! The events about nodes and chains that version 2 has besides those of version 1.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value as Json, json};

use crate::event::Event;
use crate::metadata::entry::{Entry, Temperature, Value};
use crate::metadata::{Metadata, Synced, Told};
use crate::peer::PeerName;

use super::feed::Feed;
use super::kinds::{
    BLOCK_LOCATION, BLOCK_SYNC, BLOCK_TEMPERATURE, METADATA_SYNC, METADATA_UPDATE, NODE_ANNOUNCE,
    NODE_LEAVE,
};
use super::moment::Moment;
use super::view::View;

/// The events that follow from an event of the node.
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

/// From now on, reports changes of the metadata.
pub(super) fn of_metadata(metadata: &Metadata, feed: Arc<Feed>) {
    metadata.listen(move |told| match told {
        Told::Changed { entry, height } => changed(&feed, &entry, height),
        Told::Synced(synced) => self::synced(&feed, &synced),
    });
}

fn changed(feed: &Feed, entry: &Entry, height: usize) {
    let (time, by) = (Moment::now().unix, &entry.by);
    let block = entry.block.to_string();
    let (kind, data) = match &entry.value {
        Value::Temperature { temperature, is_by_use } => {
            let temperature = temperature.map(Temperature::name);
            let of = json!({ "temperature": temperature, "by_use": is_by_use });
            (BLOCK_TEMPERATURE, of)
        }
        Value::Location { holder, holds } => {
            (BLOCK_LOCATION, json!({ "holder": holder, "holds": holds }))
        }
    };
    let with = |mut data: Json, more: &[(&str, Json)]| {
        more.iter().for_each(|(name, value)| data[name] = value.clone());
        data
    };
    let what = [("height", json!(height)), ("hash", json!(block))];
    feed.announce(time, kind, by, with(data.clone(), &what));
    let record = [("about", json!(kind)), ("time_ms", json!(entry.time_ms))];
    feed.announce(time, METADATA_UPDATE, by, with(with(data, &what), &record));
}

fn synced(feed: &Feed, synced: &Synced) {
    let sender = synced.peer.as_ref().filter(|_| !synced.is_outgoing).unwrap_or(&feed.name);
    let data = json!({
        "peer": synced.peer.as_ref().map(PeerName::as_str),
        "direction": if synced.is_outgoing { "out" } else { "in" },
        "entries": synced.entries,
        "taken": synced.taken,
    });
    feed.announce(Moment::now().unix, METADATA_SYNC, sender, data);
}

fn come(feed: &Feed, who: &PeerName, now: Moment) {
    feed.announce(now.unix, NODE_ANNOUNCE, who, json!({ "node": who.as_str() }));
}

fn go(feed: &Feed, who: &PeerName, now: Moment) {
    feed.announce(now.unix, NODE_LEAVE, who, json!({ "node": who.as_str() }));
}

/// Whether this changes the node's status.
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

fn status(view: &View, now: Instant) -> Json {
    json!({
        "height": view.height,
        "tip": view.tip.to_string(),
        "state": view.state(now),
        "paused": view.is_paused,
    })
}
