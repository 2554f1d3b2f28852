//! The server's thread: it accepts connections, and ends when it is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::driver::Command;
use crate::metadata::Metadata;
use crate::node::Node;

use super::api;
use super::connections::{Service, listen};
use super::feed::{BATCH, Feed};
use super::moment::Moment;
use super::settings::{Settings, Stage};
use super::shared::{MAX_EVENT_CLIENTS, Shared};
use super::watcher::Watcher;

/// The time in which clients are told that the node stops.
const FAREWELL: Duration = Duration::from_millis(250);

/// How often to look for blocks that have cooled: they do so within minutes.
const COOLING: Duration = Duration::from_secs(10);

/// A running API. Dropping it ends it, after telling the clients.
pub struct Server {
    address: SocketAddr,
    feed: Arc<Feed>,
    /// The audience's stage, and the node's port.
    stage: Option<(Stage, u16)>,
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
        if let Some((stage, port)) = &self.stage {
            stage.leave(*port);
        }
        self.feed.close();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, there is nothing left to end.
            let _ = thread.join();
        }
    }
}

/// Starts the API of a node that is about to run with these commands. The loop must show
/// its actions to the watcher; the API ends with the server.
///
/// # Errors
/// The system's error, such as that the port is taken ([`io::ErrorKind::AddrInUse`]).
pub fn start(
    settings: Settings,
    node: &Node,
    commands: Sender<Command>,
) -> io::Result<(Server, Watcher)> {
    let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let listener = runtime.block_on(async { listen(settings.address) })?;
    let address = listener.local_addr()?;
    let port = node.settings().port;
    let (shared, watcher) = Shared::new(settings, address, node, commands);
    let feed = shared.feed.clone();
    let stage = shared.settings.stage.clone().map(|stage| (stage, port));
    if let Some((stage, port)) = &stage {
        stage.enter(*port, api::router(shared.clone()));
    }
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("http".into())
        .spawn(move || serve(&runtime, listener, shared, stopped))?;
    Ok((Server { address, feed, stage, stop: Some(stop), thread: Some(thread) }, watcher))
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
            () = cool(&shared.metadata) => {}
            // Dropping the sender is the signal.
            _ = stopped => {}
        }
        let all = u32::try_from(MAX_EVENT_CLIENTS).expect("it is small");
        // Each client returns its place after it has been told; others are cut off.
        let _ = timeout(FAREWELL, shared.event_places.acquire_many(all)).await;
    });
}

/// Looks regularly for blocks that are no longer used.
async fn cool(metadata: &Metadata) {
    let mut ticks = interval(COOLING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        metadata.cool(Moment::now().ms());
    }
}

/// Sends batched events when they are due, even if no other event follows.
async fn flush(feed: &Feed) {
    let mut ticks = interval(BATCH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        feed.flush(Instant::now());
    }
}
