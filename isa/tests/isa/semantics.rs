//! What instructions do.

use autoprec_isa::encoding::TABLE;
use autoprec_isa::{
    Alu, Composite, Csr, CsrUpdate, CsrWrite, FReg, Flow, Inst, Op, Reg, Width, Word, Xlen, decode,
    step,
};
use proptest::prelude::*;

use crate::encoding::words;
use crate::machine::{Concrete, Lift};

#[test]
fn jumps_of_compressed_instructions_link_behind_themselves() {
    let mut m = Concrete::<u32>::default();
    m.regs[Reg::RA.index()] = 0x1001;
    let jump = Inst::parse(Xlen::Rv32, "jalr ra, 0(ra)").unwrap();
    assert_eq!(step(&mut m, Xlen::Rv32, 0xffff_fffe, 2, &jump), Ok(Flow::JumpTo(0x1000)));
    assert_eq!(m.regs[Reg::RA.index()], 0, "the link wraps around");
}

#[test]
fn rv64_upper_immediates_are_signed() {
    let mut m = Concrete::<u64>::default();
    for text in ["lui a0, 0x80000", "auipc a1, 0x80000"] {
        let inst = Inst::parse(Xlen::Rv64, text).unwrap();
        assert_eq!(step(&mut m, Xlen::Rv64, 8, 4, &inst), Ok(Flow::Next));
    }
    assert_eq!(m.regs[Reg::A0.index()], 0xffff_ffff_8000_0000);
    assert_eq!(m.regs[Reg::A1.index()], 0xffff_ffff_8000_0008);
}

#[test]
fn environment_instructions_say_so() {
    let mut m = Concrete::<u32>::default();
    let mut flow = |text| {
        let inst = Inst::parse(Xlen::Rv32, text).unwrap();
        assert!(inst.ends_region());
        step(&mut m, Xlen::Rv32, 0, 4, &inst).unwrap()
    };
    assert_eq!(flow("ecall"), Flow::Ecall);
    assert_eq!(flow("ebreak"), Flow::Ebreak);
    assert_eq!(flow("fence.i"), Flow::Next);
}

#[test]
fn csr_instructions_write_only_when_they_name_an_operand() {
    let write = |update, operand| Some(CsrWrite { update, operand });
    let cases = [
        ("csrrs a0, cycle, zero", Csr::CYCLE, None),
        ("csrrc a0, 0x800, zero", Csr::new(0x800).unwrap(), None),
        ("csrrci a0, 0x800, 0", Csr::new(0x800).unwrap(), None),
        ("csrrw a0, 0x800, zero", Csr::new(0x800).unwrap(), write(CsrUpdate::Write, 0)),
        ("csrrwi a0, 0x800, 0", Csr::new(0x800).unwrap(), write(CsrUpdate::Write, 0)),
        // A named operand that happens to be zero is a write.
        ("csrrs a0, 0x800, a1", Csr::new(0x800).unwrap(), write(CsrUpdate::Set, 0)),
        ("csrrci a0, 0x801, 31", Csr::new(0x801).unwrap(), write(CsrUpdate::Clear, 31)),
    ];
    for (text, csr, expected) in cases {
        let mut m = Concrete::<u64>::default();
        let inst = Inst::parse(Xlen::Rv64, text).unwrap();
        assert_eq!(step(&mut m, Xlen::Rv64, 0, 4, &inst), Ok(Flow::Next));
        assert_eq!(m.csrs, [(csr, expected)], "{text}");
        assert_eq!(m.regs[Reg::A0.index()], 0x1234, "{text}");
        assert_eq!(inst.csr(), Some(csr), "{text}");
    }
    assert!(Csr::CYCLE.is_read_only() && !Csr::new(0x800).unwrap().is_read_only());
}

/// `Alu::Eq` and `Alu::Second` are in no instruction that qemu could be asked about directly.
#[test]
fn operations_of_no_instruction() {
    assert_eq!(Alu::Eq.eval(7u32, 7), 1);
    assert_eq!(Alu::Eq.eval(7u64, 7 + (1 << 32)), 0);
    assert_eq!(Alu::Second.eval(7u64, 8), 8);
    for alu in Alu::all() {
        assert_eq!(Alu::from_name(alu.name()), Some(alu));
        assert_eq!(format!("{alu:?}").to_lowercase(), alu.name());
    }
}

#[test]
fn composite_operations_are_listed() {
    let rows = TABLE.iter().filter(|row| matches!(row.op, Op::Composite(_)));
    let listed = |op| Composite::ALL.map(Op::Composite).contains(&op);
    let mut count = 0;
    for row in rows {
        assert!(listed(row.op), "{} is not in Composite::ALL", row.name);
        count += 1;
    }
    assert_eq!(count, Composite::ALL.len());
}

/// A machine with arbitrary registers and a little memory at the addresses they hold.
fn machines<W: Word>() -> impl Strategy<Value = Concrete<W>> {
    // Small values, large values, and those near the ends.
    let word =
        prop_oneof![any::<u64>(), 0..64u64, any::<u8>().prop_map(|x| u64::MAX - u64::from(x))];
    proptest::collection::vec(word, 32).prop_map(|words| {
        let mut m = Concrete::<W>::default();
        for (i, &word) in words.iter().enumerate().skip(1) {
            m.regs[i] = W::from_u64(word);
            m.write(Width::Word, W::from_u64(word), W::from_u64(words[31 - i]));
        }
        for (reg, word) in FReg::all().zip(words) {
            m.float.set_reg(reg, word.rotate_left(31));
        }
        m
    })
}

/// Executing `word` and playing back its lifted form give the same state and the same flow.
fn check_lift<W: Word>(before: &Concrete<W>, pc: u64, word: u32) {
    let pc = W::XLEN.mask(pc & !1);
    let Some(decoded) = decode(W::XLEN, word) else { return };
    let mut lift = Lift::default();
    let lifted = step(&mut lift, W::XLEN, pc, decoded.len, &decoded.inst);
    let Ok(lifted) = lifted else {
        assert!(decoded.inst.ends_region(), "{} cannot be lifted", decoded.inst.asm());
        return;
    };
    let (mut executed, mut played) = (before.clone(), before.clone());
    let Ok(flow) = step(&mut executed, W::XLEN, pc, decoded.len, &decoded.inst);
    let values = lift.play(&mut played);
    let lifted = match lifted {
        Flow::Branch { condition, taken_if, target } => {
            Flow::Branch { condition: values[condition], taken_if, target }
        }
        Flow::Jump(target) => Flow::Jump(target),
        Flow::JumpTo(target) => Flow::JumpTo(values[target]),
        Flow::Next => Flow::Next,
        Flow::Ecall => Flow::Ecall,
        Flow::Ebreak => Flow::Ebreak,
    };
    assert_eq!(flow, lifted, "{}", decoded.inst.asm());
    assert_eq!(executed, played, "{}", decoded.inst.asm());
    let changed = Reg::all().filter(|reg| executed.regs[reg.index()] != before.regs[reg.index()]);
    for reg in changed {
        assert_eq!(Some(reg), decoded.inst.def());
    }
    let control = matches!(flow, Flow::Branch { .. } | Flow::Jump(_) | Flow::JumpTo(_));
    assert_eq!(control, decoded.inst.is_control());
}

/// Registers that `uses` does not name have no influence.
fn check_uses<W: Word>(before: &Concrete<W>, word: u32) {
    let Some(decoded) = decode(W::XLEN, word) else { return };
    let inst = decoded.inst;
    let mut blind = before.clone();
    let unused = Reg::all().filter(|&reg| !inst.uses().any(|used| used == reg));
    for reg in unused.skip(1) {
        blind.regs[reg.index()] = W::default();
    }
    let mut sighted = before.clone();
    let Ok(expected) = step(&mut sighted, W::XLEN, 0, decoded.len, &inst);
    let Ok(flow) = step(&mut blind, W::XLEN, 0, decoded.len, &inst);
    assert_eq!(flow, expected, "{}", inst.asm());
    assert_eq!(blind.memory, sighted.memory, "{}", inst.asm());
    if let Some(reg) = inst.def() {
        assert_eq!(blind.regs[reg.index()], sighted.regs[reg.index()], "{}", inst.asm());
    }
}

/// What an instruction does elsewhere is the same unless it says that it reads its address.
fn check_place<W: Word>(before: &Concrete<W>, pcs: [u64; 2], word: u32) {
    let Some(decoded) = decode(W::XLEN, word) else { return };
    let [here, there] = pcs.map(|pc| {
        let pc = W::XLEN.mask(pc & !1);
        let mut m = before.clone();
        let Ok(flow) = step(&mut m, W::XLEN, pc, decoded.len, &decoded.inst);
        let flow = match flow {
            Flow::Branch { condition, taken_if, target } => {
                let target = W::XLEN.mask(target.wrapping_sub(pc));
                Flow::Branch { condition, taken_if, target }
            }
            Flow::Jump(target) => Flow::Jump(W::XLEN.mask(target.wrapping_sub(pc))),
            other => other,
        };
        (m, flow)
    });
    if !decoded.inst.reads_pc() {
        assert_eq!(here, there, "{}", decoded.inst.asm());
    } else if decoded.inst.def().is_some() && pcs[0] & !1 != pcs[1] & !1 {
        assert_ne!(here.0, there.0, "{}", decoded.inst.asm());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn lifting_agrees_with_executing(
        narrow in machines::<u32>(), wide in machines::<u64>(),
        pc in any::<u64>(), word in words(), half in any::<u16>(),
    ) {
        for word in [word, u32::from(half)] {
            check_lift(&narrow, pc, word);
            check_lift(&wide, pc, word);
        }
    }

    #[test]
    fn instructions_say_whether_they_read_their_address(
        narrow in machines::<u32>(), wide in machines::<u64>(),
        pcs in any::<[u32; 2]>(), word in words(), half in any::<u16>(),
    ) {
        for word in [word, u32::from(half)] {
            check_place(&narrow, pcs.map(u64::from), word);
            check_place(&wide, pcs.map(u64::from), word);
        }
    }

    #[test]
    fn instructions_read_what_they_use(
        narrow in machines::<u32>(), wide in machines::<u64>(), word in words(),
    ) {
        check_uses(&narrow, word);
        check_uses(&wide, word);
    }
}
