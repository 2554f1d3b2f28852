//! Bytes from the command line: hexadecimal, a file, or standard input.

use std::fs;
use std::io::{self, IsTerminal, Read};

use anyhow::{Context, Result};

use super::exit::Exit;

/// A pipe may have no end: what comes through one is read so far, 256 MiB, which
/// is a chain of three million blocks.
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
            let mut bytes = Vec::new();
            let mut input = io::stdin().take(MAX_PIPED_LEN + 1);
            input.read_to_end(&mut bytes).context("cannot read standard input")?;
            if bytes.len() as u64 > MAX_PIPED_LEN {
                return Err(Exit::usage(format!(
                    "standard input goes on beyond {MAX_PIPED_LEN} bytes: give a file"
                )));
            }
            Ok(from_text(&bytes).unwrap_or(bytes))
        }
        Some(argument) => match from_text(argument.as_bytes()) {
            Some(bytes) => Ok(bytes),
            None => file(argument),
        },
    }
}

fn file(path: &str) -> Result<Vec<u8>> {
    let bytes = fs::read(path).map_err(|error| {
        let start: String = path.chars().take(40).collect();
        Exit::usage(format!("{start:?} is not hexadecimal, and as a file: {error}"))
    })?;
    Ok(from_text(&bytes).unwrap_or(bytes))
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
