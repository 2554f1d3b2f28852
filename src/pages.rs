//! A long byte string whose older part can be shared with others.
//!
//! It is one run of bytes in memory, until [`Pages::share`] moves its older part into pages
//! and reuses equal pages from a [`Pool`]. In this way all nodes of a simulation that have
//! the same chain store it once. A single node shares with nobody and has no pages.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::block::BLOCK_LEN;

/// Bytes of a page: 1,024 blocks, so that no block spans two pages.
pub(crate) const PAGE_LEN: usize = 1024 * BLOCK_LEN;

/// All pages that are in use.
#[derive(Debug, Default)]
pub(crate) struct Pool(BTreeSet<Arc<[u8]>>);

/// The bytes.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    shared: Vec<Arc<[u8]>>,
    /// The bytes after the pages.
    own: Vec<u8>,
    /// All bytes in one run, if a caller asked for that since the last change.
    whole: OnceLock<Vec<u8>>,
}

impl Pool {
    /// The page with these bytes.
    fn page(&mut self, bytes: &[u8]) -> Arc<[u8]> {
        if let Some(page) = self.0.get(bytes) {
            return page.clone();
        }
        // A new page is a good moment to drop those that nobody uses any more.
        self.0.retain(|page| Arc::strong_count(page) > 1);
        let page = Arc::from(bytes);
        self.0.insert(Arc::clone(&page));
        page
    }
}

impl Pages {
    pub(crate) fn len(&self) -> usize {
        self.shared.len() * PAGE_LEN + self.own.len()
    }

    /// All bytes in one run. If there are pages, this makes a copy and keeps it until the
    /// next change.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self.shared.is_empty() {
            true => &self.own,
            false => self.whole.get_or_init(|| self.range(0..self.len()).into_owned()),
        }
    }

    /// Some of the bytes, copied if they do not lie in one run.
    ///
    /// # Panics
    /// If there are not that many.
    pub(crate) fn range(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let first_own = self.shared.len() * PAGE_LEN;
        if range.start >= first_own {
            return Cow::Borrowed(&self.own[range.start - first_own..range.end - first_own]);
        }
        let page = range.start / PAGE_LEN;
        let start = page * PAGE_LEN;
        if range.end <= start + PAGE_LEN {
            return Cow::Borrowed(&self.shared[page][range.start - start..range.end - start]);
        }
        let (own, from_pages) = (range.end.saturating_sub(first_own), range.end.min(first_own));
        let last = from_pages.div_ceil(PAGE_LEN);
        let mut bytes = self.shared[page..last].concat();
        bytes.truncate(from_pages - start);
        bytes.drain(..range.start - start);
        bytes.extend_from_slice(&self.own[..own]);
        Cow::Owned(bytes)
    }

    /// Keeps the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.whole.take();
        let kept = len / PAGE_LEN;
        if kept < self.shared.len() {
            self.own = self.shared[kept].to_vec();
            self.shared.truncate(kept);
        }
        self.own.truncate(len - self.shared.len() * PAGE_LEN);
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.whole.take();
        self.own.extend_from_slice(bytes);
    }

    /// Overwrites the bytes from `at` on; if `at` is beyond the end, zeros fill the gap.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.resize(self.len().max(at));
        let end = self.len();
        let behind = self.range((at + bytes.len()).min(end)..end).into_owned();
        self.truncate(at);
        self.extend(bytes);
        self.extend(&behind);
    }

    /// Cuts off the bytes after `len`, or appends zeros up to it.
    pub(crate) fn resize(&mut self, len: usize) {
        if len < self.len() {
            return self.truncate(len);
        }
        let own = len - self.shared.len() * PAGE_LEN;
        self.whole.take();
        self.own.resize(own, 0);
    }

    /// Moves all full pages to the pool, except the last, which may still change.
    pub(crate) fn share(&mut self, pool: &mut Pool) {
        let count = (self.own.len() / PAGE_LEN).saturating_sub(1);
        if count == 0 {
            return;
        }
        self.whole.take();
        let pages = self.own[..count * PAGE_LEN].chunks(PAGE_LEN);
        self.shared.extend(pages.map(|page| pool.page(page)));
        // Not `drain`, which would keep the memory.
        self.own = self.own[count * PAGE_LEN..].to_vec();
    }
}

impl Clone for Pages {
    fn clone(&self) -> Pages {
        Pages { shared: self.shared.clone(), own: self.own.clone(), whole: OnceLock::new() }
    }
}

impl From<Vec<u8>> for Pages {
    fn from(own: Vec<u8>) -> Pages {
        Pages { shared: Vec::new(), own, whole: OnceLock::new() }
    }
}

impl PartialEq for Pages {
    fn eq(&self, other: &Pages) -> bool {
        let both = self.shared.len().min(other.shared.len());
        let is_same = |(ours, theirs)| Arc::ptr_eq(ours, theirs) || ours == theirs;
        let start = both * PAGE_LEN;
        self.len() == other.len()
            && self.shared[..both].iter().zip(&other.shared[..both]).all(is_same)
            && self.range(start..self.len()) == other.range(start..other.len())
    }
}

impl Eq for Pages {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(len: usize, seed: u8) -> Vec<u8> {
        (0..len).map(|index| (index / 7) as u8 ^ seed).collect()
    }

    proptest! {
        #[test]
        fn pages_hold_what_one_run_of_bytes_holds(
            steps in prop::collection::vec((0..4_u8, 0..3 * PAGE_LEN, any::<u8>()), 1..12),
            at in any::<[prop::sample::Index; 2]>(),
        ) {
            let (mut pages, mut plain, mut pool) = (Pages::default(), Vec::new(), Pool::default());
            for (kind, len, seed) in steps {
                match kind {
                    3 => {
                        let written = bytes(len % 99, seed);
                        pages.write(len, &written);
                        plain.resize(plain.len().max(len + written.len()), 0);
                        plain[len..len + written.len()].copy_from_slice(&written);
                    }
                    0 => {
                        pages.truncate(len.min(plain.len()));
                        plain.truncate(len);
                    }
                    1 => pages.share(&mut pool),
                    _ => {
                        pages.extend(&bytes(len, seed));
                        plain.extend(bytes(len, seed));
                    }
                }
                prop_assert_eq!(pages.len(), plain.len());
            }
            prop_assert_eq!(pages.as_slice(), &plain[..]);
            let mut ends = at.map(|at| at.index(plain.len() + 1));
            ends.sort();
            prop_assert_eq!(&*pages.range(ends[0]..ends[1]), &plain[ends[0]..ends[1]]);
            prop_assert_eq!(pages.clone(), Pages::from(plain.clone()));
            pages.extend(&[1]);
            prop_assert!(pages != Pages::from(plain));
        }
    }

    #[test]
    fn who_holds_the_same_holds_it_once() {
        let mut pool = Pool::default();
        let mut all = vec![Pages::from(bytes(10 * PAGE_LEN + 5, 1)); 3];
        all.iter_mut().for_each(|pages| pages.share(&mut pool));
        assert_eq!(all[0].shared.len(), 9);
        assert!(all[1..].iter().all(|other| Arc::ptr_eq(&other.shared[8], &all[0].shared[8])));
        assert!(all.iter().all(|pages| pages.own.len() < 2 * PAGE_LEN));
        drop(all);
        Pages::from(bytes(2 * PAGE_LEN, 2)).share(&mut pool);
        assert_eq!(pool.0.len(), 1, "what nobody holds is given up");
    }
}
