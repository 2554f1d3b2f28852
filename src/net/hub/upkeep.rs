//! Looking for peers, and keeping in touch with those that are connected.

use std::net::SocketAddr;
use std::time::Duration;

use iroh::EndpointId;

use super::Hub;
use crate::net::frames::{self, Kind};
use crate::net::hello::Hello;
use crate::net::peers_file;
use crate::net::table::Source;
use crate::peer::PeerName;

impl Hub {
    pub(super) fn keep(&self) {
        let Some(path) = &self.parts.settings.peers_file else { return };
        let kept = self.table.kept();
        // If no peer was met this time, the saved peers are as good.
        if kept.is_empty() {
            return;
        }
        if let Err(error) = peers_file::write(path, &kept) {
            self.trouble(&format!("cannot write {}: {error}", path.display()));
        }
    }

    /// Looks up the addresses of the bootstrap peers.
    pub(super) fn look_up(&mut self) {
        let like = self.parts.settings.address;
        let now = self.now();
        for peer in self.parts.settings.bootstrap.clone() {
            if peer.is_relayed() {
                self.table.learn_relayed(now, &peer.id);
                continue;
            }
            let found = self.found.clone();
            self.sessions.spawn(async move {
                let place = peer.find(like).await;
                let _ = found.send((peer.id, place)).await;
            });
        }
    }

    pub(super) fn found(&mut self, id: &PeerName, found: Result<SocketAddr, String>) {
        let now = self.now();
        match found {
            Ok(address) => {
                self.table.learn(now, id, address, Source::Bootstrap);
                self.dial(now);
            }
            Err(why) => self.trouble(&format!("cannot find the bootstrap peer {id}: {why}")),
        }
    }

    pub(super) fn meet_near(&mut self, id: &[u8; 32], address: SocketAddr) {
        // The sender of a beacon may put anything in it.
        if let Ok(id) = EndpointId::from_bytes(id) {
            let now = self.now();
            // It is dialled at the next tick, as anybody near can send many beacons.
            self.table.learn(now, &PeerName::new(id), address, Source::Lan);
        }
    }

    /// Sends all peers another hello, each time introducing other peers.
    pub(super) fn greet_all(&mut self, now: Duration) {
        for id in self.lives.names() {
            let frame = self.hello_to(now, &id);
            self.lives.send(&id, frame);
        }
    }

    /// A frame with our hello for this peer.
    pub(super) fn hello_to(&mut self, now: Duration, id: &PeerName) -> Vec<u8> {
        let (peers, relayed) = (self.table.introduce(now, id), self.introduce_relayed(id));
        let hello = Hello { peers, relayed, ..self.hello.clone() };
        frames::encode(Kind::Hello, &hello.encode())
    }

    pub(super) fn dial(&mut self, now: Duration) {
        let dials = self.table.dials(now).into_iter().map(|(name, at)| (name, Some(at)));
        let relayed = self.table.relay_dials(now).into_iter().map(|name| (name, None));
        for (name, address) in dials.chain(relayed).collect::<Vec<_>>() {
            self.begin_dial(now, name, address);
        }
    }

    pub(super) fn begin_dial(
        &mut self,
        now: Duration,
        name: PeerName,
        address: Option<SocketAddr>,
    ) {
        // A name of 64 digits need not be a key.
        let Ok(id) = name.as_str().parse::<EndpointId>() else {
            return self.table.remove(&name);
        };
        let hello = self.hello_to(now, &name);
        let place = self.place(id, address);
        let dial = self.context.clone().dial(self.parts.endpoint.clone(), place, hello);
        self.sessions.spawn(dial);
    }
}
