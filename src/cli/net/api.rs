//! Posts to the API of a running node.

use std::env;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;

/// The longest that a node may take to answer; it has to ask others first.
const PATIENCE: Duration = Duration::from_secs(10);

/// The node to ask.
#[derive(clap::Args)]
pub(super) struct ApiFlags {
    /// The URL of the API of a node that runs with --http
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:6784")]
    api: String,
    /// The node's --http-token, if it has one [default: CAIRN_HTTP_TOKEN in the environment]
    #[arg(long, value_name = "TOKEN")]
    http_token: Option<String>,
}

impl ApiFlags {
    /// Posts to a path, and reads the answer.
    ///
    /// # Errors
    /// If no node answers there, or with the node's own error.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = self.api.trim_end_matches('/');
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None);
        let agent: Agent = config.http_status_as_error(false).build().into();
        let mut request = agent.post(format!("{url}{path}"));
        let token = self.http_token.clone().or_else(|| env::var("CAIRN_HTTP_TOKEN").ok());
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.send_json(body).with_context(|| {
            format!("no node answers at {url}: run cairn net --http, or name its API with --api")
        })?;
        let is_done = response.status().is_success();
        let answer = response.body_mut().read_json::<Value>();
        let answer = answer.with_context(|| format!("{url} is not the API of a node"))?;
        match answer["detail"].as_str() {
            _ if is_done => Ok(answer),
            Some(why) => bail!("{why}"),
            None => bail!("the node does not say why it refuses"),
        }
    }
}
