//! `cairn check --report`: reports the result of a check to a board.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::Agent;

use super::json::VERSION;
use super::report::Report;

/// The longest wait for the answer of a board.
const PATIENCE: Duration = Duration::from_secs(5);

/// The answer of a board that refuses a report.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// Reports under this name to the board at this URL.
pub(super) fn post(url: &str, name: &str, report: &Report) -> Result<()> {
    let (passed, count) = (report.passed(), report.tasks.len());
    send(
        url,
        &json!({
            "version": VERSION,
            "name": name,
            "exercise": report.exercise,
            "tasks_passed": passed,
            "tasks": count,
            "passed": report.is_good(),
        }),
    )
}

fn send(url: &str, body: &Value) -> Result<()> {
    let agent = Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None);
    // The user sees the answer of the board, whatever its status is.
    let agent: Agent = agent.max_redirects(0).http_status_as_error(false).build().into();
    // The address may be written as --board takes it.
    let scheme = if url.contains("://") { "" } else { "http://" };
    let place = format!("{scheme}{}/report", url.trim_end_matches('/'));
    let answer = agent.post(&place).send_json(body);
    let mut answer = answer.with_context(|| format!("no board answers at {url}"))?;
    if answer.status().is_success() {
        return Ok(());
    }
    let status = answer.status();
    let problem: Option<Problem> = answer.body_mut().read_json().ok();
    let why = problem.map_or_else(|| format!("its answer is {status}"), |problem| problem.detail);
    // The board must not control the terminal.
    let why: String = why.chars().filter(|character| !character.is_control()).take(200).collect();
    Err(anyhow!("the board at {url} does not take this report: {why}"))
}
