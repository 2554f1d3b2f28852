//! Console lines, read back.

use cairn::hash::Hash;

/// What a console line says about its node's chain: the reverse of the `Display` of an
/// event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It tries nonces from here on.
    Tried(u64),
    /// It starts, or stops, on this tip.
    Stands(usize, Hash),
    /// It made this block, which is its new tip.
    Created(usize, Hash),
    /// It adopted the chain with this tip.
    Copied(usize, Hash),
}

impl Line {
    /// Reads a line; `None` if it says nothing about the chain.
    pub(crate) fn parse(line: &str) -> Option<Line> {
        if let Some(rest) = line.strip_prefix("TRY up to ") {
            return rest.strip_suffix("...")?.parse().ok().map(Line::Tried);
        }
        let after = |prefix| line.strip_prefix(prefix).and_then(Line::tip);
        let stands = || after("  chain   block ").or_else(|| after("STOP at block "));
        let created = || after("CREATE block ").map(|(height, hash)| Line::Created(height, hash));
        let copied = || after("COPY block ").map(|(height, hash)| Line::Copied(height, hash));
        let stands = || stands().map(|(height, hash)| Line::Stands(height, hash));
        created().or_else(copied).or_else(stands)
    }

    /// Reads `5: <hash>`, and whatever follows.
    fn tip(text: &str) -> Option<(usize, Hash)> {
        let (height, rest) = text.split_once(": ")?;
        Some((height.parse().ok()?, rest.get(..2 * Hash::LEN)?.parse().ok()?))
    }
}
