//! A relay that people run for themselves, and the trust in it.
//!
//! Two nodes behind routers cannot dial each other. Both keep a connection to a relay,
//! which passes their packets on and tells each node where its own packets come from. With
//! that they punch a way through their routers, and no longer need the relay. A relay
//! cannot read what it passes on, nor pose as a node. Its certificate is signed only by
//! itself, so its address includes the certificate's fingerprint.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use iroh::tls::CaTlsConfig;
use iroh::{RelayConfig, RelayMap, RelayMode, RelayUrl};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use sha2::{Digest, Sha256};

/// The prefix of a relay's address, so that it is not mistaken for a peer's.
const SCHEME: &str = "relay+";

/// SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate).into())
    }
}

/// A relay: its place and its fingerprint.
///
/// The port is for both TCP, for packets that it passes on, and UDP, for telling others
/// where their packets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// The fingerprint of its certificate.
    pub fingerprint: Fingerprint,
    /// A name or an address; an IPv6 address is in brackets.
    pub host: String,
    /// TCP and UDP.
    pub port: u16,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for Relay {
    type Err = String;

    fn from_str(text: &str) -> Result<Relay, String> {
        let wrong = || {
            "write relay+FINGERPRINT@HOST:PORT, where FINGERPRINT has 64 hexadecimal digits: \
             cairn net --relay-server prints that line"
                .to_owned()
        };
        let rest = text.strip_prefix(SCHEME).ok_or_else(wrong)?;
        let (digits, place) = rest.split_once('@').ok_or_else(wrong)?;
        let digits = hex::decode(digits).ok().and_then(|it| it.try_into().ok());
        let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let relay =
            Relay { fingerprint: Fingerprint(digits.ok_or_else(wrong)?), host: host.into(), port };
        // A text that is not a host makes no URL, or a URL with more than a host.
        let is_host = !host.is_empty() && !host.contains(['/', '\\', '?', '#', '@']);
        relay.url().filter(|_| is_host).ok_or_else(wrong)?;
        Ok(relay)
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Relay { fingerprint, host, port } = self;
        write!(f, "{SCHEME}{fingerprint}@{host}:{port}")
    }
}

impl Relay {
    /// The endpoint's name for it.
    pub(super) fn url(&self) -> Option<RelayUrl> {
        format!("https://{}:{}/", self.host, self.port).parse().ok()
    }

    /// The server name for which its certificate is requested.
    fn server_name(&self) -> Option<String> {
        Some(bare(self.url()?.host_str()?).to_owned())
    }

    fn config(&self) -> Option<RelayConfig> {
        let mut config = RelayConfig::from(self.url()?);
        config.quic.as_mut()?.port = self.port;
        Some(config)
    }
}

/// The relay mode of an endpoint; without relays it uses none.
pub(super) fn mode(relays: &[Relay]) -> RelayMode {
    match relays {
        [] => RelayMode::Disabled,
        relays => RelayMode::Custom(RelayMap::from_iter(relays.iter().filter_map(Relay::config))),
    }
}

/// The hosts that presented a wrong certificate when last asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Impostors(Arc<Mutex<BTreeSet<String>>>);

impl Impostors {
    /// Whether another server has answered in place of this relay.
    pub(super) fn include(&self, relay: &Relay) -> bool {
        relay.server_name().is_some_and(|name| self.lock().contains(&name))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Trust in these relays only, and the list of servers that were not trusted.
pub(super) fn trust(relays: &[Relay]) -> (CaTlsConfig, Impostors) {
    let impostors = Impostors::default();
    let mut pins = HashMap::<String, Vec<Fingerprint>>::new();
    for relay in relays {
        let name = relay.server_name().unwrap_or_default();
        pins.entry(name).or_default().push(relay.fingerprint);
    }
    let (pins, found) = (Arc::new(pins), impostors.clone());
    let config = CaTlsConfig::custom_server_cert_verifier(Arc::new(move |provider| {
        let (pins, impostors) = (pins.clone(), found.clone());
        Ok::<_, io::Error>(Arc::new(Pinned { pins, impostors, provider }) as _)
    }));
    (config, impostors)
}

/// The host without the brackets of an IPv6 address, and without the dot at the end of a
/// name.
fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']']).trim_end_matches('.')
}

/// Accepts a server as the relay at this host if its certificate has the given fingerprint;
/// the rest of the certificate does not matter.
#[derive(Debug)]
struct Pinned {
    pins: Arc<HashMap<String, Vec<Fingerprint>>>,
    impostors: Impostors,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer,
        _intermediates: &[CertificateDer],
        name: &ServerName,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(certificate);
        let name = name.to_str();
        let host = bare(&name);
        if self.pins.get(host).is_some_and(|pins| pins.contains(&found)) {
            self.impostors.lock().remove(host);
            return Ok(ServerCertVerified::assertion());
        }
        self.impostors.lock().insert(host.to_owned());
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_a_fingerprint_at_a_place() {
        let digits = "ab".repeat(32);
        for place in ["192.0.2.1:6785", "[2001:db8::1]:6785", "relay.example:443"] {
            let text = format!("relay+{digits}@{place}");
            let read: Relay = text.parse().expect("it is well written");
            assert_eq!(read.to_string(), text);
            assert!(read.config().is_some_and(|it| it.quic.is_some_and(|it| it.port == read.port)));
        }
        let wrong = [
            format!("{digits}@192.0.2.1:6785"),
            format!("relay+{digits}@192.0.2.1"),
            format!("relay+{digits}@:6785"),
            format!("relay+{digits}@192.0.2.1:0"),
            format!("relay+{}@192.0.2.1:6785", "ab".repeat(31)),
            format!("relay+{digits}@no host:6785"),
            format!("relay+{digits}@relay.example/path:6785"),
            format!("relay+{digits}@somebody@relay.example:6785"),
        ];
        for text in wrong {
            assert!(text.parse::<Relay>().is_err(), "{text}");
        }
    }

    #[test]
    fn no_relay_at_all_is_the_mode_without_relays() {
        assert_eq!(mode(&[]), RelayMode::Disabled);
    }
}
