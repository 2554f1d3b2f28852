//! Connections: from the first packet to the end.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use iroh::endpoint::{Incoming, IncomingAddr};

use super::Hub;
use super::live::Beginning;
use crate::net::frames::{self, Kind};
use crate::net::gate::Gate;
use crate::net::group::is_own_machine;
use crate::net::hello::{BLOCKS, INTRODUCE, MESSAGES_SINCE, METADATA, Refused};
use crate::net::link::Incoming as ToNode;
use crate::net::notice::Notice;
use crate::net::reputation::Deed;
use crate::net::session::{Accepted, ENDED, Greeting};
use crate::net::table::{Met, Place};
use crate::peer::PeerName;

/// The place of a handshake, held until this is dropped.
pub(super) struct Pass {
    pub(super) gate: Arc<Mutex<Gate>>,
    pub(super) address: IpAddr,
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).leave(self.address);
    }
}

impl Hub {
    /// A handshake begins: it is counted before any work is done.
    pub(super) fn accept(&mut self, incoming: Incoming) {
        let now = self.now();
        let address = match incoming.remote_addr() {
            IncomingAddr::Ip(address) => address,
            IncomingAddr::Relay { .. } => return self.accept_relayed(incoming),
            _ => return incoming.refuse(),
        };
        // A sender that forges its address does not receive the request to retry.
        if !incoming.remote_addr_validated() && !is_own_machine(address.ip()) {
            let _ = incoming.retry();
            return;
        }
        if !self.table.lists.lets_in_address(now, address.ip()) {
            self.count(Refused::Blocked.name());
            return incoming.refuse();
        }
        let entered =
            self.gate.lock().unwrap_or_else(PoisonError::into_inner).enter(now, address.ip());
        if let Err(full) = entered {
            self.count(full.name());
            return incoming.refuse();
        }
        let pass = Pass { gate: self.gate.clone(), address: address.ip() };
        let answer = self.context.clone().answer(incoming, Some(address));
        self.sessions.spawn(async move {
            answer.await;
            drop(pass);
        });
    }

    pub(super) fn refuse_notice(&self, who: String, refused: &Refused) {
        self.tell(Notice::Refused { who, why: refused.to_string(), by_them: false });
    }

    /// A peer has sent its hello: decides whether its connection stays.
    pub(super) fn meet(&mut self, now: Duration, greeting: Greeting) {
        let Greeting { connection, address, is_outgoing, hello, reply } = greeting;
        let id = PeerName::new(connection.remote_id());
        let met = self.hello.agree(&hello).and_then(|version| {
            let ip = address.map(|address| address.ip());
            let met =
                Met { id: id.clone(), address: ip, is_outgoing, hello: hello.clone(), version };
            self.table.meet(now, met)
        });
        let place = match met {
            Ok(place) => place,
            Err(refused) => {
                self.count(refused.name());
                if is_outgoing {
                    self.table.failed(now, &id);
                }
                // It is normal that two nodes dial each other at once.
                if refused != Refused::Twice {
                    self.refuse_notice(id.to_string(), &refused);
                }
                let _ = reply.send(Err(refused));
                return;
            }
        };
        self.count("done");
        self.crawl_relayed(now, &hello);
        if let Place::Of(other) = &place {
            self.hang_up(now, other, "its place was needed");
        }
        // The hello is sent before everything else, as an answer or before the dial.
        let answer = self.hello_to(now, &id);
        let has_blocks = hello.can(BLOCKS) && self.hello.can(BLOCKS);
        let takes_messages = self.hello.to.min(hello.to) >= MESSAGES_SINCE;
        let is_introducer = hello.can(INTRODUCE);
        let beginning =
            Beginning { id: &id, connection, has_blocks, takes_messages, is_introducer };
        let (serial, outbox, entrance) = self.lives.begin(beginning, &self.parts);
        if takes_messages {
            self.lives.send(&id, frames::encode(Kind::Record, &self.gossip.own_record()));
        }
        let accepted = Accepted { id: id.clone(), serial, hello: answer, outbox, entrance };
        let _ = reply.send(Ok(accepted));
        self.publish(now);
        if hello.can(METADATA) {
            self.tell_newcomer(now, &id);
        }
        if has_blocks {
            self.parts.inbox.put(ToNode::Joined(id.clone()));
        }
        if place != Place::Instead {
            self.tell(Notice::Joined { id, name: hello.name, address });
        }
    }

    /// The connection to a peer has ended.
    pub(super) fn part(&mut self, now: Duration, id: &PeerName, why: String) {
        self.lives.forget(id, &self.parts);
        self.table.left(now, id);
        self.parts.inbox.put(ToNode::Left(id.clone()));
        self.tell(Notice::Left { id: id.clone(), why });
        self.publish(now);
    }

    /// Ends the connection to a peer at once, if there is one.
    pub(super) fn hang_up(&mut self, now: Duration, id: &PeerName, why: &str) {
        if self.lives.has(id) {
            self.lives.close(id, ENDED, why);
            self.part(now, id, why.to_owned());
        }
    }

    /// A peer has done something, which may lead to a ban.
    pub(super) fn judge(&mut self, now: Duration, id: &PeerName, deed: Deed) {
        let why = deed.why.clone();
        if let Some(time) = self.table.judge(now, id, deed) {
            self.tell(Notice::Banned { id: id.clone(), time, why });
            self.hang_up(now, id, &Refused::Banned.to_string());
        }
    }
}
