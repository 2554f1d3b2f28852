//! `cairn up`: it ends in good order, and leaves nobody behind.
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
        let mut running =
            Running::start(cairn().args(["up", "--ports", &list.join(",")]).args(args));
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
    let last_lines = &running.seen[running.seen.len() - 3..];
    let blocks = |(line, port): (&String, &u16)| -> usize {
        let line = line.strip_prefix(&format!("  {port}  ")).unwrap_or_else(|| panic!("{text}"));
        line.split(' ').next().and_then(|count| count.parse().ok()).expect("a number")
    };
    assert_eq!(last_lines.iter().zip(&ports).map(blocks).sum::<usize>(), height, "{text}");
    assert!(ports.into_iter().all(is_free));
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
}
