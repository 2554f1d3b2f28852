//! The page with a recording, without any node.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::listener::Listener;
use super::origin::check_own;
use super::page::{self, ALONE};
use super::pool::Pool;
use super::problem::Problem;

/// The path of the recording on the page's server.
const PATH: &str = "/recording.jsonl";

/// A server on loopback that shows one recording on the page. Dropping it ends it.
pub struct Exhibition(Listener);

impl Exhibition {
    /// Serves the page with this recording, on a port that the system chooses.
    ///
    /// # Errors
    /// The system's error.
    pub fn open(pool: Pool, recording: Vec<u8>) -> io::Result<Exhibition> {
        let any_port = (Ipv4Addr::LOCALHOST, 0).into();
        Listener::open("exhibition", any_port, pool, router(recording)).map(Exhibition)
    }

    /// The address to open in a browser.
    pub fn url(&self) -> String {
        format!("http://{}/#recording={PATH}", self.0.address())
    }
}

fn router(recording: Vec<u8>) -> Router {
    Router::new()
        .route("/", get(async || page::file_of_page("index.html", ALONE.to_owned())))
        .route("/page/{*name}", get(file))
        .route(PATH, get(given))
        .layer(middleware::from_fn(guard))
        .with_state(Arc::new(Bytes::from(recording)))
}

async fn file(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    page::file_of_page(&name?, ALONE.to_owned())
}

async fn given(State(recording): State<Arc<Bytes>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/jsonl")], Bytes::clone(&recording))
}

/// Answers only under this machine's own names, because another name could point here, and
/// only this server's own pages.
async fn guard(request: Request, next: Next) -> Response {
    match check_own(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
