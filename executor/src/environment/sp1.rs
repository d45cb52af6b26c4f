//! SP1 4 to 6: RV32IM (4 and 5) or RV64IM (6), with calls by `ecall`, numbered in `t0`.
//!
//! Memory is readable and writable from end to end, text included, which is executed as it was
//! loaded; accesses are aligned. Each input is one entry of the stream of hints, as the host's `SP1Stdin` has
//! them. A write to descriptor 13 adds to the public values, one to 14 puts an entry in front of
//! the stream, one to 15 or above asks a [hook](hooks). An unconstrained block is executed and then
//! undone but for what it wrote; its instructions are counted, although SP1 does not prove them.
//! What only a prover does (to commit to public values, to verify proofs) does nothing here.

mod calls;
mod hooks;
mod precompiles;

use std::borrow::Cow;
use std::collections::VecDeque;

use autoprec_guest_elf::Program;
use autoprec_isa::{Decoded, Op, Reg, Xlen, decode};

use self::calls::Service;
use super::streams::Files;
use crate::hart::{Guest, MachineState};
use crate::host::{
    Action, Call, CallError, Host, ILLEGAL, Output, Session, Start, Started, numbered,
};
use crate::input::Input;
use crate::memory::Memory;

/// Memory of SP1 4 and 5 ends here.
const END_32: u64 = 0x7800_0000;
/// The stack of SP1 6 ends and its programs start here.
const BASE_64: u64 = 0x7800_0000;
/// Below it, this much of memory is close at hand; above it, four gigabytes are.
const STACK_64: u64 = 0x0800_0000;
const NEAR_64: u64 = 1 << 32;
/// Memory of SP1 6 ends here.
const END_64: u64 = 1 << 40;

/// Public values and hints; before SP1 4, they were 3 and 4.
const PUBLIC_VALUES: u64 = 13;
const HINT: u64 = 14;

/// Whether a call of this number is SP1's and of no other environment with numbers in `t0`.
pub(super) fn is_own(number: u64) -> bool {
    number >= 0x10 && calls::find(number).is_some()
}

pub(super) struct Rules;

impl Host for Rules {
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String> {
        let (window, all) = match program.xlen {
            Xlen::Rv32 => (0..END_32, 0..END_32),
            Xlen::Rv64 => (BASE_64 - STACK_64..BASE_64 + NEAR_64, 0..END_64),
        };
        if let Some(segment) = program.segments.iter().find(|s| s.end() > window.end) {
            return Err(format!(
                "the segment at {:#x} ends behind {:#x}, where SP1's programs end; link it lower",
                segment.addr, window.end
            ));
        }
        let mut memory = Memory::new(window);
        memory.open(all);
        for segment in &program.segments {
            memory.initialise(segment.addr, &segment.data[..super::layout::nonzero(&segment.data)]);
        }
        let session = Sp1 {
            word: u64::from(program.xlen.bytes()),
            hints: input.hints.iter().cloned().collect(),
            files: Files::default(),
            fork: None,
        };
        Ok((Start { memory, registers: Vec::new() }, Box::new(session)))
    }

    /// RV32IM or RV64IM and environment calls.
    fn decode(&self, xlen: Xlen, word: u32) -> Option<Decoded> {
        let decoded = decode(xlen, word).filter(|d| d.len == 4)?;
        match decoded.inst.op {
            Op::Composite(_) | Op::Amo { .. } | Op::Lr(_) | Op::Sc(_) | Op::Csr(_) | Op::FenceI => {
                None
            }
            _ => Some(decoded),
        }
    }

    fn instruction_alignment(&self) -> u64 {
        4
    }

    fn aligned_only(&self) -> bool {
        true
    }
}

struct Sp1 {
    /// Bytes of a word of the machine.
    word: u64,
    hints: VecDeque<Vec<u8>>,
    files: Files,
    /// In an unconstrained block, what to go back to.
    fork: Option<Fork>,
}

/// The state of the machine at the call that begins an unconstrained block.
struct Fork {
    pc: u64,
    registers: Vec<(Reg, u64)>,
}

impl Session for Sp1 {
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError> {
        let Call::Ecall = call else { return Err(CallError::Illegal) };
        let number = guest.reg(Reg::T0);
        let Some((name, service)) = calls::find(number) else {
            return Err(CallError::Unknown(number));
        };
        if self.fork.is_some() && !matches!(service, Service::Write | Service::ExitUnconstrained) {
            return Err(CallError::Failed(format!(
                "the guest calls {name} ({number:#x}) in an unconstrained block, where SP1 has \
                 only `write`"
            )));
        }
        let args = [Reg::A0, Reg::A1, Reg::A2].map(|r| guest.reg(r));
        match service {
            #[expect(clippy::cast_possible_truncation, reason = "exit codes have 32 bits")]
            Service::Halt => return Ok(Action::Exit(args[0] as u32)),
            Service::Write => self.write(guest, args)?,
            Service::EnterUnconstrained => self.enter(guest),
            Service::ExitUnconstrained => return Ok(self.exit(guest)),
            Service::HintLen => {
                let len = self.hints.front().map_or(u64::MAX, |hint| hint.len() as u64);
                guest.set_reg(Reg::T0, len);
            }
            Service::HintRead => self.hint_read(guest, args)?,
            Service::Nothing => {}
            Service::Precompile(precompile) => {
                precompiles::execute(guest, precompile, self.word)?;
            }
            Service::Refused(reason) => {
                return Err(CallError::Failed(format!(
                    "the guest calls {name} ({number:#x}): {reason}"
                )));
            }
        }
        Ok(Action::Continue)
    }

    fn call_name(&self, call: Call, guest: &dyn MachineState) -> Cow<'static, str> {
        let Call::Ecall = call else { return ILLEGAL };
        let number = guest.reg(Reg::T0);
        calls::find(number).map_or_else(|| numbered(number), |(name, _)| name.into())
    }

    fn output(&mut self) -> &mut Output {
        &mut self.files.output
    }

    fn writes_are_lines(&self) -> bool {
        true
    }
}

impl Sp1 {
    fn write(&mut self, guest: &mut dyn Guest, [fd, addr, len]: [u64; 3]) -> Result<(), CallError> {
        match fd {
            1 | 2 => drop(self.files.write(guest, fd, (addr, len))?),
            3 | PUBLIC_VALUES => {
                self.files.output.public_values.extend(super::transfer::read(guest, addr, len)?);
            }
            4 | HINT => self.hints.push_front(super::transfer::read(guest, addr, len)?),
            _ => {
                let question = super::transfer::read(guest, addr, len)?;
                let answers = hooks::answer(fd, &question).ok_or_else(|| no_hook(fd, len))?;
                for answer in answers.into_iter().rev() {
                    self.hints.push_front(answer);
                }
            }
        }
        Ok(())
    }

    fn hint_read(
        &mut self,
        guest: &mut dyn Guest,
        [addr, len, _]: [u64; 3],
    ) -> Result<(), CallError> {
        let Some(mut hint) = self.hints.pop_front() else {
            return Err(CallError::Failed(
                "the guest reads an input, but all are used up; pass one more".to_owned(),
            ));
        };
        if hint.len() as u64 != len {
            return Err(CallError::Failed(format!(
                "the guest reads {len} bytes, but its next input has {}; inputs are read whole, \
                 in the order in which they are given",
                hint.len()
            )));
        }
        // SP1 6 writes a word even where none is begun.
        let whole = if self.word == 8 { len + 1 } else { len }.next_multiple_of(self.word);
        hint.resize(usize::try_from(whole).expect("about as long as the hint"), 0);
        super::transfer::write(guest, aligned(addr, self.word)?, &hint)
    }

    fn enter(&mut self, guest: &mut dyn Guest) {
        let all = (0..32).filter_map(Reg::new).map(|r| (r, guest.reg(r))).collect();
        self.fork = Some(Fork { pc: guest.pc(), registers: all });
        guest.memory().checkpoint();
        guest.set_reg(Reg::T0, 1);
    }

    /// Control goes back to where the block was entered, with 0 in `t0`; outside a block, `t0` is all
    /// that changes.
    fn exit(&mut self, guest: &mut dyn Guest) -> Action {
        let fork = self.fork.take();
        if let Some(fork) = &fork {
            guest.memory().roll_back();
            for &(reg, value) in &fork.registers {
                guest.set_reg(reg, value);
            }
        }
        guest.set_reg(Reg::T0, 0);
        fork.map_or(Action::Continue, |fork| Action::Restart(fork.pc + 4))
    }
}

fn no_hook(fd: u64, len: u64) -> CallError {
    CallError::Failed(if (5..hooks::FIRST).contains(&fd) {
        format!(
            "the guest writes to descriptor {fd}, a hook of SP1 before 4; build it with newer \
             versions of its patched crates"
        )
    } else {
        format!(
            "the guest writes {len} bytes to descriptor {fd}, which is no hook that answers them; \
             hooks that a host program brings are not executed here"
        )
    })
}

fn aligned(addr: u64, word: u64) -> Result<u64, CallError> {
    let bytes = u32::try_from(word).expect("a word has 4 or 8 bytes");
    let error = CallError::Misaligned { addr, bytes };
    if addr.is_multiple_of(word) { Ok(addr) } else { Err(error) }
}
