//! The stage before mining: nodes that only tell each other how long they will sleep. Run
//! one in each of three terminals, with the ports 7000, 8000 and 9000:
//!
//! ```text
//! cargo run --example basic_node 7000
//! ```

use std::env;
use std::net::UdpSocket;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cairn::config::{self, ENV_FILE, NODE_IP, NODE_PORTS};
use cairn::udp::bind_socket;
use cairn::wire::{MAX_DATAGRAM_LEN, SleepNotice};
use rand::rngs::{ChaCha8Rng, SysRng};
use rand::{RngExt, SeedableRng};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let port = env::args().nth(1).and_then(|text| text.parse().ok());
    let Some(port) = port.filter(|port| NODE_PORTS.contains(port)) else {
        bail!("which node? type cargo run --example basic_node 7000 (or 8000, or 9000)");
    };
    let environment = env::var(NODE_IP).ok();
    let ip = config::node_ip(None, environment.as_deref(), Path::new(ENV_FILE))?.value;
    let socket = bind_socket(ip, port).with_context(|| format!("cannot use {ip} port {port}"))?;
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut random = ChaCha8Rng::try_from_rng(&mut SysRng)?;
    let mut buffer = [0; MAX_DATAGRAM_LEN];
    loop {
        // Listen until nobody has said anything for a second; then say
        // something, and sleep.
        if let Ok(len) = socket.recv(&mut buffer) {
            // If a message is longer, such as a mining node's, it reads only these three
            // bytes.
            if let [high, low, seconds, ..] = buffer[..len] {
                let port = u16::from_be_bytes([high, low]);
                println!("OTHER {port} sleep for {seconds} seconds...");
            }
            continue;
        }
        let notice = SleepNotice { port, seconds: random.random_range(1..=9) };
        broadcast(&socket, port, &notice.encode())?;
        println!("SELF {port} sleep for {} seconds...", notice.seconds);
        thread::sleep(Duration::from_secs(notice.seconds.into()));
    }
}

/// Sends a message to the other nodes of the network.
fn broadcast(socket: &UdpSocket, port: u16, message: &[u8]) -> Result<()> {
    let ip = socket.local_addr()?.ip();
    for other in NODE_PORTS.into_iter().filter(|other| *other != port) {
        socket.send_to(message, (ip, other))?;
    }
    Ok(())
}
