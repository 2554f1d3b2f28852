//! Events on their way to the clients: numbered, serialised once, and held for
//! those who come back.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::broadcast;

use crate::event::Event;
use crate::json::Record;
use crate::passage::Passage;
use crate::throttle::{self, Throttle};

/// How many of the last events are held for clients that come back: some 200 KB,
/// and at four a second some minutes.
pub(super) const MAX_HELD_EVENTS: usize = 1_000;

/// How many events a client may be behind before it is cut off as too slow.
pub(super) const MAX_EVENTS_BEHIND: usize = 256;

/// How many of the last `tried` are held beside them: they come several times a second
/// and would push all others out within minutes. A page takes rates over five seconds.
const MAX_HELD_TRIES: usize = 50;

/// Of each kind that may come often, one event is sent in this time.
pub(super) const BATCH: Duration = Duration::from_millis(250);

/// An event as every client gets it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) seq: u64,
    pub(super) text: Utf8Bytes,
}

/// The way from the loop to the clients.
pub(super) struct Feed {
    /// Names this run of the node: the numbers start anew with each.
    pub(super) stream: String,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    /// The number of the next event.
    next: u64,
    held: VecDeque<Held>,
    /// The same for `tried`.
    tries: VecDeque<Held>,
    /// The number after the last event, other than `tried`, that is held no more.
    first: u64,
    throttle: Throttle<(Duration, Event)>,
    /// `None` when there is nothing more to come.
    sender: Option<broadcast::Sender<Held>>,
    /// The way to those who watch datagrams, which are numbered apart and not held.
    passages: Option<broadcast::Sender<Held>>,
    next_passage: u64,
}

/// What a client gets that comes, or comes back.
pub(super) struct Subscription {
    /// From this number on all events are held, but for `tried`.
    pub(super) first: u64,
    /// The number of the next event.
    pub(super) next: u64,
    /// How many events it missed for good.
    pub(super) missed: u64,
    /// What it missed and can still have.
    pub(super) held: Vec<Held>,
    /// What is to come; `None` if nothing.
    pub(super) receiver: Option<broadcast::Receiver<Held>>,
}

impl Feed {
    pub(super) fn new(stream: String) -> Feed {
        let (sender, _) = broadcast::channel(MAX_EVENTS_BEHIND);
        let throttle = Throttle::new(BATCH);
        let (passages, _) = broadcast::channel(MAX_EVENTS_BEHIND);
        let state = State {
            next: 1,
            held: VecDeque::new(),
            tries: VecDeque::new(),
            first: 1,
            throttle,
            sender: Some(sender),
            passages: Some(passages),
            next_passage: 1,
        };
        Feed { stream, started: Instant::now(), state: Mutex::new(state) }
    }

    /// Takes an event that happened at `time` since the Unix epoch. Never waits
    /// for a client.
    pub(super) fn tell(&self, now: Instant, time: Duration, event: &Event) {
        let now = now.saturating_duration_since(self.started);
        let mut state = self.lock();
        let told = match kind(event) {
            Some(kind) => Vec::from_iter(state.throttle.offer(now, kind, (time, event.clone()))),
            None => [state.throttle.flush(now), vec![((time, event.clone()), 1)]].concat(),
        };
        state.send_all(told);
    }

    /// Sends what has waited for long enough.
    pub(super) fn flush(&self, now: Instant) {
        let mut state = self.lock();
        let due = state.throttle.due(now.saturating_duration_since(self.started));
        state.send_all(due);
    }

    /// Nothing more is to come: clients are told so.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        (state.sender, state.passages) = (None, None);
    }

    /// Shows a datagram, sent at `time` since the Unix epoch, to those who watch.
    pub(super) fn pass(&self, time: Duration, passage: &Passage) {
        let mut state = self.lock();
        let State { passages: Some(sender), next_passage, .. } = &mut *state else { return };
        if sender.receiver_count() > 0 {
            let text = numbered(*next_passage, &Record::passage(time, passage));
            // It fails where nobody watches any more.
            let _ = sender.send(Held { seq: *next_passage, text });
            *next_passage += 1;
        }
    }

    /// All datagrams from now on; `None` when there is nothing more to come.
    pub(super) fn watch(&self) -> Option<broadcast::Receiver<Held>> {
        self.lock().passages.as_ref().map(broadcast::Sender::subscribe)
    }

    /// All events after `after` that are held, and all to come. `stream` is the
    /// one that `after` counts in, if the client says so.
    pub(super) fn subscribe(&self, after: Option<u64>, stream: Option<&str>) -> Subscription {
        let state = self.lock();
        let State { next, first, .. } = *state;
        // A number of another run, or from nowhere, says nothing here.
        let is_ours = stream.is_none_or(|stream| stream == self.stream);
        let after = after.map(|after| if is_ours && after < next { after } else { 0 });
        let after = after.unwrap_or(next - 1);
        let held = state.held.iter().chain(&state.tries);
        let mut held: Vec<_> = held.filter(|held| held.seq > after).cloned().collect();
        held.sort_by_key(|held| held.seq);
        let receiver = state.sender.as_ref().map(broadcast::Sender::subscribe);
        Subscription { first, next, missed: first.saturating_sub(after + 1), held, receiver }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done where this is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sends events, each with its time and how many it stands for.
    fn send_all(&mut self, events: Vec<((Duration, Event), u64)>) {
        for ((time, event), count) in events {
            self.send(time, &event, count);
        }
    }

    fn send(&mut self, time: Duration, event: &Event, count: u64) {
        let text = numbered(self.next, &Record::merged(time, event, count));
        let held = Held { seq: self.next, text };
        self.next += 1;
        self.hold(event, held.clone());
        if let Some(sender) = &self.sender {
            // It fails where nobody listens.
            let _ = sender.send(held);
        }
    }

    fn hold(&mut self, event: &Event, held: Held) {
        if let Event::Tried { .. } = event {
            self.tries.push_back(held);
            if self.tries.len() > MAX_HELD_TRIES {
                self.tries.pop_front();
            }
            return;
        }
        self.held.push_back(held);
        if self.held.len() > MAX_HELD_EVENTS {
            self.first = self.held.pop_front().map_or(self.first, |held| held.seq + 1);
        }
    }
}

/// The kind of an event that may come thousands of times a second, also of one
/// that the node itself causes.
fn kind(event: &Event) -> Option<&'static str> {
    match event {
        Event::Tried { .. } => Some("tried"),
        event => throttle::kind(event),
    }
}

/// The line of `--json`, with its number in front.
fn numbered(seq: u64, record: &Record) -> Utf8Bytes {
    let line = record.to_line();
    let rest = line.strip_prefix('{').expect("a record is an object");
    format!("{{\"seq\":{seq},{rest}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;
    use crate::peer::PeerName;

    /// A feed, and a clock that starts when it does.
    struct Bench {
        feed: Feed,
        start: Instant,
    }

    impl Bench {
        fn new() -> Bench {
            Bench { feed: Feed::new("run-1".into()), start: Instant::now() }
        }

        fn tell(&self, milliseconds: u64, event: &Event) {
            let since = Duration::from_millis(milliseconds);
            self.feed.tell(self.start + since, since, event);
        }

        fn texts(&self, after: Option<u64>) -> Vec<String> {
            let held = self.feed.subscribe(after, None).held;
            held.iter().map(|held| held.text.to_string()).collect()
        }
    }

    fn created(height: usize) -> Event {
        Event::Created { height, hash: Hash::ZERO }
    }

    fn tried(counter: u64) -> Event {
        Event::Tried { counter }
    }

    #[test]
    fn an_event_is_its_json_line_with_a_number_in_front() {
        let bench = Bench::new();
        bench.tell(5, &tried(1000));
        let expected = r#"{"seq":1,"v":1,"time_ms":5,"event":"tried","counter":1000}"#;
        assert_eq!(bench.texts(Some(0)), [expected]);
    }

    #[test]
    fn frequent_events_are_batched_and_the_last_one_counts() {
        let bench = Bench::new();
        for millisecond in 0..600 {
            bench.tell(millisecond, &tried(millisecond));
        }
        let expected = [
            r#"{"seq":1,"v":1,"time_ms":0,"event":"tried","counter":0}"#,
            r#"{"seq":2,"v":1,"time_ms":250,"merged":250,"event":"tried","counter":250}"#,
            r#"{"seq":3,"v":1,"time_ms":500,"merged":250,"event":"tried","counter":500}"#,
        ];
        assert_eq!(bench.texts(Some(0)), expected);
        bench.feed.flush(bench.start + Duration::from_millis(749));
        assert_eq!(bench.texts(Some(3)), [""; 0]);
        bench.feed.flush(bench.start + Duration::from_millis(750));
        let last = r#"{"seq":4,"v":1,"time_ms":599,"merged":99,"event":"tried","counter":599}"#;
        assert_eq!(bench.texts(Some(3)), [last]);
    }

    #[test]
    fn what_waits_goes_before_an_event_that_does_not() {
        let bench = Bench::new();
        bench.tell(0, &tried(0));
        bench.tell(1, &tried(1000));
        bench.tell(2, &created(1));
        let texts = bench.texts(Some(1));
        assert!(texts[0].contains(r#""counter":1000"#), "{texts:?}");
        assert!(texts[1].contains(r#""event":"created""#), "{texts:?}");
    }

    #[test]
    fn who_comes_back_gets_what_is_held_and_is_told_what_is_not() {
        let bench = Bench::new();
        let count = MAX_HELD_EVENTS as u64 + 10;
        for height in 1..=count {
            bench.tell(height, &created(height as usize));
        }
        let back = |after, stream| {
            let got = bench.feed.subscribe(after, stream);
            (got.first, got.next, got.missed, got.held.len() as u64)
        };
        assert_eq!(back(None, None), (11, count + 1, 0, 0), "only what is to come");
        assert_eq!(back(Some(count - 3), Some("run-1")), (11, count + 1, 0, 3));
        assert_eq!(back(Some(10), None), (11, count + 1, 0, 1000));
        assert_eq!(back(Some(4), None), (11, count + 1, 6, 1000));
        assert_eq!(back(Some(count), Some("run-0")), (11, count + 1, 10, 1000), "another run");
        assert_eq!(back(Some(u64::MAX), None), (11, count + 1, 10, 1000), "from nowhere");
    }

    #[test]
    fn tries_push_nothing_out_that_tells_the_story() {
        let bench = Bench::new();
        bench.tell(0, &created(1));
        for counter in 1..=5 * MAX_HELD_EVENTS as u64 {
            bench.tell(counter * 250, &tried(counter));
        }
        let got = bench.feed.subscribe(Some(0), None);
        assert_eq!((got.first, got.missed, got.held.len()), (1, 0, 1 + MAX_HELD_TRIES));
        assert!(got.held[0].text.contains("created"), "{}", got.held[0].text.as_str());
        assert!(got.held.is_sorted_by_key(|held| held.seq));
    }

    #[test]
    fn datagrams_are_shown_to_those_who_watch_and_to_nobody_else() {
        let bench = Bench::new();
        let from = PeerName::new("bob");
        let delay = Duration::ZERO;
        let passage = Passage { from, kind: "chain", len: 75, delay, is_lost: true, count: 1 };
        bench.feed.pass(delay, &passage);
        let mut watch = bench.feed.watch().expect("it is open");
        bench.feed.pass(delay, &passage);
        let expected = r#"{"seq":1,"v":1,"time_ms":0,"event":"message","from":"bob","kind":"chain","length":75,"delay_ms":0,"lost":true}"#;
        assert_eq!(watch.try_recv().map(|held| held.text.to_string()).as_deref(), Ok(expected));
        assert_eq!(bench.feed.subscribe(Some(0), None).held.len(), 0, "they are no events");
        bench.feed.close();
        assert!(bench.feed.watch().is_none());
    }

    #[test]
    fn nothing_comes_twice_or_not_at_all_around_a_subscription() {
        let bench = Bench::new();
        bench.tell(0, &created(1));
        let mut got = bench.feed.subscribe(Some(0), None);
        bench.tell(1, &created(2));
        let receiver = got.receiver.as_mut().expect("it is open");
        assert_eq!(got.held.last().map(|held| held.seq), Some(1));
        assert_eq!(receiver.try_recv().map(|held| held.seq), Ok(2));
    }

    #[test]
    fn a_client_that_falls_behind_finds_out() {
        let bench = Bench::new();
        let got = bench.feed.subscribe(None, None);
        for height in 0..=MAX_EVENTS_BEHIND {
            bench.tell(0, &created(height));
        }
        let lagged = got.receiver.expect("it is open").try_recv();
        assert!(matches!(lagged, Err(broadcast::error::TryRecvError::Lagged(_))), "{lagged:?}");
    }

    #[test]
    fn a_closed_feed_has_nothing_to_come() {
        let bench = Bench::new();
        let got = bench.feed.subscribe(None, None);
        bench.feed.close();
        let end = got.receiver.expect("it was open").try_recv().map(|held| held.seq);
        assert_eq!(end, Err(broadcast::error::TryRecvError::Closed));
        assert!(bench.feed.subscribe(None, None).receiver.is_none());
    }
}
