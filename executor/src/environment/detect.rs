//! Which environment a guest was built for, found out from its code.

use std::collections::BTreeSet;

use autoprec_guest_elf::Program;
use autoprec_isa::{Alu, Inst, Op, Reg, Xlen, decode};

use super::{Environment, linux, openvm, sp1, zisk};

/// Instructions between the load of a call's number and the call.
const NEAR: u64 = 16;

/// What the code holds that tells.
#[derive(Default)]
struct Signs {
    /// Numbers that are loaded into `a7` anywhere.
    a7: BTreeSet<u64>,
    /// Numbers that are loaded into `t0` before an environment call, and `a7` is not.
    t0: BTreeSet<u64>,
    calls: bool,
    terminates: bool,
    zisk: bool,
}

/// The call registers before an instruction: where they were last written, and what to `t0`.
#[derive(Default)]
struct Numbers {
    now: u64,
    a7: Option<u64>,
    t0: Option<u64>,
    value: Option<u64>,
}

impl Numbers {
    fn follow(&mut self, inst: &Inst, xlen: Xlen) {
        self.now += 1;
        if inst.rd == Reg::A7 {
            self.a7 = Some(self.now);
        }
        if inst.rd == Reg::T0 {
            let imm = i64::from(inst.imm).cast_unsigned();
            self.t0 = Some(self.now);
            self.value = match (inst.op, inst.rs1) {
                (Op::Lui, _) | (Op::AluImm(Alu::Add), Reg::ZERO) => Some(imm),
                (Op::AluImm(Alu::Add | Alu::AddW), Reg::T0) => {
                    self.value.map(|value| value.wrapping_add(imm))
                }
                _ => None,
            }
            .map(|value| xlen.mask(value));
        }
    }

    /// The number in `t0`, if it is a call's.
    fn call(&self) -> Option<u64> {
        let near = |written: &u64| self.now - written < NEAR;
        let t0 = self.t0.filter(near)?;
        self.value.filter(|_| self.a7.filter(near).is_none_or(|a7| a7 < t0))
    }
}

impl Signs {
    fn of(program: &Program) -> Self {
        let mut signs = Self::default();
        for segment in program.segments.iter().filter(|s| s.executable) {
            // Behind what the file holds there are zeros, which are no instructions.
            let end = segment.addr.saturating_add(segment.file_size);
            let mut pc = segment.addr;
            let mut numbers = Numbers::default();
            while let Some(word) = program.word_at(pc).filter(|_| pc < end) {
                let decoded = decode(program.xlen, word);
                signs.terminates |= program.xlen == Xlen::Rv32 && openvm::is_terminate(word);
                signs.zisk |= program.xlen == Xlen::Rv64 && zisk::is_own(word);
                if let Some(decoded) = decoded {
                    signs.note(&decoded.inst, &numbers);
                    numbers.follow(&decoded.inst, program.xlen);
                }
                let len = decoded.map_or(if word & 3 == 3 { 4 } else { 2 }, |d| u64::from(d.len));
                let Some(next) = pc.checked_add(len) else { break };
                pc = next;
            }
        }
        signs
    }

    fn note(&mut self, inst: &Inst, numbers: &Numbers) {
        match *inst {
            Inst { op: Op::Ecall, .. } => {
                self.calls = true;
                self.t0.extend(numbers.call());
            }
            Inst { op: Op::AluImm(_), rd: Reg::A7, rs1: Reg::ZERO, imm, .. } => {
                self.a7.insert(i64::from(imm).cast_unsigned());
            }
            _ => {}
        }
    }
}

/// As [`Environment::detect`].
pub(super) fn detect(program: &Program) -> Environment {
    let signs = Signs::of(program);
    if signs.terminates && !signs.calls {
        Environment::OpenVm
    } else if signs.zisk && zisk::fits(program) {
        // C libraries put data behind their code, which may look like any instruction.
        Environment::Zisk
    } else if signs.t0.iter().any(|&number| sp1::is_own(number)) {
        Environment::Sp1
    } else if program.xlen == Xlen::Rv32 && !signs.t0.is_empty() {
        Environment::Risc0
    } else if [linux::EXIT_GROUP, linux::BRK].iter().any(|n| signs.a7.contains(n)) {
        Environment::Linux
    } else {
        Environment::Bare
    }
}
