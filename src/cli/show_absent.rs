//! `--page` in a program that was built without the feature `web`.

use anyhow::Result;

use super::exit::Exit;

/// The flag, whose use reports the missing feature.
#[derive(clap::Args)]
pub(crate) struct PageFlag {
    #[arg(long, hide = true)]
    page: bool,
}

impl PageFlag {
    /// Whether the page is wanted.
    pub(crate) fn is_given(&self) -> bool {
        self.page
    }

    /// Reports the missing feature if the page is wanted.
    pub(crate) fn serve(&self, _recording: Vec<u8>) -> Result<()> {
        match self.page {
            false => Ok(()),
            true => Err(Exit::usage(
                "--page needs the feature web: build without --no-default-features",
            )),
        }
    }
}
