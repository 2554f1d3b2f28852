//! The place of a check: an address, and the sockets of the two nodes that the checker plays.

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

/// How many addresses the checker tries before it gives up.
const ADDRESSES: usize = 20;

/// The longest that a refusal takes to come back on this machine.
const REFUSAL: Duration = Duration::from_millis(10);

/// An address, and the checker's two ports at it.
pub(super) struct Ground {
    pub(super) ip: IpAddr,
    /// 8000 and 9000.
    sockets: [UdpSocket; 2],
    buffer: Vec<u8>,
    next: usize,
}

impl Ground {
    /// Takes the given address, or an unused address of loopback.
    pub(super) fn take(ip: Option<IpAddr>) -> Result<Ground> {
        if let Some(ip) = ip {
            // A multicast address can be bound, but nothing at it refuses a datagram.
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
        // The program's port must be free, too.
        drop(bind_socket(ip, NODE_PORTS[0])?);
        Ok(Ground { ip, sockets: ours(ip)?, buffer: vec![0; 65_536], next: 0 })
    }

    /// Moves to the address at which the program already listens.
    pub(super) fn follow(&mut self, ip: IpAddr) -> std::io::Result<()> {
        (self.sockets, self.ip) = (ours(ip)?, ip);
        Ok(())
    }

    /// The address at which the program should listen.
    pub(super) fn program(&self) -> SocketAddr {
        SocketAddr::new(self.ip, NODE_PORTS[0])
    }

    /// Sends the program a datagram, from 8000 and 9000 in turn.
    pub(super) fn send(&mut self, datagram: &[u8]) {
        self.next = 1 - self.next;
        // A program that cannot be reached is noticed in other ways.
        let _ = self.sockets[self.next].send_to(datagram, self.program());
    }

    /// A received datagram, and the port that received it. Any program may send to 127.0.0.1,
    /// so there only datagrams from the program's own port count.
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

/// Whether a program listens on the program's port at an address. To find out, the checker
/// sends a datagram that every node ignores: the chain of only the genesis block.
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

/// Whether the program's port is free at an address.
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
