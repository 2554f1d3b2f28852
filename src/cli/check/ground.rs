//! Where a check takes place: an address, and the sockets of the two nodes that the
//! checker plays.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};
use cairn::block::Block;
use cairn::config::NODE_PORTS;
use cairn::udp::bind_socket;
use rand::rngs::ChaCha8Rng;
use rand::rngs::SysRng;
use rand::{RngExt, SeedableRng};

use crate::cli::exit::Exit;

/// How many addresses are tried before we give up.
const ADDRESSES: usize = 20;

/// How long a refusal takes at most to come back, on this machine.
const REFUSAL: Duration = Duration::from_millis(10);

/// An address and the two ports of the checker at it.
pub(super) struct Ground {
    pub(super) ip: IpAddr,
    /// 8000 and 9000.
    sockets: [UdpSocket; 2],
    buffer: Vec<u8>,
    next: usize,
}

impl Ground {
    /// Takes an address of loopback that nobody uses, or the one that is given.
    pub(super) fn take(ip: Option<IpAddr>) -> Result<Ground> {
        if let Some(ip) = ip {
            // A group's address can be bound, but nobody at it refuses a datagram.
            let is_one = !ip.is_multicast();
            let ground =
                if is_one { Ground::at(ip) } else { Err(ErrorKind::AddrNotAvailable.into()) };
            return ground.map_err(|error| taken(ip, &error));
        }
        let mut random = ChaCha8Rng::try_from_rng(&mut SysRng).context("no randomness")?;
        for _ in 0..ADDRESSES {
            let mut byte = || random.random_range(1..255_u8);
            let ip = Ipv4Addr::new(127, byte(), byte(), byte()).into();
            match Ground::at(ip) {
                Ok(ground) => return Ok(ground),
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                // Not every system gives all of 127.0.0.0/8 to loopback.
                Err(_) => break,
            }
        }
        let ip = Ipv4Addr::LOCALHOST.into();
        Ground::at(ip).map_err(|error| taken(ip, &error))
    }

    fn at(ip: IpAddr) -> std::io::Result<Ground> {
        // It must be free for the program, too.
        drop(bind_socket(ip, NODE_PORTS[0])?);
        Ok(Ground { ip, sockets: ours(ip)?, buffer: vec![0; 65_536], next: 0 })
    }

    /// Goes to the address at which the program listens already.
    pub(super) fn follow(&mut self, ip: IpAddr) -> std::io::Result<()> {
        (self.sockets, self.ip) = (ours(ip)?, ip);
        Ok(())
    }

    /// Where the program should be.
    pub(super) fn program(&self) -> SocketAddr {
        SocketAddr::new(self.ip, NODE_PORTS[0])
    }

    /// Sends the program a datagram, from 8000 and 9000 in turn.
    pub(super) fn send(&mut self, datagram: &[u8]) {
        self.next = 1 - self.next;
        // That it cannot be reached shows in other ways.
        let _ = self.sockets[self.next].send_to(datagram, self.program());
    }

    /// A datagram that has come, and the port at which. Everybody writes to 127.0.0.1, so there
    /// only the program's own port is listened to.
    pub(super) fn hear(&mut self) -> Option<(u16, &[u8])> {
        let is_shared = self.ip == IpAddr::from(Ipv4Addr::LOCALHOST);
        for (socket, port) in self.sockets.iter().zip(&NODE_PORTS[1..]) {
            if let Ok((len, from)) = socket.recv_from(&mut self.buffer)
                && (!is_shared || from.port() == NODE_PORTS[0])
            {
                return Some((*port, &self.buffer[..len]));
            }
        }
        None
    }
}

/// The sockets of 8000 and 9000.
fn ours(ip: IpAddr) -> std::io::Result<[UdpSocket; 2]> {
    let [_, one, other] = NODE_PORTS;
    let sockets = [bind_socket(ip, one)?, bind_socket(ip, other)?];
    for socket in &sockets {
        socket.set_nonblocking(true)?;
    }
    Ok(sockets)
}

/// Whether anybody listens on the program's port at an address. To find out, a datagram is
/// sent that every node ignores: the chain of the genesis block alone.
pub(super) fn is_bound(ip: IpAddr) -> bool {
    let probe = || -> std::io::Result<bool> {
        let socket = bind_socket(ip, 0)?;
        socket.connect((ip, NODE_PORTS[0]))?;
        socket.set_read_timeout(Some(REFUSAL))?;
        socket.send(&Block::genesis().to_bytes())?;
        let refused = socket.recv(&mut [0; 1]).err().map(|error| error.kind());
        Ok(refused != Some(ErrorKind::ConnectionRefused))
    };
    probe().unwrap_or(false)
}

/// Whether nobody has the program's port at an address.
pub(super) fn is_free(ip: IpAddr) -> bool {
    bind_socket(ip, NODE_PORTS[0]).is_ok()
}

fn taken(ip: IpAddr, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => Exit::in_use(format!(
            "the ports 7000, 8000 and 9000 of {ip} must be free for a check: stop the nodes \
             that run there, or name another address with --ip"
        )),
        ErrorKind::AddrNotAvailable => {
            Exit::usage(format!("{ip} is not an address of this machine: leave --ip out"))
        }
        _ => Exit::usage(format!("cannot listen on {ip}: {error}")),
    }
}
