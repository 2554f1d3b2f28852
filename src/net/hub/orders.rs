//! Orders to the hub from outside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Hub, ToHub};
use crate::contacts::{Order, Subject};
use crate::net::hello::Refused;
use crate::net::lan::{Beacon, Discovery};
use crate::net::table::Source;

impl Hub {
    /// Carries out an order.
    pub(super) fn obey(&mut self, order: ToHub) {
        let now = self.now();
        match order {
            ToHub::Judge(id, deed) => self.judge(now, &id, deed),
            ToHub::Node(commands) => self.node = Some(commands),
            ToHub::Request(request) => return self.serve(now, request),
            ToHub::Found(found) => return self.have_found(now, found),
            ToHub::Order(Order::Add(id, address)) => {
                self.table.learn(now, &id, address, Source::Bootstrap);
                if let Some(address) = self.table.dial_now(now, &id) {
                    self.begin_dial(now, id, Some(address));
                }
            }
            ToHub::Order(Order::Remove(id)) => {
                self.hang_up(now, &id, "it was removed");
                self.table.remove(&id);
            }
            ToHub::Order(Order::Allow(subject, time)) => {
                if let Subject::Id(id) = &subject {
                    self.table.pardon(id);
                }
                self.table.lists.admit(subject, until(now, time));
            }
            ToHub::Order(Order::Block(subject, time)) => {
                self.table.lists.block(subject, until(now, time));
                self.hang_up_on_unwanted(now);
            }
            ToHub::Order(Order::Serves(address)) => self.hello.http = Some(address),
            ToHub::Order(Order::Discover(is_wanted)) => self.discover(is_wanted),
        }
        self.publish(now);
    }

    /// Ends the connections of peers that are no longer let in.
    pub(super) fn hang_up_on_unwanted(&mut self, now: Duration) {
        for id in self.table.unwanted(now) {
            self.hang_up(now, &id, &Refused::Blocked.to_string());
        }
    }

    /// Starts or stops looking for peers on the local network.
    pub(super) fn discover(&mut self, is_wanted: bool) {
        if is_wanted == self.discovery.is_some() {
            return;
        }
        let lan = &self.parts.settings.lan;
        self.discovery = is_wanted.then(|| Discovery::new(lan, self.beacon(), &self.near));
        self.follow_interfaces();
    }

    /// Looks on the interfaces that exist now, if it should look.
    pub(super) fn follow_interfaces(&mut self) {
        let interfaces = self.interfaces();
        let Some(discovery) = &mut self.discovery else { return };
        if let Err(error) = discovery.follow(&interfaces) {
            let what = "cannot look for peers on the local network";
            self.trouble(&format!("{what}: {error}; the node will try again"));
        }
    }

    /// The interfaces that were named, or else those on which the node can be reached.
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
        Beacon {
            network: self.hello.network(),
            id: *self.parts.endpoint.id().as_bytes(),
            port: self.hello.port,
        }
    }
}

/// When a period of this length ends; `None` is never.
fn until(now: Duration, time: Option<Duration>) -> Option<Duration> {
    time.map(|time| now.saturating_add(time))
}
