//! How the program ends after an error: with one line, and a code.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// An error that ends the program with its own code. Any other error ends it with 1.
#[derive(Debug)]
pub(crate) struct Exit {
    code: u8,
    message: String,
}

impl Exit {
    /// The command line is wrong.
    pub(crate) fn usage(message: impl fmt::Display) -> anyhow::Error {
        Exit { code: 2, message: message.to_string() }.into()
    }

    /// Something is in use that may be free later; `EX_TEMPFAIL` of sysexits.h.
    pub(crate) fn in_use(message: impl fmt::Display) -> anyhow::Error {
        Exit { code: 75, message: message.to_string() }.into()
    }

    /// A setting is wrong; `EX_CONFIG` of sysexits.h.
    pub(crate) fn config(message: impl fmt::Display) -> anyhow::Error {
        Exit { code: 78, message: message.to_string() }.into()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Exit {}

/// Prints the error and returns the exit code. A reader who closed the pipe has seen
/// enough: that ends the program silently.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let is_closed_pipe = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_closed_pipe) {
        return ExitCode::SUCCESS;
    }
    // If even this cannot be written, the code must do.
    let _ = writeln!(io::stderr(), "error: {error:#}");
    ExitCode::from(error.downcast_ref::<Exit>().map_or(1, |exit| exit.code))
}
