//! A machine with three calls, numbered as in Linux: the same ELF runs under `qemu-riscv32` and
//! `qemu-riscv64`. All memory from address 0 (if the guest is linked low) to far behind the guest is
//! there; the stack pointer starts at its end.

use std::borrow::Cow;
use std::ops::Range;

use autoprec_guest_elf::Program;
use autoprec_isa::Reg;

use super::streams::Files;
use crate::hart::{Guest, MachineState};
use crate::host::{
    Action, Call, CallError, Host, ILLEGAL, Output, Session, Start, Started, numbered,
};
use crate::input::Input;
use crate::memory::{self, Memory};

/// Memory behind the last segment, in bytes.
const ROOM: u64 = 512 << 20;
/// A guest linked below this address has memory from address 0 on.
const LOW: u64 = 1 << 30;

const READ: u64 = 63;
const WRITE: u64 = 64;
const EXIT: u64 = 93;

pub(super) struct Rules;

impl Host for Rules {
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String> {
        let window = window(program);
        let mut memory = Memory::new(window.clone());
        // Text that is not writable stays so; everything around it is.
        super::layout::load_segments(&mut memory, program);
        let mut free = window.start;
        for segment in program.segments.iter().filter(|s| s.end() <= window.end) {
            let start = segment.addr & !(memory::PAGE - 1);
            memory.map(free..start.max(free), memory::READ | memory::WRITE);
            free = segment.end().next_multiple_of(memory::PAGE).max(free);
        }
        memory.map(free..window.end.max(free), memory::READ | memory::WRITE);
        let registers = vec![(Reg::SP, stack_pointer(program))];
        Ok((Start { memory, registers }, Box::new(Bare(Files::new(&input.stdin)))))
    }
}

/// What there is of memory.
fn window(program: &Program) -> Range<u64> {
    let first = program.segments.first().map_or(0, |s| s.addr);
    super::layout::window(program, if first < LOW { 0 } else { first }, ROOM)
}

/// Where the stack pointer starts: near the end of memory, with zeros behind it.
pub(super) fn stack_pointer(program: &Program) -> u64 {
    window(program).end - 16
}

struct Bare(Files);

impl Session for Bare {
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError> {
        let Call::Ecall = call else { return Err(CallError::Illegal) };
        let [number, fd, addr, len] = [Reg::A7, Reg::A0, Reg::A1, Reg::A2].map(|r| guest.reg(r));
        let result = match number {
            READ => self.0.read(guest, fd, (addr, len))?,
            WRITE => self.0.write(guest, fd, (addr, len))?,
            #[expect(clippy::cast_possible_truncation, reason = "exit codes have 32 bits")]
            EXIT => return Ok(Action::Exit(fd as u32)),
            _ => return Err(CallError::Unknown(number)),
        };
        guest.set_reg(Reg::A0, result);
        Ok(Action::Continue)
    }

    fn call_name(&self, call: Call, guest: &dyn MachineState) -> Cow<'static, str> {
        let Call::Ecall = call else { return ILLEGAL };
        match guest.reg(Reg::A7) {
            READ => "read".into(),
            WRITE => "write".into(),
            EXIT => "exit".into(),
            other => numbered(other),
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.0.output
    }
}
