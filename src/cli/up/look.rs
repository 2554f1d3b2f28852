//! The look of lines: short hashes, and colours.

use std::borrow::Cow;

/// Colours of nodes' names, in turn: cyan, yellow, magenta, green, blue, red.
const NAMES: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// Colours of the verbs that lines begin with; 1 is bold, 2 is dim.
const VERBS: [(&str, &str); 11] = [
    ("START", "1"),
    ("CREATE", "1;32"),
    ("COPY", "36"),
    ("SLEEP", "2"),
    ("IGNORE", "2"),
    ("UNSENT", "31"),
    ("PAUSE", "33"),
    ("RESUME", "33"),
    ("CONNECT", "33"),
    ("DISCONNECT", "33"),
    ("STOP", "1"),
];

/// How many digits of a hash are enough for people to tell blocks apart.
const DIGITS: usize = 8;

/// Hexadecimal digits of a whole hash.
const HASH_LEN: usize = 64;

/// The line with only the first digits of each hash.
fn short(line: &str) -> Cow<'_, str> {
    let is_hash = |word: &str| {
        word.get(..HASH_LEN).is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if !line.split(' ').any(is_hash) {
        return line.into();
    }
    let words = line.split(' ').map(|word| match is_hash(word) {
        true => [&word[..DIGITS], &word[HASH_LEN..]].concat(),
        false => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").into()
}

/// The line with its verb in that verb's colour.
fn coloured(line: &str) -> Cow<'_, str> {
    let (verb, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
    match VERBS.iter().find(|(known, _)| *known == verb) {
        Some((_, colour)) => format!("\x1b[{colour}m{verb}\x1b[0m{rest}").into(),
        None => line.into(),
    }
}

/// The beginning of a line, five characters wide: the name of the node with this index
/// among all, in its colour if there are colours.
pub(super) fn named(port: u16, place: usize, is_coloured: bool) -> String {
    match is_coloured {
        true => format!("\x1b[{}m{port:>5}\x1b[0m  ", NAMES[place % NAMES.len()]),
        false => format!("{port:>5}  "),
    }
}

/// A line as it is printed, with its end.
pub(super) fn line(line: &str, is_full: bool, is_coloured: bool) -> String {
    let line = if is_full { line.into() } else { short(line) };
    let line = if is_coloured { coloured(&line) } else { line.as_ref().into() };
    format!("{line}\n")
}

/// A line about all nodes, after a word as wide as a name.
pub(super) fn headed_line(kind: &str, text: &str, is_coloured: bool) -> String {
    format!("{kind:>5}  {}", line(text, false, is_coloured))
}

/// A sentence about the whole network, after a word as wide as a name.
pub(super) fn headed(kind: &str, sentence: &str, is_coloured: bool) -> String {
    match is_coloured {
        true => format!("\x1b[1;33m{kind:>5}\x1b[0m  \x1b[1m{sentence}\x1b[0m\n"),
        false => format!("{kind:>5}  {sentence}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_cut_to_eight_digits_and_all_else_stays() {
        let hash = "0000dda2b6defcb0cc6892c324e803c83bf5791cf0e40c281786e6606e1bef90";
        let line = format!("COPY block 1: {hash}! from 127.0.0.1:9000");
        assert_eq!(short(&line), "COPY block 1: 0000dda2! from 127.0.0.1:9000");
        let line = format!("previous hash is {hash}, not {hash}");
        assert_eq!(short(&line), "previous hash is 0000dda2, not 0000dda2");
        assert_eq!(short("SLEEP for 0.2 seconds..."), "SLEEP for 0.2 seconds...");
    }

    #[test]
    fn verbs_have_colours_and_other_words_do_not() {
        assert_eq!(coloured("CREATE block 1"), "\x1b[1;32mCREATE\x1b[0m block 1");
        assert_eq!(coloured("ended by itself"), "ended by itself");
    }
}
