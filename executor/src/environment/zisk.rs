//! ZisK: RV64IMAC with input and output in memory, and calls by control registers.
//!
//! | address | holds |
//! |---|---|
//! | 0x40000008 | the input, as ZisK's input files have it |
//! | 0x80000000 | the program |
//! | 0x90000008 | for guests of older versions: bytes of the input, and the input |
//! | 0xa0000000 | memory; its first page has a console at 0x200, and 64 KiB on are the public values |
//!
//! In the newest versions the stack comes first, so that console and public values are 4 MiB further
//! on; this is taken to be so if a segment lies behind them and none before. `ecall` with 93 in `a7`
//! ends the run; `a0` is the exit code only if the guest's library runs static constructors, which
//! is since when it is one. Control registers 0x800 to 0x84f are [precompiles](calls); 0x8c0 to 0x8df
//! and 0x8f0 to 0x8ff ask for [values](values) that the guest then checks, and that 0xffe reads.
//! From the sources of `ziskos` 0.9 to 1.3.

mod calls;
mod values;

use std::borrow::Cow;
use std::collections::VecDeque;

use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::{CsrOp, CsrUpdate, Decoded, Op, Reg, Xlen, decode};

use self::values::Values;
use super::streams::Files;
use crate::hart::{Guest, MachineState};
use crate::host::{
    Action, Call, CallError, Host, ILLEGAL, Output, Session, Start, Started, numbered,
};
use crate::input::Input;
use crate::memory::{self, Memory};

const INPUT: u64 = 0x4000_0000;
const OLD_INPUT: u64 = 0x9000_0000;
const RAM: u64 = 0xa000_0000;
const END: u64 = 0xc000_0000;
/// Where the stack comes first, it has so many bytes.
const STACK: u64 = 4 << 20;
/// From the start of system memory.
const CONSOLE: u64 = 0x200;
const PUBLIC: u64 = 0x1_0000;
const PUBLIC_BYTES: u64 = 256;
/// Console, registers and public values together.
const SYSTEM_BYTES: u64 = 0x2_0000;
/// `marchid`, and what ZisK says there.
const ARCHITECTURE: u32 = 0xf12;
const ZISK: u64 = 0x0fff_eeee;
const EXIT: u64 = 93;

/// An instruction on a control register of ZisK.
#[derive(Clone, Copy)]
struct Control {
    csr: u32,
    op: CsrOp,
    rd: Reg,
    /// `zero` where the operand is an immediate.
    rs1: Reg,
    immediate: u64,
}

impl Control {
    fn of(word: u32) -> Option<Self> {
        let inst = decode(Xlen::Rv64, word)?.inst;
        let Op::Csr(op) = inst.op else { return None };
        let csr = u32::from(inst.csr()?.number());
        let own = matches!(csr, 0x800..=0x84f | 0x8c0..=0x8df | 0x8f0..=0x8ff | 0xffe)
            || csr == ARCHITECTURE;
        let immediate = u64::from(inst.imm.cast_unsigned() >> 12);
        own.then_some(Self { csr, op, rd: inst.rd, rs1: inst.rs1, immediate })
    }

    fn is(self, update: CsrUpdate, immediate: bool) -> bool {
        self.op == CsrOp { update, immediate }
    }
}

/// Whether only ZisK has this instruction.
pub(super) fn is_own(word: u32) -> bool {
    Control::of(word).is_some()
}

/// Whether a program lies where ZisK has memory.
pub(super) fn fits(program: &Program) -> bool {
    program.segments.iter().all(|segment| segment.addr >= INPUT && segment.end() <= END)
}

pub(super) struct Rules;

impl Host for Rules {
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String> {
        if program.xlen != Xlen::Rv64 {
            return Err("ZisK runs riscv64ima only; build the guest for that".to_owned());
        }
        let outside = |s: &&Segment| s.addr < INPUT || s.end() > END;
        if let Some(segment) = program.segments.iter().find(outside) {
            return Err(format!(
                "the segment at {:#x} lies outside {INPUT:#x} to {END:#x}, ZisK's memory; link it \
                 with ZisK's linker script",
                segment.addr
            ));
        }
        let bytes = if input.hints.is_empty() { input.stdin.clone() } else { input.hints.concat() };
        let room = OLD_INPUT - INPUT - 8;
        if bytes.len() as u64 > room {
            return Err(format!("its input has {} bytes; at most {room} fit", bytes.len()));
        }
        let mut memory = Memory::new(INPUT..END);
        memory.map(RAM..END, memory::READ | memory::WRITE);
        super::layout::load_segments(&mut memory, program);
        place_input(&mut memory, program, &bytes);
        let system = system(program);
        memory.place_port(system + CONSOLE);
        let session = Zisk {
            system,
            codes: program.symbols.iter().any(|s| s.name == "__init_array_start"),
            values: Values::default(),
            files: Files::default(),
        };
        Ok((Start { memory, registers: Vec::new() }, Box::new(session)))
    }

    fn decode(&self, xlen: Xlen, word: u32) -> Option<Decoded> {
        decode(xlen, word).filter(|_| !is_own(word))
    }

    fn is_custom(&self, word: u32) -> bool {
        is_own(word)
    }
}

/// Where the console and the public values lie.
fn system(program: &Program) -> u64 {
    let behind = RAM + STACK + SYSTEM_BYTES;
    let mut high = program.segments.iter().filter(|s| s.addr >= RAM).map(|s| s.addr).peekable();
    if high.peek().is_some() && high.all(|addr| addr >= behind) { RAM + STACK } else { RAM }
}

/// For new guests and for old ones, unless a segment is in the way.
fn place_input(memory: &mut Memory, program: &Program, bytes: &[u8]) {
    let new = [&[0; 8], bytes].concat();
    let old = [&[0; 8], &(bytes.len() as u64).to_le_bytes()[..], bytes].concat();
    let page = |s: &Segment| s.addr & !(memory::PAGE - 1);
    for (place, data, end) in [(INPUT, new, 0x8000_0000), (OLD_INPUT, old, RAM)] {
        // Up to the next segment, if there is one.
        let above = program.segments.iter().map(page);
        let end = above.filter(|&addr| addr > place).min().unwrap_or(end).min(end);
        let taken = program.segments.iter().any(|s| page(s) <= place && s.end() > place);
        if !taken && data.len() as u64 <= end - place {
            memory.map(place..end, memory::READ);
            memory.initialise(place, &data);
        }
    }
}

struct Zisk {
    system: u64,
    /// Whether `a0` is an exit code.
    codes: bool,
    values: Values,
    files: Files,
}

impl Session for Zisk {
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError> {
        self.files.output.stdout.extend(guest.memory().take_port());
        match call {
            Call::Ecall => {
                let number = guest.reg(Reg::A7);
                if number != EXIT {
                    return Err(CallError::Unknown(number));
                }
                let public = super::transfer::read(guest, self.system + PUBLIC, PUBLIC_BYTES)?;
                self.files.output.public_values = public;
                #[expect(clippy::cast_possible_truncation, reason = "exit codes have 32 bits")]
                let code = guest.reg(Reg::A0) as u32;
                Ok(Action::Exit(if self.codes { code } else { 0 }))
            }
            Call::Custom(word) => {
                let control = Control::of(word).ok_or(CallError::Illegal)?;
                self.control(guest, control)
            }
        }
    }

    fn call_name(&self, call: Call, guest: &dyn MachineState) -> Cow<'static, str> {
        match call {
            Call::Ecall if guest.reg(Reg::A7) == EXIT => "exit".into(),
            Call::Ecall => numbered(guest.reg(Reg::A7)),
            Call::Custom(word) => match Control::of(word).map(|control| control.csr) {
                Some(ARCHITECTURE) => "marchid".into(),
                Some(0x8c0..=0x8df) => "fcall".into(),
                Some(0x8f0..=0x8ff) => "fcall_param".into(),
                Some(0xffe) => "fcall_get".into(),
                Some(csr) => calls::name(csr).map_or(ILLEGAL, Cow::Borrowed),
                None => ILLEGAL,
            },
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.files.output
    }
}

impl Zisk {
    fn control(&mut self, guest: &mut dyn Guest, control: Control) -> Result<Action, CallError> {
        let Control { csr, rd, rs1, immediate, .. } = control;
        let value = guest.reg(rs1);
        match csr {
            ARCHITECTURE => guest.set_reg(rd, ZISK),
            0xffe => {
                let next = self.values.next()?;
                guest.set_reg(rd, next);
            }
            0x8c0..=0x8df if control.is(CsrUpdate::Write, true) => {
                self.values.ask(u64::from(csr - 0x8c0) << 5 | immediate)?;
            }
            0x8f0..=0x8ff if control.is(CsrUpdate::Set, false) => {
                self.values.add(guest, csr - 0x8f0, value)?;
            }
            0x800..=0x84f => return calls::execute(guest, control, &mut self.values.answers),
            _ => return Err(CallError::Illegal),
        }
        Ok(Action::Continue)
    }
}

type Words = VecDeque<u64>;
