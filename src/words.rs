//! Messages between the people who run nodes among strangers, and questions about a block.
//!
//! The link over the open network carries them; the HTTP API accepts them.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::advice::Advice;
use crate::hash::Hash;
use crate::peer::PeerName;

/// The most bytes that a text may have.
pub const MAX_TEXT_LEN: usize = 1_024;

/// The prefix of a group, so that no name of a node is mistaken for one.
const GROUP: &str = "group:";

/// The recipients of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// To everybody.
    All,
    /// The nodes that joined this group at their start.
    Group(String),
    /// The node with this name, this identity, or an identity with this beginning.
    Node(String),
}

impl FromStr for To {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<To, Infallible> {
        Ok(match (text, text.strip_prefix(GROUP)) {
            ("all", _) => To::All,
            (_, Some(group)) => To::Group(group.to_owned()),
            (node, None) => To::Node(node.to_owned()),
        })
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            To::All => f.write_str("all"),
            To::Group(group) => write!(f, "{GROUP}{group}"),
            To::Node(node) => f.write_str(node),
        }
    }
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The recipients; a node by its identity.
    pub to: To,
    /// Its number: Unix milliseconds, greater than that of each earlier message.
    pub number: u64,
    /// The number of neighbours that it was given to.
    pub neighbours: usize,
}

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// The text or the recipient is not valid.
    Wrong(&'static str),
    /// No node of this name is known, and no identity begins with it.
    Unknown(String),
    /// Several nodes match; their identities.
    Ambiguous(String, Vec<PeerName>),
    /// There is no connection to any peer that takes messages.
    Alone,
    /// The node has sent too many in the last seconds.
    TooMany,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Unsent::Wrong(why) => f.write_str(why),
            Unsent::Unknown(node) => write!(
                f,
                "no node called {node:.80?} is known: /node/peers lists those that are; any \
                 node can be named by its whole identity, 64 hexadecimal digits"
            ),
            Unsent::Ambiguous(node, ids) => {
                let ids: Vec<_> = ids.iter().map(PeerName::as_str).collect();
                let count = ids.len();
                write!(f, "{count} nodes match {node:.80?}: name one of {}", ids.join(" "))
            }
            Unsent::Alone => f.write_str("no connected peer accepts messages"),
            Unsent::TooMany => f.write_str("too many messages in a second: wait a moment"),
        }
    }
}

/// Whether a text can be sent.
///
/// # Errors
/// What is wrong with it.
pub fn check_text(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > MAX_TEXT_LEN {
        return Err("a text has 1 to 1024 bytes");
    }
    match text.chars().any(char::is_control) {
        true => Err("a text is one line without control characters"),
        false => Ok(()),
    }
}

/// The receiver of an answer: a function that must not wait.
pub struct Reply<T>(Box<dyn FnOnce(T) + Send>);

impl<T> Reply<T> {
    /// A receiver that gives answers to this function.
    pub fn new(take: impl FnOnce(T) + Send + 'static) -> Reply<T> {
        Reply(Box::new(take))
    }

    /// Answers.
    pub fn give(self, answer: T) {
        (self.0)(answer);
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// A request to the link, which answers it.
#[derive(Debug)]
pub enum Request {
    /// Send this message.
    Say(To, String, Reply<Result<Sent, Unsent>>),
    /// Ask all nodes whether they have this block, for some seconds at most.
    Confirm(Hash, Reply<Advice>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(text: &str) -> To {
        text.parse().expect("every text is a recipient")
    }

    #[test]
    fn a_recipient_is_everybody_a_group_or_a_node() {
        assert_eq!(to("all"), To::All);
        assert_eq!(to("group:class 7"), To::Group("class 7".into()));
        assert_eq!(to("bob"), To::Node("bob".into()));
        for text in ["all", "group:a", "bob"] {
            assert_eq!(to(text).to_string(), text);
        }
    }

    #[test]
    fn a_text_is_a_line_of_bounded_length() {
        assert_eq!(check_text("hello, wörld"), Ok(()));
        for wrong in ["", "two\nlines", "\u{1b}[2J", &"a".repeat(MAX_TEXT_LEN + 1)] {
            assert!(check_text(wrong).is_err(), "{wrong:.20?}");
        }
    }

    #[test]
    fn an_ambiguous_name_lists_the_identities() {
        let ids = vec![PeerName::new("aa11"), PeerName::new("bb22")];
        let text = Unsent::Ambiguous("bob".into(), ids).to_string();
        assert_eq!(text, "2 nodes match \"bob\": name one of aa11 bb22");
    }
}
