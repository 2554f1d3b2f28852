//! JSON signed by its author with the key of the author's identity.
//!
//! The signature covers the bytes as they are sent, after a prefix that says what they are
//! and for which network. So a signature is of no use elsewhere.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::key::{self, Key, SIGNATURE_LEN};
use crate::peer::PeerName;

/// The purpose of a signature: a kind of content in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose(Vec<u8>);

impl Purpose {
    /// This kind of content, in the network with this hash.
    pub fn new(kind: &str, network: &[u8; 32]) -> Purpose {
        Purpose([b"cairn ", kind.as_bytes(), b"\n", network].concat())
    }
}

/// JSON bytes and a signature, which may not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    signature: [u8; SIGNATURE_LEN],
    json: Vec<u8>,
}

impl Signed {
    /// Signs a value.
    pub fn new(key: &Key, purpose: &Purpose, value: &impl Serialize) -> Signed {
        let json = serde_json::to_vec(value).expect("strings and numbers are JSON");
        Signed { signature: key.sign(&[&purpose.0[..], &json].concat()), json }
    }

    /// Splits the bytes that `to_bytes` made; `None` if they are too short.
    pub fn from_bytes(bytes: &[u8]) -> Option<Signed> {
        let (signature, json) = bytes.split_first_chunk()?;
        Some(Signed { signature: *signature, json: json.to_vec() })
    }

    /// The signature, then the JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.signature[..], &self.json].concat()
    }

    /// Reads the value, without checking the signature.
    pub fn value<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.json).ok()
    }

    /// Whether the holder of this identity's key has signed it for this purpose.
    pub fn is_by(&self, author: &PeerName, purpose: &Purpose) -> bool {
        key::is_signed_by(author, &[&purpose.0[..], &self.json].concat(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_the_authors_and_nothing_else_is() {
        let (alice, mallory) = (Key::random(), Key::random());
        let purpose = Purpose::new("message", &[1; 32]);
        let signed = Signed::new(&alice, &purpose, &"hello");
        let read = Signed::from_bytes(&signed.to_bytes()).expect("it is whole");
        assert_eq!(read.value::<String>().as_deref(), Some("hello"));
        assert!(read.is_by(&alice.name(), &purpose));
        assert!(!read.is_by(&mallory.name(), &purpose));
        assert!(!read.is_by(&PeerName::new("nobody"), &purpose));
        for elsewhere in [Purpose::new("record", &[1; 32]), Purpose::new("message", &[2; 32])] {
            assert!(!read.is_by(&alice.name(), &elsewhere));
        }
        for index in 0..signed.to_bytes().len() {
            let mut bytes = signed.to_bytes();
            bytes[index] ^= 1;
            let forged = Signed::from_bytes(&bytes).expect("it is as long");
            assert!(!forged.is_by(&alice.name(), &purpose), "byte {index}");
        }
        assert_eq!(Signed::from_bytes(&[0; SIGNATURE_LEN - 1]), None);
    }
}
