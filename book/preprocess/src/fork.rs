//! A fork of a simulated network: blocks that four nodes made while they were split
//! in halves, and after.

use std::time::Duration;

use cairn::event::Event;
use cairn::hash::Hash;
use cairn::sim::{Faults, Partition, Scenario, Sight};

use crate::svg::Svg;

/// A block, and the one before it.
struct Made {
    height: usize,
    hash: Hash,
    previous: Hash,
    miner: String,
}

/// How many blocks are drawn before the fork and after its end.
const AROUND: usize = 2;
const COLUMN: f64 = 82.0;
const ROW: f64 = 60.0;

/// How long the network is split.
const SPLIT: Duration = Duration::from_secs(40);

pub(crate) fn draw() -> Result<String, String> {
    let (made, tip) = run()?;
    let kept = chain_to(&made, tip);
    let is_kept = |block: &Made| kept.contains(&block.hash);
    let branch = deepest(&made, &kept).ok_or("the simulated network did not fork")?;
    let (first, last) = (branch[0].height, branch[branch.len() - 1].height);
    let heights = first - AROUND..=last + AROUND;
    let title = format!(
        "A simulated network was split in halves for {} seconds, and both halves mined on. When it was whole \
         again, the shorter branch, {} blocks, was given up (dashed).",
        SPLIT.as_secs(),
        branch.len()
    );
    let columns = heights.clone().count() as f64;
    let mut svg = Svg::new((columns * COLUMN) as u32 + 20, 170, &title);
    let place = |block: &Made| {
        let x = 10.0 + (block.height - heights.start()) as f64 * COLUMN;
        (x, if is_kept(block) { 25.0 } else { 25.0 + ROW })
    };
    for block in made.iter().filter(|block| heights.contains(&block.height)) {
        let (x, y) = place(block);
        if let Some(before) = made.iter().find(|before| before.hash == block.previous)
            && heights.contains(&before.height)
        {
            let (from_x, from_y) = place(before);
            svg.shape(&format!(
                r#"<path d="M{} {}L{x} {}" stroke="currentColor"/>"#,
                from_x + COLUMN - 14.0,
                from_y + 20.0,
                y + 20.0
            ));
        }
        let dashes = if is_kept(block) { "" } else { r#" stroke-dasharray="4 3""# };
        svg.shape(&format!(
            r#"<rect x="{x}" y="{y}" width="{}" height="40" rx="4" fill="none" stroke="currentColor"{dashes}/>"#,
            COLUMN - 14.0
        ));
        let middle = x + (COLUMN - 14.0) / 2.0;
        svg.text(middle, y + 17.0, "middle", &format!("{}", block.height));
        svg.text(middle, y + 33.0, "middle", &block.miner);
    }
    svg.text(10.0, 150.0, "start", "height, and who found it");
    Ok(svg.finish())
}

/// Runs the network. Returns all blocks that were made, and the tip at the end.
fn run() -> Result<(Vec<Made>, Hash), String> {
    let faults = Faults { partition: Some(Partition::Halves(SPLIT)), ..Faults::default() };
    let scenario =
        Scenario { nodes: 4, duration: Duration::from_secs(600), faults, ..Scenario::campaign(3) };
    let (mut made, mut tip) = (Vec::<Made>::new(), None);
    let mut watch = |_, sight: Sight| {
        if let Sight::Event(node, event) = sight {
            tip = Some(node.chain().tip_hash());
            if let Event::Created { height, hash } = event {
                let block = node.chain().blocks()[*height];
                let previous = cairn::block::previous(&block);
                let miner = node.settings().name.to_string();
                made.push(Made { height: *height, hash: *hash, previous, miner });
            }
        }
    };
    scenario.run_watched(None, Some(&mut watch)).map_err(|failure| failure.to_string())?;
    Ok((made, tip.ok_or("nothing happened")?))
}

/// The hashes from `tip` back to the first block that was made.
fn chain_to(made: &[Made], tip: Hash) -> Vec<Hash> {
    let mut chain = vec![tip];
    while let Some(block) = made.iter().find(|block| Some(&block.hash) == chain.last()) {
        chain.push(block.previous);
    }
    chain
}

/// The longest branch that the nodes gave up, from its first block on.
fn deepest<'a>(made: &'a [Made], kept: &[Hash]) -> Option<Vec<&'a Made>> {
    let block = |hash: Hash| made.iter().find(|block| block.hash == hash && !kept.contains(&hash));
    let branches = made.iter().map(|end| {
        let mut branch = Vec::new();
        while let Some(below) =
            block(branch.last().map_or(end.hash, |block: &&Made| block.previous))
        {
            branch.push(below);
        }
        branch.reverse();
        branch
    });
    branches
        .max_by_key(Vec::len)
        .filter(|branch| branch.first().is_some_and(|first| first.height > AROUND))
}
