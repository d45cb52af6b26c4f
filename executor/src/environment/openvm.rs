//! OpenVM 2.0: RV32IM, 2^29 bytes of memory, and custom instructions for the rest.
//!
//! | `funct3` | `imm` | instruction |
//! |---|---|---|
//! | 0 | exit code | terminate |
//! | 1 | 0 | `hint_storew`: the next word of the hint stream to `[rd]` |
//! | 1 | 1 | `hint_buffer`: the next `rs1` words of the hint stream to `[rd]` |
//! | 2 | offset | `reveal`: `rs1` to the public values at `rd + offset` |
//! | 3 | 0 | `hint_input`: the next input vector becomes the hint stream |
//! | 3 | 1 | `print_str`: the `rs1` bytes at `rd` to standard output |
//! | 3 | 2 | `hint_random`: `rd` random words become the hint stream |
//! | 4 to 6 | | the extensions for [hashes](hash) and [256-bit integers](int256) |
//!
//! These are custom-0; custom-1 is [modular arithmetic](algebra).
//!
//! A hint stream is the vector's length as a word, the vector, and zeros up to a whole word. Random
//! words come from OpenVM's generator with its fixed seed. The program is fixed: a store to text
//! changes what loads see, not what is executed. Pointers of all these instructions are multiples of
//! 4, as the prover requires.

mod algebra;
mod hash;
mod int256;
mod request;
mod words;

use std::borrow::Cow;
use std::collections::VecDeque;

use autoprec_guest_elf::Program;
use autoprec_isa::{Decoded, Op, Reg, Xlen, decode};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use self::algebra::Arithmetic;
pub use self::request::OpenVmRequest;
use self::words::{CUSTOM_0, Fields, Operands, aligned, branch_offset, write};
use crate::hart::{Guest, MachineState};
use crate::host::{Action, Call, CallError, Host, ILLEGAL, Output, Session, Start, Started};
use crate::input::Input;
use crate::memory::{self, Memory};

const MEMORY_BYTES: u64 = 1 << 29;
const PUBLIC_VALUES: usize = 32;
const MAX_HINT_WORDS: u64 = 1023;
const RANDOM_SEED: u64 = 0;

const CUSTOM_1: u32 = 0x2b;

/// Whether `word` is a termination as the guest library writes it.
pub(super) fn is_terminate(word: u32) -> bool {
    Fields::of(word).is_some_and(|f| {
        f.funct3 == 0 && f.rd == Reg::ZERO && f.rs1 == Reg::ZERO && (0..256).contains(&f.imm)
    })
}

pub(super) struct Rules;

impl Host for Rules {
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String> {
        if program.xlen != Xlen::Rv32 {
            return Err("OpenVM 2.0 runs riscv32im only; build the guest for that".to_owned());
        }
        if let Some(segment) = program.segments.iter().find(|s| s.end() > MEMORY_BYTES) {
            return Err(format!(
                "the segment at {:#x} ends outside the {MEMORY_BYTES:#x} bytes of memory",
                segment.addr
            ));
        }
        let mut memory = Memory::new(0..MEMORY_BYTES);
        memory.map(0..MEMORY_BYTES, memory::READ | memory::WRITE);
        for segment in &program.segments {
            memory.initialise(segment.addr, &segment.data[..super::layout::nonzero(&segment.data)]);
        }
        let session = OpenVm {
            inputs: input.hints.iter().cloned().collect(),
            hints: VecDeque::new(),
            random: StdRng::seed_from_u64(RANDOM_SEED),
            arithmetic: Arithmetic::new(input.algebra.clone()),
            output: Output { public_values: vec![0; PUBLIC_VALUES], ..Output::default() },
        };
        Ok((Start { memory, registers: Vec::new() }, Box::new(session)))
    }

    /// RV32IM without environment calls; the one use of a control register that OpenVM accepts
    /// (`csrrw x0, csr, x0`) does nothing there.
    fn decode(&self, xlen: Xlen, word: u32) -> Option<Decoded> {
        let decoded = decode(xlen, word).filter(|d| d.len == 4)?;
        let inst = &decoded.inst;
        match inst.op {
            Op::Composite(_)
            | Op::Amo { .. }
            | Op::Lr(_)
            | Op::Sc(_)
            | Op::Ecall
            | Op::Ebreak
            | Op::FenceI => None,
            Op::Csr(_) => {
                // A nop, as a fence is: `addi x0, x0, 0`.
                let nop = decode(xlen, 0x13)?;
                let plain = word & 0x000f_ffff == 0x0000_1073;
                plain.then_some(nop)
            }
            _ => Some(decoded),
        }
    }

    fn is_custom(&self, word: u32) -> bool {
        [CUSTOM_0, CUSTOM_1].contains(&(word & 0x7f))
    }

    fn instruction_alignment(&self) -> u64 {
        4
    }

    fn aligned_only(&self) -> bool {
        true
    }
}

struct OpenVm {
    inputs: VecDeque<Vec<u8>>,
    hints: VecDeque<u8>,
    random: StdRng,
    arithmetic: Arithmetic,
    output: Output,
}

impl OpenVm {
    fn hint_input(&mut self) -> Result<(), CallError> {
        let Some(input) = self.inputs.pop_front() else {
            return Err(CallError::Failed(
                "the guest asks for an input vector (hint_input), but all are used up; pass one \
                 more"
                    .to_owned(),
            ));
        };
        let len = u32::try_from(input.len()).map_err(|_| {
            CallError::Failed(format!("an input vector has {} bytes, over 2^32", input.len()))
        })?;
        self.hints.clear();
        self.hints.extend(len.to_le_bytes());
        self.hints.extend(input);
        self.hints.resize(self.hints.len().next_multiple_of(4), 0);
        Ok(())
    }

    fn hint_random(&mut self, words: u64) -> Result<(), CallError> {
        if words > super::transfer::MAX_COPY / 4 {
            let reason =
                format!("hint_random of {words} words; at most {}", super::transfer::MAX_COPY / 4);
            return Err(CallError::Failed(reason));
        }
        self.hints.clear();
        self.hints.extend((0..4 * words).map(|_| self.random.random::<u8>()));
        Ok(())
    }

    fn hint_store(
        &mut self,
        guest: &mut dyn Guest,
        addr: u64,
        words: u64,
    ) -> Result<(), CallError> {
        if words == 0 || words > MAX_HINT_WORDS {
            let reason = format!(
                "hint_buffer of {words} words; one instruction takes 1 to {MAX_HINT_WORDS}"
            );
            return Err(CallError::Failed(reason));
        }
        let bytes = 4 * usize::try_from(words).expect("at most MAX_HINT_WORDS");
        if bytes > self.hints.len() {
            let left = self.hints.len();
            let reason = format!(
                "the guest reads {bytes} bytes of hints, but {left} are left; it reads more than \
                 its input vector holds, or forgot hint_input"
            );
            return Err(CallError::Failed(reason));
        }
        aligned(addr)?;
        let data: Vec<u8> = self.hints.drain(..bytes).collect();
        write(guest, addr, &data)
    }

    fn reveal(&mut self, addr: u64, value: u64) -> Result<(), CallError> {
        aligned(addr)?;
        let place = usize::try_from(addr).ok().and_then(|start| {
            let end = start.checked_add(4)?;
            self.output.public_values.get_mut(start..end)
        });
        let Some(place) = place else {
            let reason = format!(
                "reveal at byte {addr} of {PUBLIC_VALUES} public values; reveal a digest instead"
            );
            return Err(CallError::Failed(reason));
        };
        place.copy_from_slice(&value.to_le_bytes()[..4]);
        Ok(())
    }

    fn print(&mut self, guest: &mut dyn Guest, addr: u64, len: u64) -> Result<(), CallError> {
        let bytes = super::transfer::read(guest, addr, len)?;
        if let Err(error) = std::str::from_utf8(&bytes) {
            return Err(CallError::Failed(format!("print_str of text that is not UTF-8: {error}")));
        }
        self.output.stdout.extend(bytes);
        Ok(())
    }
}

impl OpenVm {
    fn answer(
        &mut self,
        request: OpenVmRequest,
        guest: &mut dyn Guest,
    ) -> Result<Action, CallError> {
        match request {
            OpenVmRequest::Terminate { code } => return Ok(Action::Exit(u32::from(code))),
            OpenVmRequest::HintStore { address, words } => {
                let (address, words) = (guest.reg(address), words.map_or(1, |reg| guest.reg(reg)));
                self.hint_store(guest, address, words)?;
            }
            OpenVmRequest::Reveal { base, offset, value } => {
                let place = guest.reg(base).wrapping_add_signed(i64::from(offset));
                self.reveal(Xlen::Rv32.mask(place), guest.reg(value))?;
            }
            OpenVmRequest::HintInput => self.hint_input()?,
            OpenVmRequest::PrintStr { address, bytes } => {
                let (address, bytes) = (guest.reg(address), guest.reg(bytes));
                self.print(guest, address, bytes)?;
            }
            OpenVmRequest::HintRandom { words } => self.hint_random(guest.reg(words))?,
        }
        Ok(Action::Continue)
    }
}

impl Session for OpenVm {
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError> {
        let Call::Custom(word) = call else { return Err(CallError::Illegal) };
        if word & 0x7f == CUSTOM_1 {
            let operands = Operands::of(word);
            if let Some(hint) = self.arithmetic.execute(guest, word >> 12 & 7, &operands)? {
                self.hints = hint.into();
            }
            return Ok(Action::Continue);
        }
        if let Some(request) = OpenVmRequest::of(word) {
            return self.answer(request, guest);
        }
        match word >> 12 & 7 {
            4 => hash::execute(guest, &Operands::of(word))?,
            5 => int256::execute(guest, &Operands::of(word))?,
            6 => {
                let taken = int256::equal(guest, &Operands::of(word))?;
                return Ok(if taken {
                    Action::Branch(branch_offset(word))
                } else {
                    Action::Continue
                });
            }
            _ => return Err(CallError::Illegal),
        }
        Ok(Action::Continue)
    }

    fn call_name(&self, call: Call, _: &dyn MachineState) -> Cow<'static, str> {
        let Call::Custom(word) = call else { return ILLEGAL };
        let (funct3, operands) = (word >> 12 & 7, Operands::of(word));
        if word & 0x7f == CUSTOM_1 {
            return algebra::name(funct3, operands.funct7).map_or(ILLEGAL, Cow::Borrowed);
        }
        let name = match (funct3, word.cast_signed() >> 20) {
            (0, _) => Some("terminate"),
            (1, 0) => Some("hint_storew"),
            (1, _) => Some("hint_buffer"),
            (2, _) => Some("reveal"),
            (3, 0) => Some("hint_input"),
            (3, 1) => Some("print_str"),
            (3, 2) => Some("hint_random"),
            (4, _) => hash::name(operands.funct7),
            (5, _) => int256::name(operands.funct7),
            (6, _) => Some("beq256"),
            _ => None,
        };
        name.map_or(ILLEGAL, Cow::Borrowed)
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }
}
