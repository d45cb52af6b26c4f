//! Where a program keeps addresses of its own code: in data, and in pairs of instructions.
//!
//! The functions here over-approximate. An address too many costs a region at most; an address
//! missed could let control enter the middle of a patch.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::{
    Alu, Csr, CsrWrite, Decoded, FloatAction, Flow, Inst, Machine, Op, Reg, Width, Xlen, step,
};

/// What counts as an address of code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) program: &'a Program,
    /// Alignment of instructions: 2 with compressed code, else 4.
    pub(crate) align: u64,
}

impl Text<'_> {
    /// Whether an instruction may start at `addr`.
    pub(crate) fn holds(self, addr: u64) -> bool {
        addr.is_multiple_of(self.align)
            && self.program.segment_at(addr).is_some_and(|s| s.executable)
    }
}

/// Code addresses in the aligned words of one segment, but for words that `is_code` claims.
pub(crate) fn in_data(
    text: Text<'_>,
    segment: &Segment,
    is_code: impl Fn(u64) -> bool,
) -> BTreeSet<u64> {
    let skip = segment.addr.wrapping_neg() % 4;
    let mut found = BTreeSet::new();
    let mut addr = segment.addr.wrapping_add(skip);
    let mut rest = segment.data.get(usize::try_from(skip).expect("below 4")..).unwrap_or(&[]);
    while let Some(&low) = rest.first_chunk::<4>() {
        let narrow = u64::from(u32::from_le_bytes(low));
        let wide = rest.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        let wide = wide.filter(|_| text.program.xlen == Xlen::Rv64);
        for value in [Some(narrow), wide].into_iter().flatten() {
            if text.holds(value) && !is_code(addr) {
                found.insert(value);
            }
        }
        rest = &rest[4..];
        addr = addr.wrapping_add(4);
    }
    found
}

/// Code addresses in a table of 32-bit offsets from its own start, as position-independent
/// `switch` statements use; the table ends at the first word that is no such offset.
pub(crate) fn in_offset_table(text: Text<'_>, table: u64) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut at = table;
    while let Some(word) = text.program.bytes(at, 4).and_then(<[u8]>::first_chunk::<4>) {
        let offset = i64::from(i32::from_le_bytes(*word));
        let value = text.program.xlen.mask(table.wrapping_add_signed(offset));
        if !text.holds(value) || value == table {
            break;
        }
        found.insert(value);
        at = at.wrapping_add(4);
    }
    found
}

/// Addresses that instruction pairs form: each value an arithmetic instruction or an indirect
/// jump makes of constants, wherever it points.
///
/// Inside a run of instructions without entry the constants are followed exactly. A register that
/// is not known there is taken for each value that `lui` or `auipc` puts into it anywhere in the
/// same function (for `gp`: anywhere).
pub(crate) fn formed(
    program: &Program,
    insts: &BTreeMap<u64, Decoded>,
    entries: &BTreeSet<u64>,
) -> BTreeSet<u64> {
    let uppers = Uppers::collect(program, insts, entries);
    let mut machine = Constants::new(program);
    let mut expected = None;
    for (&pc, decoded) in insts {
        if expected != Some(pc) || entries.contains(&pc) {
            machine.forget();
        }
        let inst = &decoded.inst;
        machine.candidates =
            inst.op != Op::Auipc && !is_first_of_pair((insts, entries), pc, decoded);
        if machine.known[inst.rs1.index()].is_none() && takes_low_part(inst) {
            for upper in uppers.of(program, pc, inst.rs1) {
                let imm = i64::from(inst.imm);
                machine.found.insert(program.xlen.mask(upper.wrapping_add_signed(imm)));
            }
        }
        let Ok(flow) = step(&mut machine, program.xlen, pc, decoded.len, inst);
        if let Flow::Jump(target) | Flow::JumpTo(Some(target)) = flow {
            machine.found.insert(target);
        }
        if matches!(inst.op, Op::Jal | Op::Jalr) {
            machine.forget();
        }
        expected = Some(pc.wrapping_add(u64::from(decoded.len)));
    }
    machine.found
}

/// Whether an instruction only puts the high part of a constant into a register, for the next one to
/// replace: then the high part gets no further, and as nothing else enters that next instruction,
/// what it makes of it is followed exactly.
fn is_first_of_pair(
    (insts, entries): (&BTreeMap<u64, Decoded>, &BTreeSet<u64>),
    pc: u64,
    decoded: &Decoded,
) -> bool {
    let next = pc.wrapping_add(u64::from(decoded.len));
    matches!(decoded.inst.op, Op::Lui | Op::Auipc)
        && insts.get(&next).is_some_and(|d| d.inst.def() == Some(decoded.inst.rd))
        && !entries.contains(&next)
}

/// Whether the immediate may be the low part of an address whose high part is in `rs1`.
fn takes_low_part(inst: &Inst) -> bool {
    inst.rs1 != Reg::ZERO
        && matches!(
            inst.op,
            Op::AluImm(Alu::Add | Alu::AddW | Alu::Or) | Op::Load { .. } | Op::Jalr
        )
}

/// The values that `lui` and `auipc` give, by function and register.
struct Uppers(BTreeMap<Home, BTreeSet<u64>>);

/// A register, and the function within which its value is taken to stay.
type Home = (Option<u64>, Reg);

impl Uppers {
    fn collect(program: &Program, insts: &BTreeMap<u64, Decoded>, entries: &BTreeSet<u64>) -> Self {
        let mut map = BTreeMap::<_, BTreeSet<u64>>::new();
        let mut machine = Constants::new(program);
        let mut expected = None;
        for (&pc, decoded) in insts {
            if expected != Some(pc) {
                machine.forget();
            }
            let inst = &decoded.inst;
            let Ok(_) = step(&mut machine, program.xlen, pc, decoded.len, inst);
            expected = Some(pc.wrapping_add(u64::from(decoded.len)));
            let upper = matches!(inst.op, Op::Lui | Op::Auipc) || inst.rd == Reg::GP;
            if is_first_of_pair((insts, entries), pc, decoded) {
                continue;
            }
            if let (true, Some(value)) = (upper, machine.known[inst.rd.index()]) {
                map.entry(home(program, pc, inst.rd)).or_default().insert(value);
            }
        }
        for symbol in program.symbols.iter().filter(|s| s.name == "__global_pointer$") {
            map.entry((None, Reg::GP)).or_default().insert(symbol.addr);
        }
        Self(map)
    }

    fn of(&self, program: &Program, pc: u64, reg: Reg) -> impl Iterator<Item = u64> {
        self.0.get(&home(program, pc, reg)).into_iter().flatten().copied()
    }
}

/// The home of what `reg` holds at `pc`; that of `gp` is the whole program.
fn home(program: &Program, pc: u64, reg: Reg) -> Home {
    let function = program.function_at(pc).map(|symbol| symbol.addr);
    (function.filter(|_| reg != Reg::GP), reg)
}

/// A machine whose words are constants where they are known.
struct Constants {
    xlen: Xlen,
    known: [Option<u64>; 32],
    /// Whether values set now may be addresses.
    candidates: bool,
    found: BTreeSet<u64>,
}

impl Constants {
    fn new(program: &Program) -> Self {
        Self { xlen: program.xlen, known: [None; 32], candidates: false, found: BTreeSet::new() }
    }

    fn forget(&mut self) {
        self.known = [None; 32];
    }
}

impl Machine for Constants {
    type Word = Option<u64>;
    type Fault = std::convert::Infallible;

    fn constant(&mut self, value: u64) -> Self::Word {
        Some(value)
    }

    fn alu(&mut self, op: Alu, a: Self::Word, b: Self::Word) -> Self::Word {
        Some(op.eval_u64(self.xlen, a?, b?))
    }

    fn reg(&mut self, r: Reg) -> Self::Word {
        if r == Reg::ZERO { Some(0) } else { self.known[r.index()] }
    }

    fn set_reg(&mut self, r: Reg, v: Self::Word) {
        self.known[r.index()] = v;
        if self.candidates {
            self.found.extend(v);
        }
    }

    fn load(&mut self, _: Width, _: bool, _: Self::Word) -> Result<Self::Word, Self::Fault> {
        Ok(None)
    }

    fn store(&mut self, _: Width, _: Self::Word, _: Self::Word) -> Result<(), Self::Fault> {
        Ok(())
    }

    fn amo(
        &mut self,
        _: Alu,
        _: Width,
        _: Self::Word,
        _: Self::Word,
    ) -> Result<Self::Word, Self::Fault> {
        Ok(None)
    }

    fn load_reserved(&mut self, _: Width, _: Self::Word) -> Result<Self::Word, Self::Fault> {
        Ok(None)
    }

    fn store_conditional(
        &mut self,
        _: Width,
        _: Self::Word,
        _: Self::Word,
    ) -> Result<Self::Word, Self::Fault> {
        Ok(None)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<Self::Word>>) -> Result<Self::Word, Self::Fault> {
        Ok(None)
    }

    fn float(&mut self, _: FloatAction<Self::Word>) -> Result<Self::Word, Self::Fault> {
        Ok(None)
    }
}
