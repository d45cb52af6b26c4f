//! One pre-decoded instruction, ready to be called.
//!
//! Handlers are threaded: each performs its instruction and calls the handler of the next one as its
//! last act, which an optimising build makes a jump. Nothing relies on that: [`perform_all`] starts
//! anew every [`CHAIN`] instructions, so the stack stays shallow in any build.
//!
//! Every handler is [`step`] with the operation known at compile time, so the compiler keeps only
//! that operation's part of the one definition. Operations without a handler of their own go
//! through `step` as it is: the list below is about speed, not about meaning.

use autoprec_isa::{Alu, Composite, Flow, Inst, Machine, Op, Width, Word, step};

use crate::hart::{Fast, Hart, Stopped};

/// Performs the instruction of a slot, then those of the slots behind it, up to one that stops the
/// hart. Gives nothing, since a call whose result is passed on may not become a jump.
pub(crate) type Run<W> = fn(&mut Hart<W>, &Slot<W>, &[Slot<W>]);

/// Most handlers that call one another.
const CHAIN: usize = 1 << 8;

/// A pre-decoded instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<W: Word> {
    pub(crate) run: Run<W>,
    pub(crate) pc: u64,
    pub(crate) inst: Inst,
    pub(crate) len: u8,
}

impl<W: Word> Slot<W> {
    pub(crate) fn new(pc: u64, inst: Inst, len: u8) -> Self {
        Self { run: handler(inst.op), pc, inst, len }
    }
}

/// Performs the instruction of a slot. Gives 1 or 0 for a branch taken or not, the target of a jump,
/// and nothing otherwise.
#[inline(always)]
#[expect(clippy::inline_always, reason = "`op` must be a constant in `step`")]
fn perform<W: Word, M: Machine<Word = W, Fault = Stopped>>(
    machine: &mut M,
    slot: &Slot<W>,
    op: Op,
) -> Result<Option<u64>, Stopped> {
    let inst = Inst { op, ..slot.inst };
    Ok(match step(machine, W::XLEN, slot.pc, slot.len, &inst)? {
        Flow::Next | Flow::Ecall | Flow::Ebreak => None,
        Flow::Branch { condition, taken_if, .. } => {
            Some(u64::from((condition != W::default()) == taken_if))
        }
        Flow::Jump(target) => Some(target),
        Flow::JumpTo(target) => Some(target.to_u64()),
    })
}

/// Performs instructions one after the other. A branch or jump has to be the last. Gives 1 or 0 for a
/// branch taken or not, and the target of a jump.
///
/// # Errors
///
/// [`Hart::fault`] and [`Hart::fault_pc`] say what stopped the hart, and at which instruction.
#[inline]
pub(crate) fn perform_all<W: Word>(hart: &mut Hart<W>, slots: &[Slot<W>]) -> Result<u64, Stopped> {
    for chain in slots.chunks(CHAIN) {
        proceed(hart, chain);
        if hart.fault.is_some() {
            return Err(Stopped);
        }
    }
    Ok(hart.transfer)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "each handler needs a jump of its own")]
fn proceed<W: Word>(hart: &mut Hart<W>, slots: &[Slot<W>]) {
    if let Some((next, rest)) = slots.split_first() {
        (next.run)(hart, next, rest);
    }
}

/// Any instruction, with all that may happen.
#[cold]
#[inline(never)]
fn general<W: Word>(hart: &mut Hart<W>, slot: &Slot<W>, rest: &[Slot<W>]) {
    hart.fault_pc = slot.pc;
    if let Ok(transfer) = perform(hart, slot, slot.inst.op) {
        hart.transfer = transfer.unwrap_or(hart.transfer);
        proceed(hart, rest);
    }
}

/// Floating point, whose machine is the hart itself.
fn floating<W: Word>(hart: &mut Hart<W>, slot: &Slot<W>, rest: &[Slot<W>]) {
    hart.fault_pc = slot.pc;
    if perform(hart, slot, slot.inst.op).is_ok() {
        proceed(hart, rest);
    }
}

macro_rules! handlers {
    ($($name:ident = $op:expr;)*) => {
        $(
            // Not inlined, so that the handler of the second window does not weigh on the first's.
            #[inline(never)]
            fn $name<W: Word, const WINDOW: usize>(
                hart: &mut Hart<W>,
                slot: &Slot<W>,
                rest: &[Slot<W>],
            ) {
                match perform(&mut Fast::<W, WINDOW>(hart), slot, const { $op }) {
                    Ok(None) => proceed(hart, rest),
                    // The last one.
                    Ok(Some(transfer)) => hart.transfer = transfer,
                    Err(Stopped) if WINDOW == 0 => $name::<W, 1>(hart, slot, rest),
                    Err(Stopped) => general(hart, slot, rest),
                }
            }
        )*

        fn handler<W: Word>(op: Op) -> Run<W> {
            $(
                if op == const { $op } {
                    return $name::<W, 0>;
                }
            )*
            match op {
                Op::Float(..) | Op::FloatLoad(_) | Op::FloatStore(_) => floating::<W>,
                _ => general::<W>,
            }
        }
    };
}

handlers! {
    add = Op::Alu(Alu::Add);
    sub = Op::Alu(Alu::Sub);
    sll = Op::Alu(Alu::Sll);
    slt = Op::Alu(Alu::Slt);
    sltu = Op::Alu(Alu::Sltu);
    xor = Op::Alu(Alu::Xor);
    srl = Op::Alu(Alu::Srl);
    sra = Op::Alu(Alu::Sra);
    or = Op::Alu(Alu::Or);
    and = Op::Alu(Alu::And);
    mul = Op::Alu(Alu::Mul);
    mulh = Op::Alu(Alu::Mulh);
    mulhsu = Op::Alu(Alu::Mulhsu);
    mulhu = Op::Alu(Alu::Mulhu);
    div = Op::Alu(Alu::Div);
    divu = Op::Alu(Alu::Divu);
    rem = Op::Alu(Alu::Rem);
    remu = Op::Alu(Alu::Remu);
    addw = Op::Alu(Alu::AddW);
    subw = Op::Alu(Alu::SubW);
    sllw = Op::Alu(Alu::SllW);
    srlw = Op::Alu(Alu::SrlW);
    sraw = Op::Alu(Alu::SraW);
    mulw = Op::Alu(Alu::MulW);
    addi = Op::AluImm(Alu::Add);
    slti = Op::AluImm(Alu::Slt);
    sltiu = Op::AluImm(Alu::Sltu);
    xori = Op::AluImm(Alu::Xor);
    ori = Op::AluImm(Alu::Or);
    andi = Op::AluImm(Alu::And);
    slli = Op::AluImm(Alu::Sll);
    srli = Op::AluImm(Alu::Srl);
    srai = Op::AluImm(Alu::Sra);
    addiw = Op::AluImm(Alu::AddW);
    slliw = Op::AluImm(Alu::SllW);
    srliw = Op::AluImm(Alu::SrlW);
    sraiw = Op::AluImm(Alu::SraW);
    andn = Op::Composite(Composite::Andn);
    orn = Op::Composite(Composite::Orn);
    xnor = Op::Composite(Composite::Xnor);
    min = Op::Composite(Composite::Extremum { less: Alu::Slt, greater: false });
    minu = Op::Composite(Composite::Extremum { less: Alu::Sltu, greater: false });
    max = Op::Composite(Composite::Extremum { less: Alu::Slt, greater: true });
    maxu = Op::Composite(Composite::Extremum { less: Alu::Sltu, greater: true });
    rev8 = Op::Composite(Composite::Rev8);
    sh1add = Op::Composite(Composite::ShiftAdd { shift: 1 });
    sh2add = Op::Composite(Composite::ShiftAdd { shift: 2 });
    sh3add = Op::Composite(Composite::ShiftAdd { shift: 3 });
    lui = Op::Lui;
    auipc = Op::Auipc;
    lb = Op::Load { width: Width::Byte, signed: true };
    lbu = Op::Load { width: Width::Byte, signed: false };
    lh = Op::Load { width: Width::Half, signed: true };
    lhu = Op::Load { width: Width::Half, signed: false };
    lw = Op::Load { width: Width::Word, signed: true };
    lwu = Op::Load { width: Width::Word, signed: false };
    ld = Op::Load { width: Width::Double, signed: true };
    sb = Op::Store(Width::Byte);
    sh = Op::Store(Width::Half);
    sw = Op::Store(Width::Word);
    sd = Op::Store(Width::Double);
    beq = Op::Branch { alu: Alu::Eq, taken_if: true };
    bne = Op::Branch { alu: Alu::Eq, taken_if: false };
    blt = Op::Branch { alu: Alu::Slt, taken_if: true };
    bge = Op::Branch { alu: Alu::Slt, taken_if: false };
    bltu = Op::Branch { alu: Alu::Sltu, taken_if: true };
    bgeu = Op::Branch { alu: Alu::Sltu, taken_if: false };
    jal = Op::Jal;
    jalr = Op::Jalr;
}

#[cfg(test)]
mod tests {
    use autoprec_isa::encoding::{Row, TABLE};
    use autoprec_isa::{Reg, Xlen, decode};
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    use super::*;
    use crate::hart::Guest;
    use crate::memory::{self, Memory};

    const DATA: u64 = 0x1000;
    const BYTES: u64 = 0x2000;

    /// Values at which some operation does something else, and addresses: aligned, across pages, at the end
    /// of memory.
    const EDGES: [u64; 16] = [
        0,
        1,
        31,
        32,
        64,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        1 << 32,
        u64::MAX >> 1,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
        DATA + 0x800,
        DATA + 0xffe,
        DATA + BYTES - 2,
    ];
    /// Random pairs of operands per instruction.
    const RANDOM: usize = 64;

    fn hart<W: Word>(values: &[u64]) -> Hart<W> {
        let mut memory = Memory::new(DATA..DATA + BYTES);
        memory.map(DATA..DATA + BYTES, memory::READ | memory::WRITE);
        let bytes: Vec<u8> = (0..0x2000u32).map(|i| i.wrapping_mul(37).to_le_bytes()[0]).collect();
        memory.initialise(DATA, &bytes);
        let mut hart = Hart::new(memory, false);
        hart.float = Some(Box::default());
        for (reg, &value) in Reg::all().zip(values) {
            Guest::set_reg(&mut hart, reg, value);
        }
        hart
    }

    /// The handler of an operation and `step` with the operation as a variable agree. False if the word is
    /// no instruction.
    fn agree<W: Word>(word: u32, values: &[u64]) -> bool {
        let Some(decoded) = decode(W::XLEN, word) else { return false };
        let slot = Slot::<W>::new(0x4000, decoded.inst, decoded.len);
        let (mut fast, mut slow) = (hart::<W>(values), hart::<W>(values));
        (slot.run)(&mut fast, &slot, &[]);
        general(&mut slow, &slot, &[]);
        let outcome =
            |hart: &Hart<W>| (hart.transfer, hart.fault.map(|fault| (fault, hart.fault_pc)));
        assert_eq!(outcome(&fast), outcome(&slow), "{} on {values:x?}", decoded.inst.asm());
        assert_eq!(fast.digest(), slow.digest(), "{} on {values:x?}", decoded.inst.asm());
        true
    }

    /// A random value; every other one is an address.
    fn value(rng: &mut StdRng) -> u64 {
        if rng.random() { rng.random() } else { rng.random_range(0x1800..0x2800) }
    }

    /// The instruction of a row on `a1` and `a2`, which writes `a0`, as far as it has them; nothing if
    /// registers of this width do not have it.
    fn word(xlen: Xlen, row: &Row) -> Option<u32> {
        let (rd, rs1, rs2) = (10 << 7, 11 << 15, 12 << 20);
        let words = [rd | rs1 | rs2, rd | rs1, rd, 0].map(|operands| row.fixed | operands);
        // The fixed bits of some depend on the width of registers.
        let inst = Inst { op: row.op, rd: Reg::A0, rs1: Reg::A1, rs2: Reg::ZERO, imm: 0 };
        let is_row = |&word: &u32| decode(xlen, word).is_some_and(|d| d.inst.op == row.op);
        words.into_iter().chain(inst.encode(xlen)).find(is_row)
    }

    /// Every instruction on every pair of edge values and on random ones. Gives how many instructions were
    /// checked, and how often in all.
    fn check_table<W: Word>() -> (usize, usize) {
        let mut rng = StdRng::seed_from_u64(1);
        let words: Vec<u32> = TABLE.iter().filter_map(|row| word(W::XLEN, row)).collect();
        let edges = EDGES.iter().flat_map(|&a| EDGES.map(|b| (a, b)));
        let mut checked = 0;
        for &word in &words {
            let random = (0..RANDOM).map(|_| (value(&mut rng), value(&mut rng)));
            for (a, b) in edges.clone().chain(random.collect::<Vec<_>>()) {
                let mut values = [DATA; 32];
                (values[11], values[12]) = (a, b);
                checked += usize::from(agree::<W>(word, &values));
            }
        }
        (words.len(), checked)
    }

    #[test]
    fn handlers_do_what_step_does() {
        let has = |xlen| TABLE.iter().filter(|row| row.since <= xlen).count();
        for (xlen, (rows, checked)) in
            [(Xlen::Rv32, check_table::<u32>()), (Xlen::Rv64, check_table::<u64>())]
        {
            assert_eq!(rows, has(xlen), "{xlen}");
            assert_eq!(checked, rows * (EDGES.len() * EDGES.len() + RANDOM), "{xlen}");
        }
    }

    /// Other registers and immediates.
    #[test]
    fn handlers_do_what_step_does_on_random_words() {
        const OPCODES: [u32; 14] =
            [0x03, 0x07, 0x13, 0x17, 0x1b, 0x23, 0x27, 0x33, 0x37, 0x3b, 0x53, 0x63, 0x67, 0x6f];
        const TRIES: usize = 8000;
        let mut rng = StdRng::seed_from_u64(2);
        let mut checked = 0;
        for _ in 0..TRIES {
            let values: Vec<u64> = (0..32).map(|_| value(&mut rng)).collect();
            // Most random words are no instructions.
            let word = rng.random::<u32>() & !0x7f | OPCODES[rng.random_range(0..OPCODES.len())];
            let base = word & 0x01ff_ffff | rng.random_range(0..2) << 30;
            let word = if rng.random() { base } else { word };
            checked += usize::from(agree::<u32>(word, &values));
            checked += usize::from(agree::<u64>(word, &values));
        }
        assert!(checked > TRIES, "{checked} of {} words were instructions", 2 * TRIES);
    }

    /// An operation that fell back to the general handler would be correct but slow.
    #[test]
    fn operations_of_the_base_set_have_handlers() {
        let mut fast = 0;
        for row in TABLE {
            let rare = matches!(
                row.op,
                Op::Fence
                    | Op::FenceI
                    | Op::Ecall
                    | Op::Ebreak
                    | Op::Amo { .. }
                    | Op::Lr(_)
                    | Op::Sc(_)
                    | Op::Csr(_)
                    | Op::Alu(Alu::DivW | Alu::DivuW | Alu::RemW | Alu::RemuW)
            );
            let run: Run<u64> = handler(row.op);
            let is_general = run as usize == general::<u64> as Run<u64> as usize;
            assert_eq!(is_general, rare, "{}", row.name);
            fast += usize::from(!is_general);
        }
        assert!(fast > TABLE.len() / 2, "{fast} of {}", TABLE.len());
    }
}
