//! Where a node's chain is kept: in the file of `--data`, or nowhere.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use cairn::chain::Chain;
use cairn::disk::FileDisk;
use cairn::node::Save;
use cairn::store::{Store, StoreError};
use cairn::target::Target;

use super::exit::Exit;

/// Saves the chain of the node of this port.
pub(crate) struct Keeper {
    port: u16,
    store: Option<Store<FileDisk>>,
}

impl Keeper {
    /// Opens the file, if there is to be one, and returns the chain to start with. Prints
    /// repairs on standard error, a line each.
    pub(crate) fn open(file: Option<&Path>, target: Target, port: u16) -> Result<(Keeper, Chain)> {
        let Some(file) = file else {
            return Ok((Keeper { port, store: None }, Chain::genesis(target)));
        };
        let opened = FileDisk::open(file).and_then(|disk| Store::open(disk, target));
        let (store, chain, repairs) = opened.map_err(exit)?;
        for repair in repairs {
            // Even if nobody reads this, the node must start.
            let _ = writeln!(io::stderr(), "note: {repair}");
        }
        Ok((Keeper { port, store: Some(store) }, chain))
    }

    /// Saves blocks, if there is a file.
    pub(crate) fn keep(&mut self, save: &Save) -> Result<()> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let port = self.port;
        store.save(save.from, &save.blocks).with_context(|| format!("node {port} stops"))
    }
}

fn exit(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::InUse { .. } => Exit::in_use(error),
        _ => error.into(),
    }
}
