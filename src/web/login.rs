//! Sessions over HTTP: a challenge, and a token for a client that signed it.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::guard::{Client, Here};
use super::moment::{Moment, milliseconds};
use super::origin::{Site, household};
use super::problem::Problem;
use super::sessions::{Answer, CHALLENGE_LIFETIME, Secret, Sessions, Wrong};
use super::shared::Shared;

/// A challenge to sign.
#[derive(Serialize, ToSchema)]
pub(super) struct Challenge {
    /// 64 hexadecimal digits.
    challenge: String,
    /// Until when it can be answered, in Unix milliseconds.
    expires_ms: u64,
}

/// An answer to a challenge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    /// The allowed public key (Ed25519), in hexadecimal.
    key: String,
    /// The challenge, as the node sent it.
    challenge: String,
    /// The signature of three lines: `cairn session`, the `Host` of this request, and the
    /// challenge; in hexadecimal.
    signature: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// The token that posts carry until the session ends, as `Authorization: Bearer TOKEN`.
    token: String,
    /// When it ends, in Unix milliseconds.
    expires_ms: u64,
}

/// Get a challenge, to be signed with an allowed key
#[utoipa::path(post, path = "/session/challenge", tag = "session",
    responses((status = 200, body = Challenge)))]
pub(super) async fn challenge(
    State(shared): State<Arc<Shared>>,
    Extension(Client(from)): Extension<Client>,
) -> Result<Json<Challenge>, Problem> {
    let mut sessions = sessions(&shared)?;
    let secret = secret()?;
    if !sessions.challenge(Instant::now(), household(from.ip()), secret) {
        return Err(Problem::busy("too many challenges wait for an answer"));
    }
    let expires_ms = Moment::now().ms() + milliseconds(CHALLENGE_LIFETIME);
    Ok(Json(Challenge { challenge: hex::encode(secret), expires_ms }))
}

/// Get a token for a signed challenge, instead of the fixed one
#[utoipa::path(post, path = "/session", tag = "session", request_body = Signed,
    responses((status = 200, body = Session)))]
pub(super) async fn open(
    State(shared): State<Arc<Shared>>,
    Extension(Here(here)): Extension<Here>,
    headers: HeaderMap,
    body: Result<Json<Signed>, JsonRejection>,
) -> Result<Json<Session>, Problem> {
    let Json(Signed { key, challenge, signature }) = body?;
    let mut sessions = sessions(&shared)?;
    let wrong = |what: &str| Problem::bad_request(format_args!("{what} is malformed"));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let answer = Answer {
        host,
        key: key.parse().map_err(|_| wrong("key"))?,
        challenge: digits(&challenge).ok_or_else(|| wrong("challenge"))?,
        signature: digits(&signature).ok_or_else(|| wrong("signature"))?,
    };
    let token = secret()?;
    // Another server would pass on its own address, with the signature that it got for that.
    let is_ours =
        |site: Site| site.is(&here) || shared.settings.reached_at.iter().any(|at| site.is(at));
    let is_here = Site::parse(host, 80).is_some_and(is_ours);
    let opened = match is_here {
        true => sessions.open(Instant::now(), &answer, token),
        false => Err(Wrong::Host),
    };
    let lifetime =
        opened.map_err(|wrong| Problem::new(StatusCode::UNAUTHORIZED, "session-refused", wrong))?;
    let expires_ms = Moment::now().ms() + milliseconds(lifetime);
    Ok(Json(Session { token: hex::encode(token), expires_ms }))
}

/// The sessions, if there are allowed keys.
fn sessions(shared: &Shared) -> Result<MutexGuard<'_, Sessions>, Problem> {
    let sessions = shared.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    if sessions.are_possible() {
        return Ok(sessions);
    }
    Err(Problem::not_found("this node allows no keys: start it with --http-key KEY"))
}

fn secret() -> Result<Secret, Problem> {
    let mut secret = Secret::default();
    let filled = SysRng.try_fill_bytes(&mut secret);
    filled.map_err(|_| Problem::busy("the system has no random numbers"))?;
    Ok(secret)
}

fn digits<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    hex::decode(text).ok()?.try_into().ok()
}
