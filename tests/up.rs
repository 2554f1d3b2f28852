//! `cairn up`: it ends cleanly, and leaves no process behind.
#![cfg(unix)]

mod common;

use std::process::Command;

use common::{PORT_TAKEN, Running, cairn, free_ports, is_free, wait_until};

/// Blocks every few tenths of seconds.
const PACE: [&str; 4] = ["--nonces", "20000", "--listen", "20ms"];

/// Starts `cairn up` on free ports and waits until every node has started.
fn up(nodes: usize, args: &[&str]) -> (Running, Vec<u16>) {
    for _ in 0..5 {
        let ports = free_ports(nodes);
        let list: Vec<_> = ports.iter().map(u16::to_string).collect();
        let mut running = Running::start(
            cairn().args(["up", "--delay", "0", "--ports", &list.join(",")]).args(args),
        );
        let is_started = |line: &str| line.contains("START");
        if (0..nodes).all(|_| running.find(is_started).is_some()) {
            return (running, ports);
        }
        let status = running.end();
        assert_eq!(status.code(), Some(PORT_TAKEN), "{}", running.text());
    }
    panic!("five times a port was taken");
}

fn signal(name: &str, running: &Running) {
    let pid = running.child.id().to_string();
    let status = Command::new("kill").args(["-s", name, &pid]).status().expect("kill is there");
    assert!(status.success());
}

#[test]
fn until_height_ends_when_all_agree_and_sums_up() {
    let (mut running, ports) = up(3, &[&PACE[..], &["--until-height", "2"]].concat());
    assert!(running.end().success(), "{}", running.text());
    let text = running.text();
    let summary = running.seen.iter().find(|line| line.contains("all 3 nodes agree on 0000"));
    let height: usize = summary
        .and_then(|line| line.strip_prefix("height ")?.split_once(':')?.0.parse().ok())
        .unwrap_or_else(|| panic!("no summary in\n{text}"));
    assert!(height >= 2, "{text}");
    let page = if cfg!(feature = "web") { 1 } else { 0 };
    let end = running.seen.len() - page;
    assert_eq!(running.seen[end..].concat().contains("press Demo: fork"), page == 1, "{text}");
    let last_lines = &running.seen[end - 3..end];
    let blocks = |(line, port): (&String, &u16)| -> usize {
        let line = line.strip_prefix(&format!("  {port}  ")).unwrap_or_else(|| panic!("{text}"));
        line.split(' ').next().and_then(|count| count.parse().ok()).expect("a number")
    };
    assert_eq!(last_lines.iter().zip(&ports).map(blocks).sum::<usize>(), height, "{text}");
    assert!(ports.into_iter().all(is_free));
}

/// The words of each line after a node's name.
fn words(running: &Running) -> Vec<Vec<&str>> {
    running.seen.iter().map(|line| line.split_whitespace().skip(1).collect()).collect()
}

#[test]
fn a_block_is_created_before_it_is_copied_and_named_by_eight_digits() {
    let (mut running, _) = up(3, &[&PACE[..], &["--until-height", "8"]].concat());
    assert!(running.end().success(), "{}", running.text());
    let mut created = Vec::new();
    for words in words(&running) {
        match words[..] {
            ["CREATE", "block", _, hash, ..] => created.push(hash),
            ["COPY", "block", _, hash, ..] => {
                assert!(created.contains(&hash), "{hash} in\n{}", running.text());
            }
            _ => {}
        }
    }
    assert!(created.len() >= 8 && created.iter().all(|hash| hash.len() == "0000abcd!".len()));
}

#[test]
fn in_a_pipe_no_tries_are_printed_and_the_starts_equal_chains_are_one_line() {
    let (mut running, _) = up(3, &[&PACE[..], &["--until-height", "2"]].concat());
    assert!(running.end().success(), "{}", running.text());
    assert!(!running.text().contains("TRY"), "{}", running.text());
    let text = running.text();
    let (opening, _) = text.split_once("CREATE").expect("a block was found");
    assert!(opening.matches("IGNORE").count() <= 1, "{opening}");
    assert!(text.contains("times: nodes told each other the chain they had"), "{text}");
}

#[test]
fn full_shows_whole_hashes_and_quiet_shows_blocks_alone() {
    let args = [&PACE[..], &["--until-height", "2", "--full"]].concat();
    let (mut running, _) = up(2, &args);
    assert!(running.end().success(), "{}", running.text());
    let is_whole = |words: &Vec<&str>| words.first() == Some(&"CREATE") && words[3].len() == 65;
    assert!(words(&running).iter().any(is_whole), "{}", running.text());

    let ports: Vec<_> = free_ports(2).iter().map(u16::to_string).collect();
    let ports = ports.join(",");
    let args = ["up", "--delay", "0", "--ports", &ports, "--until-height", "2", "--quiet"];
    let mut running = Running::start(cairn().args(args).args(PACE));
    assert!(running.end().success(), "{}", running.text());
    let verbs = ["START", "COPY", "SLEEP", "IGNORE"];
    assert!(!verbs.iter().any(|verb| running.text().contains(verb)), "{}", running.text());
    assert!(running.text().contains("CREATE block 2"), "{}", running.text());
}

#[cfg(feature = "console")]
#[test]
fn json_is_an_object_a_line_with_the_name_of_its_node_and_nothing_else() {
    use std::process::Stdio;
    let ports = free_ports(2);
    let list = format!("{},{}", ports[0], ports[1]);
    let mut command = cairn();
    command
        .args(["up", "--delay", "0", "--ports", &list, "--json", "--until-height", "2"])
        .args(PACE);
    let output = command.stdin(Stdio::null()).output().expect("it can be started");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let names: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect(line);
        let node = event["node"].as_str().expect("it has a name");
        assert!(names.iter().any(|name| name == node) && event["v"] == 1, "{line}");
    }
    assert!(text.contains(r#""event":"created""#), "{text}");
}

#[test]
fn a_dozen_nodes_agree() {
    let (mut running, _) = up(12, &["--nonces", "4000", "--listen", "50ms", "--until-height", "2"]);
    assert!(running.end().success(), "{}", running.text());
    assert!(running.text().contains("all 12 nodes agree"), "{}", running.text());
}

#[test]
fn the_time_ends_a_run_and_says_so_where_a_height_was_asked_for() {
    let (mut running, ports) = up(2, &["--for", "300ms", "--zero-bits", "200"]);
    assert!(running.end().success(), "{}", running.text());
    assert!(running.text().contains("height 0: all 2 nodes agree"), "{}", running.text());
    assert!(ports.into_iter().all(is_free));

    let args = ["--for", "300ms", "--zero-bits", "200", "--until-height", "1"];
    let (mut running, _) = up(2, &args);
    assert_eq!(running.end().code(), Some(1));
    assert!(running.text().contains("before all agreed at 1"), "{}", running.text());
}

#[test]
fn sigterm_and_sigkill_leave_no_node_behind() {
    for name in ["TERM", "KILL", "HUP", "INT"] {
        let (mut running, ports) = up(3, &[]);
        signal(name, &running);
        running.end();
        wait_until("every node has let go of its port", || ports.iter().all(|&port| is_free(port)));
    }
}

#[cfg(feature = "console")]
#[test]
fn ctrl_c_ends_with_a_summary() {
    let (mut running, ports) = up(3, &[]);
    signal("INT", &running);
    assert!(running.end().success(), "{}", running.text());
    assert!(running.text().contains("all 3 nodes agree on"), "{}", running.text());
    assert!(ports.into_iter().all(is_free));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let (mut running, ports) = up(2, &PACE);
    let status = running.stop_reading();
    assert!(status.success(), "{status}");
    wait_until("every node has let go of its port", || ports.iter().all(|&port| is_free(port)));
}

#[test]
fn a_taken_port_is_told_once_and_starts_nobody() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let [other] = free_ports(1)[..] else { unreachable!() };
    let ports = format!("{other},{port}");
    let mut running = Running::start(cairn().args(["up", "--ports", &ports]));
    assert_eq!(running.end().code(), Some(PORT_TAKEN));
    assert_eq!(running.seen.len(), 1, "{}", running.text());
    assert!(running.seen[0].contains(&format!("port {port} of 127.0.0.1 is taken")));
    assert!(running.seen[0].contains("--ports "), "{}", running.seen[0]);
}
