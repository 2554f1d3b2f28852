//! The events of a world, as lines of a recording.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use cairn::hash::Hash;
use cairn::passage::Passages;
use cairn::peer::PeerName;
use cairn::recording::{Line, Scribe};
use cairn::sim::{EPOCH, Sight, World};

/// How many reported blocks are remembered. A forgotten one may be reported again, which
/// does no harm.
const TOLD_KEPT: usize = 10_000;

/// If a story does not begin at the network's start, this many blocks before it are
/// reported. The page asks for older ones.
const BLOCKS_BEFORE: usize = 200;

/// The lines since they were last taken, and the state needed to write them.
pub(crate) struct Seen {
    text: String,
    scribes: HashMap<PeerName, Scribe>,
    passages: HashMap<PeerName, Passages>,
    told: HashSet<Hash>,
    told_in_order: VecDeque<Hash>,
    /// Frequent events are reported once per kind and node in this time.
    window: Duration,
    is_muted: bool,
    shows_messages: bool,
}

impl Seen {
    pub(crate) fn new() -> Seen {
        Seen {
            text: String::new(),
            scribes: HashMap::new(),
            passages: HashMap::new(),
            told: HashSet::new(),
            told_in_order: VecDeque::new(),
            window: Duration::from_millis(250),
            is_muted: false,
            shows_messages: false,
        }
    }

    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    pub(crate) fn show_messages(&mut self, shows: bool) {
        self.shows_messages = shows;
    }

    /// Changes the window for frequent events, from now on.
    pub(crate) fn set_window(&mut self, window: Duration) {
        if self.window != window {
            self.window = window;
            for scribe in self.scribes.values_mut() {
                scribe.set_window(window);
            }
        }
    }

    /// Writes no lines until [`Seen::unmute`].
    pub(crate) fn mute(&mut self) {
        self.is_muted = true;
    }

    /// Writes the state of all nodes, and all events from now on.
    pub(crate) fn unmute(&mut self, world: &World) {
        if !std::mem::replace(&mut self.is_muted, false) {
            return;
        }
        let time = since_epoch(world.time());
        for node in world.nodes() {
            let scribe = self.scribe(&node.settings().name);
            let lines = scribe.standing(time, node, BLOCKS_BEFORE);
            self.tell(&lines);
        }
    }

    pub(crate) fn see(&mut self, time: Duration, sight: Sight) {
        if self.is_muted {
            return;
        }
        let time = since_epoch(time);
        match sight {
            Sight::Event(node, event) => {
                let lines = self.scribe(&node.settings().name).event(time, node, event);
                self.tell(&lines);
            }
            Sight::Down(name) => self.tell(&[Line::down(time, name)]),
            Sight::Deaf(name, unheard) => {
                self.tell(&[Line::refused(time, name, unheard.into_iter())]);
            }
            Sight::Sent { to, from, bytes, delay } if self.shows_messages => {
                let passages = self.passages.entry(to.clone()).or_default();
                if let Some(passage) = passages.take(time, from, bytes, delay) {
                    self.tell(&[Line::passage(time, to, &passage)]);
                }
            }
            Sight::Sent { .. } => {}
        }
    }

    /// Writes that a check failed.
    pub(crate) fn fail(&mut self, time: Duration, what: &str) {
        self.tell(&[Line::failed(since_epoch(time), what)]);
    }

    fn scribe(&mut self, name: &PeerName) -> &mut Scribe {
        let window = self.window;
        self.scribes.entry(name.clone()).or_insert_with(|| Scribe::new(window))
    }

    fn tell(&mut self, lines: &[Line]) {
        for line in lines {
            if line.block_told().is_none_or(|hash| self.is_new(hash)) {
                self.text += line.text();
                self.text.push('\n');
            }
        }
    }

    fn is_new(&mut self, hash: Hash) -> bool {
        if !self.told.insert(hash) {
            return false;
        }
        self.told_in_order.push_back(hash);
        if self.told_in_order.len() > TOLD_KEPT
            && let Some(oldest) = self.told_in_order.pop_front()
        {
            self.told.remove(&oldest);
        }
        true
    }
}

fn since_epoch(time: Duration) -> Duration {
    Duration::from_secs(EPOCH.into()) + time
}
