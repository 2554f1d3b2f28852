//! A bar that shows the progress of a long check or a long download.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::lines::is_terminal;

/// Shorter work needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar on standard error, if that is a terminal and the work takes long. It disappears
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
            // If standard error is not a terminal, this still hides it.
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.0.set_position(blocks as u64);
    }
}

impl Progress {
    /// Hides the bar while something else is printed.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
