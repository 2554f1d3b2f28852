//! `--record` in a program that was built without the feature `console`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use cairn::event::Event;
use cairn::node::Node;
use cairn::passage::Passage;
use cairn::peer::PeerName;
use cairn::sim::Sight;

use super::exit::Exit;

/// The flag, whose use reports the missing feature.
#[derive(clap::Args)]
pub(crate) struct RecordFlag {
    #[arg(long, hide = true, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl RecordFlag {
    /// Whether a recording is wanted.
    pub(crate) fn is_given(&self) -> bool {
        self.record.is_some()
    }

    /// Reports the missing feature if a recording is wanted.
    pub(crate) fn begin(&self) -> Result<Record> {
        self.write_whole(&[])?;
        Ok(Record)
    }

    /// Reports the missing feature if a recording is wanted.
    pub(crate) fn write_whole(&self, _bytes: &[u8]) -> Result<()> {
        match self.record {
            None => Ok(()),
            Some(_) => Err(Exit::usage(
                "--record needs the feature console: build without --no-default-features",
            )),
        }
    }
}

/// A line of no recording.
pub(crate) struct Recorded;

/// Makes no lines.
#[derive(Default)]
pub(crate) struct Scribe {}

/// No recording.
pub(crate) struct Record;

impl Record {
    /// Writes nothing.
    pub(crate) fn write(&mut self, _lines: &[Recorded]) {}

    /// Writes nothing.
    pub(crate) fn down(&mut self, _node: &PeerName) {}

    /// Writes nothing.
    pub(crate) fn end(self) {}
}

/// No lines.
pub(crate) fn lines(_scribe: &mut Scribe, _node: &Node, _event: &Event) -> Vec<Recorded> {
    Vec::new()
}

/// No line.
pub(crate) fn passage(_node: &PeerName, _passage: &Passage) -> Recorded {
    Recorded
}

/// No recording of a simulation.
pub(crate) struct SimRecord;

impl SimRecord {
    /// Records nothing.
    pub(crate) fn new() -> SimRecord {
        SimRecord
    }

    /// Records nothing.
    pub(crate) fn see(&mut self, _time: Duration, _sight: Sight) {}

    /// No recording.
    pub(crate) fn end(self, _time: Duration) -> Vec<u8> {
        Vec::new()
    }
}
