//! The path of a connection's packets.

use std::net::SocketAddr;
use std::time::Duration;

use iroh::TransportAddr;
use iroh::endpoint::Connection;

use crate::contacts::Path;

/// The path in use, and its round-trip time.
pub(super) fn taken(connection: &Connection) -> Option<(Path, Duration)> {
    let paths = connection.paths();
    let path = paths.iter().find(|path| path.is_selected())?;
    let way = match path.remote_addr() {
        TransportAddr::Ip(address) => Path::Direct(*address),
        TransportAddr::Relay(url) => Path::Relay(url.to_string()),
        _ => return None,
    };
    Some((way, path.rtt()))
}

/// The other side's address; `None` while packets go through a relay. A young connection
/// may not report its path yet; then the dialled address is used.
pub(super) fn address(connection: &Connection, dialled: Option<SocketAddr>) -> Option<SocketAddr> {
    match taken(connection) {
        Some((Path::Direct(address), _)) => Some(address),
        Some((Path::Relay(_), _)) => None,
        None => dialled,
    }
}
