//! Profiles of a run that goes on.
//!
//! Invariants: a moment lies between two spans, so that what was counted until then adds up to the
//! instructions executed so far; telling of moments changes nothing of the run, not even when threads
//! take turns.

use std::collections::BTreeSet;
use std::fmt;

use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Word;
use autoprec_profile::Profile;

use super::{Executor, Input, Limits, Run, Watch, dispatch};
use crate::environment::Environment;
use crate::error::RunError;

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

/// Told of moments of a run.
pub type OnMoment<'a> = dyn FnMut(&Moment<'_>) + 'a;

/// Who is told, and how often.
pub(super) struct Stream<'s> {
    every: u64,
    next: u64,
    on_moment: &'s mut OnMoment<'s>,
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

/// Runs a guest to its end, calling `on_moment` about every so many instructions, each time between two
/// spans. The result is that of [`run`](super::run).
///
/// # Errors
///
/// As [`run`](super::run).
#[expect(clippy::too_many_arguments, reason = "the arguments of `run` and two more")]
pub fn run_streamed(
    program: &Program,
    patches: &Patches,
    environment: Environment,
    input: &Input,
    limits: &Limits,
    every: u64,
    on_moment: &mut OnMoment<'_>,
) -> Result<Run, RunError> {
    let watch = Watch { pcs: &BTreeSet::new(), on_entry: &mut |_, _| {} };
    let mut told = |moment: &Moment<'_>| on_moment(moment);
    let stream = Stream { every, next: every, on_moment: &mut told };
    dispatch(program, patches, environment, (input, limits), (watch, Some(stream)))
}
