//! Memory in which stores are looked at: patches, and code that may be stored to.
//!
//! What was stored to is not executed, and what was executed is not stored to, since instructions are
//! decoded once. Invariant: every page of a guard has [`GUARDED`], so that stores come here.

use std::ops::Range;

use super::{AccessError, GUARDED, Memory, pages};

/// Marks of one halfword of writable code.
const EXECUTED: u8 = 1;
const STORED: u8 = 2;

/// A range in which stores are looked at.
#[derive(Debug)]
pub(super) struct Guard {
    range: Range<u64>,
    /// Per halfword of the range; `None` for a patch, where no store is allowed.
    marks: Option<Vec<u8>>,
}

impl Memory {
    /// Refuses stores to the bytes of a patch.
    pub(crate) fn guard_patch(&mut self, range: Range<u64>) {
        self.guard(Guard { range, marks: None });
        // Patches first: they say more about what went wrong.
        self.guards.rotate_right(1);
    }

    /// Watches code that may be stored to.
    pub(crate) fn guard_code(&mut self, range: Range<u64>) {
        let halfwords = usize::try_from((range.end - range.start).div_ceil(2)).unwrap_or(0);
        self.guard(Guard { range, marks: Some(vec![0; halfwords]) });
    }

    fn guard(&mut self, guard: Guard) {
        for page in pages(&guard.range) {
            *self.flags_mut(page) |= GUARDED;
        }
        self.guards.push(guard);
    }

    /// Notes that the bytes are executed. False if they were stored to before, and so may differ
    /// from the program's.
    pub(crate) fn note_execution(&mut self, range: &Range<u64>) -> bool {
        self.guards.iter_mut().all(|guard| {
            guard.marks_in(range).iter_mut().all(|mark| {
                *mark |= EXECUTED;
                *mark & STORED == 0
            })
        })
    }

    /// Whether a store may be done; it is noted.
    pub(super) fn check_guards(&mut self, range: &Range<u64>) -> Result<(), AccessError> {
        for guard in &mut self.guards {
            if range.start >= guard.range.end || range.end <= guard.range.start {
                continue;
            }
            if guard.marks.is_none() {
                return Err(AccessError::Patched);
            }
            for mark in guard.marks_in(range) {
                if *mark & EXECUTED != 0 {
                    return Err(AccessError::Executed);
                }
                *mark |= STORED;
            }
        }
        Ok(())
    }
}

impl Guard {
    /// Marks of the halfwords that `range` touches.
    fn marks_in(&mut self, range: &Range<u64>) -> &mut [u8] {
        let start = range.start.max(self.range.start);
        let end = range.end.min(self.range.end);
        let Some(marks) = self.marks.as_mut().filter(|_| start < end) else { return &mut [] };
        let index = |addr: u64| usize::try_from(addr).unwrap_or(usize::MAX);
        let first = index((start - self.range.start) / 2);
        let last = index((end - self.range.start).div_ceil(2)).min(marks.len());
        marks.get_mut(first..last).unwrap_or_default()
    }
}
