//! What is wanted of the hub from outside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Hub, ToHub};
use crate::contacts::{Order, Subject};
use crate::hash::Hash;
use crate::net::lan::{Beacon, Discovery};
use crate::net::session::ENDED;
use crate::net::table::Source;
use crate::peer::PeerName;

impl Hub {
    /// Does what is wanted.
    pub(super) fn obey(&mut self, order: ToHub) {
        let now = self.now();
        match order {
            ToHub::Judge(id, deed) => self.judge(now, &id, deed),
            ToHub::Order(Order::Add(id, address)) => {
                self.table.learn(now, &id, address, Source::Bootstrap);
                self.dial(now);
            }
            ToHub::Order(Order::Remove(id)) => {
                self.hang_up(now, &id, "it was removed");
                self.table.remove(&id);
            }
            ToHub::Order(Order::Allow(subject, time)) => {
                if let Subject::Id(id) = &subject {
                    self.table.pardon(id);
                }
                self.table.lists.admit(subject, time.map(|time| now + time));
            }
            ToHub::Order(Order::Block(subject, time)) => self.block(now, subject, time),
            ToHub::Order(Order::Serves(address)) => self.hello.http = Some(address),
            ToHub::Order(Order::Discover(is_wanted)) => self.discover(is_wanted),
        }
        self.publish(now);
    }

    fn block(&mut self, now: Duration, subject: Subject, time: Option<Duration>) {
        self.table.lists.block(subject, time.map(|time| now + time));
        let contacts = self.table.contacts(now);
        for contact in contacts {
            let ip = contact.address.map(|address| address.ip());
            if !self.table.lists.lets_in(now, &contact.id, ip) {
                self.hang_up(now, &contact.id, "it is not let in here");
            }
        }
    }

    /// Ends the connection to a peer, if there is one, at once.
    fn hang_up(&mut self, now: Duration, id: &PeerName, why: &str) {
        if self.lives.has(id) {
            self.lives.close(id, ENDED, why);
            self.part(now, id, why.to_owned());
        }
    }

    /// Looks for peers on the local network, or does so no more.
    pub(super) fn discover(&mut self, is_wanted: bool) {
        if is_wanted == self.discovery.is_some() {
            return;
        }
        self.discovery = None;
        if is_wanted {
            let settings = &self.parts.settings;
            let interfaces = self.interfaces();
            let beacon = self.beacon();
            match Discovery::start(&settings.lan, &interfaces, beacon, &self.near) {
                Ok(discovery) => self.discovery = Some(discovery),
                Err(error) => {
                    self.trouble(&format!("cannot look for peers on the local network: {error}"));
                }
            }
        }
    }

    /// The interfaces that were named, else those that the node can be reached at.
    fn interfaces(&self) -> Vec<Ipv4Addr> {
        let named = &self.parts.settings.lan.interfaces;
        if !named.is_empty() {
            return named.clone();
        }
        let own = self.parts.settings.address.ip();
        let bound = [own].into_iter().filter(|ip| !ip.is_unspecified());
        let all = self.parts.endpoint.addr();
        let reachable = all.ip_addrs().map(SocketAddr::ip).filter(|_| own.is_unspecified());
        let v4 = |ip| match ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        };
        let mut found: Vec<_> = bound.chain(reachable).filter_map(v4).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn beacon(&self) -> Beacon {
        let shared = format!("{} {}", self.hello.genesis, self.hello.zero_bits);
        Beacon {
            network: *Hash::of(shared.as_bytes()).as_bytes(),
            id: *self.parts.endpoint.id().as_bytes(),
            port: self.hello.port,
        }
    }
}
