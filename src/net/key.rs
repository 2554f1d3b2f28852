//! A node's key and its file.
//!
//! The key is made on the first start. Anybody with the file can pose as the node, so only
//! its owner may read it. A damaged file is an error: with a new key in its place, the node
//! would be a stranger to all that knew it.

use std::error::Error;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use iroh::{PublicKey, SecretKey, Signature};

use super::private_file::{check_mode, create};
use crate::hash::Hash;
use crate::peer::PeerName;

/// The most bytes that are read from a file: a key has 65.
const MAX_LEN: u64 = 1 << 10;

/// Length of a signature.
pub const SIGNATURE_LEN: usize = Signature::LENGTH;

/// A node's key.
#[derive(Clone, Debug)]
pub struct Key {
    secret: SecretKey,
    /// The key's file, locked while the key is in use.
    _file: Option<Arc<File>>,
}

/// Another process runs a node with the key in this file. If two nodes used one key, others
/// would hang up on one of them, again and again.
#[derive(Debug)]
pub struct InUse(PathBuf);

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let path = self.0.display();
        write!(f, "another node runs with the key in {path}: give each a file with --key")
    }
}

impl Error for InUse {}

impl Key {
    /// A new key without a file.
    pub fn random() -> Key {
        Key { secret: SecretKey::generate(), _file: None }
    }

    /// Reads the key in this file, or makes one if there is no such file. Nobody else can
    /// open the file this way while the key, or a copy of it, exists.
    ///
    /// # Errors
    /// The file exists and is not a key, others can read it, another process uses it
    /// ([`InUse`]), or the system cannot read or make it.
    pub fn open(path: &Path) -> Result<Key> {
        match fs::metadata(path) {
            // Opening a pipe would wait for a writer.
            Ok(metadata) if !metadata.is_file() => bail!(damaged(path)),
            Ok(_) => read(path),
            Err(error) if error.kind() == ErrorKind::NotFound => make(path),
            Err(error) => Err(error).with_context(|| unreadable(path)),
        }
    }

    /// The public half in hexadecimal: the node's name for others.
    pub fn name(&self) -> PeerName {
        PeerName::new(self.secret.public())
    }

    /// The account for rewards unless another one is named: the first 16 bits of the double
    /// SHA-256 of the public half.
    pub fn account(&self) -> u16 {
        let hash = Hash::of(self.secret.public().as_bytes());
        let [high, low, ..] = *hash.as_bytes();
        u16::from_be_bytes([high, low])
    }

    /// Signs these bytes (Ed25519).
    pub fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.secret.sign(bytes).to_bytes()
    }

    /// The key for the endpoint.
    pub(super) fn secret(&self) -> SecretKey {
        self.secret.clone()
    }
}

/// Whether the holder of the key with this public half has signed these bytes.
pub fn is_signed_by(name: &PeerName, bytes: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
    let key = name.as_str().parse::<PublicKey>();
    key.is_ok_and(|key| key.verify(bytes, &Signature::from_bytes(signature)).is_ok())
}

fn read(path: &Path) -> Result<Key> {
    let file = File::open(path).with_context(|| unreadable(path))?;
    lock(path, &file)?;
    check_mode(path, &file)?;
    let mut bytes = Vec::new();
    (&file).take(MAX_LEN).read_to_end(&mut bytes).with_context(|| unreadable(path))?;
    let digits = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let bytes = hex::decode(digits).ok();
    let Some(bytes) = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) else {
        bail!(damaged(path));
    };
    Ok(Key { secret: SecretKey::from_bytes(&bytes), _file: Some(Arc::new(file)) })
}

fn lock(path: &Path, file: &File) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(InUse(path.to_owned()).into()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| unreadable(path)),
    }
}

fn unreadable(path: &Path) -> String {
    format!("cannot read {}", path.display())
}

fn damaged(path: &Path) -> String {
    let path = path.display();
    format!(
        "{path} is not a key of 64 hexadecimal digits: bring it back from a copy, or move it \
         away, and the node starts with a new key as a stranger"
    )
}

fn make(path: &Path) -> Result<Key> {
    let secret = SecretKey::generate();
    let text = format!("{}\n", hex::encode(secret.to_bytes()));
    let unmade = || format!("cannot make {}", path.display());
    let mut file = create(path).with_context(unmade)?;
    lock(path, &file)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(unmade)?;
    Ok(Key { secret, _file: Some(Arc::new(file)) })
}
