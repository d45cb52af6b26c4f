//! How often each span was executed on each call path.
//!
//! A span remembers the path it was last executed on, so that counting costs the run loop one
//! comparison; what it counted goes here when another path executes it. Invariants: each execution
//! of a span is counted for exactly one path; memory is bounded by [`MAX_VISITS`], beyond which
//! executions count for the root, the path without functions.

use std::collections::BTreeMap;

use crate::calls::{NodeId, ROOT};
use crate::spans::{SpanId, UNKNOWN};

/// Pairs of path and span told apart.
const MAX_VISITS: usize = 1 << 20;
/// Lines of the direct-mapped cache.
const CACHE: usize = 1 << 12;

#[derive(Clone, Copy, Debug)]
struct Line {
    node: NodeId,
    span: SpanId,
    count: u64,
}

/// Counts by path and span.
#[derive(Clone, Debug)]
pub(crate) struct Visits {
    cache: Box<[Line; CACHE]>,
    counts: BTreeMap<(NodeId, SpanId), u64>,
    most: usize,
}

impl Visits {
    pub(crate) fn new() -> Self {
        Self::with_most(MAX_VISITS)
    }

    fn with_most(most: usize) -> Self {
        let empty = Line { node: ROOT, span: UNKNOWN, count: 0 };
        let cache = vec![empty; CACHE].into_boxed_slice();
        let cache = cache.try_into().expect("it has so many lines");
        Self { cache, counts: BTreeMap::new(), most }
    }

    /// Counts executions of a span on a path.
    #[inline]
    pub(crate) fn add(&mut self, node: NodeId, span: SpanId, count: u64) {
        if count == 0 {
            return;
        }
        let hash = u64::from(span) ^ u64::from(node).wrapping_mul(0x9e37_79b9);
        let index = usize::try_from(hash % CACHE as u64).expect("below CACHE");
        let line = &mut self.cache[index];
        if (line.node, line.span) == (node, span) {
            line.count += count;
            return;
        }
        let old = std::mem::replace(line, Line { node, span, count });
        self.keep(old);
    }

    #[cold]
    #[inline(never)]
    fn keep(&mut self, Line { node, span, count }: Line) {
        if count == 0 {
            // An empty line of the cache.
            return;
        }
        let full = self.counts.len() >= self.most && !self.counts.contains_key(&(node, span));
        let node = if full { ROOT } else { node };
        *self.counts.entry((node, span)).or_default() += count;
    }

    /// All counts; none is 0.
    pub(crate) fn finish(mut self) -> BTreeMap<(NodeId, SpanId), u64> {
        for index in 0..CACHE {
            self.keep(self.cache[index]);
        }
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_execution_is_lost_when_there_are_too_many_paths() {
        let mut visits = Visits::with_most(100);
        for round in 1..=3 {
            for node in 1..=5_000 {
                visits.add(node, node % 7, round);
            }
        }
        let counts = visits.finish();
        // Those of the root come on top, one per span.
        assert!(counts.len() <= 107, "{}", counts.len());
        assert_eq!(counts.values().sum::<u64>(), 5_000 * (1 + 2 + 3));
        for span in 0..7 {
            let expected = (1..=5_000).filter(|node| node % 7 == span).count() as u64 * 6;
            let of_span = counts.iter().filter(|((_, s), _)| *s == span).map(|(_, c)| c);
            assert_eq!(of_span.sum::<u64>(), expected, "span {span}");
        }
    }
}
