//! A link with delay and loss, around any other.
//!
//! On one machine a datagram arrives within microseconds, so nodes hardly ever find a block
//! at the same time. With a delay, as on a real network, they do.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::driver::{BUFFER_LEN, Link};
use crate::node::Input;
use crate::peer::PeerName;

/// The longest delay.
pub const MAX_DELAY: Duration = Duration::from_secs(5);

/// The highest percentage of datagrams that can be lost.
pub const MAX_LOSS: u8 = 100;

/// The most bytes of datagrams that are held; others are lost, as in a router
/// whose memory is full. Ten answers of the longest kind.
const MAX_HELD_LEN: usize = 1 << 20;

/// Bytes that each held datagram counts for besides its own: about the size of its place in
/// the list and its sender's name. Without it, empty datagrams would cost nothing.
const HELD_OVERHEAD: usize = 128;

/// The stream of random numbers that losses are drawn from: not the node's own.
const STREAM: u64 = 1 << 32;

/// What a link does to each datagram that arrives over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkFaults {
    /// How much later it arrives; at most [`MAX_DELAY`].
    pub delay: Duration,
    /// The percentage of datagrams that is lost; at most [`MAX_LOSS`].
    pub loss: u8,
}

/// Another link, whose datagrams get lost or arrive later. Sending is not delayed: the
/// receiving side holds a datagram back.
#[derive(Debug)]
pub struct FaultyLink<L> {
    link: L,
    faults: LinkFaults,
    /// The channel for new faults while the link is in use.
    changes: Receiver<LinkFaults>,
    random: ChaCha8Rng,
    /// Held datagrams, the one that is due next in front.
    held: VecDeque<Held>,
    /// The bytes that they count for in total.
    held_len: usize,
    buffer: Vec<u8>,
    watch: Option<Watch>,
}

/// A function that sees each datagram when it arrives: it gets the sender, the bytes, and
/// the delay, which is `None` if the datagram is lost.
struct Watch(Box<Show>);

type Show = dyn FnMut(&PeerName, &[u8], Option<Duration>) + Send;

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Watch")
    }
}

#[derive(Debug)]
struct Held {
    due: Instant,
    from: PeerName,
    bytes: Vec<u8>,
}

impl<L: Link> FaultyLink<L> {
    /// A link with these faults, until new ones come. The seed and the number of the node
    /// that uses the link determine the losses.
    pub fn new(
        link: L,
        faults: LinkFaults,
        changes: Receiver<LinkFaults>,
        seed: u64,
        number: u16,
    ) -> FaultyLink<L> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(STREAM | u64::from(number));
        let (held, buffer) = (VecDeque::new(), vec![0; BUFFER_LEN]);
        FaultyLink { link, faults, changes, random, held, held_len: 0, buffer, watch: None }
    }

    /// Shows each datagram to a function when it arrives. The link waits for it, so it must
    /// be fast.
    pub fn watch(
        &mut self,
        watch: impl FnMut(&PeerName, &[u8], Option<Duration>) + Send + 'static,
    ) {
        self.watch = Some(Watch(Box::new(watch)));
    }

    /// Takes a datagram of this length out of the buffer, unless it is lost.
    fn hold(&mut self, from: PeerName, len: usize) {
        let cost = len + HELD_OVERHEAD;
        let is_lost = self.random.random_range(0..MAX_LOSS) < self.faults.loss
            || self.held_len + cost > MAX_HELD_LEN;
        if let Some(Watch(watch)) = &mut self.watch {
            watch(&from, &self.buffer[..len], (!is_lost).then_some(self.faults.delay));
        }
        if is_lost {
            return;
        }
        self.held_len += cost;
        let due = Instant::now() + self.faults.delay;
        let held = Held { due, from, bytes: self.buffer[..len].to_vec() };
        // After all datagrams that are due earlier: the delay may have become shorter.
        let place = self.held.partition_point(|other| other.due <= due);
        self.held.insert(place, held);
    }

    /// The datagram that is due by now, if one is.
    fn due(&mut self, now: Instant) -> Option<Held> {
        self.held.front().filter(|held| held.due <= now)?;
        let held = self.held.pop_front()?;
        self.held_len -= held.bytes.len() + HELD_OVERHEAD;
        Some(held)
    }
}

impl<L: Link> Link for FaultyLink<L> {
    fn wait<'b>(&mut self, time: Duration, buffer: &'b mut [u8]) -> Result<Option<Input<'b>>> {
        if let Some(faults) = self.changes.try_iter().last() {
            self.faults = faults;
        }
        let deadline = Instant::now() + time;
        loop {
            let now = Instant::now();
            if let Some(Held { from, bytes, .. }) = self.due(now) {
                let buffer = &mut buffer[..bytes.len()];
                buffer.copy_from_slice(&bytes);
                return Ok(Some(Input::Datagram { from, bytes: buffer }));
            }
            if now >= deadline {
                return Ok(None);
            }
            let until = self.held.front().map_or(deadline, |held| held.due.min(deadline));
            match self.link.wait(until - now, &mut self.buffer)? {
                Some(Input::Datagram { from, bytes }) => {
                    let len = bytes.len();
                    self.hold(from, len);
                }
                Some(Input::Joined(name)) => return Ok(Some(Input::Joined(name))),
                Some(Input::Left(name)) => return Ok(Some(Input::Left(name))),
                Some(Input::Command(command)) => return Ok(Some(Input::Command(command))),
                // The loop's own commands, which no link returns.
                Some(Input::Start | Input::Wake | Input::Searched { .. }) | None => {}
            }
        }
    }

    fn send(&mut self, to: &PeerName, bytes: &[u8]) -> Result<(), String> {
        self.link.send(to, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Sender};

    use super::*;
    use crate::node::Command;

    const LONG: Duration = Duration::from_millis(20);

    /// A link on which one datagram after the other has come already.
    struct Full(VecDeque<Vec<u8>>);

    impl Link for Full {
        fn wait<'b>(&mut self, time: Duration, buffer: &'b mut [u8]) -> Result<Option<Input<'b>>> {
            let Some(bytes) = self.0.pop_front() else {
                std::thread::sleep(time.min(Duration::from_millis(1)));
                return Ok(None);
            };
            buffer[..bytes.len()].copy_from_slice(&bytes);
            let from = PeerName::new("bob");
            Ok(Some(Input::Datagram { from, bytes: &buffer[..bytes.len()] }))
        }

        fn send(&mut self, _to: &PeerName, _bytes: &[u8]) -> Result<(), String> {
            Ok(())
        }
    }

    fn link(count: u8, delay: Duration, loss: u8) -> (FaultyLink<Full>, Sender<LinkFaults>) {
        let full = Full((0..count).map(|number| vec![number]).collect());
        let (change, changes) = mpsc::channel();
        (FaultyLink::new(full, LinkFaults { delay, loss }, changes, 1, 7000), change)
    }

    /// A link that has something else than a datagram to hand out, once.
    struct News(Option<Input<'static>>);

    impl Link for News {
        fn wait<'b>(&mut self, _: Duration, _: &'b mut [u8]) -> Result<Option<Input<'b>>> {
            Ok(self.0.take())
        }

        fn send(&mut self, _to: &PeerName, _bytes: &[u8]) -> Result<(), String> {
            Ok(())
        }
    }

    /// What comes until nothing does for this long.
    fn come(link: &mut FaultyLink<Full>, time: Duration) -> Vec<u8> {
        let mut buffer = vec![0; BUFFER_LEN];
        std::iter::from_fn(|| match link.wait(time, &mut buffer).expect("it works") {
            Some(Input::Datagram { bytes, .. }) => Some(bytes[0]),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn without_faults_all_come_in_order() {
        let (mut link, _change) = link(200, Duration::ZERO, 0);
        assert_eq!(come(&mut link, LONG), (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn a_delayed_datagram_comes_when_it_is_due_and_no_sooner() {
        let (mut link, _change) = link(3, 5 * LONG, 0);
        let before = Instant::now();
        assert_eq!(come(&mut link, LONG), [] as [u8; 0], "a wait ends in time");
        assert_eq!(come(&mut link, 10 * LONG), [0, 1, 2]);
        assert!(before.elapsed() >= 5 * LONG);
    }

    #[test]
    fn each_datagram_is_shown_when_it_comes_with_its_delay_or_that_it_is_lost() {
        let seen = |loss| {
            let (tell, told) = mpsc::channel();
            let (mut link, _change) = link(2, MAX_DELAY, loss);
            link.watch(move |from, bytes, delay| {
                tell.send((from.clone(), bytes.to_vec(), delay)).expect("we listen");
            });
            come(&mut link, LONG);
            told.try_iter().collect::<Vec<_>>()
        };
        let bob = PeerName::new("bob");
        assert_eq!(
            seen(0),
            [(bob.clone(), vec![0], Some(MAX_DELAY)), (bob.clone(), vec![1], Some(MAX_DELAY))]
        );
        assert_eq!(seen(100), [(bob.clone(), vec![0], None), (bob, vec![1], None)]);
    }

    #[test]
    fn losses_are_those_of_the_seed_and_about_as_many_as_asked_for() {
        let losses = |loss| 200 - come(&mut link(200, Duration::ZERO, loss).0, LONG).len();
        assert_eq!((losses(0), losses(100)), (0, 200));
        assert!((60..140).contains(&losses(50)), "{}", losses(50));
        let come = || come(&mut link(200, Duration::ZERO, 50).0, LONG);
        assert_eq!(come(), come());
    }

    #[test]
    fn other_faults_hold_from_the_next_wait_on() {
        let (mut link, change) = link(2, MAX_DELAY, 0);
        assert_eq!(come(&mut link, LONG), [] as [u8; 0]);
        link.link.0.extend([vec![7], vec![8]]);
        change.send(LinkFaults::default()).expect("the link is there");
        assert_eq!(come(&mut link, LONG), [7, 8], "the first two are still on their way");
    }

    #[test]
    fn what_is_no_datagram_is_handed_on_at_once() {
        let bob = PeerName::new("bob");
        let disconnect = Command::Disconnect(bob.clone());
        for news in [Input::Joined(bob.clone()), Input::Left(bob), Input::Command(disconnect)] {
            let faults = LinkFaults { delay: MAX_DELAY, loss: MAX_LOSS };
            let (_change, changes) = mpsc::channel();
            let mut link = FaultyLink::new(News(Some(news.clone())), faults, changes, 1, 7000);
            let mut buffer = vec![0; BUFFER_LEN];
            let came = link.wait(LONG, &mut buffer).expect("it works");
            assert_eq!(format!("{came:?}"), format!("{:?}", Some(news)));
        }
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let (mut link, _change) = link(0, MAX_DELAY, 0);
        link.link.0.extend((0..100).map(|_| vec![0; 60_000]));
        come(&mut link, 5 * LONG);
        assert_eq!(link.held.len(), MAX_HELD_LEN / 60_000);
    }

    #[test]
    fn empty_datagrams_take_room_too_and_give_it_back() {
        let (mut link, _change) = link(0, MAX_DELAY, 0);
        let most = MAX_HELD_LEN / HELD_OVERHEAD;
        (0..=most).for_each(|_| link.hold(PeerName::new("bob"), 0));
        assert_eq!(link.held.len(), most);
        let later = Instant::now() + MAX_DELAY;
        assert_eq!(std::iter::from_fn(|| link.due(later)).count(), most);
        assert_eq!(link.held_len, 0);
    }
}
