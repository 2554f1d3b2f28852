//! How long a miner searches: real searches, and the expected numbers.

use cairn::block::{GENESIS_HASH, Header, Nonce};
use cairn::fast;
use cairn::target::Target;

use crate::svg::Svg;

/// One hash in 4,096 is low enough.
const ZERO_BITS: u8 = 12;
const EXPECTED: u64 = 1 << ZERO_BITS;
const SEARCHES: u64 = 4_000;

/// A bar counts the searches within one quarter of the expected length.
const BARS: usize = 20;
const QUARTER: u64 = EXPECTED / 4;
const BAR: f64 = 30.0;
const LEFT: f64 = 30.0;
const BOTTOM: f64 = 200.0;
const TALLEST: f64 = 170.0;

pub(crate) fn draw() -> String {
    let counts = counts();
    let most = SEARCHES as f64 * promised(0);
    let title = format!(
        "How many tries {SEARCHES} searches for {ZERO_BITS} zero bits took (bars), and what chance promises (line): \
         {EXPECTED} on average, and often far fewer or far more."
    );
    let mut svg = Svg::new(680, 250, &title);
    let height = |count: f64| (count / most * TALLEST).min(TALLEST + 10.0);
    let mut line = String::new();
    for (number, count) in counts.iter().enumerate() {
        let (x, tall) = (LEFT + number as f64 * BAR, height(*count as f64));
        svg.shape(&format!(
            r#"<rect x="{x}" y="{:.1}" width="{}" height="{tall:.1}" fill="currentColor" fill-opacity="0.25"/>"#,
            BOTTOM - tall,
            BAR - 3.0
        ));
        let y = BOTTOM - height(SEARCHES as f64 * promised(number));
        line += &format!("{}{:.1} {y:.1}", if number == 0 { "M" } else { "L" }, x + BAR / 2.0);
        if number % 4 == 0 {
            svg.text(x, BOTTOM + 18.0, "middle", &(number as u64 * QUARTER).to_string());
        }
    }
    svg.shape(&format!(
        r#"<path d="{line}" fill="none" stroke="currentColor" stroke-width="1.5"/>"#
    ));
    svg.text(
        LEFT + BARS as f64 * BAR / 2.0,
        BOTTOM + 40.0,
        "middle",
        "tries until a block was found",
    );
    svg.finish()
}

/// How many searches took between `n` and `n + 1` quarters, for each `n`.
fn counts() -> [u64; BARS] {
    let mut counts = [0; BARS];
    for lane in 0..SEARCHES {
        let nonce = Nonce::in_lane(lane, 0);
        let header = Header { previous: GENESIS_HASH, timestamp: 1_634_700_600, nonce };
        let found = fast::search(&header, 0..100 * EXPECTED, Target::from_zero_bits(ZERO_BITS));
        let tries = found.expect("a hundred times what is expected").nonce.counter() + 1;
        if let Some(count) = counts.get_mut((tries / QUARTER) as usize) {
            *count += 1;
        }
    }
    counts
}

/// The share of searches that end within this quarter: each try is independent.
fn promised(quarter: usize) -> f64 {
    let goes_on = |tries: u64| (1.0 - 1.0 / EXPECTED as f64).powf(tries as f64);
    goes_on(quarter as u64 * QUARTER) - goes_on((quarter as u64 + 1) * QUARTER)
}
