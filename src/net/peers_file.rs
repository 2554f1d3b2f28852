//! The file of peers that were met: they are tried first at the next start.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::table::Kept;
use crate::contacts::is_id;

/// The most bytes that are read: a thousand peers, and more.
const MAX_LEN: u64 = 1 << 20;

/// Reads the peers that were kept; none where there is no such file. A line that
/// cannot be read is left out: it costs a peer, which others know.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<Kept>> {
    let text = match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_LEN => {
            return Err(io::Error::other("it is too long to be a file of peers"));
        }
        Ok(_) => fs::read_to_string(path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let kept = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    Ok(kept.filter(|kept: &Kept| is_id(&kept.id)).collect())
}

/// Keeps these peers in place of those that were kept, whole or not at all.
///
/// # Errors
/// What the system says.
pub fn write(path: &Path, peers: &[Kept]) -> io::Result<()> {
    let line = |kept: &Kept| serde_json::to_string(kept).map(|line| line + "\n");
    let text: String = peers.iter().map(line).collect::<Result<_, _>>()?;
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}
