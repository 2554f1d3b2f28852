//! The command line: transcripts, mistakes, and what shows only with a file, a pipe or a
//! taken port.

mod common;

use std::fs;
use std::io::Write;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{PORT_TAKEN, Running, cairn, free_ports, wait_until};

#[test]
fn transcripts_and_mistakes_are_these() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}

/// Runs a command to its end, with `input` on its standard input.
fn run(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be started");
    child.stdin.take().expect("piped").write_all(input).expect("it reads its input");
    child.wait_with_output().expect("it was started")
}

/// The single line on standard error.
fn error(output: &Output) -> &str {
    let text = str::from_utf8(&output.stderr).expect("errors are text");
    assert_eq!(text.lines().count(), 1, "{text}");
    text.strip_prefix("error: ").unwrap_or_else(|| panic!("{text}"))
}

/// A folder for the test of this name, with this `.env`.
fn folder_with_env(name: &str, env: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    // An earlier run may have left a pipe there, which nobody reads.
    let _ = fs::remove_file(folder.join(".env"));
    fs::write(folder.join(".env"), env).expect("the folder for temporary files can be written");
    folder
}

#[test]
fn each_broken_rule_is_refused_by_its_name() {
    let list = run(cairn().args(["break", "--list"]), b"").stdout;
    let list = String::from_utf8(list).expect("text");
    let rules: Vec<_> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(rules.len(), 10);
    for rule in rules.into_iter().filter(|rule| *rule != "future") {
        let hex = run(cairn().args(["break", rule]), b"").stdout;
        let verdict = run(cairn().args(["chain", "-"]), &hex);
        assert_eq!(verdict.status.code(), Some(1), "{rule}");
        let error = error(&verdict);
        assert!(error.contains(&format!(" breaks {rule}: ")), "{rule}: {error}");
    }
}

#[test]
fn a_node_refuses_what_is_sent_to_it_with_the_reason() {
    let (mut node, port) = node(&["--nonces", "1"]);
    for rule in ["size", "proof-of-work", "future"] {
        let hex = run(cairn().args(["break", rule]), b"").stdout;
        let to = format!("127.0.0.1:{port}");
        assert!(run(cairn().args(["send", "-", "--to", &to]), &hex).status.success());
        let expected = format!("breaks {rule}: ");
        let line = node.find(|line| line.starts_with("IGNORE blockchain... from 127.0.0.1:"));
        assert!(line.is_some_and(|line| line.contains(&expected)), "{}", node.text());
    }
}

#[test]
fn a_chain_is_read_from_hexadecimal_from_a_file_and_from_a_pipe() {
    let hex = run(&mut cairn_break("version"), b"").stdout;
    let bytes = hex::decode(hex.trim_ascii()).expect("hexadecimal");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("version.chain");
    fs::write(&file, &bytes).expect("the folder for temporary files can be written");
    let text = str::from_utf8(hex.trim_ascii()).expect("text");
    let outputs = [
        run(cairn().args(["chain", text]), b""),
        run(cairn().arg("chain").arg(&file), b""),
        run(cairn().args(["chain", "-"]), &bytes),
        run(cairn().args(["chain"]), &hex),
    ];
    for output in outputs {
        assert!(error(&output).starts_with("block 1 breaks version"), "{}", error(&output));
    }
}

#[test]
fn a_block_is_read_from_a_pipe_and_is_the_genesis_block_where_nothing_comes() {
    let hex = run(&mut cairn_break("version"), b"").stdout;
    let version = |input: &[u8]| {
        let text = String::from_utf8(run(cairn().arg("block"), input).stdout).expect("text");
        text.lines().nth(1).and_then(|line| line.split_whitespace().nth(2)).map(str::to_owned)
    };
    assert_eq!(version(&hex).as_deref(), Some("01"));
    assert_eq!(version(b"").as_deref(), Some("00"));
}

#[test]
fn a_wrong_hexadecimal_digit_is_an_error() {
    for command in [&["chain"][..], &["block"], &["send", "--to", "9"]] {
        let output = run(cairn().args(command), b"4b00zz\n");
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let expected = "cannot read standard input: it begins with hexadecimal digits, but 'z'";
        assert!(error(&output).starts_with(expected), "{}", error(&output));
    }
}

fn cairn_break(rule: &str) -> Command {
    let mut command = cairn();
    command.args(["break", rule]);
    command
}

#[test]
fn a_long_chain_is_listed_at_both_ends_unless_all_is_asked_for() {
    let block = run(cairn().args(["mine", "--timestamp", "1634700600", "--zero-bits", "0"]), b"");
    let text = String::from_utf8(block.stdout).expect("text");
    let mut chain = hex::decode(GENESIS).expect("hexadecimal");
    let mut hash = line_value(&text, "hash").to_owned();
    chain.extend(hex::decode(line_value(&text, "block")).expect("hexadecimal"));
    for _ in 0..24 {
        let args = ["mine", "--timestamp", "1634700600", "--zero-bits", "0", "--previous", &hash];
        let text = String::from_utf8(run(cairn().args(args), b"").stdout).expect("text");
        chain.extend(hex::decode(line_value(&text, "block")).expect("hexadecimal"));
        hash = line_value(&text, "hash").to_owned();
    }
    let lines = |args: &[&str]| {
        let args = [&["chain", "--zero-bits", "0"], args].concat();
        let output = run(cairn().args(args), &chain);
        String::from_utf8(output.stdout).expect("text")
    };
    let short = lines(&[]);
    assert_eq!(short.lines().count(), 22, "{short}");
    assert!(short.contains("… 6 more, listed with --all …"), "{short}");
    assert!(short.ends_with("valid: 26 blocks, 1950 bytes, tip at height 25\n"), "{short}");
    assert_eq!(lines(&["--all"]).lines().count(), 27);
}

const GENESIS: &str = "4b000000000000000000000000000000000000000000000000000000000000000000616f8ae0\
    00000000000000000000000000000000000000000000000000000000000114a60100001b58";

fn line_value<'a>(text: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix(name).map(str::trim);
    text.lines().find_map(value).expect("such a line")
}

/// A node on a free port, without reachable peers.
fn node(args: &[&str]) -> (Running, u16) {
    let mut node = Running::start(cairn().args(["node", "0", "--peer", "127.0.0.1:9"]).args(args));
    let start = node.find(|line| line.starts_with("START node ")).expect("it starts");
    let port = start.split([' ', ':']).nth(2).and_then(|port| port.parse().ok());
    (node, port.expect("the line names the port"))
}

#[test]
fn a_taken_port_is_exit_75_and_names_the_port() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let output = run(cairn().args(["node", &port, "--peer", "127.0.0.1:9"]), b"");
    assert_eq!(output.status.code(), Some(PORT_TAKEN));
    assert!(error(&output).contains(&format!("port {port} of 127.0.0.1 is taken")));
}

#[test]
fn a_bad_node_ip_is_exit_78_and_names_file_and_line() {
    for (name, value, why) in [
        ("not-an-address", "home", "is not an IP address"),
        ("not-ours", "192.0.2.1", "is not an address of this machine"),
    ] {
        let folder = folder_with_env(name, &format!("# ours\nNODE_IP={value}\n"));
        let output = run(cairn().args(["node", "7000"]).current_dir(folder), b"");
        assert_eq!(output.status.code(), Some(78));
        let error = error(&output);
        assert!(error.contains(".env line 2") && error.contains(why), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_node_ip_that_is_not_text_is_exit_78() {
    use std::os::unix::ffi::OsStrExt;

    let mut command = cairn();
    command.args(["node", "7000"]).env("NODE_IP", std::ffi::OsStr::from_bytes(b"127.0.0.1\xff"));
    let output = run(&mut command, b"");
    assert_eq!(output.status.code(), Some(78));
    assert!(error(&output).starts_with("NODE_IP in the environment is "), "{}", error(&output));
}

#[cfg(unix)]
#[test]
fn an_env_file_that_is_a_pipe_or_has_no_end_is_exit_78() {
    for (name, script) in [("pipe", "mkfifo .env"), ("no-end", "ln -s /dev/zero .env")] {
        let folder = folder_with_env(name, "");
        fs::remove_file(folder.join(".env")).expect("we wrote it");
        let mut shell = Command::new("sh");
        let made = shell.args(["-c", script]).current_dir(&folder).status();
        assert!(made.is_ok_and(|status| status.success()), "{script}");
        let output = run(cairn().args(["node", "7000"]).current_dir(&folder), b"");
        assert_eq!(output.status.code(), Some(78));
        assert!(error(&output).contains(".env: this is a folder, a device or a pipe"), "{name}");
        fs::remove_file(folder.join(".env")).expect("we made it");
    }
}

#[test]
fn the_flag_goes_before_the_environment_before_the_file() {
    let folder = folder_with_env("precedence", "NODE_IP=nonsense\n");
    let node = |flag: Option<&str>, environment: Option<&str>| {
        let mut command = cairn();
        command.args(["node", "0", "--peer", "127.0.0.1:9", "--until-height", "0"]);
        command.current_dir(&folder).args(flag.map(|ip| ["--ip", ip]).into_iter().flatten());
        command.envs(environment.map(|ip| ("NODE_IP", ip)));
        run(&mut command, b"").status.code()
    };
    assert_eq!(node(None, None), Some(78));
    assert_eq!(node(None, Some("127.0.0.1")), Some(0));
    assert_eq!(node(None, Some("")), Some(78), "empty counts as unset");
    assert_eq!(node(Some("127.0.0.1"), Some("rubbish")), Some(0));
}

#[test]
fn mistakes_are_told_within_a_second() {
    let started = Instant::now();
    let output = run(cairn().args(["node", "7001"]), b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn a_run_with_a_time_ends_and_says_where() {
    let (mut node, _) = node(&["--for", "100ms", "--zero-bits", "200"]);
    assert!(node.end().success());
    assert!(node.seen.last().is_some_and(|line| line.starts_with("STOP at block 0: ")));
}

#[test]
fn a_run_until_a_height_ends_there() {
    let pace = ["--zero-bits", "4", "--listen", "1ms", "--seed", "1"];
    let (mut node, _) = node(&[&pace[..], &["--until-height", "3"]].concat());
    assert!(node.end().success());
    assert!(node.text().contains("CREATE block 3: "), "{}", node.text());
    assert!(!node.text().contains("CREATE block 4: "), "{}", node.text());
}

#[test]
fn the_last_block_of_a_run_until_a_height_is_sent_to_its_peers() {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let address = peer.local_addr().expect("it is bound").to_string();
    let args = ["node", "0", "--zero-bits", "0", "--until-height", "1", "--peer", &address];
    assert!(run(cairn().args(args), b"").status.success());
    peer.set_nonblocking(true).expect("it is a socket");
    let lens: Vec<_> = std::iter::from_fn(|| peer.recv(&mut [0; 1024]).ok()).collect();
    assert_eq!(lens, [75, 150], "its first chain, and the one with the block");
}

#[test]
fn a_run_whose_time_is_up_before_its_height_is_reached_fails() {
    let (mut node, _) = node(&["--for", "100ms", "--zero-bits", "200", "--until-height", "1"]);
    assert_eq!(node.end().code(), Some(1));
    let error = "error: the time was up before the chain reached 1";
    assert!(node.seen.iter().any(|line| line == error), "{}", node.text());
}

#[cfg(unix)]
#[test]
fn what_has_no_end_is_read_so_far_and_no_further() {
    for source in ["/dev/zero", "-"] {
        let zeros = std::fs::File::open("/dev/zero").expect("a unix has it");
        let output = cairn().args(["chain", source]).stdin(zeros).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(
            error.ends_with(
                "it goes on beyond 268435456 bytes; put the part that you want in a file\n"
            ),
            "{error}"
        );
    }
}

#[cfg(feature = "fast")]
#[test]
fn any_number_of_threads_finds_the_same_nonce() {
    let mine = |threads: &str| {
        let args = ["mine", "--timestamp", "1634700600", "--zero-bits", "18", "--threads", threads];
        run(cairn().args(args), b"").stdout
    };
    assert_eq!(mine("1"), mine("3"));
    let (mut node, _) = node(&["--zero-bits", "8", "--threads", "2", "--until-height", "2"]);
    assert!(node.end().success(), "{}", node.text());
}

#[cfg(not(feature = "fast"))]
#[test]
fn more_than_one_thread_needs_the_feature_fast() {
    let commands: [&[&str]; 4] =
        [&["mine", "--timestamp", "1634700600"], &["node", "7000"], &["up"], &["bench"]];
    for command in commands {
        let output = run(cairn().args(command).args(["--threads", "2"]), b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(error(&output).contains("needs the feature fast"), "{}", error(&output));
    }
}

#[test]
fn a_number_of_threads_is_from_1_on() {
    for number in ["0", "-1", "two"] {
        let args = ["mine", "--timestamp", "1634700600", &format!("--threads={number}")];
        let output = run(cairn().args(args), b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(error(&output).contains("write "), "{}", error(&output));
    }
}

/// More than one thread, if the build has threads.
const THREADS: &str = if cfg!(feature = "fast") { "2" } else { "1" };

#[test]
fn seeds_are_simulated_also_where_the_system_gives_no_more_threads() {
    // The stack of a thread must be larger than any machine's memory.
    let mut sim = cairn();
    sim.args(["sim", "--seeds", "2", "--nodes", "3"]).env("RUST_MIN_STACK", "70000000000000");
    let output = run(&mut sim, b"");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*told), (Some(0), ""));
}

#[test]
fn a_long_search_hears_the_end_of_its_time() {
    let turn = ["--zero-bits", "200", "--nonces", "1000000000000", "--threads", THREADS];
    let (mut node, _) = node(&[&turn[..], &["--listen", "1ms", "--for", "100ms"]].concat());
    assert!(node.end().success());
    assert!(node.text().ends_with(&format!("STOP at block 0: {}", &GENESIS_HASH)));
}

const GENESIS_HASH: &str = "00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72";

#[test]
fn a_node_never_looks_at_its_standard_input() {
    let (mut node, _) = node(&["--zero-bits", "200", "--listen", "1ms"]);
    drop(node.child.stdin.take());
    let tries = |line: &str| line.starts_with("TRY up to 5");
    assert!(node.find(tries).is_some(), "it goes on after its input has ended");
}

#[test]
fn a_closed_pipe_ends_a_node_quietly() {
    let (mut node, _) = node(&["--zero-bits", "200", "--listen", "1ms"]);
    let status = node.stop_reading();
    assert!(status.success(), "{status}");
}

/// What the node prints goes into a socket that is full, and that nobody reads.
#[cfg(unix)]
#[test]
fn a_node_whose_output_nobody_reads_goes_on_and_can_be_stopped() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let (mut out, _never_read) = UnixStream::pair().expect("the system has sockets");
    out.set_nonblocking(true).expect("it is open");
    while out.write(&[0; 1024]).is_ok() {}
    out.set_nonblocking(false).expect("it is open");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("unread.chain");
    let _ = fs::remove_file(&file);
    let mut command = cairn();
    command.args(["node", "0", "--peer", "127.0.0.1:9", "--zero-bits", "4", "--listen", "1ms"]);
    command.args(["--until-height", "20", "--data"]).arg(&file);
    let mut child = command.stdout(OwnedFd::from(out)).spawn().expect("it can be started");
    let mut status = None;
    wait_until("the node has ended", || {
        status = child.try_wait().expect("it was started");
        status.is_some()
    });
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert_eq!(fs::metadata(&file).expect("it kept its chain").len(), 21 * 75);
}

#[test]
fn the_same_seed_and_port_search_the_same_lane() {
    let [port] = free_ports(1)[..] else { unreachable!() };
    let lane = |seed: &str| {
        let port = port.to_string();
        let args = ["node", &port, "--peer", "127.0.0.1:9", "--until-height", "0", "--seed", seed];
        let output = run(cairn().args(args), b"");
        let text = String::from_utf8(output.stdout).expect("text");
        line_value(&text, "  seed").to_owned()
    };
    assert_eq!(lane("1"), lane("1"));
    assert_ne!(lane("1"), lane("2"));
}

#[cfg(feature = "console")]
#[test]
fn json_prints_each_event_as_one_object_a_line() {
    let (pace, until) = (["--zero-bits", "4", "--listen", "1ms"], ["--until-height", "1"]);
    let args = [&["node", "0", "--peer", "127.0.0.1:9", "--json"], &pace[..], &until].concat();
    let output = run(cairn().args(args), b"");
    let text = String::from_utf8(output.stdout).expect("text");
    let events: Vec<_> = text
        .lines()
        .map(|line| {
            let event = line.split_once(r#""event":""#).expect("an event has a name").1;
            assert!(line.starts_with(r#"{"v":1,"time_ms":"#) && line.ends_with('}'), "{line}");
            event.split('"').next().expect("split gives one at least")
        })
        .collect();
    assert_eq!(events.first(), Some(&"started"), "{text}");
    assert!(events.contains(&"tried") && events.contains(&"created"), "{text}");
    assert_eq!(events.last(), Some(&"stopped"), "{text}");
}

#[cfg(not(feature = "console"))]
#[test]
fn json_says_which_feature_it_needs() {
    let output = run(cairn().args(["node", "0", "--peer", "127.0.0.1:9", "--json"]), b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("feature console"));
}

#[cfg(feature = "manual")]
/// The commands that `cairn help` lists.
fn commands() -> Vec<String> {
    let help = run(cairn().arg("help"), b"").stdout;
    let help = String::from_utf8(help).expect("text");
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let is_name = line.starts_with("  ") && !line.starts_with("   ");
        line.split_whitespace().next().filter(|_| is_name).map(str::to_owned)
    });
    names.filter(|name| name != "help").collect()
}

#[cfg(feature = "manual")]
#[test]
fn each_command_has_examples_a_man_page_and_completions() {
    let text = |args: &[&str]| {
        let output = run(cairn().args(args), b"");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let bash = text(&["completions", "bash"]);
    let main = text(&["man"]);
    let commands = commands();
    assert!(commands.len() >= 11, "{commands:?}");
    for command in &commands {
        assert!(text(&["help", command]).contains("\nExamples:\n"), "{command}");
        assert!(text(&["man", command]).contains(".SH NAME"), "{command}");
        assert!(bash.contains(&format!("cairn__subcmd__{command}")), "{command}");
        assert!(main.contains(&format!("cairn\\-{command}(1)")), "{command}");
    }
}

#[cfg(not(feature = "top"))]
#[test]
fn a_command_that_was_left_out_says_how_to_get_it() {
    left_out("top", "cairn top needs the feature top: build with --features top");
}

#[cfg(not(feature = "client"))]
#[test]
fn a_program_without_the_client_says_how_to_get_cairn_health() {
    left_out("health", "cairn health needs the feature client: build with --features client");
}

#[cfg(not(all(feature = "top", feature = "client")))]
fn left_out(command: &str, why: &str) {
    let output = run(cairn().arg(command), b"");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(error(&output).trim_end(), why);
}

#[cfg(not(feature = "net"))]
#[test]
fn a_program_without_the_feature_says_in_a_line_how_to_get_cairn_net() {
    for args in [&["net"][..], &["net", "--help"], &["net", "--bootstrap", "x"]] {
        let output = cairn().args(args).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.starts_with("error: ") && text.contains("--features net"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
