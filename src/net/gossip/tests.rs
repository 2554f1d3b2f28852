//! Messages between nodes in a made-up network, without sockets.

use std::time::Duration;

use super::{Act, Around, Gossip, Neighbour, OF_NEIGHBOUR, OF_SENDER, RECORD_WAIT};
use crate::event::Event;
use crate::net::frames::Kind;
use crate::net::key::Key;
use crate::net::message::Message;
use crate::net::message::{Body, MAX_HOPS, Recipient};
use crate::net::rate::Meter;
use crate::net::record::Record;
use crate::net::replay::ms;
use crate::net::settings::Settings;
use crate::net::signed::Signed;
use crate::peer::PeerName;
use crate::words::{To, Unsent};

const START: Duration = Duration::from_secs(1_800_000_000);

/// Nodes with their neighbours, and the network between them.
struct Bench {
    now: Duration,
    nodes: Vec<Gossip>,
    edges: Vec<(usize, usize)>,
    /// Nodes that introduce others.
    introducers: Vec<usize>,
    /// The nodes that nobody lets in.
    blocked: Vec<PeerName>,
    /// The events, with the node that told each.
    told: Vec<(usize, Event)>,
    judged: Vec<(PeerName, i32)>,
    /// The messages that went over an edge.
    sent: usize,
}

impl Bench {
    /// Nodes with these names, whose last letter is their group; neighbours have told each
    /// other their records.
    fn new(names: &[&str], edges: &[(usize, usize)]) -> Bench {
        let node = |name: &&str| {
            let mut settings = Settings::new(Key::random());
            settings.name = (*name).to_owned();
            settings.groups.extend(name.chars().last().map(String::from));
            Gossip::new(START, settings.key.clone(), &settings.hello(1))
        };
        let nodes = names.iter().map(node).collect();
        let now = START + Duration::from_secs(1);
        let (introducers, blocked, told, judged) = Default::default();
        let edges = edges.to_vec();
        let mut bench = Bench { now, nodes, edges, introducers, blocked, told, judged, sent: 0 };
        for (one, other) in edges_both(&bench.edges) {
            let record = bench.nodes[one].own_record();
            bench.bring(one, other, Kind::Record, record);
        }
        bench
    }

    fn id(&self, node: usize) -> PeerName {
        self.nodes[node].own.clone()
    }

    fn with<T>(&mut self, node: usize, with: impl FnOnce(&mut Gossip, &Around) -> T) -> T {
        let others = edges_both(&self.edges).into_iter().filter(|(one, _)| *one == node);
        let neighbour = |(_, other): (usize, usize)| Neighbour {
            id: self.nodes[other].own.clone(),
            is_introducer: self.introducers.contains(&other),
        };
        let neighbours: Vec<_> = others.map(neighbour).collect();
        let blocked = self.blocked.clone();
        let is_let_in = |id: &PeerName| !blocked.contains(id);
        let around = Around { now: self.now, neighbours: &neighbours, is_let_in: &is_let_in };
        with(&mut self.nodes[node], &around)
    }

    /// One node sends another a frame; everything that follows is done.
    fn bring(&mut self, from: usize, to: usize, kind: Kind, bytes: Vec<u8>) {
        let via = self.id(from);
        let acts = self.with(to, |gossip, around| gossip.hear(around, &via, kind, &bytes));
        self.act(to, acts);
    }

    fn act(&mut self, node: usize, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Send(to, kind, bytes) => {
                    let to = (0..self.nodes.len()).find(|other| self.id(*other) == to);
                    self.sent += usize::from(kind == Kind::Message);
                    self.bring(node, to.expect("it is there"), kind, bytes);
                }
                Act::Tell(event) => self.told.push((node, event)),
                Act::Judge(id, deed) => self.judged.push((id, deed.points)),
                Act::Look(..) | Act::Answered(..) => {}
            }
        }
    }

    fn say(&mut self, node: usize, to: Recipient, text: &str) -> Result<u64, Unsent> {
        let body = Body::Text(text.to_owned());
        let (sent, acts) = self.with(node, |gossip, around| gossip.say(around, to, body))?;
        self.act(node, acts);
        Ok(sent.number)
    }

    fn tick(&mut self, node: usize) {
        let acts = self.with(node, |gossip, around| gossip.tick(around));
        self.act(node, acts);
    }

    /// The nodes that were shown a message, once for each time.
    fn shown(&self) -> Vec<usize> {
        let is_shown = |event: &Event| matches!(event, Event::MessageReceived { .. });
        let mut shown: Vec<_> =
            self.told.iter().filter(|(_, it)| is_shown(it)).map(|(node, _)| *node).collect();
        shown.sort_unstable();
        shown
    }

    /// The nodes that refused a message, and the reasons.
    fn refused(&self) -> Vec<(usize, &'static str)> {
        let reason = |(node, event): &(usize, Event)| match event {
            Event::MessageRefused { reason, .. } => Some((*node, *reason)),
            _ => None,
        };
        self.told.iter().filter_map(reason).collect()
    }

    /// A node's message as the content of a frame.
    fn message(&self, node: usize, text: &str) -> Vec<u8> {
        let Gossip { own, key, messages, .. } = &self.nodes[node];
        let from = own.to_string();
        let (to, body) = (Recipient::All, Body::Text(text.to_owned()));
        let message = Message { from, number: ms(self.now), to, body };
        [&[3], &Signed::new(key, messages, &message).to_bytes()[..]].concat()
    }
}

fn edges_both(edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    edges.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]).collect()
}

fn line(count: usize) -> Bench {
    let edges: Vec<_> = (1..count).map(|node| (node - 1, node)).collect();
    let mut bench = Bench::new(&vec!["a"; count], &edges);
    bench.introducers = (0..count).collect();
    bench
}

#[test]
fn a_message_reaches_one_a_group_and_all_each_once_whatever_the_way() {
    // A ring of four nodes, each pair connected in two ways; two nodes are in group b.
    let mut bench = Bench::new(&["xa", "xb", "ya", "yb"], &[(0, 1), (1, 2), (2, 3), (3, 0)]);
    bench.introducers = vec![0, 1, 2, 3];
    bench.say(0, Recipient::All, "hello").expect("it has neighbours");
    assert_eq!(bench.shown(), [1, 2, 3]);
    bench.told.clear();
    bench.say(0, Recipient::Group("b".into()), "hello").expect("it has neighbours");
    assert_eq!(bench.shown(), [1, 3]);
    bench.told.clear();
    let opposite = bench.id(2).to_string();
    bench.say(0, Recipient::Node(opposite), "hello").expect("it has neighbours");
    assert_eq!(bench.shown(), [2]);
    assert_eq!((bench.refused(), &bench.judged[..]), (vec![], &[][..]));
    let (next, before) = (bench.id(1).to_string(), bench.sent);
    bench.say(0, Recipient::Node(next), "hello").expect("it has neighbours");
    assert_eq!(bench.sent, before + 1, "it goes straight to a neighbour");
}

#[test]
fn a_message_goes_so_far_and_no_farther() {
    let far = usize::from(MAX_HOPS) + 1;
    let mut bench = line(far + 2);
    bench.say(0, Recipient::All, "hello").expect("it has a neighbour");
    assert_eq!(bench.shown(), (1..=far).collect::<Vec<_>>());
}

#[test]
fn a_forged_message_is_refused_and_costs_the_one_who_brought_it() {
    let mut bench = line(3);
    let mut forged = bench.message(0, "hello");
    let last = forged.len() - 4;
    forged[last] ^= 1;
    bench.bring(0, 1, Kind::Message, forged);
    bench.bring(0, 1, Kind::Message, b"?".to_vec());
    assert_eq!(bench.refused(), [(1, "forged"), (1, "unreadable")]);
    assert_eq!(bench.judged, [(bench.id(0), -40), (bench.id(0), -20)]);
    assert!(bench.shown().is_empty());
}

#[test]
fn a_replayed_message_is_refused_and_one_that_comes_by_two_ways_is_not() {
    let mut bench = Bench::new(&["a", "b", "c"], &[(0, 1), (1, 2), (2, 0)]);
    bench.introducers = vec![0, 1, 2];
    let message = bench.message(0, "hello");
    bench.bring(0, 1, Kind::Message, message.clone());
    assert_eq!((bench.shown(), bench.refused()), (vec![1, 2], vec![]));
    bench.bring(0, 1, Kind::Message, message.clone());
    assert_eq!((bench.shown(), bench.refused()), (vec![1, 2], vec![(1, "replayed")]));
    bench.now += Duration::from_secs(61);
    bench.bring(0, 1, Kind::Message, message);
    assert_eq!(bench.refused(), [(1, "replayed"), (1, "too-old")]);
}

#[test]
fn a_message_from_before_our_start_is_too_old_and_one_from_the_future_is_ahead() {
    let mut bench = line(2);
    bench.now = START - Duration::from_millis(1);
    let early = bench.message(0, "hello");
    bench.now = START + Duration::from_secs(100);
    let late = bench.message(0, "hello");
    bench.now = START + Duration::from_secs(1);
    bench.bring(0, 1, Kind::Message, early);
    bench.bring(0, 1, Kind::Message, late);
    assert_eq!(bench.refused(), [(1, "too-old"), (1, "ahead")]);
}

#[test]
fn an_unknown_sender_is_shown_once_an_introducer_has_its_record() {
    // Node 1 has never heard of node 3, and neither has node 0, which brings its message.
    let mut bench = Bench::new(&["a", "b", "introducer", "d"], &[(0, 1), (1, 2), (2, 3)]);
    let message = bench.message(3, "hello");
    bench.bring(0, 1, Kind::Message, message.clone());
    assert!(bench.shown().is_empty(), "no node that is asked knows the sender");
    bench.now += RECORD_WAIT;
    bench.tick(1);
    assert_eq!(bench.refused(), [(1, "unknown")]);
    bench.introducers = vec![2];
    let message = bench.message(3, "hello again");
    bench.bring(0, 1, Kind::Message, message);
    assert!(bench.shown().contains(&1), "{:?}", bench.told);
    let name = bench.told.iter().find_map(|(_, event)| match event {
        Event::MessageReceived { name, .. } => name.clone(),
        _ => None,
    });
    assert_eq!(name.as_deref(), Some("d"));
}

#[test]
fn a_sender_whose_record_is_forged_is_unproven() {
    let mut bench = Bench::new(&["a", "b", "c"], &[(0, 1)]);
    let message = bench.message(2, "hello");
    bench.bring(0, 1, Kind::Message, message);
    let Gossip { key, records_are, .. } = &bench.nodes[0];
    let record = Record { name: "bob".into(), ..bench.nodes[2].record.0.clone() };
    let forged = Signed::new(key, records_are, &record).to_bytes();
    bench.bring(0, 1, Kind::Record, forged);
    assert_eq!(bench.judged, [(bench.id(0), -40)]);
    bench.now += RECORD_WAIT;
    bench.tick(1);
    assert_eq!((bench.refused(), bench.shown()), (vec![(1, "unproven")], vec![]));
}

#[test]
fn a_record_that_nobody_asked_for_is_not_kept() {
    let mut bench = Bench::new(&["a", "b", "c"], &[(0, 1)]);
    let record = bench.nodes[2].own_record();
    bench.bring(0, 1, Kind::Record, record);
    assert!(bench.nodes[1].records.get(&bench.id(2)).is_none());
    assert!(bench.nodes[1].records.get(&bench.id(0)).is_some());
}

#[test]
fn what_one_sender_and_one_neighbour_bring_in_a_second_is_bounded() {
    let mut bench = line(2);
    for number in 0..OF_SENDER.burst {
        bench.say(0, Recipient::All, &format!("{number}")).expect("it may");
    }
    assert_eq!(bench.say(0, Recipient::All, "?"), Err(Unsent::TooMany));
    bench.nodes[0].meter = Meter::default();
    bench.say(0, Recipient::All, "?").expect("it forgets its own bound");
    assert_eq!(bench.refused(), [(1, "too-many")]);
    (0..2 * OF_NEIGHBOUR.burst).for_each(|_| bench.bring(0, 1, Kind::Who, Vec::new()));
    assert!(bench.judged.len() < OF_NEIGHBOUR.burst as usize);
}

#[test]
fn what_a_blocked_node_says_is_refused_whoever_brings_it() {
    let mut bench = line(3);
    bench.blocked = vec![bench.id(0)];
    bench.say(0, Recipient::All, "hello").expect("it has a neighbour");
    assert_eq!((bench.refused(), bench.shown()), (vec![(1, "blocked")], vec![]));
}

#[test]
fn numbers_grow_also_over_a_restart() {
    let mut bench = line(2);
    let first = bench.say(0, Recipient::All, "one").expect("it has a neighbour");
    let second = bench.say(0, Recipient::All, "two").expect("it has a neighbour");
    assert_eq!((first, second), (ms(bench.now), ms(bench.now) + 1));
    bench.now += Duration::from_millis(5);
    bench.nodes[0].number = 0;
    let third = bench.say(0, Recipient::All, "three").expect("it has a neighbour");
    assert!(third > second);
    assert_eq!(bench.shown(), [1; 3]);
}

#[test]
fn one_is_found_by_name_by_identity_and_by_its_beginning() {
    let bench = Bench::new(&["alice", "bob", "bob"], &[(0, 1), (0, 2)]);
    let (bob, other) = (bench.id(1), bench.id(2));
    let find = |node: usize, text: &str| {
        bench.nodes[node].find(&To::Node(text.to_owned()), std::iter::empty())
    };
    assert_eq!(find(1, "alice"), Ok(Recipient::Node(bench.id(0).to_string())));
    assert_eq!(find(0, bob.as_str()), Ok(Recipient::Node(bob.to_string())));
    assert_eq!(find(0, &bob.as_str()[..20]), Ok(Recipient::Node(bob.to_string())));
    let mut both = vec![bob, other];
    both.sort();
    assert_eq!(find(0, "bob"), Err(Unsent::Ambiguous("bob".into(), both)));
    assert_eq!(find(0, "carol"), Err(Unsent::Unknown("carol".into())));
    assert_eq!(find(0, ""), Err(Unsent::Unknown(String::new())));
    assert!(matches!(find(0, bench.id(0).as_str()), Err(Unsent::Wrong(_))));
    let alone = Bench::new(&["alice"], &[]).say(0, Recipient::All, "hello");
    assert_eq!(alone, Err(Unsent::Alone));
}
