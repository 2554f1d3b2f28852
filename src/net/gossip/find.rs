//! Finds the node that a person names.

use std::collections::BTreeSet;

use super::Gossip;
use crate::contacts::is_id;
use crate::net::message::Recipient;
use crate::peer::PeerName;
use crate::words::{To, Unsent};

impl Gossip {
    /// The recipient with this name or identity. `others` are nodes that are known besides
    /// those with a signed record, with their names for themselves.
    ///
    /// # Errors
    /// No node matches, or several do.
    pub(crate) fn find<'a>(
        &'a self,
        to: &To,
        others: impl Iterator<Item = (&'a PeerName, Option<&'a str>)>,
    ) -> Result<Recipient, Unsent> {
        let recorded = self.records.iter().map(|(id, known)| (id, Some(&*known.record.name)));
        match to {
            To::All => Ok(Recipient::All),
            To::Group(group) => Ok(Recipient::Group(group.clone())),
            To::Node(text) if *text == self.own.as_str() => {
                Err(Unsent::Wrong("this is the node itself"))
            }
            To::Node(text) if is_id(text) => Ok(Recipient::Node(text.clone())),
            To::Node(text) => one(text, &recorded.chain(others).collect::<Vec<_>>()),
        }
    }
}

/// The node with this name, or with this beginning of its identity; names go first.
fn one(text: &str, known: &[(&PeerName, Option<&str>)]) -> Result<Recipient, Unsent> {
    let mut meant = BTreeSet::new();
    if !text.is_empty() {
        meant.extend(known.iter().filter(|(_, name)| *name == Some(text)).map(|(id, _)| *id));
        if meant.is_empty() {
            meant
                .extend(known.iter().map(|(id, _)| *id).filter(|id| id.as_str().starts_with(text)));
        }
    }
    let meant: Vec<_> = meant.into_iter().cloned().collect();
    match &meant[..] {
        [] => Err(Unsent::Unknown(text.to_owned())),
        [id] => Ok(Recipient::Node(id.to_string())),
        _ => Err(Unsent::Ambiguous(text.to_owned(), meant)),
    }
}
