//! HTTP in a program that was built without the feature `web`: there is none.

use std::ops::ControlFlow;
use std::sync::mpsc::Sender;

use anyhow::Result;
use cairn::contacts::Contacts;
use cairn::driver::{Command, Observer};
use cairn::event::Event;
use cairn::metadata::Metadata;
use cairn::network::Orders;
use cairn::node::Node;
use cairn::passage::Passage;

use super::exit::Exit;

/// The flag that says what is missing.
#[derive(Clone, clap::Args)]
pub(crate) struct Flags {
    #[arg(long, hide = true, value_name = "PORT|IP:PORT", num_args = 0..=1, default_missing_value = "")]
    http: Option<String>,
}

impl Flags {
    /// None for the nodes of a network either.
    pub(crate) fn of_network<T>(_orders: Orders, _stage: Option<T>) -> Flags {
        Flags { http: None }
    }

    /// None for several nodes of this process either.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "no node is among strangers"))]
    pub(crate) fn of_nodes(_addresses: impl Iterator<Item = String>) -> Flags {
        Flags { http: None }
    }

    /// There is no page to show anybody on.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "no node is among strangers"))]
    pub(crate) fn show(&mut self, _contacts: Contacts, _metadata: Metadata) {}

    /// The port that `--http` was given, if it was given one alone.
    pub(crate) fn port(&self) -> Option<u16> {
        self.http.as_deref()?.parse().ok()
    }
}

/// Connections are none.
pub(crate) struct Pool;

/// There is none.
pub(crate) fn pool(_flags: &Flags, _nodes: usize) -> Result<Option<Pool>> {
    Ok(None)
}

/// No HTTP.
pub(crate) struct Http;

impl Http {
    /// Says what is missing, where it is wanted.
    pub(crate) fn start(
        flags: &Flags,
        _pool: Option<&Pool>,
        _node: &Node,
        _commands: &Sender<Command>,
    ) -> Result<Http> {
        match flags.http {
            None => Ok(Http),
            Some(_) => Err(Exit::usage(
                "--http needs the feature web: build without --no-default-features",
            )),
        }
    }

    /// There is none.
    pub(crate) fn passing(&self) -> Passing {
        Passing
    }

    /// It is nowhere.
    pub(crate) fn url(&self) -> Option<String> {
        None
    }
}

/// Nobody watches.
pub(crate) struct Passing;

impl Passing {
    /// Nobody sees it.
    pub(crate) fn show(&self, _passage: &Passage) {}
}

impl Observer for Http {
    fn event(&mut self, _node: &Node, _event: &Event) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// There is no page.
pub(crate) fn page_of(_ports: &[u16]) -> Option<String> {
    None
}
