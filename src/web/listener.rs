//! A listener in its own thread, for what is not served by a single node.

use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use axum::Router;
use tokio::runtime;
use tokio::sync::oneshot;

use super::connections::{Service, listen};
use super::pool::Pool;
use super::settings::Settings;

/// A served router. Dropping it ends it.
pub(super) struct Listener {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Serves at this address, in a thread of this name.
    pub(super) fn open(
        name: &str,
        address: SocketAddr,
        pool: Pool,
        router: Router,
    ) -> io::Result<Listener> {
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = runtime.block_on(async { listen(address) })?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            runtime.block_on(async {
                let patience = Settings::PATIENCE;
                tokio::select! {
                    () = Service { router, pool, patience }.accept(listener) => {}
                    // Dropping the sender is the signal.
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name(name.into()).spawn(serve)?;
        Ok(Listener { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, there is nothing left to end.
            let _ = thread.join();
        }
    }
}
