//! Profiles of a run that goes on.
//!
//! Invariants: a moment lies between two spans, so that what was counted until then adds up to the
//! instructions executed so far; telling of moments changes nothing of the run, not even when threads
//! take turns.

use std::fmt;

use autoprec_isa::Word;
use autoprec_profile::Profile;

use super::state::Executor;

/// A moment of a run that goes on.
pub struct Moment<'m> {
    instructions: u64,
    profile: &'m dyn Fn() -> Profile,
}

impl Moment<'_> {
    /// Instructions that were executed so far.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// What was counted so far, marked partial. It is put together when it is asked for, which takes
    /// about as long as at the end of a run.
    pub fn profile(&self) -> Profile {
        (self.profile)()
    }
}

impl fmt::Debug for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment").field("instructions", &self.instructions).finish_non_exhaustive()
    }
}

/// Called at moments of a run.
pub type OnMoment<'a> = dyn FnMut(&Moment<'_>) + 'a;

/// The observer of a run, and the instructions between two calls of it.
pub(super) struct Stream<'s> {
    pub(super) every: u64,
    pub(super) next: u64,
    pub(super) on_moment: &'s mut OnMoment<'s>,
}

impl Stream<'_> {
    /// Tells of the moment after `now` instructions if it is time to, before the run goes on to `after`
    /// instructions. Gives where to ask again, which is not before `after`.
    #[cold]
    pub(super) fn tell<W: Word>(
        &mut self,
        executor: &Executor<'_, '_, W>,
        now: u64,
        after: u64,
    ) -> u64 {
        if after > self.next {
            let profile = || Profile { partial: true, ..executor.profile(now) };
            (self.on_moment)(&Moment { instructions: now, profile: &profile });
            self.next = after.saturating_add(self.every);
        }
        self.next
    }
}
