//! Worlds that leave the search for nonces to another program, such as a browser's workers:
//! their nodes mine for real, and the result depends on who is lucky.

use std::time::Duration;

use super::{Failure, World};
use crate::block::Header;
use crate::node::{Input, Search};
use crate::peer::PeerName;
use crate::target::Target;

/// How many nonces a turn of mining tries: some tenths of a second in a browser.
const NONCES: u64 = 1 << 20;

/// How long a turn of listening lasts.
const LISTEN: Duration = Duration::from_millis(100);

impl World<'_> {
    /// The same world, in which a program outside mines blocks for this target. Call it
    /// before the world starts.
    #[must_use]
    pub fn searched_outside(self, target: Target) -> Self {
        World { target, nonces: NONCES, listen: LISTEN, outside: Some(Vec::new()), ..self }
    }

    /// The searches that the nodes have asked for since the last call.
    pub fn take_searches(&mut self) -> Vec<(PeerName, Search)> {
        self.outside.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Gives a node the result of its search, which may be shorter than it asked for: the
    /// counters in `search` are those that were tried.
    ///
    /// # Errors
    /// A failed check.
    pub fn answer(
        &mut self,
        name: &PeerName,
        search: Search,
        found: Option<Header>,
    ) -> Result<(), Failure> {
        let Some(index) = self.hosts.iter().position(|host| host.name == *name) else {
            return Ok(());
        };
        self.step(index, Input::Searched { search, found }).map_err(|what| self.failure(what))
    }
}
