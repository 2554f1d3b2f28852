//! `--threads`: the number of threads of a search.

use std::thread;

/// More would only wait for each other.
const MAX_THREADS: usize = 1024;

/// Reads a number of threads.
pub(crate) fn parse(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=MAX_THREADS) => Ok(count),
        _ => Err(format!("write a number from 1 to {MAX_THREADS}")),
    }
}

/// As many as this machine runs at the same time.
pub(crate) fn all() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_from_1_to_1024_threads() {
        assert_eq!((parse("1"), parse("1024")), (Ok(1), Ok(1024)));
        for wrong in ["0", "1025", "-1", "two", ""] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
