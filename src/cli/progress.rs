//! A bar that shows how far a long check has come.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::lines::is_terminal;

/// What takes less long needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar on standard error, if people look at it and it takes long. It is gone
/// when this is dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Nothing is done yet of so many blocks.
    pub(crate) fn new(blocks: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(blocks as u64), ProgressDrawTarget::hidden());
        let style = "checking {bar:40} {human_pos} of {human_len} blocks";
        bar.set_style(ProgressStyle::with_template(style).expect("the style is well-formed"));
        Progress(bar)
    }

    /// So many blocks are done.
    pub(crate) fn done(&self, blocks: usize) {
        if self.0.is_hidden() && is_terminal() && self.0.elapsed() > PATIENCE {
            // Where standard error is no terminal, this hides it all the same.
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.0.set_position(blocks as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
