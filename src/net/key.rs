//! A node's key, and the file that it lies in.
//!
//! The key is made on the first start. With the file one can pass for the node, so
//! nobody but its owner may read it. A file that is damaged is an error: a new key
//! in its place would make the node a stranger to all that knew it.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use iroh::SecretKey;

use crate::hash::Hash;
use crate::peer::PeerName;

/// A node's key.
#[derive(Clone, Debug)]
pub struct Key(SecretKey);

impl Key {
    /// A new key, which lies nowhere.
    pub fn random() -> Key {
        Key(SecretKey::generate())
    }

    /// Reads the key in this file, or makes one if there is no such file.
    ///
    /// # Errors
    /// The file is there and is no key, others can read it, or the system says why
    /// it cannot be read or made.
    pub fn open(path: &Path) -> Result<Key> {
        match fs::read_to_string(path) {
            Ok(text) => read(path, &text),
            Err(error) if error.kind() == ErrorKind::NotFound => make(path),
            Err(error) if error.kind() == ErrorKind::InvalidData => bail!(damaged(path)),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The public half in hexadecimal: what others call this node.
    pub fn name(&self) -> PeerName {
        PeerName::new(self.0.public())
    }

    /// The account that rewards go to unless told otherwise: the first 16 bits of
    /// the double SHA-256 of the public half.
    pub fn account(&self) -> u16 {
        let hash = Hash::of(self.0.public().as_bytes());
        let [high, low, ..] = *hash.as_bytes();
        u16::from_be_bytes([high, low])
    }

    /// What the endpoint is bound with.
    pub(super) fn secret(&self) -> SecretKey {
        self.0.clone()
    }
}

fn read(path: &Path, text: &str) -> Result<Key> {
    check_mode(path)?;
    let bytes = hex::decode(text.trim_end_matches('\n')).ok();
    let Some(bytes) = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) else {
        bail!(damaged(path));
    };
    Ok(Key(SecretKey::from_bytes(&bytes)))
}

fn damaged(path: &Path) -> String {
    let path = path.display();
    format!(
        "{path} is no key of 64 hexadecimal digits: bring it back from a copy, or move it away, \
         and the node starts with a new key as a stranger"
    )
}

fn make(path: &Path) -> Result<Key> {
    let key = Key::random();
    let text = format!("{}\n", hex::encode(key.0.to_bytes()));
    write_new(path, text.as_bytes()).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(key)
}

/// Writes a file that must not be there yet, for its owner alone, and returns when
/// it is safe.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Refuses a file that others than its owner can read or change.
#[cfg(unix)]
fn check_mode(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.display();
        bail!("{path} has mode {mode:04o}, so others can read the key: type chmod 600 {path}");
    }
    Ok(())
}

/// Other systems have other ways to keep a file to its owner.
#[cfg(not(unix))]
fn check_mode(_path: &Path) -> Result<()> {
    Ok(())
}
