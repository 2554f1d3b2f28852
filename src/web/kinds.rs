//! The kinds of events, and which of them a client wants.

use crate::event::Event;

use super::problem::{Problem, quoted};

/// The kinds of version 1, those of `src/json.rs`.
const FIRST: [&str; 16] = [
    "started",
    "tried",
    "created",
    "copied",
    "rested",
    "ignored",
    "paused",
    "resumed",
    "connected",
    "disconnected",
    "links",
    "paced",
    "stopped",
    "unsent",
    "message_sent",
    "message_refused",
];

pub(super) const NODE_ANNOUNCE: &str = "node:announce";
pub(super) const NODE_LEAVE: &str = "node:leave";
pub(super) const NODE_STATUS: &str = "node:status";
pub(super) const BLOCK_TEMPERATURE: &str = "block:temperature";
pub(super) const BLOCK_LOCATION: &str = "block:location";
pub(super) const BLOCK_SYNC: &str = "block:sync";
pub(super) const METADATA_UPDATE: &str = "metadata:update";
pub(super) const METADATA_SYNC: &str = "metadata:sync";
pub(super) const SYSTEM_PING: &str = "system:ping";
pub(super) const SYSTEM_PONG: &str = "system:pong";
pub(super) const MESSAGE: &str = "message";
pub(super) const DATAGRAM: &str = "datagram";

/// The additional kinds of version 2.
const SECOND: [&str; 12] = [
    NODE_ANNOUNCE,
    NODE_LEAVE,
    NODE_STATUS,
    BLOCK_TEMPERATURE,
    BLOCK_LOCATION,
    BLOCK_SYNC,
    METADATA_UPDATE,
    METADATA_SYNC,
    SYSTEM_PING,
    SYSTEM_PONG,
    MESSAGE,
    DATAGRAM,
];

/// All kinds.
fn all() -> impl Iterator<Item = &'static str> {
    FIRST.into_iter().chain(SECOND)
}

/// The kinds that a client wants, each once.
#[derive(Clone, Debug)]
pub(super) struct Wanted(Vec<&'static str>);

impl Wanted {
    /// Reads `node:announce,block:*`: names, or beginnings of names that end in `*`.
    ///
    /// # Errors
    /// If it names an unknown kind, or none.
    pub(super) fn parse(text: &str) -> Result<Wanted, Problem> {
        let patterns = || text.split(',').map(str::trim);
        match patterns().find(|pattern| !all().any(|kind| fits(pattern, kind))) {
            None => {
                let is_wanted = |kind: &&str| patterns().any(|pattern| fits(pattern, kind));
                Ok(Wanted(all().filter(is_wanted).collect()))
            }
            Some(unknown) => {
                let kinds = all().collect::<Vec<_>>().join(", ");
                let why =
                    format_args!("{} is not a kind of event; there are {kinds}", quoted(unknown));
                Err(Problem::bad_request(why))
            }
        }
    }

    /// Whether a client wants events of this kind.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.0.contains(&kind)
    }
}

/// Whether a name, or the beginning of one and `*`, matches a kind.
fn fits(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == pattern,
    }
}

/// The kind of an event of the node, which is one of version 1, except for a message from
/// another node: that is the `message` of version 2.
pub(super) fn of(event: &Event) -> &'static str {
    match event {
        Event::Started(_) => "started",
        Event::Tried { .. } => "tried",
        Event::Created { .. } => "created",
        Event::Copied { .. } => "copied",
        Event::Rested { .. } => "rested",
        Event::Ignored { .. } => "ignored",
        Event::Paused => "paused",
        Event::Resumed => "resumed",
        Event::Connected { .. } => "connected",
        Event::Disconnected { .. } => "disconnected",
        Event::Links { .. } => "links",
        Event::Paced { .. } => "paced",
        Event::Stopped { .. } => "stopped",
        Event::Unsent { .. } => "unsent",
        Event::MessageSent { .. } => "message_sent",
        Event::MessageReceived { .. } => MESSAGE,
        Event::MessageRefused { .. } => "message_refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::PeerName;

    #[test]
    fn kinds_are_chosen_by_name_or_by_how_they_begin() {
        let wanted = Wanted::parse("created, block:*").expect("they are kinds");
        let chosen: Vec<_> = all().filter(|kind| wanted.has(kind)).collect();
        assert_eq!(chosen, ["created", BLOCK_TEMPERATURE, BLOCK_LOCATION, BLOCK_SYNC]);
        assert!(all().all(|kind| Wanted::parse("*").is_ok_and(|all| all.has(kind))));
        let crowd = Wanted::parse(&vec!["datagram"; 1_000].join(",")).expect("it is a kind");
        assert_eq!(crowd.0, [DATAGRAM], "each event is held against what is kept here");
        for wrong in ["", "moon", "created,moon", "moon:*", "created,"] {
            assert!(Wanted::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_somebody_has_written_is_a_message() {
        let received = Event::MessageReceived {
            from: PeerName::new("alice"),
            name: None,
            to: "all".to_owned(),
            number: 1,
            text: "hello".to_owned(),
        };
        assert_eq!(of(&received), "message");
        assert!(all().any(|kind| kind == of(&received)));
    }
}
