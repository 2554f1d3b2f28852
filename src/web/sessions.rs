//! Sessions: holders of allowed keys may control a node from elsewhere without its token,
//! for a limited time.
//!
//! A holder signs a challenge that this node has made, and the address at which it speaks
//! to the node, so a signature made for another server is worth nothing here. Random bytes
//! and the time are arguments of all functions.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signature, VerifyingKey};

use crate::hash::Hash;

/// How long a challenge can be answered.
pub(super) const CHALLENGE_LIFETIME: Duration = Duration::from_secs(60);

/// The most challenges that wait for an answer.
const MAX_CHALLENGES: usize = 256;

/// The most of them for one address; a new one replaces its oldest.
const MAX_CHALLENGES_EACH: usize = 4;

/// The most sessions of one key; a new one replaces its oldest.
const MAX_SESSIONS_EACH: usize = 8;

/// Random bytes that nobody can guess.
pub(super) type Secret = [u8; 32];

/// A public key (Ed25519) whose holder may control a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedKey(VerifyingKey);

impl FromStr for AllowedKey {
    type Err = String;

    fn from_str(text: &str) -> Result<AllowedKey, String> {
        let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let key = key.filter(|key| !key.is_weak()).map(AllowedKey);
        key.ok_or_else(|| "write the 64 hexadecimal digits of an Ed25519 public key".to_owned())
    }
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The key is not allowed.
    Key,
    /// There is no such challenge, or it has expired, or it was answered already.
    Challenge,
    /// The signed address is not the one at which the request arrived.
    Host,
    /// The signature is not the key's under this challenge at this address.
    Signature,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Wrong::Key => "this key is not allowed here",
            Wrong::Challenge => {
                "no such challenge is open: ask for one and answer it once, in time"
            }
            Wrong::Host => {
                "the Host is not an address of this node: start it with --http-at IP:PORT if a \
                 router or a container passes connections on from there"
            }
            Wrong::Signature => {
                "the signature is not the key's of \"cairn session\", the Host and the challenge, \
                 each on a line"
            }
        })
    }
}

struct Challenge {
    secret: Secret,
    by: IpAddr,
    until: Instant,
}

struct Session {
    /// Hashes are compared, so that the time it takes reveals nothing about the token.
    token: Hash,
    key: AllowedKey,
    until: Instant,
}

/// All challenges and sessions of a node.
pub(super) struct Sessions {
    keys: Vec<AllowedKey>,
    lifetime: Duration,
    challenges: Vec<Challenge>,
    open: Vec<Session>,
}

impl Sessions {
    /// No session is open. The holders of these keys can open one that lasts this long.
    pub(super) fn new(keys: Vec<AllowedKey>, lifetime: Duration) -> Sessions {
        Sessions { keys, lifetime, challenges: Vec::new(), open: Vec::new() }
    }

    /// Whether anybody can open a session.
    pub(super) fn are_possible(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Stores a challenge that is sent to this address; returns whether there is room for
    /// it.
    pub(super) fn challenge(&mut self, now: Instant, by: IpAddr, secret: Secret) -> bool {
        self.challenges.retain(|challenge| now < challenge.until);
        let of_this = |it: &Challenge| it.by == by;
        if self.challenges.iter().filter(|it| of_this(it)).count() >= MAX_CHALLENGES_EACH
            && let Some(oldest) = self.challenges.iter().position(of_this)
        {
            self.challenges.remove(oldest);
        }
        let has_room = self.challenges.len() < MAX_CHALLENGES;
        if has_room {
            self.challenges.push(Challenge { secret, by, until: now + CHALLENGE_LIFETIME });
        }
        has_room
    }

    /// Opens a session for an answered challenge; `secret` becomes its token, as
    /// hexadecimal digits. The challenge is used up, even by a wrong answer.
    ///
    /// # Errors
    /// If the answer is wrong.
    pub(super) fn open(
        &mut self,
        now: Instant,
        answer: &Answer,
        secret: Secret,
    ) -> Result<Duration, Wrong> {
        let is_it = |it: &Challenge| it.secret == answer.challenge && now < it.until;
        let found = self.challenges.iter().position(is_it).ok_or(Wrong::Challenge)?;
        self.challenges.remove(found);
        let key = self.keys.iter().find(|key| **key == answer.key).ok_or(Wrong::Key)?.clone();
        let text = signed_text(answer.host, &answer.challenge);
        let signature = Signature::from_bytes(&answer.signature);
        let checked = key.0.verify_strict(text.as_bytes(), &signature);
        checked.map_err(|_| Wrong::Signature)?;
        self.open.retain(|session| now < session.until);
        let of_this = |it: &Session| it.key == key;
        if self.open.iter().filter(|it| of_this(it)).count() >= MAX_SESSIONS_EACH
            && let Some(oldest) = self.open.iter().position(of_this)
        {
            self.open.remove(oldest);
        }
        let token = Hash::of(hex::encode(secret).as_bytes());
        self.open.push(Session { token, key, until: now + self.lifetime });
        Ok(self.lifetime)
    }

    /// Whether the token with this hash belongs to an open session.
    pub(super) fn has(&self, now: Instant, token: &Hash) -> bool {
        // All are compared, so that the time does not reveal which one it is.
        let is_it = |it: &Session| (it.token == *token) & (now < it.until);
        self.open.iter().fold(false, |found, session| found | is_it(session))
    }
}

/// An answer to a challenge.
pub(super) struct Answer<'a> {
    /// The address under which the client speaks to this node, from its request.
    pub(super) host: &'a str,
    pub(super) key: AllowedKey,
    pub(super) challenge: Secret,
    pub(super) signature: [u8; 64],
}

/// The text to sign.
fn signed_text(host: &str, challenge: &Secret) -> String {
    format!("cairn session\n{host}\n{}", hex::encode(challenge))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    const ALICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const HOUR: Duration = Duration::from_secs(3_600);

    fn key(number: u8) -> SigningKey {
        SigningKey::from_bytes(&[number; 32])
    }

    fn allowed(key: &SigningKey) -> AllowedKey {
        hex::encode(key.verifying_key().to_bytes()).parse().expect("it is a key")
    }

    fn answer(key: &SigningKey, host: &'static str, challenge: Secret) -> Answer<'static> {
        let signature = key.sign(signed_text(host, &challenge).as_bytes()).to_bytes();
        Answer { host, key: allowed(key), challenge, signature }
    }

    fn token(secret: Secret) -> Hash {
        Hash::of(hex::encode(secret).as_bytes())
    }

    #[test]
    fn a_signed_challenge_opens_a_session_that_ends() {
        let (mut sessions, now) = (Sessions::new(vec![allowed(&key(1))], HOUR), Instant::now());
        assert!(sessions.challenge(now, ALICE, [7; 32]));
        let opened = sessions.open(now, &answer(&key(1), "h:1", [7; 32]), [8; 32]);
        assert_eq!(opened, Ok(HOUR));
        assert!(sessions.has(now, &token([8; 32])) && !sessions.has(now, &token([9; 32])));
        assert!(!sessions.has(now + HOUR, &token([8; 32])), "it has ended");
    }

    #[test]
    fn what_is_forged_used_up_or_too_late_opens_nothing() {
        let (mut sessions, now) = (Sessions::new(vec![allowed(&key(1))], HOUR), Instant::now());
        let own = answer(&key(1), "h:1", [7; 32]);
        assert_eq!(sessions.open(now, &own, [8; 32]), Err(Wrong::Challenge), "never made");
        let mut asked = |answer: &Answer, later| {
            sessions.challenge(now, ALICE, [7; 32]);
            let first = sessions.open(now + later, answer, [8; 32]);
            let again = sessions.open(now + later, answer, [8; 32]);
            assert_eq!(again, Err(Wrong::Challenge), "it is used up");
            first
        };
        let zero = Duration::ZERO;
        assert_eq!(asked(&answer(&key(2), "h:1", [7; 32]), zero), Err(Wrong::Key));
        let forged = Answer { key: allowed(&key(1)), ..answer(&key(2), "h:1", [7; 32]) };
        assert_eq!(asked(&forged, zero), Err(Wrong::Signature));
        let elsewhere = Answer { host: "h:1", ..answer(&key(1), "evil:1", [7; 32]) };
        assert_eq!(asked(&elsewhere, zero), Err(Wrong::Signature));
        assert_eq!(asked(&own, zero), Ok(HOUR));
        assert_eq!(asked(&own, CHALLENGE_LIFETIME), Err(Wrong::Challenge));
    }

    #[test]
    fn there_is_an_end_to_challenges_and_sessions() {
        let (mut sessions, now) = (Sessions::new(vec![allowed(&key(1))], HOUR), Instant::now());
        for number in 0..20 {
            assert!(sessions.challenge(now, ALICE, [number; 32]));
            let answer = answer(&key(1), "h:1", [number; 32]);
            assert_eq!(sessions.open(now, &answer, [number; 32]), Ok(HOUR));
        }
        assert_eq!(sessions.open.len(), MAX_SESSIONS_EACH);
        assert!(!sessions.has(now, &token([11; 32])) && sessions.has(now, &token([12; 32])));
        let others = (0..=255).map(|last| IpAddr::from([192, 0, 3, last]));
        let taken = others.map(|by| sessions.challenge(now, by, [1; 32])).collect::<Vec<_>>();
        assert!(taken.iter().all(|taken| *taken));
        assert!(!sessions.challenge(now, ALICE, [1; 32]), "it is full");
        assert!(!sessions.challenge(now, [192, 0, 3, 1].into(), [1; 32]), "also for who has some");
        assert_eq!(sessions.challenges.len(), MAX_CHALLENGES);
        assert!(sessions.challenge(now + CHALLENGE_LIFETIME, ALICE, [1; 32]));
    }

    #[test]
    fn what_is_no_key_is_not_allowed() {
        let zero = "0".repeat(64);
        for text in ["", "ab", &zero, &"g".repeat(64)] {
            assert!(text.parse::<AllowedKey>().is_err(), "{text}");
        }
    }
}
