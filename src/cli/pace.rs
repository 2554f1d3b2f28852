//! The flags for where a node listens and how hard it works.

use std::env;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result};
use cairn::config::{self, ENV_FILE, Found, NODE_IP};
use cairn::target::Target;
use rand::TryRng;
use rand::rngs::SysRng;

use super::exit::Exit;
use super::threads;

/// What `node` and `up` have in common.
#[derive(clap::Args)]
pub(crate) struct Pace {
    /// This machine's address [default: NODE_IP in the environment or .env, else 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Option<String>,
    #[command(flatten)]
    pub(crate) effort: Effort,
}

/// How hard a node works, and for which target.
#[derive(clap::Args)]
pub(crate) struct Effort {
    /// Nonces to try in a turn of mining
    #[arg(long, value_name = "COUNT", default_value_t = 1000,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) nonces: u64,
    /// Zero bits that each hash must begin with, the same in the whole network
    #[arg(long, value_name = "BITS", default_value_t = Target::NETWORK.zero_bits())]
    pub(crate) zero_bits: u8,
    /// Threads to mine on; the tutorial's pace needs only one
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = threads::parse)]
    pub(crate) threads: usize,
    /// The seed of all random choices [default: drawn by the system]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

impl Pace {
    /// This machine's address and where it was found.
    pub(crate) fn node_ip(&self) -> Result<Found<IpAddr>> {
        // A value that is not text is not an address either, and the error shows it.
        let environment = env::var_os(NODE_IP).map(|ip| ip.to_string_lossy().into_owned());
        let flag = self.ip.as_deref();
        config::node_ip(flag, environment.as_deref(), Path::new(ENV_FILE)).map_err(Exit::config)
    }
}

impl Effort {
    /// The seed given, or one that the system draws.
    pub(crate) fn seed(&self) -> Result<u64> {
        match self.seed {
            Some(seed) => Ok(seed),
            None => SysRng.try_next_u64().context("the system has no random numbers"),
        }
    }
}
