//! Events on their way to the clients: batched, serialised once for each version, and given
//! to the version's channel.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::broadcast;

use crate::event::Event;
use crate::json::Record;
use crate::passage::Passage;
use crate::peer::PeerName;
use crate::throttle::{self, Throttle};

use super::channel::{Channel, Held, Keep, Subscription};
use super::envelope::Envelope;
use super::kinds;

/// Of each kind that may come often, one event is sent in this time.
pub(super) const BATCH: Duration = Duration::from_millis(250);

/// Takes events from the loop to the clients.
pub(super) struct Feed {
    /// Names this run of the node: the numbers restart with each run.
    stream: String,
    /// This node's name among its peers.
    pub(super) name: PeerName,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    throttle: Throttle<(Duration, Event)>,
    /// The node's own status, which changes with each block.
    statuses: Throttle<(Duration, Value)>,
    /// To clients of version 1, who get the lines of `--json`.
    lines: Channel,
    /// To clients of version 2, which choose the kinds that they want.
    envelopes: Channel,
    /// To clients that watch datagrams.
    passages: Channel,
}

impl Feed {
    pub(super) fn new(stream: String, name: PeerName) -> Feed {
        let state = State {
            throttle: Throttle::new(BATCH),
            statuses: Throttle::new(BATCH),
            lines: Channel::new(),
            envelopes: Channel::new(),
            passages: Channel::new(),
        };
        Feed { stream, name, started: Instant::now(), state: Mutex::new(state) }
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
        state.send_all(&self.name, told);
    }

    /// Takes an event of a kind that only version 2 has.
    pub(super) fn announce(
        &self,
        time: Duration,
        kind: &'static str,
        sender: &PeerName,
        data: Value,
    ) {
        let text = Envelope::new(kind, time, sender.as_str(), data).to_json();
        self.lock().envelopes.send(kind, Keep::Story, &text);
    }

    /// Takes the node's status after it has changed; of several in a while the last is
    /// sent.
    pub(super) fn status(&self, now: Instant, time: Duration, data: Value) {
        let now = now.saturating_duration_since(self.started);
        let mut state = self.lock();
        let told = state.statuses.offer(now, kinds::NODE_STATUS, (time, data));
        state.send_statuses(&self.name, told.into_iter().collect());
    }

    /// Sends events that have waited for long enough.
    pub(super) fn flush(&self, now: Instant) {
        let mut state = self.lock();
        let now = now.saturating_duration_since(self.started);
        let due = state.throttle.due(now);
        state.send_all(&self.name, due);
        let due = state.statuses.due(now);
        state.send_statuses(&self.name, due);
    }

    /// There will be no more events: clients are told so.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        let State { lines, envelopes, passages, .. } = &mut *state;
        [lines, envelopes, passages].into_iter().for_each(Channel::close);
    }

    /// Shows a datagram, sent at `time` since the Unix epoch, to clients that watch
    /// datagrams.
    pub(super) fn pass(&self, time: Duration, passage: &Passage) {
        let mut state = self.lock();
        let State { passages, envelopes, .. } = &mut *state;
        let record = Record::passage(time, passage);
        if passages.is_followed() {
            passages.send(kinds::DATAGRAM, Keep::No, &record.to_line());
        }
        if envelopes.is_followed() {
            let kind = kinds::DATAGRAM;
            let text = Envelope::of(kind, time, self.name.as_str(), &record);
            envelopes.send(kind, Keep::No, &text);
        }
    }

    /// All datagrams from now on; `None` if there will be none.
    pub(super) fn watch(&self) -> Option<broadcast::Receiver<Held>> {
        self.lock().passages.receiver()
    }

    /// All events after `after` that are held, and all future ones, in version 1. `stream`
    /// is the one to which `after` belongs, if the client says so.
    pub(super) fn subscribe(&self, after: Option<u64>, stream: Option<&str>) -> Subscription {
        self.lock().lines.subscribe(self.stream.clone(), after, stream)
    }

    /// The same in version 2, which has its own numbers.
    pub(super) fn subscribe_to_envelopes(
        &self,
        after: Option<u64>,
        stream: Option<&str>,
    ) -> Subscription {
        self.lock().envelopes.subscribe(format!("{}-v2", self.stream), after, stream)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under this lock leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sends events, each with its time and the number that it stands for.
    fn send_all(&mut self, own: &PeerName, events: Vec<((Duration, Event), u64)>) {
        for ((time, event), count) in events {
            let record = Record::merged(time, &event, count);
            let keep = if let Event::Tried { .. } = event { Keep::Often } else { Keep::Story };
            let kind = kinds::of(&event);
            self.lines.send(kind, keep, &record.to_line());
            self.envelopes.send(kind, keep, &Envelope::of(kind, time, own.as_str(), &record));
        }
    }

    fn send_statuses(&mut self, own: &PeerName, statuses: Vec<((Duration, Value), u64)>) {
        for ((time, data), _) in statuses {
            let kind = kinds::NODE_STATUS;
            let text = Envelope::new(kind, time, own.as_str(), data).to_json();
            self.envelopes.send(kind, Keep::Often, &text);
        }
    }
}

/// The kind of an event that may come thousands of times a second, even if the node itself
/// causes it.
fn kind(event: &Event) -> Option<&'static str> {
    match event {
        Event::Tried { .. } => Some("tried"),
        event => throttle::kind(event),
    }
}

#[cfg(test)]
mod tests {
    use super::super::channel::{MAX_EVENTS_BEHIND, MAX_HELD_EVENTS, MAX_HELD_OFTEN};
    use super::*;
    use crate::hash::Hash;

    /// A feed, and a clock that starts when it does.
    struct Bench {
        feed: Feed,
        start: Instant,
    }

    impl Bench {
        fn new() -> Bench {
            Bench { feed: Feed::new("run-1".into(), PeerName::new("alice")), start: Instant::now() }
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
        assert_eq!((got.first, got.missed, got.held.len()), (1, 0, 1 + MAX_HELD_OFTEN));
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
    fn version_2_tells_the_same_in_its_own_form_and_with_its_own_numbers() {
        let bench = Bench::new();
        bench.tell(5, &tried(1000));
        let (bob, data) = (PeerName::new("bob"), Value::from(7));
        bench.feed.announce(Duration::from_millis(6), kinds::NODE_LEAVE, &bob, data);
        assert_eq!(bench.texts(Some(0)).len(), 1, "version 1 has no such event");
        let got = bench.feed.subscribe_to_envelopes(Some(0), Some("run-1-v2"));
        let texts: Vec<_> = got.held.iter().map(|held| held.text.as_str()).collect();
        let expected = [
            r#"{"seq":1,"v":2,"type":"tried","data":{"counter":1000},"timestamp":5,"sender":"alice"}"#,
            r#"{"seq":2,"v":2,"type":"node:leave","data":7,"timestamp":6,"sender":"bob"}"#,
        ];
        assert_eq!(texts, expected);
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
