//! What one node says to others through the nodes in between: text, a question about a
//! block, or an answer to one. The node signs all of these.

use serde::{Deserialize, Serialize};

use super::hello::is_word;
use crate::advice::Place;
use crate::contacts::is_id;
use crate::peer::PeerName;
use crate::words::{To, check_text};

/// How many times a message is passed on, at most. A hundred nodes with eight connections
/// each are three or four hops apart.
pub const MAX_HOPS: u8 = 16;

/// A message, as it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The identity of its sender.
    pub from: String,
    /// Unix milliseconds, greater than that of each earlier message from the sender.
    pub number: u64,
    /// The recipient.
    pub to: Recipient,
    /// The content.
    pub body: Body,
}

/// The recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// Everybody.
    All,
    /// The nodes in this group.
    Group(String),
    /// The node with this identity.
    Node(String),
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Text for people.
    Text(String),
    /// A block's hash in hexadecimal: is it on your chain?
    Question(String),
    /// The answer.
    Answer(Answer),
}

/// The answer to a question about a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The number of the question.
    pub question: u64,
    /// The account for the sender's rewards, as it says.
    pub account: u16,
    /// The height of the block, if it is on the sender's chain.
    pub height: Option<u32>,
    /// The number of blocks above it; 0 if it is not on the chain.
    pub above: u32,
}

impl Message {
    /// The sender, as the message says.
    pub fn sender(&self) -> PeerName {
        PeerName::new(&self.from)
    }

    /// Whether the message is valid for its kind.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), &'static str> {
        let is_recipient = match &self.to {
            Recipient::All => true,
            Recipient::Group(group) => is_group(group),
            Recipient::Node(id) => is_id(id),
        };
        if !is_id(&self.from) || !is_recipient {
            return Err("its sender or its recipient is not valid");
        }
        match (&self.body, &self.to) {
            (Body::Text(text), _) => check_text(text),
            (Body::Question(hash), Recipient::All) if is_id(hash) => Ok(()),
            (Body::Answer(_), Recipient::Node(_)) => Ok(()),
            (Body::Question(_) | Body::Answer(_), _) => {
                Err("its question or its answer is not valid")
            }
        }
    }
}

impl Answer {
    /// The place of the block, if it is on the sender's chain.
    pub fn place(&self) -> Option<Place> {
        self.height.map(|height| Place { height: height.into(), above: self.above.into() })
    }
}

impl From<&Recipient> for To {
    fn from(recipient: &Recipient) -> To {
        match recipient {
            Recipient::All => To::All,
            Recipient::Group(group) => To::Group(group.clone()),
            Recipient::Node(id) => To::Node(id.clone()),
        }
    }
}

/// Whether a text can be the name of a group.
pub fn is_group(text: &str) -> bool {
    !text.is_empty() && is_word(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: Recipient, body: Body) -> Message {
        Message { from: "ab".repeat(32), number: 5, to, body }
    }

    #[test]
    fn a_message_is_this_json() {
        let from = "ab".repeat(32);
        let text = |to, body| serde_json::to_string(&message(to, body)).expect("it is JSON");
        let words = text(Recipient::Group("class".into()), Body::Text("hello".into()));
        let expected = r#""number":5,"to":{"group":"class"},"body":{"text":"hello"}}"#;
        assert_eq!(words, format!(r#"{{"from":"{from}",{expected}"#));
        let answer = Answer { question: 4, account: 7, height: None, above: 0 };
        let answer = text(Recipient::Node(from.clone()), Body::Answer(answer));
        let expected = r#""body":{"answer":{"question":4,"account":7,"height":null,"above":0}}}"#;
        assert!(answer.ends_with(expected), "{answer}");
        let all = text(Recipient::All, Body::Question(from.clone()));
        assert!(all.contains(r#""to":"all","body":{"question":"#), "{all}");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let (id, words) = ("ab".repeat(32), || Body::Text("hello".into()));
        assert_eq!(message(Recipient::All, words()).check(), Ok(()));
        assert_eq!(message(Recipient::Node(id.clone()), words()).check(), Ok(()));
        for wrong in [
            message(Recipient::Node("bob".into()), words()),
            message(Recipient::Group(String::new()), words()),
            message(Recipient::Group("a".repeat(33)), words()),
            message(Recipient::All, Body::Text("\u{1b}[2J".into())),
            message(Recipient::All, Body::Question("0".into())),
            message(Recipient::Node(id.clone()), Body::Question(id)),
            Message { from: "alice".into(), ..message(Recipient::All, words()) },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
