//! The table of peers with made-up addresses and times: which peers it dials, and which it
//! keeps.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use cairn::contacts::Path;
use cairn::net::group::group;
use cairn::net::hello::{Hello, Introduced, Refused};
use cairn::net::lists::Lists;
use cairn::net::reputation::{BANNED_AT, Deed, FIRST_BAN, useful};
use cairn::net::table::{MAX_KNOWN, MAX_KNOWN_IN_GROUP, Met, Place, Policy, Source, Table};
use cairn::peer::PeerName;

const START: Duration = Duration::from_secs(1_000_000);

pub(crate) fn id(number: usize) -> PeerName {
    PeerName::new(format!("{number:064x}"))
}

/// An address whose group depends only on `network`.
pub(crate) fn address(network: u8, host: u8) -> SocketAddr {
    ([10, network, 0, host], 4000).into()
}

pub(crate) fn table(policy: Policy) -> Table {
    Table::new(id(0xffff), policy, Lists::default(), 1)
}

pub(crate) fn hello(peers: Vec<Introduced>) -> Hello {
    Hello {
        from: 1,
        to: 1,
        genesis: String::new(),
        zero_bits: 16,
        account: 1,
        name: String::new(),
        capabilities: Vec::new(),
        region: None,
        groups: Vec::new(),
        port: 4000,
        external: None,
        http: None,
        peers,
        relayed: Vec::new(),
    }
}

pub(crate) fn met(number: usize, address: SocketAddr, is_outgoing: bool) -> Met {
    let (id, address) = (id(number), Some(address.ip()));
    Met { id, address, is_outgoing, hello: hello(Vec::new()), version: 1 }
}

fn connected(table: &Table, now: Duration) -> usize {
    let contacts = table.contacts(now);
    contacts.iter().filter(|it| it.standing == cairn::contacts::Standing::Connected).count()
}

#[test]
fn dials_are_spread_over_groups_even_where_one_group_has_nearly_all() {
    let mut table = table(Policy { target: 8, ..Policy::default() });
    for number in 0..60 {
        table.learn(START, &id(number), address(1, number as u8), Source::Peer);
    }
    for number in 60..67 {
        table.learn(START, &id(number), address(number as u8, 1), Source::Peer);
    }
    let dials = table.dials(START);
    let groups: BTreeSet<_> = dials.iter().map(|(_, address)| group(address.ip())).collect();
    assert_eq!((dials.len(), groups.len()), (8, 8));
    assert!(table.dials(START).is_empty(), "as many as wanted are on their way");
}

#[test]
fn those_who_were_met_before_and_then_good_reputations_are_dialled_first() {
    let mut table = table(Policy { target: 2, ..Policy::default() });
    table.learn(START, &id(1), address(1, 1), Source::Peer);
    table.learn(START, &id(2), address(2, 1), Source::Peer);
    table.learn(START, &id(3), address(3, 1), Source::File);
    table.judge(START, &id(2), useful());
    let dialled: BTreeSet<_> = table.dials(START).into_iter().map(|(id, _)| id).collect();
    assert_eq!(dialled, [id(2), id(3)].into());
}

#[test]
fn a_dial_in_vain_is_repeated_ever_more_rarely_until_the_peer_is_forgotten() {
    let policy = Policy { retry: Duration::from_secs(1), retries: 2, ..Policy::default() };
    let mut table = table(policy);
    table.learn(START, &id(1), address(1, 1), Source::Peer);
    table.learn(START, &id(2), address(2, 1), Source::Bootstrap);
    let mut now = START;
    for wait in [1, 2] {
        assert_eq!(table.dials(now).len(), 2);
        table.failed(now, &id(1));
        table.failed(now, &id(2));
        assert!(table.dials(now + Duration::from_millis(wait * 1_000 - 1)).is_empty());
        now += Duration::from_secs(wait);
    }
    assert_eq!(table.dials(now).len(), 2);
    table.failed(now, &id(1));
    table.failed(now, &id(2));
    let known: Vec<_> = table.contacts(now).into_iter().map(|contact| contact.id).collect();
    assert_eq!(known, [id(2)], "a node goes back to its bootstrap peer");
    assert_eq!(table.dials(now + Duration::from_secs(4)).len(), 1);
}

#[test]
fn crawling_keeps_the_number_of_connections_up() {
    let mut table = table(Policy { target: 3, ..Policy::default() });
    table.learn(START, &id(1), address(1, 1), Source::Bootstrap);
    assert_eq!(table.dials(START).len(), 1);
    let others = (2..6)
        .map(|number| Introduced { id: id(number).to_string(), address: address(number as u8, 1) });
    let first = Met { hello: hello(others.collect()), ..met(1, address(1, 1), true) };
    assert_eq!(table.meet(START, first), Ok(Place::Free));
    let dials = table.dials(START);
    assert_eq!(dials.len(), 2);
    for (id, _) in &dials {
        let address = address(9, 9);
        let met = Met { id: id.clone(), ..met(0, address, true) };
        assert_eq!(table.meet(START, met), Ok(Place::Free));
    }
    table.left(START, &dials[0].0);
    assert_eq!(table.dials(START).len(), 1, "another one takes its place at once");
}

#[test]
fn what_others_say_of_a_peer_that_was_met_is_not_believed() {
    let mut table = table(Policy::default());
    table.meet(START, met(1, address(1, 1), true)).expect("there is room");
    table.left(START, &id(1));
    table.learn(START, &id(1), address(1, 1), Source::Bootstrap);
    table.learn(START, &id(1), address(66, 6), Source::Peer);
    assert_eq!(table.contacts(START)[0].address, Some(address(1, 1)));
}

#[test]
fn a_group_has_a_share_of_what_is_known_and_all_have_a_bound() {
    let mut table = table(Policy::default());
    for number in 0..200 {
        table.learn(START, &id(number), address(1, number as u8), Source::Peer);
    }
    assert_eq!(table.contacts(START).len(), MAX_KNOWN_IN_GROUP);
    for number in 200..3_000 {
        let [high, low] = (number as u16).to_be_bytes();
        let address = ([100, low, 0, high], 4000).into();
        table.learn(START, &id(number), address, Source::Peer);
    }
    // Peers that dial us do not fill it either.
    for number in 3_000..5_000 {
        let met = met(number, ([90, number as u8, 0, 1], 1).into(), false);
        if table.meet(START, met).is_ok() {
            table.left(START, &id(number));
        }
    }
    assert_eq!(table.contacts(START).len(), MAX_KNOWN);
}

#[test]
fn the_second_connection_to_a_peer_stays_if_the_lower_identity_dialled_it() {
    // This node has the identity ffff, so all others are lower.
    let mut higher = table(Policy::default());
    assert_eq!(higher.meet(START, met(1, address(1, 1), true)), Ok(Place::Free));
    assert_eq!(higher.meet(START, met(1, address(1, 1), false)), Ok(Place::Instead));
    assert_eq!(higher.meet(START, met(1, address(1, 1), true)), Err(Refused::Twice));
    // A newer connection from the same side: its dialler knows that the first is dead.
    assert_eq!(higher.meet(START, met(1, address(1, 1), false)), Ok(Place::Instead));
    let mut lower = Table::new(id(0), Policy::default(), Lists::default(), 1);
    assert_eq!(lower.meet(START, met(1, address(1, 1), true)), Ok(Place::Free));
    assert_eq!(lower.meet(START, met(1, address(1, 1), false)), Err(Refused::Twice));
    assert_eq!(lower.meet(START, met(1, address(1, 1), true)), Ok(Place::Instead));
    assert_eq!(lower.meet(START, met(0, address(1, 1), true)), Err(Refused::Own));
}

#[test]
fn when_it_is_full_a_newcomer_takes_the_place_of_one_of_a_crowd_or_none() {
    let mut table = table(Policy { most: 8, ..Policy::default() });
    for number in 0..8 {
        let now = START + Duration::from_secs(number as u64);
        table.meet(now, met(number, address(1, number as u8), false)).expect("there is room");
    }
    let one_more = met(8, address(1, 99), false);
    assert_eq!(table.meet(START, one_more), Err(Refused::Full), "of the same crowd");
    let other = met(9, address(2, 1), false);
    assert_eq!(table.meet(START, other), Ok(Place::Of(id(7))), "the youngest goes");
    assert_eq!(connected(&table, START), 8);
}

#[test]
fn an_introducer_makes_room_by_giving_up_the_oldest() {
    let mut table = table(Policy { most: 8, is_introducer: true, ..Policy::default() });
    for number in 0..20 {
        let now = START + Duration::from_secs(number as u64);
        let place = table.meet(now, met(number, address(number as u8, 1), false));
        let expected = if number < 6 { Place::Free } else { Place::Of(id(number - 6)) };
        assert_eq!(place, Ok(expected));
    }
}

#[test]
fn who_is_banned_is_neither_dialled_nor_let_in_until_the_ban_ends() {
    let mut table = table(Policy::default());
    table.learn(START, &id(1), address(1, 1), Source::Peer);
    let lie = Deed { points: BANNED_AT, why: "a lie".into() };
    assert_eq!(table.judge(START, &id(1), lie), Some(FIRST_BAN));
    assert!(table.dials(START).is_empty());
    assert_eq!(table.meet(START, met(1, address(1, 1), false)), Err(Refused::Banned));
    assert!(table.introduce(START, &id(2)).is_empty());
    let after = START + FIRST_BAN;
    assert_eq!(table.meet(after, met(1, address(1, 1), false)), Ok(Place::Free));
    assert_eq!(table.contacts(after)[0].reasons, ["-100: a lie"]);
}

#[test]
fn who_is_silent_is_named_and_who_was_not_met_for_long_is_forgotten() {
    let policy = Policy::default();
    let mut table = table(policy);
    table.meet(START, met(1, address(1, 1), true)).expect("there is room");
    table.learn(START, &id(2), address(2, 1), Source::Peer);
    let later = START + policy.silent_after;
    assert!(table.sweep(later).is_empty());
    assert_eq!(table.sweep(later + Duration::from_secs(1)), [id(1)]);
    table.heard(later, &id(1), hello(Vec::new()));
    assert!(table.sweep(later + Duration::from_secs(1)).is_empty());
    let much_later = START + policy.forget_after + Duration::from_secs(1);
    table.sweep(much_later);
    let known: Vec<_> = table.contacts(much_later).into_iter().map(|it| it.id).collect();
    assert_eq!(known, [id(1)]);
}

#[test]
fn only_those_who_were_met_are_introduced_each_time_others() {
    let mut table = table(Policy { most: 100, ..Policy::default() });
    table.learn(START, &id(99), address(99, 1), Source::Peer);
    for number in 0..40 {
        table.meet(START, met(number, address(number as u8, 1), false)).expect("there is room");
    }
    let (first, second) = (table.introduce(START, &id(0)), table.introduce(START, &id(0)));
    assert_eq!((first.len(), second.len()), (16, 16));
    assert_ne!(first, second);
    let all: Vec<IpAddr> = first.iter().chain(&second).map(|it| it.address.ip()).collect();
    assert!(!all.contains(&address(99, 1).ip()) && !all.contains(&address(0, 1).ip()));
}

#[test]
fn those_who_come_by_themselves_do_not_keep_a_node_from_dialling_whom_it_chooses() {
    let mut table = table(Policy { target: 8, ..Policy::default() });
    for number in 0..100 {
        table.meet(START, met(number, address(1, number as u8), false)).expect("there is room");
    }
    for number in 200..210 {
        table.learn(START, &id(number), address(number as u8, 1), Source::Peer);
    }
    assert_eq!(table.dials(START).len(), 4);
    assert!(table.dials(START).is_empty());
    assert!(table.dial_now(START, &id(205)).is_some() || table.dial_now(START, &id(206)).is_some());
}

#[test]
fn of_peers_on_a_machine_only_others_on_it_are_believed() {
    let local = Introduced { id: id(7).to_string(), address: ([127, 0, 0, 1], 4000).into() };
    let knows = |number, from| Met {
        hello: hello(vec![local.clone()]),
        ..met(number, SocketAddr::new(from, 4000), true)
    };
    let mut table = table(Policy::default());
    let is_known = |table: &Table| table.contacts(START).iter().any(|it| it.id == id(7));
    table.meet(START, knows(1, IpAddr::from([192, 0, 2, 1]))).expect("there is room");
    assert!(!is_known(&table), "it would dial itself, or fill up with them");
    table.meet(START, knows(2, IpAddr::from([127, 0, 0, 1]))).expect("there is room");
    assert!(is_known(&table));
}

#[test]
fn a_crowd_does_not_push_others_out_of_a_full_table() {
    let mut table = table(Policy { most: 10_000, ..Policy::default() });
    // Honest peers in many groups fill it; one group is near its share.
    for number in 0..MAX_KNOWN - 60 {
        let [high, low] = (number as u16).to_be_bytes();
        table.meet(START, met(number, ([20 + high, low, 0, 1], 1).into(), false)).expect("room");
        table.left(START, &id(number));
    }
    for number in 5_000..9_000 {
        let from = address(1, number as u8);
        if table.meet(START, met(number, from, false)).is_ok() {
            table.left(START, &id(number));
        }
    }
    let known = table.contacts(START);
    assert_eq!(known.len(), MAX_KNOWN);
    let honest = known.iter().filter(|it| (0..MAX_KNOWN).any(|number| it.id == id(number)));
    assert_eq!(honest.count(), MAX_KNOWN - 60);
}

#[test]
fn made_up_peers_that_were_dialled_in_vain_give_way_to_others() {
    let mut table = table(Policy { target: 1, ..Policy::default() });
    for number in 0..MAX_KNOWN_IN_GROUP {
        table.learn(START, &id(number), address(1, number as u8), Source::Lan);
    }
    let honest = id(999);
    table.learn(START, &honest, address(1, 99), Source::Lan);
    let is_known = |table: &Table| table.contacts(START).iter().any(|it| it.id == honest);
    assert!(!is_known(&table), "the group has its share");
    let (made_up, _) = table.dials(START).remove(0);
    table.failed(START, &made_up);
    table.learn(START, &honest, address(1, 99), Source::Lan);
    assert!(is_known(&table));
}

#[test]
fn a_bootstrap_peer_whose_address_has_changed_is_dialled_there_at_once() {
    let mut table = table(Policy::default());
    table.learn(START, &id(1), address(1, 1), Source::Bootstrap);
    assert_eq!(table.dials(START), [(id(1), address(1, 1))]);
    table.failed(START, &id(1));
    assert!(table.dials(START).is_empty(), "it is not time yet");
    table.learn(START, &id(1), address(2, 2), Source::Bootstrap);
    assert_eq!(table.dials(START), [(id(1), address(2, 2))]);
}

#[test]
fn the_peers_of_the_file_are_kept_as_they_were_also_where_there_was_no_need_of_them() {
    let mut table = table(Policy { target: 0, ..Policy::default() });
    let kept = |number: u8, last_seen| cairn::net::table::Kept {
        id: id(number.into()).to_string(),
        address: address(number, 1),
        last_seen,
    };
    let long_ago = START.as_secs() - Policy::default().forget_after.as_secs() - 1;
    table.recall(START, &kept(1, long_ago));
    table.recall(START, &kept(2, u64::MAX));
    table.sweep(START);
    assert_eq!(table.kept(), [kept(1, long_ago), kept(2, START.as_secs())]);
    assert!(table.introduce(START, &id(9)).is_empty(), "they may be gone");
}

#[test]
fn a_node_that_is_cut_off_does_not_forget_whom_it_has_met() {
    let policy = Policy { retry: Duration::from_secs(1), retries: 1, ..Policy::default() };
    let mut table = table(policy);
    table.meet(START, met(1, address(1, 1), false)).expect("there is room");
    table.left(START, &id(1));
    let mut now = START;
    for _ in 0..20 {
        now += Duration::from_secs(8);
        assert_eq!(table.dials(now), [(id(1), address(1, 1))], "at least every eight seconds");
        table.failed(now, &id(1));
    }
    table.meet(now, met(2, address(2, 1), false)).expect("there is room");
    table.failed(now, &id(1));
    assert_eq!(table.contacts(now)[0].id, id(2), "now that peer is gone");
}

#[test]
fn a_connected_peer_that_is_blocked_or_banned_is_unwanted() {
    let mut table = table(Policy::default());
    for number in 1..4 {
        // A peer that names no port cannot be dialled, but it still has an address.
        let met = met(number, address(number as u8, 1), false);
        let hello = Hello { port: 0, ..met.hello.clone() };
        table.meet(START, Met { hello, ..met }).expect("there is room");
    }
    table.judge(START, &id(1), Deed { points: BANNED_AT, why: "a lie".into() });
    let until = START + Duration::from_secs(1);
    table.lists.block(cairn::contacts::Subject::Address(address(2, 1).ip()), Some(until));
    assert_eq!(table.unwanted(START), [id(1), id(2)]);
    assert_eq!(table.unwanted(until), [id(1)]);
}

/// A peer that came through a relay: its address is unknown.
fn met_through_a_relay(number: usize, is_outgoing: bool) -> Met {
    Met { address: None, ..met(number, address(1, 1), is_outgoing) }
}

#[test]
fn who_was_named_for_a_relay_is_dialled_through_it_alone_until_it_is_connected() {
    let mut table = table(Policy::default());
    table.learn_relayed(START, &id(1));
    assert!(table.dials(START).is_empty(), "it has no address");
    assert_eq!(table.relay_dials(START), [id(1)]);
    assert!(table.relay_dials(START).is_empty(), "it is being dialled");
    table.failed(START, &id(1));
    assert!(table.relay_dials(START).is_empty(), "it has to wait");
    let later = START + Duration::from_secs(60);
    assert_eq!(table.relay_dials(later), [id(1)]);
    assert!(table.meet(later, met_through_a_relay(1, true)).is_ok());
    assert!(table.relay_dials(later + Duration::from_secs(60)).is_empty());
}

#[test]
fn where_a_hole_was_punched_a_peer_can_be_introduced_and_dialled() {
    let mut table = table(Policy::default());
    assert!(table.meet(START, met_through_a_relay(1, false)).is_ok());
    assert!(table.introduce(START, &id(2)).is_empty(), "nobody knows where it is");
    table.took(&id(1), Path::Relay("https://192.0.2.9:6785/".into()));
    assert!(table.introduce(START, &id(2)).is_empty(), "a relay is not an address to dial");
    table.took(&id(1), Path::Direct(address(7, 7)));
    assert_eq!(table.introduce(START, &id(2))[0].address, address(7, 7));
}

#[test]
fn a_peer_that_says_again_where_its_router_passes_packets_on_is_dialled_there() {
    let mut table = table(Policy::default());
    assert!(table.meet(START, met(1, address(1, 1), false)).is_ok());
    let known = |table: &Table| table.contacts(START)[0].address;
    assert_eq!(known(&table), Some(address(1, 1)));
    let outer = SocketAddr::new(address(1, 1).ip(), 40_000);
    let said = |external| Hello { external: Some(external), ..hello(Vec::new()) };
    table.heard(START, &id(1), said(address(9, 9)));
    assert_eq!(known(&table), Some(address(1, 1)), "its packets come from elsewhere");
    table.heard(START, &id(1), said(outer));
    assert_eq!(known(&table), Some(outer));
}

#[test]
fn those_behind_relays_of_whom_others_tell_have_a_share_of_the_table_and_of_the_dials() {
    let mut table = table(Policy::default());
    table.learn_relayed(START, &id(0));
    for number in 1..=MAX_KNOWN {
        table.hear_of_relayed(START, &id(number));
    }
    assert_eq!(table.contacts(START).len(), MAX_KNOWN_IN_GROUP);
    let dials = table.relay_dials(START);
    assert_eq!((dials.len(), &dials[0]), (3, &id(0)), "the named peer goes first");
    assert!(table.relay_dials(START).is_empty(), "the share is used up");
    let connected = Met { id: dials[1].clone(), ..met_through_a_relay(1, true) };
    assert!(table.meet(START, connected).is_ok());
    table.failed(START, &dials[2]);
    assert_eq!(table.relay_dials(START).len(), 1, "a connected peer counts as well");
    table.learn(START, &id(MAX_KNOWN + 1), address(1, 1), Source::Peer);
    assert_eq!(table.dials(START), [(id(MAX_KNOWN + 1), address(1, 1))]);
}

#[test]
fn those_who_came_through_a_relay_have_a_share_of_the_table() {
    let mut table = table(Policy::default());
    for number in 0..=MAX_KNOWN {
        assert!(table.meet(START, met_through_a_relay(number, false)).is_ok());
        table.left(START, &id(number));
    }
    assert_eq!(table.contacts(START).len(), MAX_KNOWN_IN_GROUP);
}

#[test]
fn who_is_reached_through_a_relay_alone_is_introduced_with_it_while_it_is_connected() {
    let mut table = table(Policy::default());
    assert!(table.meet(START, met_through_a_relay(1, false)).is_ok());
    let url = "https://192.0.2.9:6785/".to_owned();
    table.took(&id(1), Path::Relay(url.clone()));
    assert_eq!(table.introduce_relayed(&id(2)), [(id(1), url.clone())]);
    assert_eq!(table.introduce_relayed(&id(1)), [], "nobody is introduced to itself");
    table.left(START, &id(1));
    assert_eq!(table.introduce_relayed(&id(2)), [], "it may not be there any more");
    assert!(table.meet(START, met_through_a_relay(1, false)).is_ok());
    table.took(&id(1), Path::Direct(address(1, 1)));
    assert_eq!(table.introduce_relayed(&id(2)), [], "it has an address now");
    assert_eq!(table.introduce(START, &id(2)).len(), 1);
}
