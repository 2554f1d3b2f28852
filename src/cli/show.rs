//! `--page`: the page with a recording.

use std::sync::mpsc;

use anyhow::{Context, Result};
use cairn::web::{Exhibition, Pool};

use super::exit::Exit;
use super::{print, signals};

/// The flag for the page.
#[derive(clap::Args)]
pub(crate) struct PageFlag {
    /// Show the run on the page, until Ctrl-C
    #[arg(long)]
    page: bool,
}

impl PageFlag {
    /// Whether the page is wanted.
    pub(crate) fn is_given(&self) -> bool {
        self.page
    }

    /// Serves the page with a recording until somebody stops it, if the page is wanted.
    pub(crate) fn serve(&self, recording: Vec<u8>) -> Result<()> {
        if !self.page {
            return Ok(());
        }
        let (stop, stopped) = mpsc::channel();
        // This fails after the end.
        signals::on_stop(move || {
            let _ = stop.send(());
        })?;
        let pool = Pool::of_process(0).map_err(Exit::config)?;
        let page = Exhibition::open(pool, recording).context("cannot serve the page")?;
        print::text(format_args!("PAGE {}\nCtrl-C ends it.\n", page.url()))?;
        // The sender lives in the handler, as long as the process.
        let _ = stopped.recv();
        Ok(())
    }
}
