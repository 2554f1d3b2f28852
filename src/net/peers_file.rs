//! The file of peers that were met: they are dialled first at the next start.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::table::Kept;
use crate::contacts::is_id;

/// The most bytes that are read: over a thousand peers.
const MAX_LEN: u64 = 1 << 20;

/// Reads the saved peers; none if there is no such file. A line that cannot be read is
/// skipped: it costs one peer, which others know.
///
/// # Errors
/// The file cannot be read, or no line of it is a peer: then it is another file, which must
/// not be overwritten.
pub fn read(path: &Path) -> Result<Vec<Kept>> {
    let shown = path.display();
    let bytes = match read_bytes(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        bytes => bytes.with_context(|| format!("cannot read {shown}"))?,
    };
    let lines = bytes.split(|byte| *byte == b'\n');
    let kept = lines.filter_map(|line| serde_json::from_slice(line).ok());
    let kept: Vec<_> = kept.filter(|kept: &Kept| is_id(&kept.id)).collect();
    if kept.is_empty() && !bytes.is_empty() {
        bail!(
            "{shown} is not a file of peers: name another with --peers, or move it away, and the \
             node starts without peers"
        );
    }
    Ok(kept)
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_LEN + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 <= MAX_LEN {
        true => Ok(bytes),
        false => Err(io::Error::other("it is too long to be a file of peers")),
    }
}

/// Saves these peers in place of the earlier ones, all or none.
///
/// # Errors
/// The error of the system.
pub fn write(path: &Path, peers: &[Kept]) -> io::Result<()> {
    let line = |kept: &Kept| serde_json::to_string(kept).map(|line| line + "\n");
    let text: String = peers.iter().map(line).collect::<Result<_, _>>()?;
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}
