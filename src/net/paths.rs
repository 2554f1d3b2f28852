//! Which way the packets of a connection take.

use std::net::SocketAddr;
use std::time::Duration;

use iroh::TransportAddr;
use iroh::endpoint::Connection;

use crate::contacts::Path;

/// The way that is in use, and how long a round trip takes on it.
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

/// The address of the other side; none while packets go through a relay. A connection that
/// is this young may not have told yet, and then it is where it was dialled.
pub(super) fn address(connection: &Connection, dialled: Option<SocketAddr>) -> Option<SocketAddr> {
    match taken(connection) {
        Some((Path::Direct(address), _)) => Some(address),
        Some((Path::Relay(_), _)) => None,
        None => dialled,
    }
}
