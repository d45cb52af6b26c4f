//! Every kind of instruction, with equal registers and `x0` among the operands.

use autoprec_circuits::Field;
use autoprec_isa::{Alu, Composite, Inst, Op, Reg, Width, Xlen};
use autoprec_synth::OperandValues;
use autoprec_synth::Target;
use autoprec_synth::bits::{lift_kind, lower_kind};
use autoprec_synth::rewrite::optimise;

use super::check::{Case, Counts};
use super::world::{Claim, World, mix, word};

/// The kinds of RV32IM or RV64IM.
pub(crate) fn kinds(xlen: Xlen) -> Vec<Op> {
    use Alu::{
        Add, AddW, And, Div, DivW, Divu, DivuW, Eq, Mul, MulW, Mulh, Mulhsu, Mulhu, Or, Rem, RemW,
        Remu, RemuW, Sll, SllW, Slt, Sltu, Sra, SraW, Srl, SrlW, Sub, SubW, Xor,
    };
    let mut registers = vec![
        Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And, Mul, Mulh, Mulhsu, Mulhu, Div, Divu, Rem,
        Remu,
    ];
    let mut immediates = vec![Add, Slt, Sltu, Xor, Or, And, Sll, Srl, Sra];
    let mut loads =
        vec![(Width::Byte, true), (Width::Byte, false), (Width::Half, true), (Width::Half, false)];
    let mut stores = vec![Width::Byte, Width::Half, Width::Word];
    loads.push((Width::Word, true));
    if xlen == Xlen::Rv64 {
        registers.extend([AddW, SubW, SllW, SrlW, SraW, MulW, DivW, DivuW, RemW, RemuW]);
        immediates.extend([AddW, SllW, SrlW, SraW]);
        loads.extend([(Width::Word, false), (Width::Double, true)]);
        stores.push(Width::Double);
    }
    let branch = |alu| [true, false].map(|taken_if| Op::Branch { alu, taken_if });
    let mut all: Vec<Op> = registers.into_iter().map(Op::Alu).collect();
    all.extend(immediates.into_iter().map(Op::AluImm));
    all.extend(Composite::ALL.map(Op::Composite));
    all.extend(loads.into_iter().map(|(width, signed)| Op::Load { width, signed }));
    all.extend(stores.into_iter().map(Op::Store));
    all.extend([Eq, Slt, Sltu].into_iter().flat_map(branch));
    all.extend([Op::Jal, Op::Jalr, Op::Lui, Op::Auipc, Op::Fence]);
    all
}

/// The instruction of a kind, with all the registers that it has.
pub(crate) fn instruction(op: Op) -> Inst {
    let [rs1, rs2, rd] = [1, 2, 3].map(|number| Reg::new(number).unwrap());
    Inst { op, rd, rs1, rs2, imm: 0 }.normal()
}

/// Operands: `x0` and equal registers are not seldom.
fn operands(xlen: Xlen, inst: &Inst, seed: u64) -> OperandValues {
    let pick = |reg: Reg, salt: u64| {
        let number = u8::try_from(mix(seed, salt) % 5).unwrap();
        if reg == Reg::ZERO { 0 } else { number }
    };
    let pc = xlen.mask(mix(seed, 4) & 0xffff_fffc);
    let rd = pick(inst.rd, 1);
    let is_access = matches!(inst.op, Op::Load { .. } | Op::Store(_));
    let constant = match inst.op {
        Op::Alu(_) | Op::Composite(_) | Op::Fence => 0,
        _ if is_access => xlen.mask((mix(seed, 5) % 64).wrapping_sub(32)),
        Op::AluImm(Alu::Sll | Alu::Srl | Alu::Sra) => mix(seed, 5) % u64::from(xlen.bits()),
        Op::AluImm(Alu::SllW | Alu::SrlW | Alu::SraW) => mix(seed, 5) % 32,
        _ => word(xlen, mix(seed, 5)),
    };
    OperandValues {
        rd,
        rs1: pick(inst.rs1, 2),
        rs2: pick(inst.rs2, 3),
        writes: rd != 0,
        constant,
        next: xlen.mask(pc + 4),
        pc,
    }
}

/// A state, and operands.
pub(crate) fn state(xlen: Xlen, inst: &Inst, seed: u64) -> (World, OperandValues) {
    let operands = operands(xlen, inst, seed);
    let mut world = World::new(xlen, mix(seed, 7));
    if matches!(inst.op, Op::Load { .. } | Op::Store(_)) && operands.rs1 != 0 {
        // An address that wraps is as good as any, but not one that ends beyond the words.
        let near = if seed.is_multiple_of(8) { 0 } else { 0x1000 };
        world.regs.get_mut(&operands.rs1).unwrap().0 = near + mix(seed, 8) % 64;
    }
    (world, operands)
}

pub(crate) fn check_kind<F: Field>(
    op: Op,
    xlen: Xlen,
    target: &Target,
    states: u64,
) -> (usize, usize, Counts) {
    let ir = optimise(&lift_kind(op, xlen).unwrap()).0;
    let kind = 17;
    let what = format!("{op:?} of {xlen} for {}", target.name);
    let lowered =
        lower_kind::<F>(&ir, kind, target).unwrap_or_else(|error| panic!("{what}: {error}"));
    let inst = instruction(op);
    let case = Case { lowered, target: *target, claim: Claim::Kind { kind, inst }, what };
    case.check_shape();
    let mut counts = Counts::default();
    let mut seed = 0;
    while u64::from(counts.honest) < states {
        seed += 1;
        assert!(seed < 40 * states, "{}: hardly a state can be run", case.what);
        let (world, operands) = state(xlen, &inst, seed);
        case.check_state(world, &operands, &mut counts);
    }
    let size = case.lowered.system.size();
    (size.columns, size.interactions, counts)
}
