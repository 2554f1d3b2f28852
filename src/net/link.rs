//! The node's end of the way to its peers: bounded queues in two directions.
//!
//! Incoming datagrams wait in an inbox, in which each peer has a share of the places.
//! Outgoing frames wait in an outbox, one for each peer. If a queue is full, a datagram is
//! dropped, as with UDP, and the node asks again.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::sync::mpsc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::frames::{self, Kind};
use crate::driver::Link;
use crate::node::{Command, Input};
use crate::peer::PeerName;
use crate::wire::Message;

/// The most datagrams of a peer that wait for the node: four of the peer's answers.
pub const MAX_WAITING_IN: usize = 32;

/// The most frames that wait to be sent to a peer: eight answers.
pub const MAX_WAITING_OUT: usize = 64;

/// While more frames than this wait to be sent to a peer, its questions are dropped: two
/// answers, or about 150 KB.
pub const MAX_UNDER_WAY: usize = 16;

/// The node's inputs from the network.
pub(super) enum Incoming {
    /// A datagram, with its place in the inbox.
    Datagram(PeerName, Vec<u8>, OwnedSemaphorePermit),
    /// There is a new peer.
    Joined(PeerName),
    /// A peer has gone.
    Left(PeerName),
    /// The node is to ask a peer for its tip.
    Ask(PeerName),
}

/// A link to the peers of the open network.
pub struct NetLink {
    inbox: Receiver<Incoming>,
    outboxes: Outboxes,
}

/// The network's end of the inbox. Peers come and go as often as there are handshakes,
/// which are limited; datagrams are limited by their places.
#[derive(Clone)]
pub(super) struct Inbox(Sender<Incoming>);

/// All outboxes, by the names of the peers.
#[derive(Clone, Default)]
pub(super) struct Outboxes(Arc<Mutex<HashMap<PeerName, Outbox>>>);

/// The queue to one peer: whole frames.
pub(super) type Outbox = mpsc::Sender<Vec<u8>>;

/// A link, and the network's ends of its queues.
pub(super) fn queues() -> (NetLink, Inbox, Outboxes) {
    let (sender, inbox) = channel();
    let outboxes = Outboxes::default();
    (NetLink { inbox, outboxes: outboxes.clone() }, Inbox(sender), outboxes)
}

impl Inbox {
    /// Gives an input to the node, which may have ended.
    pub(super) fn put(&self, incoming: Incoming) {
        let _ = self.0.send(incoming);
    }
}

impl Outboxes {
    pub(super) fn insert(&self, name: PeerName, outbox: Outbox) {
        self.lock().insert(name, outbox);
    }

    pub(super) fn remove(&self, name: &PeerName) {
        self.lock().remove(name);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PeerName, Outbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One peer's way into the inbox.
pub(super) struct Entrance {
    from: PeerName,
    inbox: Inbox,
    places: Arc<Semaphore>,
    outbox: Outbox,
    /// Whether both sides send blocks: the node is not told about other peers.
    has_blocks: bool,
}

impl Entrance {
    pub(super) fn new(from: PeerName, inbox: Inbox, outbox: Outbox, has_blocks: bool) -> Entrance {
        let places = Arc::new(Semaphore::new(MAX_WAITING_IN));
        Entrance { from, inbox, places, outbox, has_blocks }
    }

    /// Gives a datagram to the node, or drops it. A question is dropped if earlier answers
    /// still wait: the peer does not read what it asked for.
    pub(super) fn put(&self, datagram: Vec<u8>) {
        if !self.has_blocks {
            return;
        }
        let waiting = self.outbox.max_capacity() - self.outbox.capacity();
        if waiting > MAX_UNDER_WAY && matches!(Message::decode(&datagram), Ok(Message::Question(_)))
        {
            return;
        }
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            self.inbox.put(Incoming::Datagram(self.from.clone(), datagram, place));
        }
    }
}

impl Link for NetLink {
    fn wait<'b>(&mut self, time: Duration, buffer: &'b mut [u8]) -> Result<Option<Input<'b>>> {
        Ok(Some(match self.inbox.recv_timeout(time) {
            Ok(Incoming::Datagram(from, bytes, _place)) => {
                let bytes_here = &mut buffer[..bytes.len()];
                bytes_here.copy_from_slice(&bytes);
                Input::Datagram { from, bytes: bytes_here }
            }
            Ok(Incoming::Joined(name)) => Input::Joined(name),
            Ok(Incoming::Left(name)) => Input::Left(name),
            Ok(Incoming::Ask(name)) => Input::Command(Command::Ask(name)),
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("the thread of the network has ended"),
        }))
    }

    fn send(&mut self, to: &PeerName, bytes: &[u8]) -> Result<(), String> {
        let outboxes = self.outboxes.lock();
        let outbox = outboxes.get(to).ok_or("it is not connected any more")?;
        let frame = frames::encode(Kind::Datagram, bytes);
        outbox.try_send(frame).map_err(|_| "it does not read what is sent to it".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::BUFFER_LEN;
    use crate::hash::Hash;
    use crate::wire::{Place, Question};

    /// The two ends of one peer's queues: the node's link, the peer's entrance, and the
    /// frames sent to it.
    fn way(has_blocks: bool) -> (NetLink, Entrance, mpsc::Receiver<Vec<u8>>) {
        let (link, inbox, outboxes) = queues();
        let (outbox, frames) = mpsc::channel(MAX_WAITING_OUT);
        outboxes.insert(bob(), outbox.clone());
        (link, Entrance::new(bob(), inbox, outbox, has_blocks), frames)
    }

    fn bob() -> PeerName {
        PeerName::new("bob")
    }

    /// How many datagrams wait for the node.
    fn taken(link: &mut NetLink) -> usize {
        let mut buffer = vec![0; BUFFER_LEN];
        let mut count = 0;
        while link.wait(Duration::ZERO, &mut buffer).expect("its network lives").is_some() {
            count += 1;
        }
        count
    }

    #[test]
    fn a_peer_has_so_many_places_and_what_comes_beyond_them_is_dropped() {
        let (mut link, entrance, _frames) = way(true);
        for _ in 0..2 {
            (0..100).for_each(|_| entrance.put(vec![1, 2, 3]));
            assert_eq!(taken(&mut link), MAX_WAITING_IN, "places that were left are free again");
        }
    }

    #[test]
    fn what_does_not_fit_into_an_outbox_is_dropped_and_told() {
        let (mut link, _entrance, mut frames) = way(true);
        let sent = (0..100).filter(|_| link.send(&bob(), &[7]).is_ok()).count();
        assert_eq!(sent, MAX_WAITING_OUT);
        assert_eq!(link.send(&bob(), &[7]).unwrap_err(), "it does not read what is sent to it");
        frames.try_recv().expect("one waits");
        assert_eq!(link.send(&bob(), &[7]), Ok(()));
        let carol = PeerName::new("carol");
        assert_eq!(link.send(&carol, &[7]).unwrap_err(), "it is not connected any more");
    }

    #[test]
    fn questions_are_dropped_while_answers_wait_and_other_datagrams_are_not() {
        let (mut link, entrance, _frames) = way(true);
        let places = vec![Place { height: 0, hash: Hash::of(b"") }];
        let question = Question { number: 1, count: 1, places }.encode();
        for waiting in 0..=MAX_UNDER_WAY {
            entrance.put(question.clone());
            assert_eq!(taken(&mut link), 1, "{waiting} wait");
            link.send(&bob(), &[7]).expect("there is room");
        }
        entrance.put(question);
        assert_eq!(taken(&mut link), 0);
        entrance.put(vec![1, 2, 3]);
        assert_eq!(taken(&mut link), 1);
    }

    #[test]
    fn a_peer_without_blocks_gets_nothing_into_the_node() {
        let (mut link, entrance, _frames) = way(false);
        entrance.put(vec![1, 2, 3]);
        assert_eq!(taken(&mut link), 0);
    }
}
