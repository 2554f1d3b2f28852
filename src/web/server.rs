//! The server's thread: it accepts connections, and ends when it is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::driver::Command;
use crate::node::Node;

use super::api;
use super::feed::{BATCH, Feed};
use super::guard::Client;
use super::pool::{Place, Pool};
use super::problem::{self, Problem};
use super::settings::Settings;
use super::shared::{MAX_EVENT_CLIENTS, Shared};
use super::watcher::Watcher;

/// The most requests on one connection: then the client has to come back, and
/// may find that it has more connections than others.
const MAX_REQUESTS: u32 = 1_000;

/// Connections that the system keeps waiting.
const BACKLOG: u32 = 1_024;

/// Bytes that the system holds for a client that does not read; it takes twice
/// as many. Small, so that who is too slow is found out soon.
const SEND_BUFFER_LEN: u32 = 32 * 1024;

/// A request's line and headers may have so many bytes ...
const MAX_HEAD_LEN: usize = 16 * 1024;

/// ... and take so long to come, also after the answer before.
const MAX_HEAD_WAIT: Duration = Duration::from_secs(30);

/// How long to wait where the system has no connection to give, for it has too
/// many open.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How long clients may take to be told that the node stops.
const FAREWELL: Duration = Duration::from_millis(250);

/// A running API. Dropping it ends it, after telling the clients.
pub struct Server {
    address: SocketAddr,
    feed: Arc<Feed>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.feed.close();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Where it panicked there is nothing left to end.
            let _ = thread.join();
        }
    }
}

/// Starts the API of a node that is about to run with these commands. The
/// watcher is to be shown what the loop does; the API ends with the server.
///
/// # Errors
/// What the system says, such as that the port is taken
/// ([`io::ErrorKind::AddrInUse`]).
pub fn start(
    settings: Settings,
    node: &Node,
    commands: Sender<Command>,
) -> io::Result<(Server, Watcher)> {
    let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let listener = runtime.block_on(async { listen(settings.address) })?;
    let address = listener.local_addr()?;
    let (shared, watcher) = Shared::new(settings, address, node, commands);
    let feed = shared.feed.clone();
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("http".into())
        .spawn(move || serve(&runtime, listener, shared, stopped))?;
    Ok((Server { address, feed, stop: Some(stop), thread: Some(thread) }, watcher))
}

/// Binds the address. To be called within the runtime.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Unix an ended server's last connections would else keep the port for a
    // minute; on Windows this would let two servers share a port.
    socket.set_reuseaddr(cfg!(unix))?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_LEN)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        let router = api::router(shared.clone());
        let Settings { pool, patience, .. } = shared.settings.clone();
        tokio::select! {
            () = Service { router, pool, patience }.accept(listener) => {}
            () = flush(&shared.feed) => {}
            // Dropping the sender is the signal.
            _ = stopped => {}
        }
        let all = u32::try_from(MAX_EVENT_CLIENTS).expect("it is small");
        // Each gives its place back when it has been told; or else is cut off.
        let _ = timeout(FAREWELL, shared.event_places.acquire_many(all)).await;
    });
}

/// Sends batched events when they are due, where no other comes after them.
async fn flush(feed: &Feed) {
    let mut ticks = interval(BATCH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        feed.flush(Instant::now());
    }
}

/// What each connection is served with.
#[derive(Clone)]
struct Service {
    router: Router,
    pool: Pool,
    patience: Duration,
}

impl Service {
    async fn accept(self, listener: TcpListener) {
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

    /// Answers one connection's requests to its end, or until it becomes a WebSocket.
    async fn converse(self, stream: TcpStream, client: Client, place: Place) {
        // It is faster with, and works without.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.patience));
        // A WebSocket takes the place along.
        let place = Arc::new(place);
        let (router, served) = (TowerToHyperService::new(self.router), AtomicU32::new(0));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
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
        // What goes wrong is the client's concern: it sees its connection end.
        let _ = connection.await;
    }
}

/// Makes an answer the last on its connection, unless it is no HTTP any more.
fn last(mut answer: Response) -> Response {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().entry(header::CONNECTION).or_insert(close);
    answer
}

/// Tells a client that there is no place for it, if it can be told at once.
fn turn_away(stream: &TcpStream) {
    let problem = Problem::busy("the connections of this node are taken, many by your address");
    let body = problem.to_json();
    let kind = problem::CONTENT_TYPE;
    let head = format!("HTTP/1.1 503 Service Unavailable\r\ncontent-type: {kind}");
    let answer =
        format!("{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = stream.try_write(answer.as_bytes());
}
