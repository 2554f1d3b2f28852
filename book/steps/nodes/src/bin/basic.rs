//! Before mining: nodes that only tell each other how long they sleep.
//!
//! ```text
//! cargo run --bin basic 7000
//! cargo run --bin basic 8000      in a second terminal
//! cargo run --bin basic 9000      in a third
//! ```

// ANCHOR: use
use std::env;
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, SystemTime};

const NODE_PORTS: [u16; 3] = [7000, 8000, 9000];
// ANCHOR_END: use

// ANCHOR: basic
fn run(ip: &str, port: u16) -> std::io::Result<()> {
    let socket = UdpSocket::bind((ip, port))?;
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    loop {
        // Three bytes are the whole message: a port and a number of seconds.
        let mut message = [0; 3];
        if socket.recv(&mut message).is_ok() {
            let from = u16::from_be_bytes([message[0], message[1]]);
            println!("OTHER {from} sleep for {} seconds...", message[2]);
            continue;
        }
        let seconds = random_seconds();
        let [high, low] = port.to_be_bytes();
        for other in NODE_PORTS.into_iter().filter(|other| *other != port) {
            socket.send_to(&[high, low, seconds], (ip, other))?;
        }
        println!("SELF {port} sleep for {seconds} seconds...");
        thread::sleep(Duration::from_secs(seconds.into()));
    }
}
// ANCHOR_END: basic

// ANCHOR: random
/// A number from 1 to 9. The clock's billionths of a second are random enough.
fn random_seconds() -> u8 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanoseconds = now.expect("the clock is after 1970").subsec_nanos();
    (nanoseconds / 1000 % 9 + 1) as u8
}
// ANCHOR_END: random

// ANCHOR: main
fn main() {
    let port = env::args().nth(1).and_then(|argument| argument.parse().ok());
    let Some(port) = port.filter(|port| NODE_PORTS.contains(port)) else {
        return eprintln!("which node? type cargo run --bin basic 7000 (or 8000, or 9000)");
    };
    let ip = env::var("NODE_IP").unwrap_or("127.0.0.1".to_string());
    if let Err(error) = run(&ip, port) {
        eprintln!("the node on port {port} ended: {error}");
    }
}
// ANCHOR_END: main
