//! The connections of a listener: accepted, limited, and served.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;
use tokio_io_timeout::TimeoutStream;

use super::guard::{Client, Here};
use super::pool::{Place, Pool};
use super::problem::{self, Problem};

/// The most requests on one connection. Then the client has to reconnect, and may find that
/// it has more connections than others.
const MAX_REQUESTS: u32 = 1_000;

/// Connections that wait in the system's queue.
const BACKLOG: u32 = 1_024;

/// Bytes that the system buffers for a client that does not read; it uses twice as many.
/// Small, so that a slow client is noticed soon.
const SEND_BUFFER_LEN: u32 = 32 * 1024;

/// The most bytes that a request's line and headers may have ...
const MAX_HEAD_LEN: usize = 16 * 1024;

/// ... and how long they may take to arrive, also after the previous answer.
const MAX_HEAD_WAIT: Duration = Duration::from_secs(30);

/// How long to wait if the system has no connection to give because too many files are
/// open.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Binds the address. Call it within the runtime.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Unix, the last connections of a server that ended would otherwise keep the port
    // for a minute; on Windows this would let two servers share a port.
    socket.set_reuseaddr(cfg!(unix))?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_LEN)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What each connection is served with.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) pool: Pool,
    pub(super) patience: Duration,
}

impl Service {
    pub(super) async fn accept(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, from)) => match self.pool.take(from.ip()) {
                    Some(place) => {
                        tokio::spawn(self.clone().converse(stream, Client(from), place));
                    }
                    None => turn_away(&stream),
                },
                Err(_) => sleep(ACCEPT_AGAIN).await,
            }
        }
    }

    /// Answers the requests of one connection until it ends or becomes a WebSocket.
    async fn converse(self, stream: TcpStream, client: Client, place: Place) {
        // A connection that has ended by now has no address.
        let Ok(here) = stream.local_addr() else { return };
        // This makes it faster, but is not essential.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.patience));
        // A WebSocket takes the place in the pool with it.
        let place = Arc::new(place);
        let (router, served) = (TowerToHyperService::new(self.router), AtomicU32::new(0));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(Here(here));
            request.extensions_mut().insert(place.clone());
            let is_last = served.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_REQUESTS;
            let answer = router.call(request);
            async move { answer.await.map(|answer| if is_last { last(answer) } else { answer }) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(MAX_HEAD_WAIT)
            .max_buf_size(MAX_HEAD_LEN)
            .serve_connection(TokioIo::new(Box::pin(stream)), service)
            .with_upgrades();
        // Errors concern only the client: it sees its connection end.
        let _ = connection.await;
    }
}

/// Makes an answer the last on its connection, unless it has become a WebSocket.
fn last(mut answer: Response) -> Response {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().entry(header::CONNECTION).or_insert(close);
    answer
}

/// Tells a client that there is no place for it, if that needs no waiting.
fn turn_away(stream: &TcpStream) {
    let problem = Problem::busy("the connections of this node are taken, many by your address");
    let body = problem.to_json();
    let kind = problem::CONTENT_TYPE;
    let head = format!("HTTP/1.1 503 Service Unavailable\r\ncontent-type: {kind}");
    let answer =
        format!("{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = stream.try_write(answer.as_bytes());
}
