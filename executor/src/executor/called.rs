//! Calls of the environment and of precompiles: who made them, and how many.
//!
//! Invariants: a call counts for a path of its own below the function that makes it, with the
//! instruction that calls or those that a precompile replaces; nothing here runs between calls.

use autoprec_isa::Word;

use super::state::Executor;
use crate::error::RunError;
use crate::host::{Action, Call};
use crate::spans::{End, NO_PATCH, SpanId};

impl<W: Word> Executor<'_, '_, W> {
    /// Patches and observers, at the start of a span, after `now` instructions.
    #[cold]
    #[inline(never)]
    pub(super) fn notice(&mut self, id: SpanId, now: u64) {
        let span = &self.spans.all[id as usize];
        if let Some(patch) = self.setting.patches.at(span.start).filter(|_| span.patch != NO_PATCH)
        {
            self.patch_calls[span.patch as usize] += 1;
            self.region_end = span.patch_end;
            self.region_callee = self.callees.precompile(patch.id);
            self.callees.counts[self.region_callee as usize] += 1;
        } else if span.start >= self.region_end {
            self.region_end = 0;
        }
        if self.region_end != 0 {
            self.replaced += u64::from(span.insts);
            self.replace(id, now);
        }
        let span = &self.spans.all[id as usize];
        if span.watched {
            (self.watch.on_entry)(span.start, &self.hart);
        }
    }

    /// Counts the coming execution of a span for the precompile that it is a part of.
    fn replace(&mut self, id: SpanId, now: u64) {
        let span = &mut self.spans.all[id as usize];
        if matches!(span.finish, End::Ecall | End::Custom(_)) {
            // It has a path of its own.
            return;
        }
        self.visits.add(span.path, id, span.count - span.before);
        // The current path is as far as it will be when this execution is counted.
        (span.path, span.before) = (self.calls.current(), span.count + 1);
        let path = self.calls.leaf(self.region_callee, now, u64::from(span.insts));
        self.visits.add(path, id, 1);
    }

    /// Ends that leave the machine, after `now` instructions with the span's.
    #[inline(never)]
    pub(super) fn leave(&mut self, id: SpanId, finish: End, now: u64) -> Result<Action, RunError> {
        let span = &mut self.spans.all[id as usize];
        let call = match finish {
            End::Ecall => Call::Ecall,
            End::Custom(word) => Call::Custom(word),
            End::Marker(kind, tag) => {
                self.markers.mark(kind, self.spans.tags.name(tag).to_owned(), now);
                return Ok(Action::Continue);
            }
            End::Illegal(word) => {
                let pc = span.start;
                return Err(self.illegal(pc, word));
            }
            End::OutsideText => {
                let pc = span.start;
                return Err(RunError::OutsideText { site: Box::new(self.site(pc)) });
            }
            _ => {
                let pc = span.last;
                return Err(RunError::Breakpoint { site: Box::new(self.site(pc)) });
            }
        };
        let pc = span.last;
        // This execution is not the current path's.
        span.before += 1;
        let callee = self.callees.of(self.session.call_name(call, &self.hart));
        self.callees.counts[callee as usize] += 1;
        let path = self.calls.leaf(callee, now - 1, 1);
        self.visits.add(path, id, 1);
        self.hart.instructions = now;
        self.hart.call_pc = pc;
        let action = self.session.call(call, &mut self.hart);
        let whole = self.session.writes_are_lines();
        self.markers.look(self.session.output(), now, whole);
        action.map_err(|error| self.call_failed(pc, error))
    }
}
