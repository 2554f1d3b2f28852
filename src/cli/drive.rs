//! Runs one node until something stops it, and prints what happens.

use std::fmt::Write;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cairn::config::parse_duration;
use cairn::driver::{self, Command, Link, Observer, Setup};
use cairn::event::Event;
use cairn::node::Node;
use cairn::passage::Passages;
use cairn::peer::PeerName;
use cairn::sync::MAX_ANSWER_FRAMES;
use cairn::wire::MAX_BLOCKS;

use super::http::{self, Http, Passing};
use super::keeper::Keeper;
use super::lines::{Lines, Printer};
use super::output::Output;
use super::progress::Progress;
use super::record::{self, Record, RecordFlag, Scribe};
use super::{json, signals};

/// The flags of every command that runs one node.
#[derive(clap::Args)]
pub(crate) struct RunFlags {
    /// Stop when the chain has reached this height
    #[arg(long, value_name = "HEIGHT")]
    pub(crate) until_height: Option<usize>,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    pub(crate) time: Option<Duration>,
    /// Keep the chain in this file, and start with the chain in it
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// Print each event as a line of JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) record: RecordFlag,
    #[command(flatten)]
    pub(crate) http: http::Flags,
}

/// The parts with which a node runs.
pub(crate) struct Parts<'a> {
    pub(crate) link: &'a mut dyn Link,
    pub(crate) node: Node,
    pub(crate) keeper: Keeper,
    pub(crate) threads: usize,
    /// The channel to the node's loop, and its end: commands that wait there come first.
    pub(crate) commands: (Sender<Command>, Receiver<Command>),
}

/// Runs the node. Each event is also given to `also`.
pub(crate) fn drive(
    flags: &RunFlags,
    parts: Parts,
    also: &mut dyn FnMut(&Node, &Event),
) -> Result<()> {
    let Parts { link, mut node, mut keeper, threads, commands } = parts;
    let started = Instant::now();
    // Held to the end, because dropping the last sender would stop the node.
    let (stop, commands) = commands;
    signals::on_stop(sender(&stop))?;
    if let Some(time) = flags.time {
        let stop = sender(&stop);
        let wait = move || {
            thread::sleep(time);
            stop();
        };
        thread::Builder::new().spawn(wait).context("cannot start a thread that ends --for")?;
    }
    let print = if flags.json { json::printer()? } else { Lines::printer() };
    let pool = http::pool(&flags.http, 1)?;
    let http = Http::start(&flags.http, pool.as_ref(), &node, &stop)?;
    let output = Output::standard().context("cannot start a thread to print on")?;
    let mut watch = Watch {
        flags,
        print,
        output,
        printed: Ok(()),
        fetch: None,
        record: flags.record.begin()?,
        scribe: Scribe::default(),
        name: node.settings().name.clone(),
        started,
        passages: Passages::default(),
        passing: http.passing(),
        http,
        stop: Box::new(sender(&stop)),
        also,
    };
    let mut keep = |save: &_| keeper.keep(save);
    let setup = Setup { link, commands: &commands, keep: &mut keep, threads };
    let ended = driver::run(&mut node, setup, &mut watch);
    let printed = watch.finish();
    ended?;
    printed.context("cannot write to standard output")?;
    let time_is_up = flags.time.is_some_and(|time| started.elapsed() >= time);
    match flags.until_height {
        Some(height) if time_is_up && node.chain().height() < height => {
            bail!("the time was up before the chain reached {height}")
        }
        _ => Ok(()),
    }
}

/// A fetch of more blocks than this is worth a bar: more than one or two answers.
const LONG_FETCH: usize = 2 * MAX_ANSWER_FRAMES * MAX_BLOCKS;

/// Prints what happens, serves it over HTTP, and knows when to stop.
struct Watch<'a> {
    flags: &'a RunFlags,
    print: Printer,
    output: Output,
    /// Whether the last event could be printed.
    printed: io::Result<()>,
    /// The progress of a long download.
    fetch: Option<Progress>,
    record: Record,
    scribe: Scribe,
    name: PeerName,
    started: Instant,
    passages: Passages,
    passing: Passing,
    http: Http,
    /// Ends the loop when the current step is done.
    stop: Box<dyn Fn()>,
    also: &'a mut dyn FnMut(&Node, &Event),
}

/// How long a bar stays hidden while other lines are printed.
const BAR_AWAY: Duration = Duration::from_millis(20);

impl Watch<'_> {
    fn print(&mut self, event: &Event) -> io::Result<()> {
        let mut text = (self.print)(event);
        if let Event::Started(_) = event {
            self.add_settings(&mut text)?;
        }
        match &self.fetch {
            None => self.output.print(text),
            Some(fetch) => fetch.aside(|| {
                self.output.print(text)?;
                self.output.wait(BAR_AWAY)
            }),
        }
    }

    /// Adds the settings that the node itself does not know.
    fn add_settings(&self, text: &mut String) -> io::Result<()> {
        let url = self.http.url();
        if self.flags.json {
            return url.map_or(Ok(()), |url| self.output.note(format!("http {url}\n")));
        }
        if let Some(file) = &self.flags.data {
            writeln!(text, "  data    --data {}", file.display()).expect("a string takes all");
        }
        if let Some(url) = url {
            writeln!(text, "  http    {url}").expect("a string takes all");
        }
        Ok(())
    }

    /// Prints the held events, and returns whether all could be printed.
    fn finish(self) -> io::Result<()> {
        self.record.end();
        self.printed?;
        self.output.finish()
    }
}

impl Observer for Watch<'_> {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        (self.also)(node, event);
        self.http.event(node, event)?;
        self.record.write(&record::lines(&mut self.scribe, node, event));
        self.printed = self.print(event);
        let height = node.chain().height();
        if self.flags.until_height.is_some_and(|wanted| height >= wanted) {
            // Not at once, because the peers must still get the block.
            (self.stop)();
        }
        match self.printed {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn received(&mut self, from: &PeerName, datagram: &[u8]) {
        self.http.received(from, datagram);
        let now = self.started.elapsed();
        if let Some(passage) = self.passages.take(now, from, datagram, Some(Duration::ZERO)) {
            self.passing.show(&passage);
            self.record.write(&[record::passage(&self.name, &passage)]);
        }
    }

    fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        self.http.sent(to, datagram);
    }

    fn settled(&mut self, node: &Node) {
        let count = node.chain().count();
        let is_long = |claimed: &usize| claimed - claimed.min(&count) > LONG_FETCH;
        match node.fetching() {
            None => self.fetch = None,
            Some(claimed) if self.fetch.is_none() && !is_long(&claimed) => {}
            Some(claimed) => {
                let begin = || Progress::new("fetching", claimed);
                self.fetch.get_or_insert_with(begin).done(count);
            }
        }
        self.http.settled(node);
    }
}

/// A function that stops the node; it may be gone already.
fn sender(stop: &Sender<Command>) -> impl Fn() + Send + use<> {
    let stop = stop.clone();
    move || {
        let _ = stop.send(Command::Stop);
    }
}
