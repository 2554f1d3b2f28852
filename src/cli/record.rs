//! `--record`: writes what happens to a file, too.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use cairn::event::Event;
use cairn::node::Node;
use cairn::passage::{Passage, Passages};
use cairn::peer::PeerName;
use cairn::recording::{Line, Recorder};
use cairn::sim::{EPOCH, Sight};

pub(crate) use cairn::recording::{Line as Recorded, Scribe};

/// The program that writes recordings.
const BY: &str = concat!("cairn ", env!("CARGO_PKG_VERSION"));

/// The flag that asks for a recording.
#[derive(clap::Args)]
pub(crate) struct RecordFlag {
    /// Record what happens in this file, which the page can play
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl RecordFlag {
    /// Whether a recording is wanted.
    pub(crate) fn is_given(&self) -> bool {
        self.record.is_some()
    }

    /// Begins the recording, if one is wanted.
    pub(crate) fn begin(&self) -> Result<Record> {
        let Some(file) = &self.record else { return Ok(Record(None)) };
        let why = || format!("cannot write the recording {}", file.display());
        let out = create(file).with_context(why)?;
        let recorder = Recorder::new(BufWriter::new(out), BY).with_context(why)?;
        Ok(Record(Some((file.clone(), recorder))))
    }
}

/// Creates the file, unless it has content: it may be an earlier recording.
fn create(file: &Path) -> Result<File> {
    if fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() > 0) {
        bail!("it is there already; remove it, or give another name with --record");
    }
    Ok(File::create(file)?)
}

/// A recording in progress, if there is one.
pub(crate) struct Record(Option<(PathBuf, Recorder<BufWriter<File>>)>);

impl Record {
    /// Writes lines. If that fails, as on a full disk, the recording ends with a note that
    /// names the file; the network goes on.
    pub(crate) fn write(&mut self, lines: &[Recorded]) {
        if let Some((_, recorder)) = &mut self.0 {
            let written = recorder.write(now(), lines);
            self.check(written);
        }
    }

    /// Writes that the node of this name has ended.
    pub(crate) fn down(&mut self, node: &PeerName) {
        self.write(&[Line::down(now(), node)]);
    }

    /// Writes the last line.
    pub(crate) fn end(mut self) {
        if let Some((_, recorder)) = &mut self.0 {
            let written = recorder.end(now(), "stopped");
            self.check(written);
        }
    }

    fn check(&mut self, written: io::Result<()>) {
        if let Err(error) = written
            && let Some((file, _)) = self.0.take()
        {
            let file = file.display();
            // If nobody reads this, there is nobody to tell.
            let _ = writeln!(io::stderr(), "note: the recording {file} ends here: {error}");
        }
    }
}

/// The lines for an event of a node that has just happened.
pub(crate) fn lines(scribe: &mut Scribe, node: &Node, event: &Event) -> Vec<Recorded> {
    scribe.event(now(), node, event)
}

/// The line for a datagram that is in flight to a node now.
pub(crate) fn passage(node: &PeerName, passage: &Passage) -> Recorded {
    Line::passage(now(), node, passage)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A recording of a simulation, in memory until it is whole.
pub(crate) struct SimRecord {
    recorder: Recorder<Vec<u8>>,
    scribes: HashMap<PeerName, Scribe>,
    passages: HashMap<PeerName, Passages>,
}

/// Why writing a recording to memory cannot fail.
const MEMORY: &str = "memory takes all, and a recording is bounded";

impl SimRecord {
    /// Begins to record.
    pub(crate) fn new() -> SimRecord {
        let recorder = Recorder::new(Vec::new(), BY).expect(MEMORY);
        SimRecord { recorder, scribes: HashMap::new(), passages: HashMap::new() }
    }

    /// Records what the run shows at this virtual time.
    pub(crate) fn see(&mut self, time: Duration, sight: Sight) {
        let time = Duration::from_secs(EPOCH.into()) + time;
        let lines = match sight {
            Sight::Event(node, event) => {
                let scribe = self.scribes.entry(node.settings().name.clone()).or_default();
                scribe.event(time, node, event)
            }
            Sight::Sent { to, from, bytes, delay } => {
                let passages = self.passages.entry(to.clone()).or_default();
                let passage = passages.take(time, from, bytes, delay);
                passage.iter().map(|passage| Line::passage(time, to, passage)).collect()
            }
            Sight::Down(name) => vec![Line::down(time, name)],
            Sight::Deaf(name, unheard) => vec![Line::refused(time, name, unheard.into_iter())],
        };
        self.recorder.write(time, &lines).expect(MEMORY);
    }

    /// The whole recording of a simulation that has run for this long.
    pub(crate) fn end(mut self, time: Duration) -> Vec<u8> {
        self.recorder.end(Duration::from_secs(EPOCH.into()) + time, "stopped").expect(MEMORY);
        self.recorder.into_inner()
    }
}

impl RecordFlag {
    /// Writes a complete recording, if one is wanted.
    pub(crate) fn write_whole(&self, bytes: &[u8]) -> Result<()> {
        let Some(file) = &self.record else { return Ok(()) };
        let written = create(file).and_then(|mut out| Ok(out.write_all(bytes)?));
        written.with_context(|| format!("cannot write the recording {}", file.display()))
    }
}
