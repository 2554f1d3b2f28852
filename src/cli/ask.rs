//! Asks a running node's API.

use std::time::Duration;

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;

/// The longest that a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client that uses no proxy.
pub(crate) struct Client(Agent);

impl Client {
    pub(crate) fn new() -> Client {
        Client(Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).build().into())
    }

    /// The answer of the node with its API at this URL to a path.
    pub(crate) fn get<T: DeserializeOwned>(&self, url: &str, path: &str) -> Result<T> {
        Ok(self.0.get(format!("{url}{path}")).call()?.body_mut().read_json()?)
    }

    /// Posts to a path of the API at this URL.
    #[cfg_attr(not(feature = "top"), expect(dead_code, reason = "only cairn top gives orders"))]
    pub(crate) fn post(&self, url: &str, path: &str, body: Option<&Value>) -> Result<()> {
        let request = self.0.post(format!("{url}{path}"));
        match body {
            Some(body) => request.send_json(body)?,
            None => request.send_empty()?,
        };
        Ok(())
    }
}
