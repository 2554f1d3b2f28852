//! What happens between this node and others, on standard error.

use std::io::{self, Write};
use std::sync::mpsc::sync_channel;
use std::thread;

use cairn::net::notice::Notice;

/// The most notes that wait for a reader; what comes then is not told.
const MAX_WAITING: usize = 256;

/// A function that has a note printed and never waits for a reader.
pub(super) fn notes() -> impl Fn(Notice) + Send + 'static {
    let (notes, inbox) = sync_channel::<Notice>(MAX_WAITING);
    thread::spawn(move || {
        for note in inbox {
            // Where nobody reads it, the node runs all the same.
            let _ = writeln!(io::stderr(), "note: {note}");
        }
    });
    move |note| drop(notes.try_send(note))
}
