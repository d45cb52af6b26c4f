//! Runs that cannot go on: where, why, and what was counted until then.
//!
//! Invariant: every error names the instruction that failed, with the state before it.

use autoprec_isa::{Reg, Word};
use autoprec_profile::Profile;

use super::state::Executor;
use crate::error::{RunError, Site};
use crate::hart::{Fault, MachineState};
use crate::host::CallError;
use crate::memory::AccessError;
use crate::spans::SpanId;

impl<W: Word> Executor<'_, '_, W> {
    /// The end of a run that may not go on to `after` instructions.
    #[cold]
    pub(super) fn give_up(self, id: SpanId, now: u64, after: u64) -> RunError {
        let site = Box::new(self.site(self.spans.all[id as usize].start));
        let limit = self.setting.limits.max_instructions.filter(|&limit| after > limit);
        let partial = Box::new(Profile { partial: true, ..self.profile(now) });
        match limit {
            Some(limit) => RunError::InstructionLimit { site, limit, partial },
            None => RunError::Stopped { site, partial },
        }
    }

    pub(super) fn site(&self, pc: u64) -> Site {
        const ARGS: [Reg; 8] =
            [Reg::A0, Reg::A1, Reg::A2, Reg::A3, Reg::A4, Reg::A5, Reg::A6, Reg::A7];
        Site {
            pc,
            function: self.setting.program.function_at(pc).map(|f| f.name.clone()),
            args: ARGS.map(|reg| MachineState::reg(&self.hart, reg)),
        }
    }

    pub(super) fn illegal(&self, pc: u64, word: u32) -> RunError {
        let environment = self.setting.environment;
        let site = Box::new(self.site(pc));
        RunError::IllegalInstruction { site, word, xlen: W::XLEN, environment }
    }

    #[cold]
    pub(super) fn faulted(&self) -> RunError {
        let pc = self.hart.fault_pc;
        let fault = self.hart.fault.expect("handlers set the fault when they stop");
        match fault {
            Fault::Access { addr, bytes, write, error } => {
                self.call_failed(pc, CallError::Access { addr, bytes, write, error })
            }
            Fault::Misaligned { addr, bytes } => {
                self.call_failed(pc, CallError::Misaligned { addr, bytes })
            }
            Fault::Rounding(error) => self.call_failed(pc, CallError::Failed(error.to_string())),
            Fault::Csr(csr) => RunError::Csr { site: Box::new(self.site(pc)), csr },
        }
    }

    #[cold]
    pub(super) fn call_failed(&self, pc: u64, error: CallError) -> RunError {
        let site = Box::new(self.site(pc));
        let environment = self.setting.environment;
        match error {
            CallError::Unknown(number) => RunError::UnknownCall { site, number, environment },
            CallError::Illegal => self.illegal(pc, self.setting.program.word_at(pc).unwrap_or(0)),
            CallError::Failed(reason) => RunError::Call { site, reason },
            CallError::Access { addr, bytes, write, error: AccessError::Denied } => {
                RunError::Access { site, addr, bytes, write }
            }
            CallError::Access { addr, error, .. } => {
                let patched = error == AccessError::Patched;
                RunError::StoreToCode { site, addr, patched }
            }
            CallError::Misaligned { addr, bytes } => {
                RunError::Misaligned { site, addr, bytes, environment }
            }
        }
    }
}
