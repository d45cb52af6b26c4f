//! Sets of addresses, as disjoint ranges.
//!
//! Invariant: no range is empty, and none touches another.

use std::collections::BTreeMap;
use std::ops::Range;

/// Disjoint ranges: start and end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Areas(BTreeMap<u64, u64>);

impl Areas {
    pub(super) fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let Range { mut start, mut end } = range;
        // Joins those that overlap or touch it.
        while let Some((&other, &other_end)) = self.0.range(..=end).next_back()
            && other_end >= start
        {
            (start, end) = (start.min(other), end.max(other_end));
            self.0.remove(&other);
        }
        self.0.insert(start, end);
    }

    pub(super) fn remove(&mut self, range: &Range<u64>) {
        if range.is_empty() {
            return;
        }
        while let Some((&start, &end)) = self.0.range(..range.end).next_back()
            && end > range.start
        {
            self.0.remove(&start);
            if end > range.end {
                self.0.insert(range.end, end);
            }
            if start < range.start {
                self.0.insert(start, range.start);
            }
        }
    }

    /// Whether all of `range` is in the set.
    pub(super) fn covers(&self, range: &Range<u64>) -> bool {
        let before = self.0.range(..=range.start).next_back();
        range.is_empty() || before.is_some_and(|(_, &end)| end >= range.end)
    }

    /// Whether nothing of `range` is in the set.
    pub(super) fn is_free(&self, range: &Range<u64>) -> bool {
        let before = self.0.range(..range.end).next_back();
        range.is_empty() || before.is_none_or(|(_, &end)| end <= range.start)
    }

    /// Start of the first `len` addresses of `within` that are not in the set.
    pub(super) fn first_free(&self, within: &Range<u64>, len: u64) -> Option<u64> {
        let mut start = within.start;
        let before = self.0.range(..=start).next_back().map(|(_, &end)| end);
        start = start.max(before.unwrap_or(start));
        for (&next, &end) in self.0.range(start..) {
            if next - start >= len {
                break;
            }
            start = end;
        }
        (within.end.checked_sub(start)? >= len).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_are_sets(
            changes in prop::collection::vec((any::<bool>(), 0..60u64, 0..12u64), 0..30),
            (start, len) in (0..60u64, 0..12u64),
        ) {
            let (mut areas, mut set) = (Areas::default(), BTreeSet::new());
            for (insert, start, len) in changes {
                if insert {
                    areas.insert(start..start + len);
                    set.extend(start..start + len);
                } else {
                    areas.remove(&(start..start + len));
                    set.retain(|addr| !(start..start + len).contains(addr));
                }
            }
            let range = start..start + len;
            prop_assert_eq!(areas.covers(&range), range.clone().all(|addr| set.contains(&addr)));
            prop_assert_eq!(areas.is_free(&range), range.into_iter().all(|addr| !set.contains(&addr)));
            let free = |&at: &u64| (at..at + len).all(|addr| !set.contains(&addr));
            let within = 5..50u64;
            let first = within.clone().find(|at| at + len <= 50 && free(at));
            if len > 0 {
                prop_assert_eq!(areas.first_free(&within, len), first);
            }
        }
    }
}
