//! `--audience` in a program that was built without the feature `web`.

use anyhow::Result;
use cairn::network;

use super::exit::Exit;
use super::http::Pool;

/// The flag, whose use reports the missing feature.
#[derive(clap::Args)]
pub(crate) struct AudienceFlag {
    #[arg(long, hide = true, value_name = "IP:PORT", num_args = 0..=1, default_missing_value = "")]
    audience: Option<String>,
}

/// A stage that nobody sees.
#[derive(Clone)]
pub(crate) struct Stage;

/// No listener.
pub(crate) enum Show {}

impl AudienceFlag {
    /// There is none.
    pub(crate) fn stage(&self) -> Option<Stage> {
        None
    }

    /// Reports the missing feature if an audience is wanted.
    pub(crate) fn open(&self, _: Option<&Pool>, _: Option<&Stage>) -> Result<Option<Show>> {
        match self.audience {
            None => Ok(None),
            Some(_) => Err(Exit::usage(
                "--audience needs the feature web: build without --no-default-features",
            )),
        }
    }
}

impl Show {
    /// No audience, so nothing to report.
    pub(crate) fn text(&self, _is_terminal: bool) -> String {
        match *self {}
    }

    /// No audience, so nothing to print.
    pub(crate) fn shown(&self) -> network::Audience {
        match *self {}
    }
}
