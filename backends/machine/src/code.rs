//! What lies at the addresses of a guest's code: the rows of the program table.

use std::ops::Range;

use autoprec_executor::{Environment, OpenVmRequest};
use autoprec_guest_elf::PrecompileId;
use autoprec_isa::{Inst, Op, Reg};
use autoprec_synth::OperandValues;

use crate::guest::Guest;
use crate::kind::{Kind, Request};

/// What an instruction does beside what its row says: it concerns the prover's side alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// The next input vector becomes the hint stream.
    NextInput,
    /// Random words become the hint stream.
    Random,
}

/// What a row of the program table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Kind(Kind),
    Call(PrecompileId),
}

/// One row of the program table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) what: What,
    /// The message's second field.
    pub(crate) number: u32,
    pub(crate) operands: OperandValues,
    pub(crate) effect: Effect,
    /// Where the row behind this one begins.
    pub(crate) end: u64,
}

/// Why there is no row for an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// There is no code.
    #[error(
        "there is no instruction at {pc:#x}: control went wild, or the guest writes code while it \
         runs"
    )]
    Nothing {
        /// The address.
        pc: u64,
    },
    /// The instruction has no table.
    #[error(
        "the instruction at {pc:#x} ({what}) has no table; build the guest for rv32im or rv64im, \
         without atomics and floating point"
    )]
    Unsupported {
        /// The address.
        pc: u64,
        /// The instruction.
        what: String,
    },
}

impl Guest {
    /// What lies at an address.
    pub(crate) fn line(&self, pc: u64) -> Result<Line, CodeError> {
        if let Some(call) = self.calls.get(&pc) {
            let operands = values(pc, [Reg::ZERO; 3], 0, 0);
            let (what, number) = (What::Call(call.id), call.id.number());
            let end = pc.saturating_add(call.saved);
            return Ok(Line { what, number, operands, effect: Effect::None, end });
        }
        let openvm = self.environment == Environment::OpenVm;
        let alignment = if openvm { 4 } else { 2 };
        let word = self.program.word_at(pc).filter(|_| pc.is_multiple_of(alignment));
        let word = word.ok_or(CodeError::Nothing { pc })?;
        let custom = openvm.then(|| OpenVmRequest::of(word)).flatten();
        match custom {
            Some(request) => Ok(self.request(pc, request)),
            None => self.instruction(pc, word),
        }
    }

    fn instruction(&self, pc: u64, word: u32) -> Result<Line, CodeError> {
        let xlen = self.xlen();
        let decoded = self.environment.decode(xlen, word).ok_or(CodeError::Nothing { pc })?;
        let Inst { op, rd, rs1, rs2, imm } = decoded.inst;
        let kind = match op {
            Op::Ecall => Kind::Request(Request::Ecall),
            Op::FenceI => Kind::Op(Op::Fence),
            op => Kind::Op(op),
        };
        let unsupported = || CodeError::Unsupported { pc, what: decoded.inst.asm().to_string() };
        let number = kind.number().ok_or_else(unsupported)?;
        let imm = i64::from(imm);
        let constant = match op {
            Op::Branch { .. } | Op::Jal | Op::Auipc => pc.wrapping_add_signed(imm),
            Op::Fence | Op::FenceI => 0,
            _ => imm.cast_unsigned(),
        };
        let next = xlen.mask(pc.wrapping_add(u64::from(decoded.len)));
        let operands = values(pc, [rd, rs1, rs2], xlen.mask(constant), next);
        let end = pc.saturating_add(u64::from(decoded.len));
        Ok(Line { what: What::Kind(kind), number, operands, effect: Effect::None, end })
    }

    /// Registers that a request reads are rs1 and rs2 in its row.
    fn request(&self, pc: u64, request: OpenVmRequest) -> Line {
        const NONE: Reg = Reg::ZERO;
        let mut effect = Effect::None;
        let (kind, registers, constant) = match request {
            OpenVmRequest::Terminate { code } => {
                (Kind::Request(Request::Terminate), [NONE; 3], i64::from(code))
            }
            OpenVmRequest::HintStore { address, words: None } => {
                (Kind::Request(Request::HintStore), [NONE, address, NONE], 0)
            }
            OpenVmRequest::HintStore { address, words: Some(words) } => {
                (Kind::Request(Request::HintBuffer), [NONE, address, words], 0)
            }
            OpenVmRequest::Reveal { base, offset, value } => {
                (Kind::Request(Request::Reveal), [NONE, base, value], i64::from(offset))
            }
            OpenVmRequest::HintInput => {
                effect = Effect::NextInput;
                (Kind::Op(Op::Fence), [NONE; 3], 0)
            }
            OpenVmRequest::PrintStr { .. } => (Kind::Op(Op::Fence), [NONE; 3], 0),
            OpenVmRequest::HintRandom { .. } => {
                effect = Effect::Random;
                (Kind::Op(Op::Fence), [NONE; 3], 0)
            }
        };
        let xlen = self.xlen();
        let end = pc.saturating_add(4);
        let operands = values(pc, registers, xlen.mask(constant.cast_unsigned()), xlen.mask(end));
        let number = kind.number().expect("every request has a number");
        Line { what: What::Kind(kind), number, operands, effect, end }
    }

    /// The rows of a range of code, with their addresses.
    ///
    /// # Errors
    /// If a row is missing, or the last one does not end with the range.
    pub(crate) fn lines(&self, range: &Range<u64>) -> Result<Vec<Line>, CodeError> {
        let (mut lines, mut pc) = (Vec::new(), range.start);
        while pc < range.end {
            let line = self.line(pc)?;
            lines.push(line);
            pc = line.end;
        }
        if pc == range.end { Ok(lines) } else { Err(CodeError::Nothing { pc: range.end }) }
    }
}

fn values(pc: u64, [rd, rs1, rs2]: [Reg; 3], constant: u64, next: u64) -> OperandValues {
    let number = |reg: Reg| u8::try_from(reg.index()).expect("below 32");
    OperandValues {
        rd: number(rd),
        rs1: number(rs1),
        rs2: number(rs2),
        writes: rd != Reg::ZERO,
        constant,
        next,
        pc,
    }
}
