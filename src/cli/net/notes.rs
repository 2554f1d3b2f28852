//! Notes about this node and its peers, on standard error.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use cairn::net::notice::Notice;
use cairn::throttle::Throttle;

/// The most notes that wait for a reader; further ones are dropped.
const MAX_WAITING: usize = 256;

/// One refusal is reported in this time, because strangers can cause many.
const REFUSALS_APART: Duration = Duration::from_secs(1);

/// A function that prints a note and never waits for a reader.
pub(super) fn notes() -> impl Fn(Notice) + Send + 'static {
    let (notes, inbox) = sync_channel::<Notice>(MAX_WAITING);
    thread::spawn(move || print(&inbox));
    move |note| drop(notes.try_send(note))
}

fn print(inbox: &Receiver<Notice>) {
    let started = Instant::now();
    let mut refusals = Throttle::new(REFUSALS_APART);
    loop {
        let next = inbox.recv_timeout(REFUSALS_APART);
        let is_over = matches!(next, Err(RecvTimeoutError::Disconnected));
        let now = started.elapsed();
        let tell: Vec<_> = match next {
            Ok(note @ Notice::Refused { .. }) => {
                refusals.offer(now, "refused", note).into_iter().collect()
            }
            Ok(note) => vec![(note, 1)],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => refusals.flush(now),
        };
        for (note, count) in tell.into_iter().chain(refusals.due(now)) {
            let others = if count > 1 { format!(" (the last of {count})") } else { String::new() };
            // The node runs even if nobody reads it.
            let _ = writeln!(io::stderr(), "note: {note}{others}");
        }
        if is_over {
            return;
        }
    }
}
