//! A bar that shows how far a long check, or a long download, has come.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::lines::is_terminal;

/// What takes less long needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar on standard error, if people look at it and it takes long. It is gone
/// when this is dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Progress over `blocks` blocks, which are being checked or fetched; none is done yet.
    pub(crate) fn new(doing: &str, blocks: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(blocks as u64), ProgressDrawTarget::hidden());
        let style = "{msg} {bar:40} {human_pos} of {human_len} blocks";
        bar.set_style(ProgressStyle::with_template(style).expect("the style is well-formed"));
        bar.set_message(doing.to_owned());
        Progress(bar)
    }

    /// Tells how many blocks are done.
    pub(crate) fn done(&self, blocks: usize) {
        if self.0.is_hidden() && is_terminal() && self.0.elapsed() > PATIENCE {
            // Where standard error is no terminal, this hides it all the same.
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.0.set_position(blocks as u64);
    }
}

impl Progress {
    /// Takes the bar away while something else is printed.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
