//! Floating point, compared with what qemu computes.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_isa::encoding::TABLE;
use autoprec_isa::{
    BadRounding, Csr, CsrUpdate, CsrWrite, FReg, FloatAction, FloatUnit, Inst, Machine, Op, Reg,
    Word, Xlen, step,
};

use crate::machine::Concrete;

/// Where the programs have their memory, and what is 16 bytes into it.
const MEMORY: u64 = 0x8000_2000;
const MODES: [&str; 5] = ["rne", "rtz", "rdn", "rup", "rmm"];
/// The flag of inexact results.
const INEXACT: u64 = 1;
/// Tuples of random operands per program.
const RANDOM: usize = 600;

/// Result and flags.
type Outcome = (u64, u64);

/// A program of the fixture.
struct Program {
    insts: Vec<Inst>,
    /// Whether the operand is an integer, in a1.
    integer: bool,
    /// Where the result is, if in a floating-point register.
    float_result: bool,
}

impl Program {
    fn parse(xlen: Xlen, text: &str, lists: &[&str]) -> Self {
        let insts: Vec<Inst> =
            text.split("; ").map(|text| Inst::parse(xlen, text).expect(text)).collect();
        let last = insts.last().expect("an instruction");
        let float_result = last.def().is_none();
        Self { insts, integer: lists == ["int"], float_result }
    }

    /// Runs it as the fixture's generator does. A flag that is set before stays and changes nothing else.
    fn run<W: Word>(&self, mode: u64, operands: &[u64]) -> Outcome {
        let outcome = self.run_after::<W>(mode, 0, operands);
        let accesses_flags = self.insts.iter().any(|inst| inst.csr().is_some());
        if !accesses_flags {
            let again = self.run_after::<W>(mode, INEXACT, operands);
            assert_eq!(again, (outcome.0, outcome.1 | INEXACT), "{mode} {operands:x?}");
        }
        outcome
    }

    fn run_after<W: Word>(&self, mode: u64, flags: u64, operands: &[u64]) -> Outcome {
        let mut m = Concrete::<W>::default();
        m.regs[Reg::A0.index()] = W::from_u64(85);
        m.regs[Reg::S0.index()] = W::from_u64(MEMORY);
        if self.integer {
            m.regs[Reg::A1.index()] = W::from_u64(W::XLEN.mask(operands[0]));
        } else {
            for (&operand, reg) in operands.iter().zip(["fa1", "fa2", "fa3"]) {
                m.float.set_reg(register(reg), operand);
            }
        }
        let operand = W::from_u64(mode << 5 | flags);
        let write = CsrWrite { update: CsrUpdate::Write, operand };
        m.float.csr(Csr::FCSR, Some(write)).expect("it has this register");
        for inst in &self.insts {
            let Ok(_) = step(&mut m, W::XLEN, 0x1000, 4, inst);
        }
        let flags = u64::from(m.float.fcsr() & 31);
        let result = if self.float_result {
            m.float.reg(register("fa0"))
        } else {
            m.regs[Reg::A0.index()].to_u64()
        };
        (result, flags)
    }
}

fn register(name: &str) -> FReg {
    name.parse().expect(name)
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).expect(text)
}

/// Reads `bits:flags`.
fn outcome(text: &str) -> Outcome {
    let (bits, flags) = text.split_once(':').unwrap_or((text, "0"));
    let single = bits.strip_prefix('_').map(|bits| 0xffff_ffff << 32 | hex(bits));
    (single.unwrap_or_else(|| hex(bits)), hex(flags))
}

/// Reads the outcomes in the five modes.
fn cell(text: &str) -> [Outcome; 5] {
    let mut parts = text.split('|');
    let first = outcome(parts.next().expect("the first mode"));
    let mut all = [first; 5];
    for (slot, part) in all[1..].iter_mut().zip(parts) {
        *slot = match part {
            "=" => first,
            "+" => (first.0 + 1, first.1),
            "-" => (first.0 - 1, first.1),
            full => outcome(full),
        };
    }
    all
}

/// All combinations of one value of each list, the last one varying fastest.
fn combinations(lists: &[&Vec<u64>]) -> Vec<Vec<u64>> {
    lists.iter().fold(vec![vec![]], |all, list| {
        let extend = |one: &Vec<u64>| -> Vec<Vec<u64>> {
            list.iter().map(|&value| [&one[..], &[value]].concat()).collect()
        };
        all.iter().flat_map(extend).collect()
    })
}

/// The generator's random numbers.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A value that is likely to be of interest, as the generator makes it.
    fn value(&mut self, list: &str) -> u64 {
        let (x, y) = (self.next(), self.next());
        let (fraction, exponents) = match list.split('-').next() {
            Some("single") => (23, 8),
            Some("double") => (52, 11),
            _ => return x >> (y & 63),
        };
        let bias: u64 = (1 << (exponents - 1)) - 1;
        let (style, y) = (y & 3, y >> 2);
        let last = usize::try_from(y & 7).expect("below 8");
        let exponent = match style {
            1 => bias - 4 + (y & 7),
            2 => {
                let ends = [0, 1, 2, 3, bias - fraction, bias + fraction, 2 * bias, 2 * bias - 1];
                ends[last]
            }
            _ => x >> 52 & ((1 << exponents) - 1),
        };
        let y = y >> 3;
        let mut mantissa = x;
        if style != 0 {
            let low = y % (fraction + 1);
            mantissa &= u64::MAX << low;
            if y >> 8 & 1 == 1 && low > 0 {
                mantissa |= u64::MAX >> (64 - low);
            }
        }
        let mantissa = mantissa & ((1 << fraction) - 1);
        let bits = (x >> 63) << (fraction + exponents) | exponent << fraction | mantissa;
        if fraction == 23 { 0xffff_ffff << 32 | bits } else { bits }
    }
}

fn random_tuples(number: u64, lists: &[&str]) -> Vec<Vec<u64>> {
    let mut numbers = Numbers(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
    let mut tuple = || lists.iter().map(|list| numbers.value(list)).collect();
    (0..RANDOM).map(|_| tuple()).collect()
}

/// FNV-1a over words.
fn checksum(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0xcbf2_9ce4_8422_2325, |sum, word| (sum ^ word).wrapping_mul(0x100_0000_01b3))
}

/// Runs the fixture's programs for one width; gives how many results were compared.
fn check<W: Word>(content: &str) -> usize {
    let values: BTreeMap<&str, Vec<u64>> = content
        .lines()
        .filter_map(|line| line.strip_prefix("values ")?.split_once(' '))
        .map(|(name, values)| (name, values.split(' ').map(hex).collect()))
        .collect();
    let prefix = format!("{} ", W::XLEN);
    let mut lines = content.lines().peekable();
    let mut compared = 0;
    let mut number = 0;
    let mut seen = BTreeSet::new();
    while let Some(line) = lines.next() {
        let Some(header) = line.strip_prefix(&prefix) else { continue };
        let (text, names) = header.split_once(" | ").expect("names of operands");
        let names: Vec<&str> = names.split(' ').collect();
        let lists: Vec<&Vec<u64>> = names.iter().map(|name| &values[name]).collect();
        let program = Program::parse(W::XLEN, text, &names);
        seen.extend(program.insts.iter().map(|inst| inst.op));
        let mut cells = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            if let Some(sums) = line.strip_prefix("  random ") {
                let tuples = random_tuples(number, &names);
                for ((mode, name), sum) in (0..).zip(MODES).zip(sums.split(' ')) {
                    let results = tuples.iter().map(|tuple| program.run::<W>(mode, tuple));
                    let words = results.flat_map(|(bits, flags)| [bits, flags]);
                    let context = format!("{text}, {name}: random operands");
                    assert_eq!(checksum(words), hex(sum), "{context}");
                    compared += tuples.len();
                }
            } else {
                cells.extend(line.trim().split(' ').map(cell));
            }
        }
        let tuples = combinations(&lists);
        assert_eq!(tuples.len(), cells.len(), "{text}");
        for (tuple, cell) in tuples.iter().zip(cells) {
            for ((mode, name), expected) in (0..).zip(MODES).zip(cell) {
                let got = program.run::<W>(mode, tuple);
                let context = format!("{text}, {name}, {tuple:x?}");
                assert_eq!(got, expected, "{context}: {:x} and {:x}", got.0, expected.0);
                compared += 1;
            }
        }
        number += 1;
    }
    let missing = TABLE.iter().filter(|row| row.since <= W::XLEN && is_float(row.op));
    let missing: Vec<&str> =
        missing.filter(|row| !seen.contains(&row.op)).map(|row| row.name).collect();
    assert!(missing.is_empty(), "no program has {missing:?}");
    compared
}

/// Whether the fixture of this module has to have an operation.
pub(crate) fn is_float(op: Op) -> bool {
    matches!(op, Op::Float(..) | Op::FloatLoad(_) | Op::FloatStore(_))
}

#[test]
fn qemu_agrees() {
    let content = include_str!("../fixtures/floats.txt");
    assert!(check::<u32>(content) > 200_000);
    assert!(check::<u64>(content) > 250_000);
}

/// A mode that does not exist is an error only where it is asked for.
#[test]
fn reserved_rounding_modes_are_refused() {
    for mode in 5..8u8 {
        let mut unit = FloatUnit::default();
        let write = CsrWrite { update: CsrUpdate::Write, operand: u32::from(mode) };
        assert_eq!(unit.csr(Csr::FRM, Some(write)), Some(0));
        let before = unit.clone();
        let mut run = |text: &str| {
            let mut m = Rounded(&mut unit);
            step(&mut m, Xlen::Rv32, 0, 4, &Inst::parse(Xlen::Rv32, text).unwrap())
        };
        let bad = Err(BadRounding { mode });
        // Even one whose result needs no rounding.
        for text in ["fadd.s ft0, ft1, ft2", "fcvt.d.w ft0, a0, dyn", "fcvt.w.s a0, ft0"] {
            assert_eq!(run(text), bad, "{text}");
        }
        for text in ["fsgnjn.s ft0, ft1, ft2", "feq.d a0, ft1, ft2", "fadd.s ft0, ft1, ft2, rtz"] {
            assert!(run(text).is_ok(), "{text}");
        }
        assert_eq!(unit.fcsr(), before.fcsr());
    }
}

/// A machine of nothing but floating point.
struct Rounded<'a>(&'a mut FloatUnit);

impl Machine for Rounded<'_> {
    type Word = u32;
    type Fault = BadRounding;

    fn constant(&mut self, _: u64) -> u32 {
        0
    }

    fn alu(&mut self, _: autoprec_isa::Alu, _: u32, _: u32) -> u32 {
        0
    }

    fn reg(&mut self, _: Reg) -> u32 {
        0
    }

    fn set_reg(&mut self, _: Reg, _: u32) {}

    fn load(&mut self, _: autoprec_isa::Width, _: bool, _: u32) -> Result<u32, BadRounding> {
        Ok(0)
    }

    fn store(&mut self, _: autoprec_isa::Width, _: u32, _: u32) -> Result<(), BadRounding> {
        Ok(())
    }

    fn amo(
        &mut self,
        _: autoprec_isa::Alu,
        _: autoprec_isa::Width,
        _: u32,
        _: u32,
    ) -> Result<u32, BadRounding> {
        Ok(0)
    }

    fn load_reserved(&mut self, _: autoprec_isa::Width, _: u32) -> Result<u32, BadRounding> {
        Ok(0)
    }

    fn store_conditional(
        &mut self,
        _: autoprec_isa::Width,
        _: u32,
        _: u32,
    ) -> Result<u32, BadRounding> {
        Ok(0)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<u32>>) -> Result<u32, BadRounding> {
        Ok(0)
    }

    fn float(&mut self, action: FloatAction<u32>) -> Result<u32, BadRounding> {
        match action {
            FloatAction::Compute { op, precision, operands, x } => {
                self.0.compute(op, precision, operands, x)
            }
            _ => Ok(0),
        }
    }
}

#[test]
fn registers_have_two_names() {
    for reg in FReg::all() {
        assert_eq!(reg.abi_name().parse(), Ok(reg));
        assert_eq!(format!("f{}", reg.index()).parse(), Ok(reg));
    }
    assert!("f32".parse::<FReg>().is_err());
}
