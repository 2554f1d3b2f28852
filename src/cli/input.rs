//! Bytes from the command line: hexadecimal, a file, or standard input.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};

use anyhow::Result;

use super::exit::Exit;

/// A pipe or a device may have no end, so at most this much is read, 256 MiB, which is a
/// chain of three million blocks.
const MAX_PIPED_LEN: u64 = 256 << 20;

/// Reads the bytes of `argument`: it is hexadecimal digits, else the path of a file, else,
/// for `-` or nothing, standard input. A file and standard input hold either the bytes
/// themselves or their hexadecimal digits.
pub(crate) fn bytes(argument: Option<&str>) -> Result<Vec<u8>> {
    match argument {
        None => from_pipe()?.ok_or_else(|| {
            Exit::usage("nothing to read: give hexadecimal digits, a file, or - and a pipe")
        }),
        Some("-") => from_standard_input(),
        Some(argument) => match hex::decode(without_spaces(argument.as_bytes())) {
            Ok(bytes) => Ok(bytes),
            Err(_) => file(argument),
        },
    }
}

/// Reads standard input, if it is not a terminal.
pub(crate) fn from_pipe() -> Result<Option<Vec<u8>>> {
    match io::stdin().is_terminal() {
        true => Ok(None),
        false => from_standard_input().map(Some),
    }
}

fn from_standard_input() -> Result<Vec<u8>> {
    let bytes = piped(io::stdin()).and_then(from_text);
    bytes.map_err(|error| Exit::usage(format!("cannot read standard input: {error}")))
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
    from_text(bytes).map_err(|error| Exit::usage(format!("cannot read {path}: {error}")))
}

/// Reads a source that may have no end.
fn piped(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_PIPED_LEN + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_PIPED_LEN {
        true => Err(io::Error::other(format!(
            "it goes on beyond {MAX_PIPED_LEN} bytes; put the part that you want in a file"
        ))),
        false => Ok(bytes),
    }
}

/// Decodes what was read: hexadecimal digits, with white space anywhere, stand for their
/// bytes, and everything else for itself. A text that begins with a digit counts as digits.
/// A block starts with the byte 75, `K`, so no chain is mistaken for digits, or copied to
/// find out.
fn from_text(read: Vec<u8>) -> io::Result<Vec<u8>> {
    let first = read.iter().find(|byte| !byte.is_ascii_whitespace());
    if !first.is_some_and(u8::is_ascii_hexdigit) || !is_text(&read) {
        return Ok(read);
    }
    hex::decode(without_spaces(&read)).map_err(|error| {
        let wrong = |byte: &u8| !byte.is_ascii_hexdigit() && !byte.is_ascii_whitespace();
        io::Error::other(match read.iter().position(wrong) {
            Some(at) => format!(
                "it begins with hexadecimal digits, but {:?}, at byte {at}, is not one",
                char::from(read[at])
            ),
            None => format!("it should be hexadecimal digits: {error}"),
        })
    })
}

/// Whether this is text that people wrote, and not a program.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

fn without_spaces(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<u8>, String> {
        from_text(bytes.to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn digits_stand_for_their_bytes_and_bytes_for_themselves() {
        assert_eq!(read(b"4b 00\n4C\n"), Ok(vec![0x4b, 0, 0x4c]));
        for bytes in [&b""[..], b"hello\n", b"K\x00\x01", b"4b\x00\x01", b"4b\xff"] {
            assert_eq!(read(bytes), Ok(bytes.to_vec()));
        }
    }

    #[test]
    fn a_wrong_digit_is_an_error_that_says_which() {
        let wrong = "it begins with hexadecimal digits, but 'O', at byte 3, is not one";
        assert_eq!(read(b"4b\nO0\n"), Err(wrong.to_owned()));
        let odd = "it should be hexadecimal digits: Odd number of digits";
        assert_eq!(read(b"4b0\n"), Err(odd.to_owned()));
    }
}
