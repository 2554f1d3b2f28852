//! The endpoint: a UDP socket that speaks QUIC, with our key.
//!
//! It contacts only the relays in the settings: no address look-up, and no name server but
//! the system's. All its parts are configured here one by one, because iroh's ready-made
//! settings contact its makers' servers. Ports are mapped elsewhere, as iroh uses only one
//! protocol to ask the router.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use iroh::dns::DnsResolver;
use iroh::endpoint::{Endpoint, NetReportConfig, PortmapperConfig, QuicTransportConfig, presets};

use super::relay::{self, Impostors};
use super::settings::Settings;

/// The protocol name in the QUIC handshake. Versions are agreed on in the hello, where a
/// refusal can give a reason.
pub(super) const ALPN: &[u8] = b"cairn/net";

/// How often something is sent on a connection, so that the routers in between keep the way
/// open.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A connection with no traffic for this long is dead.
const MAX_IDLE: Duration = Duration::from_secs(15);

/// Bytes that a peer may send before the node has read them.
const WINDOW: u32 = 1 << 20;

/// Binds the endpoint; also returns the relays with a wrong certificate.
///
/// # Errors
/// The error of the system.
pub(super) async fn bind(settings: &Settings) -> Result<(Endpoint, Impostors)> {
    let Settings { key, address, relays, .. } = settings;
    // The check for a captive portal is served without TLS; our relays do not offer it.
    let mut reports = NetReportConfig::default();
    reports.captive_portal_check = false;
    let (trust, impostors) = relay::trust(relays);
    let mut builder = Endpoint::builder(presets::Empty)
        .crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .secret_key(key.secret())
        .alpns(vec![ALPN.to_vec()])
        .transport_config(transport())
        .relay_mode(relay::mode(relays))
        .ca_tls_config(trust)
        .net_report_config(reports)
        .clear_address_lookup()
        .portmapper_config(PortmapperConfig::Disabled)
        .dns_resolver(DnsResolver::builder().disable_fallback().build())
        .clear_ip_transports();
    if let Some(external) = settings.external {
        builder = builder.external_addr(external);
    }
    let builder = builder.bind_addr(*address).context("cannot listen at this kind of address")?;
    let bound = builder.bind().await.with_context(|| format!("cannot listen at {address}"))?;
    Ok((bound, impostors))
}

fn transport() -> QuicTransportConfig {
    let idle = MAX_IDLE.try_into().expect("it is short");
    QuicTransportConfig::builder()
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(KEEP_ALIVE)
        // One long stream in each direction.
        .max_concurrent_bidi_streams(1_u32.into())
        .max_concurrent_uni_streams(0_u32.into())
        .stream_receive_window(WINDOW.into())
        .receive_window(WINDOW.into())
        .send_window(u64::from(WINDOW))
        .datagram_receive_buffer_size(None)
        .build()
}
