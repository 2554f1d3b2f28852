//! One connection, from its handshake to its end.
//!
//! The dialler opens a stream and sends its hello; the other side answers with its own. A
//! side that refuses closes the connection with the reason. After the hellos both sides
//! send frames until one of them closes the connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use iroh::EndpointAddr;
use iroh::endpoint::{Connection, ConnectionError, Endpoint, Incoming, RecvStream, SendStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::endpoint::ALPN;
use super::frames::{self, Kind, NoFrame};
use super::hello::{Hello, Refused};
use super::link::Entrance;
use super::paths;
use crate::peer::PeerName;

/// The code for closing a refused connection; the reason is text.
pub(super) const REFUSED: u32 = 1;

/// The code for closing a connection that was in use.
pub(super) const ENDED: u32 = 0;

/// A hello that comes this soon after another is ignored: a flood of hellos costs nothing.
const HELLO_APART: Duration = Duration::from_millis(100);

/// A connection's reports to the hub.
pub(super) enum Event {
    /// A hello has arrived: should the connection stay?
    Hello(Greeting),
    /// A connected peer has sent another hello.
    Again(PeerName, Hello),
    /// A connected peer has sent a frame about messages.
    Said(PeerName, Kind, Vec<u8>),
    /// A connected peer has sent a batch of statements about blocks.
    Batch(PeerName, Vec<u8>),
    /// A connected peer has sent bytes that are not a frame.
    Wrong(PeerName, &'static str),
    /// A connection that stayed has ended.
    Ended(PeerName, u64, String),
    /// A dial failed, for this reason; `true` if the other side gave it.
    Undialled(PeerName, String, bool),
    /// A handshake that another node began failed.
    Unmet(String, Refused),
}

/// A new connection whose peer has sent its hello.
pub(super) struct Greeting {
    pub(super) connection: Connection,
    /// The peer's address, if it is known.
    pub(super) address: Option<SocketAddr>,
    pub(super) is_outgoing: bool,
    pub(super) hello: Hello,
    pub(super) reply: oneshot::Sender<Result<Accepted, Refused>>,
}

/// What a connection that stays needs.
pub(super) struct Accepted {
    pub(super) id: PeerName,
    /// The serial number of the connection.
    pub(super) serial: u64,
    /// The hello to answer with, if the other side has dialled.
    pub(super) hello: Vec<u8>,
    pub(super) outbox: mpsc::Receiver<Vec<u8>>,
    pub(super) entrance: Entrance,
}

/// The common parts of all connections.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) events: mpsc::Sender<Event>,
    /// How long a handshake may take.
    pub(super) patience: Duration,
    /// How long a peer may take to read a frame.
    pub(super) unread: Duration,
}

impl Context {
    /// Dials a peer, and serves the connection until its end. `hello` is a whole frame.
    pub(super) async fn dial(self, endpoint: Endpoint, place: EndpointAddr, hello: Vec<u8>) {
        let (id, dialled_at) = (place.id, place.ip_addrs().next().copied());
        let shown = dialled_at.map_or_else(|| "through a relay".into(), |at| format!("at {at}"));
        let dialled = timeout(self.patience, async {
            let connection = endpoint
                .connect(place, ALPN)
                .await
                .map_err(|error| (format!("cannot reach it {shown}: {error}"), false))?;
            let greeted = greet(&connection, &hello).await;
            greeted.map(|hello| (connection.clone(), hello)).map_err(|no_frame| {
                let told = told(&connection);
                let is_theirs = told.is_some();
                let why = told.unwrap_or_else(|| why(&connection, no_frame));
                connection.close(REFUSED.into(), b"the handshake has failed");
                (why, is_theirs)
            })
        });
        let failed = match dialled.await {
            Ok(Ok((connection, (hello, sending, receiving)))) => {
                let address = paths::address(&connection, dialled_at);
                let met = Met { connection, address, is_outgoing: true, hello };
                return self.stay(met, sending, receiving).await;
            }
            Ok(Err(failed)) => failed,
            Err(_) => (format!("no answer {shown}"), false),
        };
        self.tell(Event::Undialled(PeerName::new(id), failed.0, failed.1)).await;
    }

    /// Answers a node that has dialled us, and serves the connection until its end.
    pub(super) async fn answer(self, incoming: Incoming, address: Option<SocketAddr>) {
        let who = address
            .map_or_else(|| "somebody through a relay".to_owned(), |address| address.to_string());
        let heard = timeout(self.patience, async {
            let connection = incoming.await.ok()?;
            let (sending, mut receiving) = connection.accept_bi().await.ok()?;
            let hello = hello(&mut receiving).await;
            Some((connection, sending, receiving, hello))
        });
        match heard.await {
            Ok(Some((connection, sending, receiving, Ok(hello)))) => {
                let met = Met { connection, address, is_outgoing: false, hello };
                self.stay(met, sending, receiving).await;
            }
            Ok(Some((connection, _, _, Err(refused)))) => {
                connection.close(REFUSED.into(), refused.to_string().as_bytes());
                self.tell(Event::Unmet(who, refused)).await;
            }
            Ok(None) | Err(_) => self.tell(Event::Unmet(who, Refused::Silent)).await,
        }
    }

    /// Asks the hub whether the connection stays; if so, sends and receives frames.
    async fn stay(self, met: Met, mut sending: SendStream, receiving: RecvStream) {
        let Met { connection, address, is_outgoing, hello } = met;
        let (reply, answer) = oneshot::channel();
        let greeting =
            Greeting { connection: connection.clone(), address, is_outgoing, hello, reply };
        self.tell(Event::Hello(greeting)).await;
        let accepted = match answer.await {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(refused)) => {
                return connection.close(REFUSED.into(), refused.to_string().as_bytes());
            }
            Err(_) => return connection.close(ENDED.into(), b"the node stops"),
        };
        let Accepted { id, serial, hello, outbox, entrance } = accepted;
        let ended = tokio::select! {
            ended = self.send(&mut sending, hello, is_outgoing, outbox) => ended,
            ended = self.hear(&id, &entrance, receiving) => ended,
        };
        if let NoFrame::Wrong(what) = ended {
            self.tell(Event::Wrong(id.clone(), what)).await;
        }
        let why = told(&connection).unwrap_or_else(|| why(&connection, ended));
        connection.close(ENDED.into(), why.as_bytes());
        self.tell(Event::Ended(id, serial, why)).await;
    }

    /// Receives frames until the stream ends.
    async fn hear(&self, id: &PeerName, entrance: &Entrance, mut stream: RecvStream) -> NoFrame {
        let mut last_hello = Instant::now();
        loop {
            match frames::read(&mut stream).await {
                Ok((Kind::Datagram, datagram)) => entrance.put(datagram),
                Ok((Kind::Metadata, batch)) => self.tell(Event::Batch(id.clone(), batch)).await,
                Ok((Kind::Hello, _)) if last_hello.elapsed() < HELLO_APART => {}
                Ok((Kind::Hello, hello)) => match Hello::decode(&hello) {
                    Ok(hello) => {
                        last_hello = Instant::now();
                        self.tell(Event::Again(id.clone(), hello)).await;
                    }
                    Err(_) => return NoFrame::Wrong("a hello that cannot be read"),
                },
                Ok((kind @ (Kind::Message | Kind::Record | Kind::Who), held)) => {
                    self.tell(Event::Said(id.clone(), kind, held)).await;
                }
                Err(no_frame) => return no_frame,
            }
        }
    }

    /// Sends the hello, if we were dialled, and then the outbox, until it ends.
    async fn send(
        &self,
        stream: &mut SendStream,
        hello: Vec<u8>,
        is_outgoing: bool,
        mut outbox: mpsc::Receiver<Vec<u8>>,
    ) -> NoFrame {
        let mut next = if is_outgoing { outbox.recv().await } else { Some(hello) };
        while let Some(frame) = next {
            match timeout(self.unread, frames::write(stream, &frame)).await {
                Ok(Ok(())) => next = outbox.recv().await,
                Ok(Err(no_frame)) => return no_frame,
                Err(_) => return NoFrame::Unread,
            }
        }
        NoFrame::Ended
    }

    async fn tell(&self, event: Event) {
        // This fails if the network has ended.
        let _ = self.events.send(event).await;
    }
}

/// A connection after the hellos.
struct Met {
    connection: Connection,
    address: Option<SocketAddr>,
    is_outgoing: bool,
    hello: Hello,
}

/// Sends our hello to the node that we dialled, and receives its own.
async fn greet(
    connection: &Connection,
    own: &[u8],
) -> Result<(Hello, SendStream, RecvStream), NoFrame> {
    let (mut sending, mut receiving) = connection.open_bi().await.map_err(|_| NoFrame::Ended)?;
    frames::write(&mut sending, own).await?;
    match hello(&mut receiving).await {
        Ok(hello) => Ok((hello, sending, receiving)),
        Err(_) if connection.close_reason().is_some() => Err(NoFrame::Ended),
        Err(_) => Err(NoFrame::Wrong("its hello cannot be read")),
    }
}

/// Reads a hello.
async fn hello(stream: &mut RecvStream) -> Result<Hello, Refused> {
    match frames::read(stream).await {
        Ok((Kind::Hello, hello)) => Hello::decode(&hello),
        Ok(_) => Err(Refused::Unreadable("it does not say hello first".into())),
        Err(NoFrame::Wrong(what)) => Err(Refused::Unreadable(what.into())),
        Err(NoFrame::Ended | NoFrame::Unread) => Err(Refused::Silent),
    }
}

/// The other side's reason for closing the connection, made safe to print.
fn told(connection: &Connection) -> Option<String> {
    match connection.close_reason()? {
        ConnectionError::ApplicationClosed(close) => {
            let text = String::from_utf8_lossy(&close.reason);
            Some(text.chars().filter(|it| !it.is_control()).take(200).collect())
        }
        _ => None,
    }
}

/// Why a connection has ended, as far as this side knows.
fn why(connection: &Connection, no_frame: NoFrame) -> String {
    match (no_frame, connection.close_reason()) {
        (NoFrame::Wrong(what), _) => what.to_owned(),
        (NoFrame::Unread, _) => "it does not read what is sent to it".into(),
        (NoFrame::Ended, Some(ConnectionError::TimedOut)) => "it does not answer any more".into(),
        (NoFrame::Ended, Some(ConnectionError::LocallyClosed)) => "closed by this node".into(),
        (NoFrame::Ended, Some(error)) => error.to_string(),
        (NoFrame::Ended, None) => "its stream has ended".into(),
    }
}
