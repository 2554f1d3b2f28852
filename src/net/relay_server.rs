//! A relay for nodes behind routers.
//!
//! It passes packets on between its clients, and tells each client where its packets come
//! from (QUIC address discovery), which requires TLS. So it makes a certificate for itself
//! on its first start, and others recognize it by the fingerprint.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use iroh::EndpointId;
use iroh_relay::server::{
    Access, AccessControl, CertConfig, ClientRateLimit, ClientRequest, ConnectionId, QuicConfig,
    RelayConfig, Server, ServerConfig, TlsConfig,
};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::runtime;
use tokio::sync::oneshot;

use super::private_file::{check_mode, create};
use super::relay::{Fingerprint, Relay};

/// The default port of a relay, for TCP and UDP.
pub const RELAY_PORT: u16 = 6785;

/// The most nodes that may use a relay at once.
pub const MAX_CLIENTS: usize = 1_000;

/// Bytes that a node may send through a relay in a second.
pub const BYTES_PER_SECOND: NonZeroU32 = NonZeroU32::new(1 << 20).expect("it is not zero");

/// The most bytes that are read from a file: a key and a certificate have a few thousand.
const MAX_LEN: u64 = 1 << 16;

/// The name in the certificate. Nobody checks it.
const CERTIFICATE_NAME: &str = "cairn-relay";

/// A running relay. Dropping it stops it.
pub struct RelayServer {
    fingerprint: Fingerprint,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl RelayServer {
    /// Starts a relay at this address, for both TCP and UDP; with port 0 the system chooses
    /// one. Its certificate and key are in this file, or are made and saved there.
    ///
    /// # Errors
    /// The file exists and has other content, or others can read it; or the relay cannot
    /// listen at the address.
    pub fn start(address: SocketAddr, file: &Path) -> Result<RelayServer> {
        let identity = Identity::open(file)?;
        let fingerprint = Fingerprint::of(&identity.certificate);
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let listening = runtime.block_on(listen(address, &identity));
        let (halves, address) =
            listening.with_context(|| format!("cannot be a relay at {address}"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("relay".into()).spawn(move || {
            runtime.block_on(async {
                let _ = stopped.await;
                for half in halves {
                    // The clients find out by themselves.
                    let _ = half.shutdown().await;
                }
            });
        })?;
        Ok(RelayServer { fingerprint, address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What others need to use it, if they reach it at this host.
    pub fn at(&self, host: String) -> Relay {
        Relay { fingerprint: self.fingerprint, host, port: self.address.port() }
    }
}

impl Drop for RelayServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

/// The two halves of a relay, and the address at which they listen.
async fn listen(address: SocketAddr, identity: &Identity) -> Result<([Server; 2], SocketAddr)> {
    // Nobody needs the service without TLS here, but it has to listen somewhere.
    let mut relay = RelayConfig::new(([127, 0, 0, 1], 0));
    let server_config = identity.server_config()?;
    relay.tls = Some(TlsConfig::new(address, CertConfig::Manual { server_config }));
    relay.access = Arc::new(Doorkeeper::default());
    let mut limit = ClientRateLimit::new(BYTES_PER_SECOND);
    limit.max_burst_bytes = Some(BYTES_PER_SECOND);
    relay.limits.client_rx = Some(limit);
    let mut config = ServerConfig::default();
    config.relay = Some(relay);
    let relay = Server::spawn(config).await?;
    // UDP after TCP, as the port may be one that the system has chosen.
    let address = relay.https_addr().context("a relay with TLS has an address")?;
    let mut quic = QuicConfig::new(address);
    quic.server_config = Some(identity.server_config()?);
    let mut config = ServerConfig::default();
    config.quic = Some(quic);
    let discovery = Server::spawn(config).await?;
    Ok(([relay, discovery], address))
}

/// Counts the clients and limits their number.
#[derive(Debug, Default)]
struct Doorkeeper(AtomicUsize);

impl AccessControl for Doorkeeper {
    async fn on_connect(&self, _request: &ClientRequest) -> Access {
        let enter = |inside: usize| (inside < MAX_CLIENTS).then_some(inside + 1);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter) {
            Ok(_) => Access::Allow,
            Err(_) => Access::Deny { reason: Some("all places of this relay are taken".into()) },
        }
    }

    fn on_disconnect(&self, _id: EndpointId, _connection: ConnectionId) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads a private file; `None` if there is none.
fn read_private(path: &Path) -> Result<Option<String>> {
    let unreadable = || format!("cannot read {}", path.display());
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(unreadable)?,
    };
    check_mode(path, &file)?;
    let mut text = String::new();
    file.take(MAX_LEN).read_to_string(&mut text).with_context(unreadable)?;
    Ok(Some(text))
}

/// Writes a private file, and returns when it is safely stored.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A relay's certificate and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// Reads both from this file, or makes them if there is no such file.
    fn open(file: &Path) -> Result<Identity> {
        match read_private(file)? {
            Some(text) => Identity::read(&text).with_context(|| {
                let file = file.display();
                format!(
                    "{file} does not hold a relay's key and certificate: bring it back from a \
                     copy, or move it away, and the relay starts with new ones, which nobody \
                     trusts yet"
                )
            }),
            None => Identity::make(file),
        }
    }

    fn read(text: &str) -> Result<Identity> {
        let certificate = CertificateDer::from_pem_slice(text.as_bytes())?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes())?;
        let identity = Identity { certificate, key };
        identity.server_config()?;
        Ok(identity)
    }

    fn make(file: &Path) -> Result<Identity> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![CERTIFICATE_NAME.to_owned()])?;
        let certificate = params.self_signed(&key)?;
        let text = key.serialize_pem() + &certificate.pem();
        let written = write_private(file, text.as_bytes());
        written.with_context(|| format!("cannot make {}", file.display()))?;
        Ok(Identity {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        })
    }

    fn server_config(&self) -> Result<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![self.certificate.clone()],
                PrivateKeyDer::from(self.key.clone_key()),
            )?;
        Ok(config)
    }
}
