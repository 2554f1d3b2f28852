//! The flags for routers between a node and others.

use std::net::SocketAddr;

use anyhow::Result;
use cairn::net::Settings;
use cairn::net::mapping::Protocol;
use cairn::net::relay::Relay;

use crate::cli::exit::Exit;

/// How others reach a node from outside.
#[derive(clap::Args)]
pub(super) struct OutsideFlags {
    /// Do not ask the router to forward a port to this node
    #[arg(long)]
    no_mapping: bool,
    /// Do not ask the router by PCP
    #[arg(long)]
    no_pcp: bool,
    /// Do not ask the router by NAT-PMP
    #[arg(long)]
    no_nat_pmp: bool,
    /// Do not ask the router by UPnP
    #[arg(long)]
    no_upnp: bool,
    /// Where others reach this node, if you made the router forward a port to it
    #[arg(long, value_name = "IP:PORT", value_parser = external)]
    external: Option<SocketAddr>,
    /// A relay to use, as cairn net --relay-server prints it; may be repeated
    #[arg(long, value_name = "relay+FINGERPRINT@HOST:PORT")]
    relay: Vec<Relay>,
}

impl OutsideFlags {
    /// The settings with these flags applied.
    pub(super) fn apply(&self, settings: Settings) -> Result<Settings> {
        if let Some(peer) = settings.bootstrap.iter().find(|peer| peer.is_relayed())
            && self.relay.is_empty()
        {
            let why = "name the relay that it uses as well, with --relay";
            return Err(Exit::usage(format!("--bootstrap {peer}: {why}")));
        }
        // A port that was forwarded by hand need not be requested.
        let is_mapping = !self.no_mapping && self.external.is_none();
        let is_wanted = |protocol: &Protocol| {
            is_mapping
                && match protocol {
                    Protocol::Pcp => !self.no_pcp,
                    Protocol::NatPmp => !self.no_nat_pmp,
                    Protocol::Upnp => !self.no_upnp,
                }
        };
        Ok(Settings {
            mapping: Protocol::ALL.into_iter().filter(is_wanted).collect(),
            external: self.external,
            relays: self.relay.clone(),
            ..settings
        })
    }
}

/// Reads an address that others can dial.
fn external(text: &str) -> Result<SocketAddr, String> {
    let address: Option<SocketAddr> = text.parse().ok();
    let address = address.filter(|it| it.port() != 0 && !it.ip().is_unspecified());
    address.ok_or_else(|| "write IP:PORT, such as 198.51.100.1:6783".to_owned())
}
