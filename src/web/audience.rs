//! One read-only listener for all nodes of a process: for the phones of a class.
//!
//! `/` is the page, `/audience` lists the nodes, and the API of each is below
//! `/nodes/{port}`, without the paths that change anything. The nodes themselves answer.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use tokio::sync::watch;

use super::listener::Listener;
use super::origin::check_own;
use super::page::{self, ALONE};
use super::pool::Pool;
use super::problem::Problem;
use super::settings::Stage;

/// A listener that shows the nodes of a stage. Dropping it ends it.
pub struct Audience(Listener);

/// The nodes that are shown.
#[derive(Serialize)]
struct Nodes {
    nodes: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    port: u16,
    /// The prefix of the paths of its API.
    path: String,
}

impl Audience {
    /// Shows the nodes of this stage at this address.
    ///
    /// # Errors
    /// The system's error, such as that the port is taken.
    pub fn open(address: SocketAddr, pool: Pool, stage: &Stage) -> io::Result<Audience> {
        Listener::open("audience", address, pool, router(stage.nodes())).map(Audience)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

/// The routers of the nodes that are shown, by port.
type Routers = watch::Receiver<BTreeMap<u16, Router>>;

fn router(nodes: Routers) -> Router {
    Router::new()
        .route("/", get(async || page::file_of_page("index.html", ALONE.to_owned())))
        .route("/page/{*name}", get(file))
        .route("/audience", get(list))
        .fallback(of_node)
        .layer(middleware::from_fn(guard))
        .with_state(Arc::new(nodes))
}

async fn file(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    page::file_of_page(&name?, ALONE.to_owned())
}

async fn list(State(nodes): State<Arc<Routers>>) -> Json<Nodes> {
    let shown = |port: &u16| Shown { port: *port, path: format!("/nodes/{port}") };
    Json(Nodes { nodes: nodes.borrow().keys().map(shown).collect() })
}

/// Passes a request to the node that its path names.
async fn of_node(State(nodes): State<Arc<Routers>>, mut request: Request) -> Response {
    let Some((port, uri)) = split(request.uri()) else {
        return Problem::not_found("no such path: /audience lists the nodes").into_response();
    };
    let Some(node) = nodes.borrow().get(&port).cloned() else {
        let detail = format_args!("no node {port} is shown: /audience lists them");
        return Problem::not_found(detail).into_response();
    };
    *request.uri_mut() = uri;
    match TowerToHyperService::new(node).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// `/nodes/7000/blocks/1?x` is 7000 and `/blocks/1?x`.
fn split(uri: &Uri) -> Option<(u16, Uri)> {
    let path = uri.path_and_query()?.as_str().strip_prefix("/nodes/")?;
    let (port, rest) = path.split_at(path.find('/')?);
    let rest: PathAndQuery = rest.parse().ok()?;
    Some((port.parse().ok()?, rest.into()))
}

/// Lets in reads that name an address and not a host name, and no page from elsewhere.
async fn guard(mut request: Request, next: Next) -> Response {
    match admit(&request) {
        Err(problem) => problem.into_response(),
        Ok(()) => {
            // It comes from our own page: the node, which knows only its own address, need
            // not check it.
            request.headers_mut().remove(header::ORIGIN);
            next.run(request).await
        }
    }
}

fn admit(request: &Request) -> Result<(), Problem> {
    check_own(request.headers())?;
    match *request.method() {
        Method::GET | Method::HEAD => Ok(()),
        _ => {
            let detail = "this address is read-only: give orders at the node's own";
            Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_node_and_what_is_asked_of_it() {
        let split = |path: &str| {
            let split = split(&path.parse().expect("a path"));
            split.map(|(port, rest)| (port, rest.to_string()))
        };
        assert_eq!(split("/nodes/7000/tree?limit=5"), Some((7000, "/tree?limit=5".into())));
        assert_eq!(split("/nodes/7000/"), Some((7000, "/".into())));
        for wrong in ["/", "/nodes/7000", "/nodes/x/tree", "/nodes/70000/tree", "/tree"] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
