//! Bytes from the command line: hexadecimal, a file, or standard input.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};

use anyhow::Result;

use super::exit::Exit;

/// A pipe or a device may have no end: what comes from one is read so far,
/// 256 MiB, which is a chain of three million blocks.
const MAX_PIPED_LEN: u64 = 256 << 20;

/// Reads the bytes that `argument` stands for: hexadecimal digits, else the path
/// of a file, else, for `-` or nothing, standard input. A file and standard
/// input hold either the bytes themselves or their hexadecimal digits.
pub(crate) fn bytes(argument: Option<&str>) -> Result<Vec<u8>> {
    match argument {
        None if io::stdin().is_terminal() => {
            Err(Exit::usage("nothing to read: give hexadecimal digits, a file, or - and a pipe"))
        }
        None | Some("-") => {
            let unreadable = |error| Exit::usage(format!("cannot read standard input: {error}"));
            let bytes = piped(io::stdin()).map_err(unreadable)?;
            Ok(from_text(&bytes).unwrap_or(bytes))
        }
        Some(argument) => match from_text(argument.as_bytes()) {
            Some(bytes) => Ok(bytes),
            None => file(argument),
        },
    }
}

fn file(path: &str) -> Result<Vec<u8>> {
    let read = || {
        let file = File::open(path)?;
        if file.metadata()?.is_file() { fs::read(path) } else { piped(file) }
    };
    let bytes = read().map_err(|error| {
        let start: String = path.chars().take(40).collect();
        Exit::usage(format!("{start:?} is not hexadecimal, and as a file: {error}"))
    })?;
    Ok(from_text(&bytes).unwrap_or(bytes))
}

/// Reads what need not have an end.
fn piped(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_PIPED_LEN + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_PIPED_LEN {
        true => Err(io::Error::other(format!(
            "it goes on beyond {MAX_PIPED_LEN} bytes; put what you want of it in a file"
        ))),
        false => Ok(bytes),
    }
}

/// Hexadecimal digits, with white space anywhere, to bytes. A block starts with
/// the byte 75, `K`, so no chain is mistaken for digits, nor copied to find out.
fn from_text(text: &[u8]) -> Option<Vec<u8>> {
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| !byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    hex::decode(digits).ok()
}
