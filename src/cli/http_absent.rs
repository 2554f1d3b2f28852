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

/// The flag, whose use reports the missing feature.
#[derive(Clone, clap::Args)]
pub(crate) struct Flags {
    #[arg(long, hide = true, value_name = "PORT|IP:PORT", num_args = 0..=1, default_missing_value = "")]
    http: Option<String>,
}

impl Flags {
    /// No HTTP for the nodes of a network.
    pub(crate) fn of_network<T>(_orders: Orders, _stage: Option<T>) -> Flags {
        Flags { http: None }
    }

    /// No HTTP for several nodes of this process.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "no node is among strangers"))]
    pub(crate) fn of_nodes(_addresses: impl Iterator<Item = String>) -> Flags {
        Flags { http: None }
    }

    /// No page, so no stage.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "no node is among strangers"))]
    pub(crate) fn show(&mut self, _contacts: Contacts, _metadata: Metadata) {}

    /// The port given to `--http`, if only a port was given.
    pub(crate) fn port(&self) -> Option<u16> {
        self.http.as_deref()?.parse().ok()
    }
}

/// No pool of connections.
pub(crate) struct Pool;

/// No pool.
pub(crate) fn pool(_flags: &Flags, _nodes: usize) -> Result<Option<Pool>> {
    Ok(None)
}

/// No HTTP.
pub(crate) struct Http;

impl Http {
    /// Reports the missing feature if HTTP is wanted.
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

    /// No clients that watch datagrams.
    pub(crate) fn passing(&self) -> Passing {
        Passing
    }

    /// No address.
    pub(crate) fn url(&self) -> Option<String> {
        None
    }
}

/// No client that watches datagrams.
pub(crate) struct Passing;

impl Passing {
    /// Shows it to nobody.
    pub(crate) fn show(&self, _passage: &Passage) {}
}

impl Observer for Http {
    fn event(&mut self, _node: &Node, _event: &Event) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// No page.
pub(crate) fn page_of(_ports: &[u16]) -> Option<String> {
    None
}
