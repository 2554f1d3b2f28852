//! Every line that a node can print, exactly.
//!
//! People read these lines, copy from them, and compare them with the tutorial's. If a line
//! is to change, change it here, on purpose.

use std::time::Duration;

use cairn::event::{Event, Reason, Started};
use cairn::hash::Hash;
use cairn::peer::PeerName;
use cairn::rules::{Fault, Invalid};
use cairn::target::Target;
use cairn::wire::{BadFrame, SleepNotice};

const LINES: &str = "\
START node 7000 at 127.0.0.1:7000
  peers   127.0.0.1:8000 127.0.0.1:9000
  pace    --nonces 1000 --listen 1s
  target  --zero-bits 16
  seed    --seed 42 (lane 0xbeef)
  chain   block 0: 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72
START node 7000 at alice
  peers   none
  pace    --nonces 1 --listen 200ms
  target  --zero-bits 8
  seed    --seed 0 (lane 0x0)
  chain   block 5: 0000000000000000000000000000000000000000000000000000000000000000
TRY up to 42000...
CREATE block 1: 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72!
COPY block 5: 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72! from 127.0.0.1:8000
COPY block 5: 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72! from 127.0.0.1:8000, 1 block of ours abandoned
COPY block 5: 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72! from 127.0.0.1:8000, 3 blocks of ours abandoned, a stranger: to write to it, start with --peer 127.0.0.1:8000
SLEEP for 3 seconds...
SLEEP for 0.4 seconds...
IGNORE blockchain... from 127.0.0.1:8000: not longer, it ends at block 0, ours at block 1
IGNORE blockchain... from 127.0.0.1:8000: not longer, it ends at block 1, ours at block 2; sent ours back
IGNORE blockchain... from 127.0.0.1:8000: not longer, the same as ours, up to block 0
IGNORE blockchain... from 127.0.0.1:8000: not longer, it ends at block 1 as ours does; first seen stays
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks future: dated 7201 s ahead of our clock
IGNORE blockchain... from 127.0.0.1:8000: a basic node's message: 7000 sleeps for 5 s
IGNORE blockchain... from 127.0.0.1:8000: this peer is disconnected
IGNORE blockchain... from 127.0.0.1:8000: a frame of version 2, we know version 1
IGNORE blockchain... from 127.0.0.1:8000: a frame of the unknown kind 3
IGNORE blockchain... from 127.0.0.1:8000: a frame cannot have 20 bytes
IGNORE blockchain... from 127.0.0.1:8000: the end of a chain up to block 199, not connected to ours
IGNORE blockchain... from 127.0.0.1:8000: the end of a chain up to block 199, not connected to ours; asked for those between
IGNORE blockchain... from 127.0.0.1:8000: the end of a chain up to block 199, not connected to ours; a stranger is not asked for the rest, name it with --peer
IGNORE blockchain... from 127.0.0.1:8000: a wrong answer, not asked again for 10 s: block 3 breaks size: size is 74, not 75
IGNORE blockchain... from 127.0.0.1:8000: a question, but not from a peer of ours
IGNORE blockchain... from 127.0.0.1:8000: too many questions in a second
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks whole-blocks: 226 bytes are not one or more whole blocks of 75
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks size: size is 74, not 75
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks version: version is 1, not 0
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks one-transaction: transaction counter is 2, not 1
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks sender: sender of the reward is 8000, not 0
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks genesis: not our genesis block byte for byte (its hash is 0000000000000000000000000000000000000000000000000000000000000000)
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks previous-hash: previous hash is 0000000000000000000000000000000000000000000000000000000000000000, not 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks proof-of-work: hash 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72 has 19 of 20 zero bits
IGNORE blockchain... from 127.0.0.1:8000: block 3 breaks timestamp: timestamp 1634699999 is before 1634700000, the median before it
PAUSE mining
RESUME mining
CONNECT to 127.0.0.1:8000
DISCONNECT from 127.0.0.1:8000
LINKS --delay 500ms --loss 10
PACE --nonces 10000 --listen 200ms
SAY to all: \"hello\"
HEAR 127.0.0.1:8000, who calls itself \"bob\", say to all: \"hello\"
REFUSE message of 127.0.0.1:8000 by way of 127.0.0.1:8000: its sender has not signed it
STOP at block 5: 00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72
UNSENT to 127.0.0.1:8000: Network is unreachable
";

#[test]
fn every_event_and_every_reason_has_its_line() {
    let events = [starts(), blocks(), rests(), ignores(), ends()].concat();
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    // Line by line, because a difference between two long texts is hard to see.
    for (line, expected) in lines.lines().zip(LINES.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(lines, LINES);
}

#[test]
fn nothing_was_forgotten_above() {
    let events = [starts(), blocks(), rests(), ignores(), ends()].concat();
    let mut kinds: Vec<_> = events.iter().map(kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, (0..KINDS).collect::<Vec<_>>());
}

/// How many kinds of lines [`kind`] tells apart.
const KINDS: usize = 37;

/// A number for each kind of line. A new event, reason or rule
/// does not compile until it has its number here: add a line above, too.
fn kind(event: &Event) -> usize {
    match event {
        Event::Started(_) => 0,
        Event::Tried { .. } => 1,
        Event::Created { .. } => 2,
        Event::Copied { .. } => 3,
        Event::Rested { .. } => 4,
        Event::Stopped { .. } => 5,
        Event::Unsent { .. } => 6,
        Event::Paused => 28,
        Event::Resumed => 29,
        Event::Connected { .. } => 30,
        Event::Disconnected { .. } => 31,
        Event::Links { .. } => 32,
        Event::Paced { .. } => 33,
        Event::MessageSent { .. } => 34,
        Event::MessageReceived { .. } => 35,
        Event::MessageRefused { .. } => 36,
        Event::Ignored { reason, .. } => match reason {
            Reason::Shorter { .. } => 7,
            Reason::Tie { .. } => 8,
            Reason::Future { .. } => 9,
            Reason::SleepNotice(_) => 10,
            Reason::Invalid(invalid) => match invalid.fault {
                Fault::WholeBlocks { .. } => 11,
                Fault::Size { .. } => 12,
                Fault::Version { .. } => 13,
                Fault::OneTransaction { .. } => 14,
                Fault::Sender { .. } => 15,
                Fault::Genesis { .. } => 16,
                Fault::PreviousHash { .. } => 17,
                Fault::ProofOfWork { .. } => 18,
                Fault::Timestamp { .. } => 19,
            },
            Reason::Refused => 20,
            Reason::BadFrame(bad) => match bad {
                BadFrame::Version(_) => 21,
                BadFrame::Kind(_) => 22,
                BadFrame::Length(_) => 23,
            },
            Reason::Unconnected { .. } => 24,
            Reason::WrongAnswer { .. } => 25,
            Reason::StrangersQuestion => 26,
            Reason::TooManyQuestions => 27,
        },
    }
}

fn starts() -> Vec<Event> {
    let network = Started {
        name: PeerName::new("127.0.0.1:7000"),
        port: 7000,
        peers: vec![peer(), PeerName::new("127.0.0.1:9000")],
        nonces: 1000,
        listen: Duration::from_secs(1),
        target: Target::NETWORK,
        seed: 42,
        lane: 0xbeef,
        height: 0,
        hash: hash(),
    };
    let alone = Started {
        name: PeerName::new("alice"),
        peers: Vec::new(),
        nonces: 1,
        listen: Duration::from_millis(200),
        target: Target::from_zero_bits(8),
        seed: 0,
        lane: 0,
        height: 5,
        hash: Hash::ZERO,
        ..network.clone()
    };
    vec![Event::Started(network), Event::Started(alone)]
}

fn blocks() -> Vec<Event> {
    let hash = hash();
    let copied =
        |listed, abandoned| Event::Copied { height: 5, hash, from: peer(), listed, abandoned };
    vec![
        Event::Tried { counter: 42_000 },
        Event::Created { height: 1, hash },
        copied(true, 0),
        copied(true, 1),
        copied(false, 3),
    ]
}

fn rests() -> Vec<Event> {
    [3000, 400].map(|millis| Event::Rested { duration: Duration::from_millis(millis) }).to_vec()
}

fn ignores() -> Vec<Event> {
    let reasons = [
        Reason::Shorter { theirs: 1, ours: 2, answered: false },
        Reason::Shorter { theirs: 2, ours: 3, answered: true },
        Reason::Tie { count: 1, same: true },
        Reason::Tie { count: 2, same: false },
        Reason::Future { height: 3, seconds: 7201 },
        Reason::SleepNotice(SleepNotice { port: 7000, seconds: 5 }),
        Reason::Refused,
        Reason::BadFrame(BadFrame::Version(2)),
        Reason::BadFrame(BadFrame::Kind(3)),
        Reason::BadFrame(BadFrame::Length(20)),
        Reason::Unconnected { theirs: 200, listed: true, asked: false },
        Reason::Unconnected { theirs: 200, listed: true, asked: true },
        Reason::Unconnected { theirs: 200, listed: false, asked: false },
        Reason::WrongAnswer {
            invalid: Invalid { height: 3, fault: Fault::Size { found: 74 } },
            shunned: Duration::from_secs(10),
        },
        Reason::StrangersQuestion,
        Reason::TooManyQuestions,
    ];
    let faults = [
        Fault::WholeBlocks { bytes: 226 },
        Fault::Size { found: 74 },
        Fault::Version { found: 1 },
        Fault::OneTransaction { found: 2 },
        Fault::Sender { found: 8000 },
        Fault::Genesis { found: Hash::ZERO },
        Fault::PreviousHash { found: Hash::ZERO, wanted: hash() },
        Fault::ProofOfWork { found: hash(), wanted: Target::from_zero_bits(20) },
        Fault::Timestamp { found: 1_634_699_999, earliest: 1_634_700_000 },
    ];
    let invalid = faults.map(|fault| Reason::Invalid(Invalid { height: 3, fault }));
    let ignored = |reason| Event::Ignored { from: peer(), reason };
    reasons.into_iter().chain(invalid).map(ignored).collect()
}

fn ends() -> Vec<Event> {
    let error = "Network is unreachable".to_owned();
    let connected = Event::Connected { peer: peer() };
    let disconnected = Event::Disconnected { peer: peer() };
    let links = Event::Links { delay: Duration::from_millis(500), loss: 10 };
    let paced = Event::Paced { nonces: 10_000, listen: Duration::from_millis(200) };
    vec![
        Event::Paused,
        Event::Resumed,
        connected,
        disconnected,
        links,
        paced,
        Event::MessageSent { to: "all".into(), number: 5, text: "hello".into() },
        Event::MessageReceived {
            from: peer(),
            name: Some("bob".into()),
            to: "all".into(),
            number: 5,
            text: "hello".into(),
        },
        Event::MessageRefused {
            from: peer(),
            via: peer(),
            reason: "forged",
            detail: "its sender has not signed it".into(),
        },
        Event::Stopped { height: 5, hash: hash() },
        Event::Unsent { to: peer(), error },
    ]
}

fn peer() -> PeerName {
    PeerName::new("127.0.0.1:8000")
}

fn hash() -> Hash {
    cairn::block::GENESIS_HASH
}
