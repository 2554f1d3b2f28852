//! The addresses of nodes: how to read, reach and listen on them.

use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};

use anyhow::Result;
use cairn::config::{Found, Source};
use cairn::udp::bind_socket;

use super::exit::Exit;

/// The address at which nodes on this machine reach one that listens at this address:
/// nobody can send to "any address".
pub(crate) fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Reads `HOST:PORT`, preferring an address of the same family as `like`.
pub(crate) fn resolve(flag: &str, text: &str, like: Option<IpAddr>) -> Result<SocketAddr> {
    let usage = |why: &dyn fmt::Display| {
        Exit::usage(format!("{flag} {text}: {why}; write HOST:PORT, such as 127.0.0.1:8000"))
    };
    let addresses: Vec<_> = text.to_socket_addrs().map_err(|error| usage(&error))?.collect();
    let is_alike = |address: &&SocketAddr| like.is_none_or(|ip| ip.is_ipv4() == address.is_ipv4());
    match addresses.iter().find(is_alike) {
        Some(address) if address.port() != 0 => Ok(*address),
        Some(_) => Err(usage(&"no node can have port 0")),
        None => Err(usage(&"it has no address of the same kind as this node's")),
    }
}

/// Reads the addresses of `--peer`, for a node that listens at `ip`.
pub(crate) fn elsewhere(texts: &[String], ip: IpAddr) -> Result<Vec<SocketAddr>> {
    let mut peers = Vec::new();
    for text in texts {
        let peer = resolve("--peer", text, Some(ip))?;
        if ip.is_loopback() && !peer.ip().is_loopback() {
            return Err(Exit::usage(format!(
                "{ip} reaches this machine only, and the peer {peer} is elsewhere: give this \
                 machine's address in that network with --ip or NODE_IP"
            )));
        }
        if !peers.contains(&peer) {
            peers.push(peer);
        }
    }
    Ok(peers)
}

/// Binds the node's socket. `other` says how to choose another port.
pub(crate) fn bind(ip: &Found<IpAddr>, port: u16, other: &str) -> Result<UdpSocket> {
    let Found { value, source } = ip;
    bind_socket(*value, port).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Exit::in_use(format!(
            "port {port} of {value} is taken, perhaps by a node that still runs: stop it, or \
             {other}"
        )),
        ErrorKind::AddrNotAvailable if *source != Source::Default => Exit::config(format!(
            "{source} is {value}, which is not an address of this machine; for a network on this \
             machine alone write 127.0.0.1"
        )),
        _ => anyhow::Error::new(error).context(format!("cannot listen on {value} port {port}")),
    })
}
