//! Files that only their owner may read.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use anyhow::{Result, bail};

/// Creates a file for its owner alone; it must not exist yet.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Refuses a file that others can read or change.
#[cfg(unix)]
pub(super) fn check_mode(path: &Path, file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.display();
        bail!("{path} has mode {mode:04o}, so others can read the key: type chmod 600 {path}");
    }
    Ok(())
}

/// Other systems have other ways to protect a file.
#[cfg(not(unix))]
pub(super) fn check_mode(_path: &Path, _file: &File) -> Result<()> {
    Ok(())
}
