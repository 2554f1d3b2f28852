//! Real nodes with real files: killed, started twice, without room.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;

use cairn::chain::Chain;
use cairn::disk::FileDisk;
use cairn::hash::Hash;
use cairn::store::{Store, StoreError};

use crate::common::lines::Line;
use crate::common::{PORT_TAKEN, Running, cairn, free_ports};
use crate::openings::folder;
use crate::stones::{EASY, chain_of, grown};

/// How often a node is killed.
const KILLS: usize = 100;

/// How many branches a node gets, and how often it is killed meanwhile.
const REORGANISATIONS: usize = 30;

/// The exit code of a node whose file is in use.
const IN_USE: i32 = 75;

/// A node without reachable peers, which finds a block at nearly every turn.
fn node(file: &Path, args: &[&str]) -> Command {
    let mut command = cairn();
    command.args(["node", "0", "--peer", "127.0.0.1:9", "--zero-bits", "4", "--listen", "1ms"]);
    command.arg("--data").arg(file).args(args);
    command
}

/// The last tip that a node reported.
fn last_tip(node: &Running) -> Option<(usize, Hash)> {
    node.seen.iter().rev().find_map(|line| match Line::parse(line)? {
        Line::Created(height, hash) | Line::Copied(height, hash) | Line::Stands(height, hash) => {
            Some((height, hash))
        }
        Line::Tried(_) => None,
    })
}

fn chain_in(file: &Path) -> Chain {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Chain::from_bytes(bytes, EASY).expect("the chain in the file is valid")
}

fn file(name: &str) -> PathBuf {
    folder(name).join("7000.chain")
}

#[test]
fn a_node_that_is_killed_a_hundred_times_keeps_what_it_announced() {
    let file = file("killed");
    let mut announced: Option<(usize, Hash)> = None;
    for round in 0..KILLS {
        let mut node = Running::start(&mut node(&file, &[]));
        let mut started = None;
        // Some rounds end in the middle of the start, the others after some blocks.
        for _ in 0..round % 7 {
            let line = node.find(|line| Line::parse(line).is_some_and(is_tip)).expect("it runs");
            started = started.or(Line::parse(&line));
        }
        node.child.kill().expect("it runs");
        node.end();
        if let (Some((height, _)), Some(Line::Stands(now, _))) = (announced, started) {
            assert!(now >= height, "round {round}: it stood at {height}, and now at {now}");
        }
        announced = last_tip(&node).or(announced);
        let Some((height, hash)) = announced else { continue };
        let mut restarted = Running::start(&mut self::node(&file, &["--until-height", "0"]));
        assert!(restarted.end().success(), "{}", restarted.text());
        let chain = chain_in(&file);
        assert_eq!(chain.hash_at(height), Some(hash), "round {round}: what was announced is there");
    }
    assert!(announced.is_some_and(|(height, _)| height > KILLS), "blocks were made: {announced:?}");
}

/// Longer and longer branches reach the node, each from the same fork, and each replaces
/// most of the file.
#[test]
fn a_node_that_is_killed_while_it_reorganises_keeps_what_it_announced() {
    let base = chain_of(3, EASY);
    let branches: Vec<_> =
        (2..REORGANISATIONS + 2).map(|len| grown(&base, 3, len, len as u64)).collect();
    for round in 0..REORGANISATIONS {
        let file = file("reorganised");
        let peer = UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
        let address = peer.local_addr().expect("it is bound").to_string();
        let mut command = cairn();
        command.args(["node", "0", "--zero-bits", "4", "--nonces", "1", "--peer", &address]);
        let mut node = Running::start(command.arg("--data").arg(&file));
        let start = node.find(|line| line.starts_with("START node ")).expect("it starts");
        let to = start.split(" at ").nth(1).expect("the line tells the address");
        for branch in &branches {
            peer.send_to(branch.as_bytes(), to).expect("the node listens");
        }
        let is_copy = |line: &str| line.starts_with("COPY block ");
        (0..=round).for_each(|_| drop(node.find(is_copy).expect("it takes the longer chain")));
        node.child.kill().expect("it runs");
        node.end();
        let (height, hash) = last_tip(&node).expect("it told of one");
        let mut restarted = Running::start(&mut self::node(&file, &["--until-height", "0"]));
        assert!(restarted.end().success(), "{}", restarted.text());
        let chain = chain_in(&file);
        assert!(chain.height() >= height, "round {round}: {} after {height}", chain.height());
        assert!(chain.height() > height || chain.tip_hash() == hash, "round {round}");
        let aside = fs::read_dir(file.parent().expect("its folder")).expect("it is there").count();
        assert_eq!(aside, 1, "round {round}: nothing was damaged\n{}", restarted.text());
    }
}

fn is_tip(line: Line) -> bool {
    !matches!(line, Line::Tried(_))
}

#[test]
fn two_nodes_cannot_share_a_file() {
    let file = file("shared");
    let mut first = Running::start(&mut node(&file, &[]));
    first.find(|line| line.starts_with("CREATE block 3: ")).expect("it runs");
    let mut second = Running::start(&mut node(&file, &[]));
    assert_eq!(second.end().code(), Some(IN_USE));
    let [line] = &second.seen[..] else { panic!("{}", second.text()) };
    assert!(line.contains(&format!("{} is in use", file.display())), "{line}");
    assert!(first.find(|line| line.starts_with("CREATE ")).is_some(), "the first goes on");
}

#[test]
fn a_chain_can_be_looked_at_while_a_node_has_it_open() {
    let file = file("looked-at");
    let mut node = Running::start(&mut node(&file, &[]));
    node.find(|line| line.starts_with("CREATE block 3: ")).expect("it runs");
    let mut chain = Running::start(cairn().args(["chain", "--zero-bits", "4"]).arg(&file));
    assert!(chain.end().success(), "{}", chain.text());
    assert!(chain.seen.last().is_some_and(|line| line.starts_with("valid: ")), "{}", chain.text());
    assert!(node.find(|line| line.starts_with("CREATE ")).is_some(), "the node goes on");
}

#[test]
fn a_node_goes_on_where_it_stopped_and_tells_what_it_mended() {
    let file = file("goes-on");
    let chain = chain_of(9, EASY);
    fs::write(&file, &chain.as_bytes()[..8 * 75 + 30]).expect("the folder is ours");
    let mut node = Running::start(&mut node(&file, &["--until-height", "8"]));
    assert!(node.end().success(), "{}", node.text());
    let note = format!("note: {} is damaged (block 8 breaks whole-blocks: ", file.display());
    assert!(node.seen.iter().any(|line| line.starts_with(&note)), "{}", node.text());
    let start = format!("  chain   block 7: {}", chain.hash_at(7).expect("it is there"));
    assert!(node.seen.contains(&start), "{}", node.text());
    assert!(node.seen.contains(&format!("  data    --data {}", file.display())));
    assert!(node.text().contains("\nCREATE block 8: "), "{}", node.text());
    assert_eq!(chain_in(&file).common_prefix(chain.as_bytes()), 8);
}

#[test]
fn what_is_no_chain_file_stops_a_node_at_once() {
    let file = file("photo");
    fs::write(&file, "a photo").expect("the folder is ours");
    let mut node = Running::start(&mut node(&file, &[]));
    assert_eq!(node.end().code(), Some(1));
    let [line] = &node.seen[..] else { panic!("{}", node.text()) };
    assert!(line.starts_with(&format!("error: {} does not begin", file.display())), "{line}");
    assert_eq!(fs::read(&file).expect("it is there"), b"a photo");
}

/// A node that continued with a file that was moved would lose all later blocks.
#[cfg(unix)]
#[test]
fn a_node_whose_file_is_moved_removed_or_replaced_stops_and_says_so() {
    type Act = fn(&Path);
    let moves: [(&str, Act); 3] = [
        ("moved", |file| fs::rename(file, file.with_extension("old")).expect("it is ours")),
        ("removed", |file| fs::remove_file(file).expect("it is ours")),
        ("replaced", |file| {
            let copy = file.with_extension("copy");
            fs::copy(file, &copy).and_then(|_| fs::rename(copy, file)).expect("it is ours");
        }),
    ];
    for (name, act) in moves {
        let file = file(name);
        let mut node = Running::start(&mut node(&file, &[]));
        node.find(|line| line.starts_with("CREATE block 3: ")).expect("it runs");
        act(&file);
        assert_eq!(node.end().code(), Some(1), "{name}");
        let error = node.seen.iter().find(|line| line.starts_with("error: ")).expect("it says so");
        let why = format!("{} was moved, removed, replaced or changed while", file.display());
        assert!(error.contains(&why), "{error}");
        let (height, hash) = last_tip(&node).expect("it made blocks");
        if name == "moved" {
            let chain = chain_in(&file.with_extension("old"));
            assert_eq!((chain.height(), chain.tip_hash()), (height, hash), "none is lost");
        }
    }
}

/// A program such as `cp` overwrites a file in place, and asks for no lock.
#[cfg(unix)]
#[test]
fn a_file_that_was_made_shorter_or_longer_is_left_alone() {
    let (three, five) = (chain_of(3, EASY), chain_of(5, EASY));
    for (name, changed) in [("shorter", &three.as_bytes()[..75]), ("longer", five.as_bytes())] {
        let file = file(name);
        fs::write(&file, three.as_bytes()).expect("the folder for temporary files can be written");
        let disk = FileDisk::open(&file).expect("it is ours");
        let (mut store, ..) = Store::open(disk, EASY).expect("it is a chain");
        fs::write(&file, changed).expect("no lock keeps others from writing");
        let saved = store.save(3, &five.blocks()[3..4]);
        assert!(matches!(saved, Err(StoreError::Moved { .. })), "{name}: {saved:?}");
        assert_eq!(fs::read(&file).expect("it is there"), changed, "{name}: as it was found");
    }
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_a_pipe_or_has_no_end_stops_a_node_at_once() {
    for (name, script) in [("pipe", "mkfifo \"$0\""), ("no-end", "ln -s /dev/zero \"$0\"")] {
        let file = file(&format!("journal-{name}"));
        let journal = file.with_extension("chain.reorg");
        let made = Command::new("sh").args(["-c", script]).arg(&journal).status();
        assert!(made.is_ok_and(|status| status.success()), "{script}");
        let mut node = Running::start(&mut node(&file, &[]));
        assert_eq!(node.end().code(), Some(1));
        let [line] = &node.seen[..] else { panic!("{}", node.text()) };
        let why = format!("cannot read {}: it is a folder, a device or a pipe", journal.display());
        assert!(line.starts_with(&format!("error: {why}")), "{line}");
    }
}

/// The system lets no file of the node grow above one or two kilobytes, depending on the
/// shell's unit, and neither ends with a block. To a writer that is a full disk.
#[cfg(unix)]
#[test]
fn a_node_without_room_ends_by_name_and_starts_again_clean() {
    let file = file("full");
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"";
    let command = node(&file, &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    let mut node = Running::start(&mut shell);
    assert_eq!(node.end().code(), Some(1), "{}", node.text());
    let error = node.seen.iter().find(|line| line.starts_with("error: ")).expect("it says why");
    assert!(error.starts_with("error: node "), "{error}");
    assert!(error.contains(&format!(" stops: cannot write {}: ", file.display())), "{error}");
    assert!(error.ends_with("make room and start again: no block that was announced is lost"));
    let (height, hash) = last_tip(&node).expect("it made blocks before");
    let chain = chain_in(&file);
    assert_eq!((chain.height(), chain.tip_hash()), (height, hash), "{}", node.text());
    assert!(!node.text().contains("STOP"), "{}", node.text());

    let until = (height + 2).to_string();
    let mut node = Running::start(&mut self::node(&file, &["--until-height", &until]));
    assert!(node.end().success(), "{}", node.text());
    assert!(!node.text().contains("note: "), "{}", node.text());
    assert_eq!(chain_in(&file).height(), height + 2);
}

#[test]
fn a_network_keeps_a_file_for_each_node_in_a_folder_it_makes() {
    let folder = folder("network").join("in/a/folder");
    // Rare blocks: two nodes that each find one in every turn may tie for ever.
    let pace = ["--zero-bits", "4", "--nonces", "1", "--listen", "20ms"];
    // A port may be taken between our choice and its use.
    let kept = (0..5).find_map(|_| {
        let ports = free_ports(2);
        let list: Vec<_> = ports.iter().map(u16::to_string).collect();
        let mut command = cairn();
        command.args(["up", "--ports", &list.join(",")]).args(pace);
        command.args(["--until-height", "3", "--data"]).arg(&folder);
        let mut up = Running::start(&mut command);
        match up.end().code() {
            Some(PORT_TAKEN) => None,
            code => Some((code, ports, up.text())),
        }
    });
    let (code, ports, text) = kept.expect("five times a port was taken");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("\n  data    --data {}\n", folder.display())), "{text}");
    for port in ports {
        let chain = chain_in(&folder.join(format!("{port}.chain")));
        assert!(chain.height() >= 3, "{port}: {}", chain.height());
    }
}
