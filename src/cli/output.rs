//! The output of a running node, on its own thread: if nobody reads it, that thread waits,
//! and not the node.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// The most texts that wait for a reader, some hundred kilobytes. Further ones are dropped
/// until all these are printed.
const MAX_WAITING: usize = 4_096;

/// How long the end of the program waits for the remaining output.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Access to standard output and standard error that never waits for a reader.
pub(crate) struct Output {
    messages: Sender<Message>,
    /// Texts that wait for standard output.
    waiting: Arc<AtomicUsize>,
    /// Texts that were dropped since the last printed one.
    skipped: u64,
    /// Why standard output can no longer be written to.
    failed: Receiver<io::Error>,
}

enum Message {
    Text(String),
    Note(String),
    /// To be answered when everything before it is printed.
    Mark(Sender<()>),
}

impl Output {
    /// To standard output, and notes to standard error.
    ///
    /// # Errors
    /// If the system gives no thread to print on.
    pub(crate) fn standard() -> io::Result<Output> {
        Output::new(io::stdout(), io::stderr())
    }

    fn new(
        out: impl Write + Send + 'static,
        notes: impl Write + Send + 'static,
    ) -> io::Result<Output> {
        let (messages, inbox) = mpsc::channel();
        let (failure, failed) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let waits = Arc::clone(&waiting);
        thread::Builder::new().name("print".into()).spawn(move || {
            if let Err(error) = print_all(inbox, &waits, out, notes) {
                // This fails at the end of the program.
                let _ = failure.send(error);
            }
        })?;
        Ok(Output { messages, waiting, skipped: 0, failed })
    }

    /// Prints a text, if there is any, or drops it if too much is waiting already.
    ///
    /// # Errors
    /// If an earlier text could not be printed, such as into a closed pipe.
    pub(crate) fn print(&mut self, text: String) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting >= MAX_WAITING || (self.skipped > 0 && waiting > 0) {
            self.skipped += 1;
            return Ok(());
        }
        self.tell_skipped()?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.send(Message::Text(text))
    }

    /// Prints a text on standard error.
    pub(crate) fn note(&self, text: String) -> io::Result<()> {
        self.send(Message::Note(text))
    }

    /// Waits until everything is printed, but not longer than this.
    pub(crate) fn wait(&self, time: Duration) -> io::Result<()> {
        let (mark, marked) = mpsc::channel();
        self.send(Message::Mark(mark))?;
        match marked.recv_timeout(time) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(self.error()),
        }
    }

    /// Prints the last texts, if somebody reads them.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.tell_skipped()?;
        self.wait(LAST_WAIT)
    }

    fn tell_skipped(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.skipped) {
            0 => Ok(()),
            count => self.note(format!(
                "note: nobody read standard output, so {count} events were not printed\n"
            )),
        }
    }

    fn send(&self, message: Message) -> io::Result<()> {
        self.messages.send(message).map_err(|_| self.error())
    }

    /// Why the thread has ended.
    fn error(&self) -> io::Error {
        self.failed.recv().unwrap_or_else(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Prints texts as they come, until printing is impossible.
fn print_all(
    inbox: Receiver<Message>,
    waiting: &AtomicUsize,
    mut out: impl Write,
    mut notes: impl Write,
) -> io::Result<()> {
    for message in inbox {
        match message {
            Message::Text(text) => {
                out.write_all(text.as_bytes())?;
                out.flush()?;
                waiting.fetch_sub(1, Ordering::Relaxed);
            }
            Message::Note(text) => notes.write_all(text.as_bytes())?,
            // This fails if nobody waits any more.
            Message::Mark(mark) => drop(mark.send(())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader who reads a byte for each `()` that the test sends, and what it read.
    struct Slow(Receiver<()>, Sender<String>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            let text = String::from_utf8(bytes.to_vec()).expect("text");
            self.1.send(text).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// An output, a sender that has it take a text, and all that it took.
    fn slow() -> (Output, Sender<()>, Receiver<String>) {
        let ((take, taking), (printed, prints)) = (mpsc::channel(), mpsc::channel());
        let (free, notes_taking) = mpsc::channel();
        (0..10).for_each(|_| free.send(()).expect("we hold it"));
        let output = Output::new(Slow(taking, printed.clone()), Slow(notes_taking, printed));
        let output = output.expect("there is a thread left");
        (output, take, prints)
    }

    #[test]
    fn a_reader_who_never_reads_holds_nobody_up() {
        let (mut output, _take, _prints) = slow();
        for number in 0..3 * MAX_WAITING {
            output.print(format!("{number}\n")).expect("nothing is closed");
        }
        assert_eq!(output.waiting.load(Ordering::Relaxed), MAX_WAITING);
        assert_eq!(output.skipped, 2 * MAX_WAITING as u64);
        assert!(output.wait(Duration::from_millis(1)).is_ok());
    }

    #[test]
    fn a_reader_who_reads_again_is_told_how_much_is_missing_and_where() {
        let (mut output, take, prints) = slow();
        for number in 0..MAX_WAITING + 5 {
            output.print(format!("{number}\n")).expect("nothing is closed");
        }
        (0..=MAX_WAITING).for_each(|_| take.send(()).expect("it is read"));
        while output.waiting.load(Ordering::Relaxed) > 0 {
            thread::yield_now();
        }
        output.print("next\n".to_owned()).expect("nothing is closed");
        output.finish().expect("all is read");
        let printed: Vec<_> = prints.try_iter().collect();
        let (_, last) = printed.split_at(MAX_WAITING - 1);
        let note = "note: nobody read standard output, so 5 events were not printed\n";
        assert_eq!(last, [&format!("{}\n", MAX_WAITING - 1), note, "next\n"]);
    }

    #[test]
    fn a_closed_pipe_is_an_error() {
        let (mut output, take, _prints) = slow();
        drop(take);
        output.print("text\n".to_owned()).expect("nobody knows yet");
        let error = output.finish().expect_err("the pipe is closed");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
