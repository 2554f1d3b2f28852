//! Statements about blocks: those that arrive, and those to be spread.

use std::time::Duration;

use super::Hub;
use crate::metadata::Metadata;
use crate::metadata::spread::{Allowance, Batches, Spread};
use crate::net::batch;
use crate::net::frames::{self, Kind};
use crate::net::hello::METADATA;
use crate::net::reputation::{bad_stream, forged};
use crate::peer::PeerName;

/// How many batch intervals a new peer gets to fetch the chain.
const NEWCOMER_WAITS: u32 = 5;

/// The hub's data for statements.
pub(super) struct Statements {
    metadata: Metadata,
    spread: Spread,
    /// How much peers may still send in this minute, and be sent.
    incoming: Allowance,
    outgoing: Allowance,
}

impl Statements {
    pub(super) fn new(metadata: Metadata, batches: Batches) -> Statements {
        let allowance = || Allowance::new(batches.bytes_per_minute);
        let (incoming, outgoing) = (allowance(), allowance());
        Statements { metadata, spread: Spread::new(batches), incoming, outgoing }
    }
}

impl Hub {
    /// A batch has come from a peer. What exceeds a peer's share of a minute is ignored.
    pub(super) fn take_in_batch(&mut self, now: Duration, from: &PeerName, bytes: &[u8]) {
        let statements = &mut self.statements;
        if !statements.incoming.take(now, from, bytes.len()) {
            return;
        }
        let Some(entries) = batch::decode(bytes) else {
            return self.judge(now, from, bad_stream("a batch that cannot be read"));
        };
        if !entries.iter().all(batch::is_proven) {
            return self.judge(now, from, forged());
        }
        statements.metadata.take_in(Some(from), entries, milliseconds(now));
    }

    /// A new peer is told all statements as soon as it can have the chain: it would not
    /// accept statements about blocks that it does not have.
    pub(super) fn tell_newcomer(&mut self, now: Duration, id: &PeerName) {
        let Statements { metadata, spread, .. } = &mut self.statements;
        let wait = self.parts.settings.batches.interval.saturating_mul(NEWCOMER_WAITS);
        spread.send_all(now + wait, id, metadata.entries());
    }

    /// Sends the statements that are due.
    pub(super) fn spread(&mut self, now: Duration) {
        let peers = self.table.connected_that_can(METADATA);
        let Statements { metadata, spread, outgoing, .. } = &mut self.statements;
        spread.offer(metadata.outgoing());
        for parcel in spread.due(now, &peers) {
            let bytes = batch::encode(&parcel.entries);
            if bytes.is_empty() {
                continue;
            }
            let is_sent = outgoing.take(now, &parcel.to, bytes.len())
                && self.lives.send(&parcel.to, frames::encode(Kind::Metadata, &bytes));
            let (to, count) = (parcel.to.clone(), parcel.entries.len());
            if is_sent || !spread.undelivered(now, parcel) {
                metadata.sent(&to, count, is_sent);
            }
        }
    }
}

fn milliseconds(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
