//! `cairn bench --json`.

use anyhow::Result;
use serde_json::{Value, json};

use super::report::{BLOCKS, Rates, Report};
use crate::cli::print;

/// A printer of all measurements in one line.
pub(super) fn printer() -> Result<fn(&Report) -> Result<()>> {
    Ok(|report| print::line(line(report)))
}

/// Rates are hashes and blocks a second, the clock is cycles a second; an unknown value is
/// `null`.
fn line(report: &Report) -> Value {
    json!({
        "processor": report.processor,
        "clock_hz": report.clock,
        "mining": list(&report.mining),
        "mining_limit_per_second": report.limit,
        "checking": list(&report.checking),
        "checked_blocks": BLOCKS,
    })
}

fn list(rates: &Rates) -> Value {
    rates.iter().map(|(name, rate)| json!({ "name": name, "per_second": rate })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_each_rate_and_says_what_is_not_known() {
        let mining = vec![("the plain loop".to_owned(), 5e6)];
        let checking = vec![("the plain loop".to_owned(), 4e6)];
        let processor = "a processor".to_owned();
        let report = Report { processor, clock: None, mining, limit: None, checking };
        let wanted = json!({
            "processor": "a processor",
            "clock_hz": null,
            "mining": [{ "name": "the plain loop", "per_second": 5e6 }],
            "mining_limit_per_second": null,
            "checking": [{ "name": "the plain loop", "per_second": 4e6 }],
            "checked_blocks": 200_000,
        });
        assert_eq!(line(&report), wanted);
    }
}
