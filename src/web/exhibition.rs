//! The page with a recording, without any node.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;

use super::origin::Site;
use super::page::{self, ALONE};
use super::problem::Problem;

/// The path of the recording on the page's server.
const PATH: &str = "/recording.jsonl";

/// A server on loopback that shows one recording on the page. Dropping it ends it.
pub struct Exhibition {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Exhibition {
    /// Serves the page with this recording, on a port that the system chooses.
    ///
    /// # Errors
    /// The system's error.
    pub fn open(recording: Vec<u8>) -> io::Result<Exhibition> {
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let any_port = (Ipv4Addr::LOCALHOST, 0);
        let listener = runtime.block_on(TcpListener::bind(any_port))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            runtime.block_on(async {
                let served = axum::serve(listener, router(recording)).into_future();
                tokio::select! {
                    ended = served => ended,
                    // Dropping the sender is the signal.
                    _ = stopped => Ok(()),
                }
            })
        };
        let thread = thread::Builder::new().name("http".into()).spawn(serve)?;
        Ok(Exhibition { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address to open in a browser.
    pub fn url(&self) -> String {
        format!("http://{}/#recording={PATH}", self.address)
    }
}

impl Drop for Exhibition {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, there is nothing left to end.
            let _ = thread.join();
        }
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

/// Answers only under this machine's own names: another name could point here.
async fn guard(headers: HeaderMap, request: Request, next: Next) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match host.and_then(|host| Site::parse(host, 80)) {
        Some(_) => next.run(request).await,
        None => {
            let detail = "the Host must be an IP address or localhost";
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", detail).into_response()
        }
    }
}
