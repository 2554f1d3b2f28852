//! A link over UDP: one socket, and peers that are named by their addresses.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::driver::Link;
use crate::node::Input;
use crate::peer::PeerName;

/// The shortest time that a socket can wait: zero would mean for ever.
const MIN_WAIT: Duration = Duration::from_micros(1);

/// Binds a datagram socket to an address of this machine. The tutorial's
/// `bind_socket`; port 0 lets the system choose.
///
/// # Errors
/// What the system says, such as that the port is taken
/// ([`ErrorKind::AddrInUse`]) or that the address is not one of this machine
/// ([`ErrorKind::AddrNotAvailable`]).
pub fn bind_socket(ip: IpAddr, port: u16) -> io::Result<UdpSocket> {
    UdpSocket::bind((ip, port))
}

/// The address that a peer over UDP is named by, if it is one.
pub fn address(name: &PeerName) -> Option<SocketAddr> {
    name.as_str().parse().ok()
}

impl Link for UdpSocket {
    fn wait<'b>(&mut self, time: Duration, buffer: &'b mut [u8]) -> Result<Option<Input<'b>>> {
        let received =
            self.set_read_timeout(Some(time.max(MIN_WAIT))).and_then(|()| self.recv_from(buffer));
        match received {
            Ok((len, from)) => {
                Ok(Some(Input::Datagram { from: PeerName::new(from), bytes: &buffer[..len] }))
            }
            Err(error) if is_passing(error.kind()) => Ok(None),
            Err(error) => Err(error).context("cannot receive datagrams"),
        }
    }

    fn send(&mut self, to: &PeerName, bytes: &[u8]) -> Result<(), String> {
        let address = address(to).ok_or_else(|| format!("{to} is not an address"))?;
        self.send_to(bytes, address).map(drop).map_err(|error| error.to_string())
    }
}

/// Whether a failed receive does not concern the socket: no datagram came in time, a signal
/// came instead, or (on some systems) an earlier datagram of ours reached no socket.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}
