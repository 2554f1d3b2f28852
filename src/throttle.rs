//! Thins out what may come thousands of times a second.

use std::time::Duration;

use crate::event::Event;

/// Lets one item of a kind through in a window of time, and holds back the last of those
/// that come in between, with their number.
///
/// Times count from any moment, the same for all calls.
#[derive(Clone, Debug)]
pub struct Throttle<T> {
    window: Duration,
    kinds: Vec<Kind<T>>,
}

#[derive(Clone, Debug)]
struct Kind<T> {
    name: &'static str,
    /// When an item was last let through.
    opened: Duration,
    /// The last item since then, and the number of items.
    held: Option<(T, u64)>,
}

impl<T> Throttle<T> {
    /// A throttle with this window.
    pub fn new(window: Duration) -> Throttle<T> {
        Throttle { window, kinds: Vec::new() }
    }

    /// Changes the window.
    pub fn set_window(&mut self, window: Duration) {
        self.window = window;
    }

    /// Takes the next item of a kind: returns it with the number of items that it stands
    /// for, or holds it.
    pub fn offer(&mut self, now: Duration, name: &'static str, next: T) -> Option<(T, u64)> {
        let Some(kind) = self.kinds.iter_mut().find(|kind| kind.name == name) else {
            self.kinds.push(Kind { name, opened: now, held: None });
            return Some((next, 1));
        };
        let count = kind.held.take().map_or(0, |(_, count)| count) + 1;
        if now.saturating_sub(kind.opened) < self.window {
            kind.held = Some((next, count));
            return None;
        }
        kind.opened = now;
        Some((next, count))
    }

    /// The items of each kind that have been held for the window's time, with the number
    /// that each stands for.
    pub fn due(&mut self, now: Duration) -> Vec<(T, u64)> {
        self.release(now, self.window)
    }

    /// All held items, however short the time.
    pub fn flush(&mut self, now: Duration) -> Vec<(T, u64)> {
        self.release(now, Duration::ZERO)
    }

    fn release(&mut self, now: Duration, at_least: Duration) -> Vec<(T, u64)> {
        let is_due = |kind: &&mut Kind<T>| now.saturating_sub(kind.opened) >= at_least;
        let due = self.kinds.iter_mut().filter(is_due);
        due.filter_map(|kind| kind.held.take().inspect(|_| kind.opened = now)).collect()
    }
}

/// The kind of an event that others may cause thousands of times a second; `None` for other
/// events.
pub fn kind(event: &Event) -> Option<&'static str> {
    match event {
        Event::Ignored { reason, .. } => Some(reason.name()),
        Event::MessageRefused { reason, .. } => Some(reason),
        Event::Unsent { .. } => Some("unsent"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// What comes through if one item, its number, comes each millisecond.
    fn offered(throttle: &mut Throttle<u32>, times: std::ops::Range<u32>) -> Vec<(u32, u64)> {
        times.filter_map(|time| throttle.offer(time * MS, "tie", time)).collect()
    }

    #[test]
    fn the_first_comes_through_and_then_the_last_of_each_window_with_a_count() {
        let mut throttle = Throttle::new(250 * MS);
        assert_eq!(offered(&mut throttle, 0..600), [(0, 1), (250, 250), (500, 250)]);
        assert_eq!(throttle.due(749 * MS), []);
        assert_eq!(throttle.due(750 * MS), [(599, 99)]);
        assert_eq!(throttle.due(9_000 * MS), [], "it is told once");
    }

    #[test]
    fn who_asks_what_is_due_before_each_has_the_window_begin_there() {
        let mut throttle = Throttle::new(250 * MS);
        assert_eq!(offered(&mut throttle, 0..250), [(0, 1)]);
        assert_eq!(throttle.due(250 * MS), [(249, 249)]);
        assert_eq!(offered(&mut throttle, 250..500), []);
        assert_eq!(throttle.flush(500 * MS), [(499, 250)]);
    }

    #[test]
    fn one_kind_does_not_hold_back_another() {
        let mut throttle = Throttle::new(250 * MS);
        assert_eq!(offered(&mut throttle, 0..9).len(), 1);
        assert_eq!(throttle.offer(9 * MS, "shorter", 9), Some((9, 1)));
        assert_eq!(throttle.offer(10 * MS, "shorter", 10), None);
        assert_eq!(throttle.flush(11 * MS), [(8, 8), (10, 1)]);
    }
}
