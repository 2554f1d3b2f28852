//! How blocks spread in a network of strangers.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::time::{Duration, Instant};

use cairn::chain::Chain;
use cairn::hash::Hash;

/// A node has a new tip.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) hash: Hash,
    pub(super) height: usize,
    pub(super) at: Instant,
    /// Whether the node has found the block itself.
    pub(super) is_own: bool,
}

/// All tips that the nodes have had.
pub(super) struct Delivery {
    /// Of each node, in order.
    tips: Vec<Vec<Seen>>,
}

/// How many of the chain's blocks reached how many nodes.
pub(super) struct Delivered {
    /// Blocks that count.
    pub(super) blocks: usize,
    /// How often one of them reached a node that had not found it.
    pub(super) delivered: usize,
    /// How long that took, sorted.
    pub(super) times: Vec<Duration>,
}

impl Delivery {
    pub(super) fn new(nodes: usize) -> Delivery {
        Delivery { tips: vec![Vec::new(); nodes] }
    }

    pub(super) fn take_in(&mut self, node: usize, seen: Seen) {
        self.tips[node].push(seen);
    }

    /// How many of the chain's blocks reached how many nodes, and how long that took from
    /// the moment at which a block was found.
    ///
    /// Of two blocks of the same height each node keeps the one that it saw first, and gets
    /// the other with the next block: the times do not include such heights. The end of the
    /// chain may still be in flight, or undecided, so blocks after the last but one height
    /// without a rival do not count at all.
    pub(super) fn report(&self, chain: &Chain) -> String {
        let Delivered { blocks, delivered, times } = self.measure(chain);
        self.text(blocks, delivered, &times)
    }

    /// The same as numbers.
    pub(super) fn measure(&self, chain: &Chain) -> Delivered {
        let hash = |height| chain.hash_at(height).expect("it is on the chain");
        let on_chain: HashMap<_, _> =
            (1..chain.count()).map(|height| (hash(height), height)).collect();
        let mut found = BTreeMap::<usize, HashMap<Hash, Instant>>::new();
        for seen in self.tips.iter().flatten().filter(|seen| seen.is_own) {
            found.entry(seen.height).or_default().insert(seen.hash, seen.at);
        }
        let mut alone = found.iter().rev().filter(|(_, rivals)| rivals.len() == 1);
        let last = alone.nth(1).map_or(0, |(height, _)| *height).min(chain.height());
        let (mut delivered, mut times) = (0, Vec::new());
        for (height, rivals) in found.range(..=last) {
            let Some(found) = rivals.get(&hash(*height)) else { continue };
            let arrivals = self.tips.iter().filter_map(|tips| arrival(tips, &on_chain, *height));
            let others = arrivals.filter(|seen| !(seen.is_own && seen.hash == hash(*height)));
            let late = others.map(|seen| seen.at.saturating_duration_since(*found));
            let late: Vec<_> = late.collect();
            delivered += late.len();
            times.extend(late.into_iter().filter(|_| rivals.len() == 1));
        }
        times.sort_unstable();
        Delivered { blocks: last, delivered, times }
    }

    fn text(&self, blocks: usize, delivered: usize, times: &[Duration]) -> String {
        let all = blocks * (self.tips.len() - 1);
        let made = self.tips.iter().flatten().filter(|seen| seen.is_own).count();
        let percent = if all == 0 { 100.0 } else { delivered as f64 * 100.0 / all as f64 };
        let others = self.tips.len() - 1;
        let mut text = format!(
            "{blocks} blocks to {others} others each: {delivered} of {all} delivered, {percent:.2} %\n"
        );
        if let (Some(median), Some(late), Some(last)) =
            (quantile(times, 0.5), quantile(times, 0.99), times.last())
        {
            let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
            let (median, late, last) = (ms(median), ms(late), ms(*last));
            writeln!(text, "p50 {median:.1} ms, p99 {late:.1} ms, longest {last:.1} ms")
                .expect("a string takes all");
        }
        writeln!(text, "{made} blocks were found in all").expect("a string takes all");
        text
    }
}

/// When a node's tip first was the block of this height, or one above it.
fn arrival<'a>(
    tips: &'a [Seen],
    on_chain: &HashMap<Hash, usize>,
    height: usize,
) -> Option<&'a Seen> {
    tips.iter().find(|seen| on_chain.get(&seen.hash).is_some_and(|at| *at >= height))
}

/// The time that this share of the times does not exceed.
pub(super) fn quantile(sorted: &[Duration], part: f64) -> Option<Duration> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(last as f64 * part) as usize])
}

#[cfg(test)]
mod tests {
    use cairn::target::Target;

    use super::*;

    fn chain(blocks: usize) -> Chain {
        let mut chain = Chain::genesis(Target::from_zero_bits(0));
        while chain.height() < blocks {
            let block = chain.next_block(0, 0, 1).expect("any hash will do");
            chain.push(&block).expect("it is valid");
        }
        chain
    }

    /// The first of three nodes finds all blocks, ten milliseconds apart.
    fn miner(chain: &Chain, start: Instant) -> Delivery {
        let mut delivery = Delivery::new(3);
        for height in 1..=chain.height() {
            delivery.take_in(0, seen(chain, start, height, 10 * height as u64, true));
        }
        delivery
    }

    fn seen(chain: &Chain, start: Instant, height: usize, ms: u64, is_own: bool) -> Seen {
        let at = start + Duration::from_millis(ms);
        Seen { hash: chain.hash_at(height).expect("it is there"), height, at, is_own }
    }

    #[test]
    fn a_block_counts_where_it_or_one_above_it_arrived() {
        let (chain, start) = (chain(3), Instant::now());
        let mut delivery = miner(&chain, start);
        delivery.take_in(1, seen(&chain, start, 1, 14, false));
        delivery.take_in(1, seen(&chain, start, 2, 26, false));
        // The third node missed the first block, and got it with the second.
        delivery.take_in(2, seen(&chain, start, 2, 28, false));
        let text = delivery.report(&chain);
        assert!(text.contains("4 of 4 delivered, 100.00 %"), "{text}");
        assert!(text.contains("p50 6.0 ms") && text.contains("longest 18.0 ms"), "{text}");
    }

    #[test]
    fn what_did_not_arrive_is_missing() {
        let (chain, start) = (chain(2), Instant::now());
        let mut delivery = miner(&chain, start);
        delivery.take_in(1, seen(&chain, start, 1, 14, false));
        let text = delivery.report(&chain);
        assert!(text.contains("1 of 2 delivered, 50.00 %"), "{text}");
    }

    #[test]
    fn where_every_block_has_a_rival_none_counts() {
        let (chain, start) = (chain(2), Instant::now());
        let mut delivery = miner(&chain, start);
        for height in 1..=2 {
            let own = seen(&chain, start, height, 5, true);
            delivery.take_in(1, Seen { hash: Hash::of(&[height as u8]), ..own });
        }
        let text = delivery.report(&chain);
        assert!(text.starts_with("0 blocks to 2 others each: 0 of 0 delivered"), "{text}");
    }

    #[test]
    fn a_block_with_a_rival_counts_but_its_time_does_not() {
        let (chain, start) = (chain(4), Instant::now());
        let mut delivery = miner(&chain, start);
        let rival = Seen { hash: Hash::of(b"rival"), ..seen(&chain, start, 2, 20, true) };
        for node in [1, 2] {
            delivery.take_in(node, seen(&chain, start, 1, 15, false));
            delivery.take_in(node, rival);
            delivery.take_in(node, seen(&chain, start, 3, 35, false));
        }
        let text = delivery.report(&chain);
        assert!(text.contains("6 of 6 delivered, 100.00 %"), "{text}");
        assert!(text.contains("longest 5.0 ms"), "{text}");
    }
}
