//! A network in the tab.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use cairn::block::Header;
use cairn::chain::Chain;
use cairn::recording::Line;
use cairn::sim::{EPOCH, Failure, MAX_NODES, Refusal, Scenario, World};
use cairn::target::Target;
use wasm_bindgen::prelude::*;

use crate::asked::Asked;
use crate::orders;
use crate::seen::Seen;

/// A network of simulated nodes. Times are in milliseconds since its start.
#[wasm_bindgen]
pub struct Network {
    world: World<'static>,
    seen: Rc<RefCell<Seen>>,
    /// Whether a check failed, after which the world stands still.
    has_failed: bool,
    /// Searches that no worker has taken yet.
    asked: VecDeque<Asked>,
}

#[wasm_bindgen]
impl Network {
    /// A network without faults and without an end.
    pub fn endless(seed: u64, nodes: usize) -> Network {
        Network::of(Scenario::endless(seed, nodes.clamp(1, MAX_NODES)))
    }

    /// A network whose nodes mine for real, with hashes of `zero_bits` zero bits; the caller
    /// does its searches.
    pub fn mining(seed: u64, nodes: usize, zero_bits: u8) -> Network {
        let target = Target::from_zero_bits(zero_bits);
        let network = Network::endless(seed, nodes);
        Network { world: network.world.searched_outside(target), ..network }
    }

    /// The fault campaign of a seed, as `cairn sim --seed` runs it.
    pub fn campaign(seed: u64) -> Network {
        Network::of(Scenario::campaign(seed))
    }

    fn of(scenario: Scenario) -> Network {
        let seen = Rc::new(RefCell::new(Seen::new()));
        let eyes = seen.clone();
        let world =
            World::new(scenario).watched(move |time, sight| eyes.borrow_mut().see(time, sight));
        Network { world, seen, has_failed: false, asked: VecDeque::new() }
    }

    /// The start in Unix milliseconds; the times in the lines include it.
    #[wasm_bindgen(getter)]
    pub fn epoch(&self) -> f64 {
        f64::from(EPOCH) * 1000.0
    }

    /// Switches all nodes on. Call it once, before anything else.
    pub fn start(&mut self) {
        let started = self.world.start();
        self.check(started);
    }

    /// The virtual time.
    #[wasm_bindgen(getter)]
    pub fn time(&self) -> f64 {
        to_millis(self.world.time())
    }

    /// The time of the next step, or `None` at the end.
    #[wasm_bindgen(getter)]
    pub fn next(&self) -> Option<f64> {
        let next = if self.has_failed { None } else { self.world.next() };
        // Rounded up to whole milliseconds, so that it is never before the step.
        next.map(|next| next.as_nanos().div_ceil(1_000_000) as f64)
    }

    /// Does all steps until this time, which becomes the virtual time.
    #[wasm_bindgen(js_name = runTo)]
    pub fn run_to(&mut self, time: f64) {
        if !self.has_failed {
            let run = self.world.run_to(from_millis(time));
            self.check(run);
        }
    }

    /// Checks the conditions at the end of a campaign.
    pub fn end(&mut self) {
        if !self.has_failed {
            let ended = self.world.end();
            self.check(ended);
        }
    }

    /// A report on the network, in words.
    pub fn report(&self) -> String {
        self.world.report().to_string()
    }

    /// Carries out an order now.
    ///
    /// # Errors
    /// The reason why it was not carried out.
    pub fn order(&mut self, words: &str) -> Result<(), String> {
        match self.world.obey(orders::parse(words)?) {
            Err(Refusal::Failed(failure)) => self.check(Err(failure)),
            done => done.map_err(|refusal| refusal.to_string())?,
        }
        Ok(())
    }

    /// The next search that a node has asked for, if there is one.
    #[wasm_bindgen(js_name = nextSearch)]
    pub fn next_search(&mut self) -> Option<Asked> {
        let asked = self.world.take_searches().into_iter();
        self.asked.extend(asked.map(|(node, search)| Asked { node, search }));
        self.asked.pop_front()
    }

    /// Gives a node the result of its search: the counter, if one was found.
    pub fn answer(&mut self, asked: Asked, counter: Option<f64>) {
        let Asked { node, search } = asked;
        let found = counter.map(|counter| {
            let nonce = search.header.nonce.with_counter(counter as u64);
            Header { nonce, ..search.header }
        });
        if !self.has_failed {
            let answered = self.world.answer(&node, search, found);
            self.check(answered);
        }
    }

    /// The lines since the last call.
    pub fn lines(&mut self) -> String {
        self.seen().take()
    }

    /// Writes no lines until [`Network::unmute`].
    pub fn mute(&mut self) {
        self.seen().mute();
    }

    /// Writes the state of all nodes, and all events from now on.
    pub fn unmute(&mut self) {
        self.seen.borrow_mut().unmute(&self.world);
    }

    /// Limits frequent events to one of each kind and node in this time.
    #[wasm_bindgen(js_name = tellEvery)]
    pub fn tell_every(&mut self, time: f64) {
        self.seen().set_window(from_millis(time));
    }

    /// Starts or stops the lines about messages.
    #[wasm_bindgen(js_name = showMessages)]
    pub fn show_messages(&mut self, shows: bool) {
        self.seen().show_messages(shows);
    }

    /// The line about the block with this hash, if a node has it on its chain.
    pub fn block(&self, hash: &str) -> Option<String> {
        self.world.nodes().find_map(|node| {
            let chain = node.chain();
            let height = (0..chain.count()).rev();
            let height = height.into_iter().find(|&height| is_at(chain, height, hash))?;
            Some(self.line(chain, height))
        })
    }

    /// The lines about this many blocks of the longest chain, from this height on.
    pub fn older(&self, from: usize, count: usize) -> String {
        let chain = self.world.nodes().map(|node| node.chain()).max_by_key(|chain| chain.count());
        let Some(chain) = chain else { return String::new() };
        let end = from.saturating_add(count).min(chain.count());
        (from..end).map(|height| self.line(chain, height) + "\n").collect()
    }

    fn line(&self, chain: &Chain, height: usize) -> String {
        Line::block(Duration::ZERO, height, &chain.blocks()[height]).text().to_owned()
    }

    /// Writes a line about a failed check, which is the end.
    fn check(&mut self, done: Result<(), Failure>) {
        if let Err(failure) = done {
            self.has_failed = true;
            self.seen().fail(failure.time, &failure.what);
        }
    }

    fn seen(&self) -> RefMut<'_, Seen> {
        self.seen.borrow_mut()
    }
}

/// Checks whether these words are an order.
///
/// # Errors
/// The fault in the words.
#[wasm_bindgen(js_name = checkOrder)]
pub fn check_order(words: &str) -> Result<(), JsError> {
    orders::parse(words).map(drop).map_err(|error| JsError::new(&error))
}

fn is_at(chain: &Chain, height: usize, hash: &str) -> bool {
    chain.hash_at(height).is_some_and(|found| found.to_string() == hash)
}

fn to_millis(time: Duration) -> f64 {
    time.as_millis() as f64
}

/// A time in whole milliseconds: a number from a browser may be anything.
fn from_millis(time: f64) -> Duration {
    Duration::from_millis(time as u64)
}
