//! The endpoint: a UDP socket that speaks QUIC, with our key.
//!
//! It asks nobody for anything but the relays that it was told of: no look-up of addresses,
//! no name server but the system's. What it needs is said here one by one, as iroh's
//! ready-made settings ask its makers' servers. Ports are mapped elsewhere, as iroh asks
//! the router in one protocol alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use iroh::dns::DnsResolver;
use iroh::endpoint::{Endpoint, NetReportConfig, PortmapperConfig, QuicTransportConfig, presets};

use super::relay::{self, Impostors};
use super::settings::Settings;

/// What is agreed on in the handshake of QUIC. Versions are agreed on in the hello,
/// where a refusal can say why.
pub(super) const ALPN: &[u8] = b"cairn/net";

/// How often something is sent on a connection, so that those between keep the way open.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A connection through which nothing comes for so long is dead.
const MAX_IDLE: Duration = Duration::from_secs(15);

/// Bytes that a peer may send before the node has taken them.
const WINDOW: u32 = 1 << 20;

/// Binds the endpoint; says of relays whether they are who they should be.
///
/// # Errors
/// What the system says.
pub(super) async fn bind(settings: &Settings) -> Result<(Endpoint, Impostors)> {
    let Settings { key, address, relays, .. } = settings;
    // What tells a captive portal is served without TLS, which our relays do not.
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
    let builder = builder.bind_addr(*address).context("this is no address to listen at")?;
    let bound = builder.bind().await.with_context(|| format!("cannot listen at {address}"))?;
    Ok((bound, impostors))
}

fn transport() -> QuicTransportConfig {
    let idle = MAX_IDLE.try_into().expect("it is short");
    QuicTransportConfig::builder()
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(KEEP_ALIVE)
        // One long stream each way.
        .max_concurrent_bidi_streams(1_u32.into())
        .max_concurrent_uni_streams(0_u32.into())
        .stream_receive_window(WINDOW.into())
        .receive_window(WINDOW.into())
        .send_window(u64::from(WINDOW))
        .datagram_receive_buffer_size(None)
        .build()
}
