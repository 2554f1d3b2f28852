//! `cairn net --relay-server`: a relay for nodes behind routers, and nothing else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::Result;
use cairn::net::relay_server::{RELAY_PORT, RelayServer};

use crate::cli::exit::Exit;
use crate::cli::{print, signals};

/// Runs a relay until something stops it.
pub(super) fn run(listen: &str, file: &Path, time: Option<Duration>) -> Result<()> {
    let address = address(listen)?;
    let relay = RelayServer::start(address, file)?;
    let (stop, stopped) = mpsc::channel();
    signals::on_stop(move || {
        // This fails if the time was up already.
        let _ = stop.send(());
    })?;
    let at = relay.address();
    let host = match known(at.ip()) {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let shown = relay.at(host);
    print::text(format!(
        "RELAY at {at}, TCP and UDP; Ctrl-C stops it.\n\
         Others use it with --relay {shown}\n\
         where a name or another address of this machine may stand in place of {}.\n",
        shown.host
    ))?;
    // Without a time it waits only for a signal.
    let ended = stopped.recv_timeout(time.unwrap_or(Duration::MAX));
    debug_assert!(
        !matches!(ended, Err(RecvTimeoutError::Disconnected)),
        "the signal's end is held"
    );
    Ok(())
}

fn address(text: &str) -> Result<SocketAddr> {
    if text.is_empty() {
        return Ok((Ipv4Addr::UNSPECIFIED, RELAY_PORT).into());
    }
    let of_port = text.parse::<u16>().map(|port| (Ipv4Addr::UNSPECIFIED, port).into());
    of_port.or_else(|_| text.parse()).map_err(|_| {
        Exit::usage(format!("--relay-server {text}: write PORT or IP:PORT, such as 6785"))
    })
}

/// The address of this machine if the relay listens on all of them: the one from which it
/// would send to the world (no packet is sent to find out).
fn known(ip: IpAddr) -> IpAddr {
    let outward = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    };
    match ip.is_unspecified() {
        true => outward().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip()),
        false => ip,
    }
}
