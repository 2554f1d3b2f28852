//! Blocks: along a line, in a flood, under load, and between groups that split and heal.

use std::collections::{BTreeSet, HashMap};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use cairn::contacts::{Order, Subject};
use cairn::event::Event;
use cairn::hash::Hash;
use rand::RngExt;

use super::cluster::{Cluster, PATIENCE};
use super::row::Row;

/// How many blocks are mined one by one.
const ONE_BY_ONE: usize = 10;

/// How many blocks are mined under load.
const LOAD: usize = 30;

/// The longest time between two of these: about as long as a block takes to reach all, so
/// that some have rivals.
const LOAD_APART_MS: u64 = 60;

/// How long the last of these may take.
const SETTLE: Duration = Duration::from_secs(1);

/// The mined blocks, and where they arrived.
#[derive(Default)]
struct Seen {
    /// When each was found, and at which height.
    found: HashMap<Hash, (usize, Instant)>,
    /// When each node had a block as its tip for the first time.
    reached: HashMap<(usize, Hash), Instant>,
    /// The tip of each node.
    tips: HashMap<usize, (usize, Hash)>,
}

impl Seen {
    /// Follows the nodes until a condition holds, or it takes too long.
    fn until(&mut self, cluster: &Cluster, is_so: impl Fn(&Seen) -> bool) {
        self.take_in(cluster, Instant::now() + PATIENCE, is_so);
    }

    /// Follows the nodes until a condition holds, but not beyond the deadline.
    fn take_in(&mut self, cluster: &Cluster, deadline: Instant, is_so: impl Fn(&Seen) -> bool) {
        while !is_so(self) {
            let Some(happened) = cluster.next(deadline) else { return };
            let (hash, height) = match happened.event {
                Event::Created { hash, height } => {
                    self.found.insert(hash, (height, happened.at));
                    (hash, height)
                }
                Event::Copied { hash, height, .. } => (hash, height),
                _ => continue,
            };
            self.reached.entry((happened.node, hash)).or_insert(happened.at);
            self.tips.insert(happened.node, (height, hash));
        }
    }

    /// Takes the reports that have arrived, and remembers only the tips.
    fn drain(&mut self, cluster: &Cluster) {
        self.take_in(cluster, Instant::now(), |_| false);
        self.found.clear();
        self.reached.clear();
    }

    /// Whether these nodes have the same tip, of at least this height.
    fn agree(&self, nodes: impl IntoIterator<Item = usize>, height: usize) -> bool {
        let tips: BTreeSet<_> = nodes.into_iter().map(|node| self.tips.get(&node)).collect();
        tips.len() == 1 && tips.iter().all(|tip| tip.is_some_and(|(at, _)| *at >= height))
    }

    /// Whether the tips of all nodes have the same height.
    fn is_level(&self) -> bool {
        self.tips.values().map(|(height, _)| height).collect::<BTreeSet<_>>().len() == 1
    }

    /// When the tip of each node first was this block or a higher one, if it was. A rival of
    /// the same height does not count.
    fn arrivals(&self, nodes: usize, block: &Hash, height: usize) -> Vec<Instant> {
        let mut first = vec![None::<Instant>; nodes];
        for ((node, hash), at) in &self.reached {
            let is_higher = self.found.get(hash).is_some_and(|(there, _)| *there > height);
            if hash == block || is_higher {
                first[*node] = Some(first[*node].map_or(*at, |before| before.min(*at)));
            }
        }
        first.into_iter().flatten().collect()
    }

    fn height(&self) -> usize {
        self.tips.values().map(|(height, _)| *height).max().unwrap_or(0)
    }
}

/// One block after the other, each found by the first node, to all.
pub(super) fn one_by_one(cluster: &mut Cluster, pattern: &'static str) -> Result<Row> {
    let count = cluster.members.len();
    let mut seen = Seen::default();
    let mut times = Vec::new();
    for _ in 0..ONE_BY_ONE {
        seen.drain(cluster);
        let next = seen.height() + 1;
        cluster.mine(0);
        seen.until(cluster, |seen| seen.agree(0..count, next));
        let Some((_, tip)) = seen.tips.get(&0).copied() else { continue };
        let Some((_, found)) = seen.found.get(&tip) else { continue };
        let arrived = (1..count).filter_map(|node| seen.reached.get(&(node, tip)));
        times.extend(arrived.map(|at| at.saturating_duration_since(*found)));
    }
    Ok(Row::of("blocks", pattern, ONE_BY_ONE, ONE_BY_ONE * (count - 1), times))
}

/// Blocks of random nodes at random times, some of which have rivals. A node counts as
/// reached when its tip is the block or a higher one.
pub(super) fn load(cluster: &mut Cluster) -> Result<Row> {
    let count = cluster.members.len();
    let mut seen = Seen::default();
    seen.drain(cluster);
    for _ in 0..LOAD {
        let miner = cluster.random.random_range(0..count);
        cluster.mine(miner);
        let apart = cluster.random.random_range(0..=LOAD_APART_MS);
        thread::sleep(Duration::from_millis(apart));
    }
    // A node makes one block of two simultaneous orders.
    let is_settled = |seen: &Seen| seen.found.len() >= LOAD && seen.is_level();
    seen.take_in(cluster, Instant::now() + SETTLE, is_settled);
    // One more decides between rivals at the end.
    let last = seen.height() + 1;
    cluster.mine(0);
    seen.until(cluster, |seen| seen.agree(0..count, last));
    let times = seen.found.iter().flat_map(|(block, (height, found))| {
        let mut arrivals = seen.arrivals(count, block, *height);
        arrivals.sort_unstable();
        // The first is the finder.
        let others = arrivals.into_iter().skip(1);
        others.map(|at| at.saturating_duration_since(*found))
    });
    let (times, made) = (times.collect(), seen.found.len());
    Ok(Row::of("blocks", "random load", made, made * (count - 1), times))
}

/// Two halves split, mine separately, and heal: how long it takes until the half with the
/// shorter chain has the longer one.
pub(super) fn parted(cluster: &mut Cluster) -> Result<Row> {
    let count = cluster.members.len();
    let half = count / 2;
    let mut seen = Seen::default();
    seen.drain(cluster);
    let cross = |order: &dyn Fn(Subject) -> Order| {
        for (one, other) in (0..half).flat_map(|one| (half..count).map(move |other| (one, other))) {
            cluster.order(one, order(Subject::Id(cluster.id(other).clone())));
            cluster.order(other, order(Subject::Id(cluster.id(one).clone())));
        }
    };
    cross(&|who| Order::Block(who, None));
    let ids = |nodes: std::ops::Range<usize>| -> BTreeSet<_> {
        nodes.map(|node| cluster.id(node).clone()).collect()
    };
    let (first, second) = (ids(0..half), ids(half..count));
    cluster.wait("the halves have parted", |cluster| {
        let is_apart = |node: usize| {
            let others = if node < half { &second } else { &first };
            let connected = cluster.connected(node);
            !connected.is_empty() && connected.iter().all(|id| !others.contains(id))
        };
        (0..count).all(is_apart)
    })?;
    let base = seen.height();
    for (miner, half, blocks) in [(0, 0..half, 1), (count - 1, half..count, 3)] {
        for height in 1..=blocks {
            cluster.mine(miner);
            seen.until(cluster, |seen| seen.agree(half.clone(), base + height));
        }
    }
    let healed = Instant::now();
    cross(&|who| Order::Allow(who, None));
    (0..half).for_each(|node| cluster.connect(node, half + node));
    seen.until(cluster, |seen| seen.agree(0..count, base + 3));
    let winner = seen.tips.get(&(count - 1)).map(|(_, hash)| *hash);
    let arrived = (0..half).filter_map(|node| seen.reached.get(&(node, winner?)));
    let times = arrived.map(|at| at.saturating_duration_since(healed)).collect();
    Ok(Row::of("blocks", "part and heal", 4, half, times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_with_a_rival_is_reached_only_when_a_higher_block_decides() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let [block, rival, next] = [b"a", b"b", b"c"].map(|text| Hash::of(text));
        let found = HashMap::from([(block, (1, at(1))), (rival, (1, at(0))), (next, (2, at(5)))]);
        let reached = [(0, block, 1), (1, rival, 0), (0, next, 6), (1, next, 7)];
        let reached = reached.map(|(node, hash, ms)| ((node, hash), at(ms))).into();
        let seen = Seen { found, reached, tips: HashMap::new() };
        assert_eq!(seen.arrivals(2, &block, 1), [at(1), at(7)]);
        assert_eq!(seen.arrivals(2, &rival, 1), [at(6), at(0)]);
    }
}
