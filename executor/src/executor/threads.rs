//! Threads of the guest: one runs, the others are parked.
//!
//! Invariants: threads change between spans only, so that each instruction is counted for the call
//! path of the thread that executed it; a thread is parked under the number that the environment
//! gave it, and the running one is not.

use autoprec_isa::{Reg, Word};

use super::parked::Parked;
use super::state::Executor;
use crate::error::RunError;
use crate::hart::Guest as _;
use crate::host::{Action, Switch};
use crate::spans::SpanId;

impl<'a, 'w: 'a, W: Word> Executor<'a, 'w, W> {
    /// What follows the span `id`, whose call changes the threads or their turns.
    #[cold]
    #[inline(never)]
    pub(super) fn reschedule(
        &mut self,
        id: SpanId,
        action: Action,
        now: u64,
    ) -> Result<SpanId, RunError> {
        let next = self.next(id)?;
        match action {
            Action::Spawn { thread, stack, tls } => {
                let mut registers = self.hart.registers_of_thread();
                registers.set(Reg::SP, stack);
                if let Some(tls) = tls {
                    registers.set(Reg::TP, tls);
                }
                let pc = self.spans.all[next as usize].start;
                let function = self.setting.program.function_at(pc).map_or(pc, |f| f.addr);
                let frames = self.calls.frames_of_thread(function);
                let parked = Parked { registers, frames, next, region: (0, 0) };
                self.threads.parked.insert(thread, parked);
                Ok(next)
            }
            Action::Switch(switch) => Ok(self.switch(next, switch, now)),
            _ => Ok(next),
        }
    }

    /// Parks the running thread before the span `next`; gives the span that the other goes on with.
    pub(super) fn switch(&mut self, next: SpanId, switch: Switch, now: u64) -> SpanId {
        let mut other =
            self.threads.parked.remove(&switch.to).expect("the environment names parked threads");
        self.hart.exchange(&mut other.registers);
        self.calls.exchange(&mut other.frames, now);
        std::mem::swap(&mut self.region_end, &mut other.region.0);
        std::mem::swap(&mut self.region_callee, &mut other.region.1);
        let id = std::mem::replace(&mut other.next, next);
        let before = std::mem::replace(&mut self.threads.running, switch.to);
        if !switch.ends {
            self.threads.parked.insert(before, other);
        }
        if let Some(result) = switch.result {
            self.hart.set_reg(Reg::A0, result);
        }
        id
    }

    /// The span to go on with, which is another thread's if the running one has had its share.
    pub(super) fn share(&mut self, id: SpanId, now: u64) -> SpanId {
        match self.session.slice(now) {
            Some(switch) if switch.to != self.threads.running => self.switch(id, switch, now),
            _ => id,
        }
    }
}
