//! Random programs of every kind of instruction: what they leave in memory is what the executor says.

use autoprec_circuits::{BabyBear, Pasta};
use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::{Inst, Op, Reg, Xlen};
use autoprec_machine::{Guest, Kind};
use autoprec_synth::{HALO2, PLONKY3};
use proptest::prelude::*;

use crate::assembly::ENTRY;
use crate::runs::checked;

/// The registers that random instructions use; `x0` is among them.
const REGISTERS: [u8; 6] = [0, 5, 6, 7, 28, 29];
/// The base of accesses: it holds 0x4000.
const BASE: u8 = 18;

fn reg(number: u8) -> Reg {
    Reg::new(number).expect("below 32")
}

/// One instruction: which operation, its registers, its immediate.
type Choice = (usize, [usize; 3], i32);

/// The instructions that there are, control and environment left out.
fn ops(xlen: Xlen) -> Vec<Op> {
    let all = Kind::all().filter_map(|(_, kind)| match kind {
        Kind::Op(Op::Branch { .. } | Op::Jal | Op::Jalr) | Kind::Request(_) => None,
        Kind::Op(op) => Some(op),
    });
    all.filter(|op| instruction(xlen, *op, ([1, 2, 3], 4)).encode(xlen).is_some()).collect()
}

fn instruction(xlen: Xlen, op: Op, (regs, imm): ([usize; 3], i32)) -> Inst {
    let [rd, rs1, rs2] = regs.map(|index| reg(REGISTERS[index % REGISTERS.len()]));
    let zero = Reg::ZERO;
    match op {
        Op::Alu(_) => Inst { op, rd, rs1, rs2, imm: 0 },
        Op::Composite(_) => Inst { op, rd, rs1, rs2, imm: 0 }.normal(),
        Op::AluImm(_) => {
            let inst = Inst { op, rd, rs1, rs2: zero, imm };
            // Shifts have no wider immediates than this.
            let wide = Inst { imm: 2047, ..inst }.encode(xlen).is_some();
            if wide { inst } else { Inst { imm: imm & 31, ..inst } }
        }
        Op::Load { width, .. } => {
            let imm = (imm & 63) / width.bytes().cast_signed() * width.bytes().cast_signed();
            Inst { op, rd, rs1: reg(BASE), rs2: zero, imm }
        }
        Op::Store(width) => {
            let imm = (imm & 63) / width.bytes().cast_signed() * width.bytes().cast_signed();
            Inst { op, rd: zero, rs1: reg(BASE), rs2, imm }
        }
        Op::Lui | Op::Auipc => Inst { op, rd, rs1: zero, rs2: zero, imm: imm << 12 },
        _ => Inst { op, rd: zero, rs1: zero, rs2: zero, imm: 0xff },
    }
}

/// A program of these instructions, each perhaps behind a branch over it, that writes 64 bytes of memory
/// and its registers out.
fn program(xlen: Xlen, choices: &[Choice]) -> Program {
    let ops = ops(xlen);
    let mut insts =
        vec![Inst { op: Op::Lui, rd: reg(BASE), rs1: Reg::ZERO, rs2: Reg::ZERO, imm: 0x4000 }];
    for (index, &(op, regs, imm)) in choices.iter().enumerate() {
        if index % 5 == 4 {
            let branches = Kind::all().filter_map(|(_, kind)| match kind {
                Kind::Op(op @ Op::Branch { .. }) => Some(op),
                _ => None,
            });
            let branches: Vec<Op> = branches.collect();
            let [_, rs1, rs2] = regs.map(|index| reg(REGISTERS[index % REGISTERS.len()]));
            let branch = branches[op % branches.len()];
            insts.push(Inst { op: branch, rd: Reg::ZERO, rs1, rs2, imm: 8 });
        }
        insts.push(instruction(xlen, ops[op % ops.len()], (regs, imm)));
    }
    let text = |lines: &str| -> Vec<Inst> {
        let lines = lines.split(';').map(str::trim);
        lines.map(|line| Inst::parse(xlen, line).expect("an instruction")).collect()
    };
    let store = if xlen == Xlen::Rv64 { "sd" } else { "sw" };
    for (index, number) in REGISTERS.iter().enumerate() {
        insts.extend(text(&format!("{store} x{number}, {}(x{BASE})", 64 + 8 * index)));
    }
    insts.extend(text(
        "addi a0, x0, 1; addi a1, x18, 0; addi a2, x0, 112; addi a7, x0, 64; ecall; addi a0, x0, 0; \
         addi a7, x0, 93; ecall",
    ));
    let words = insts.iter().map(|inst| inst.encode(xlen).expect("they can be encoded"));
    let code: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    Program::from_code(xlen, ENTRY, &code)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn programs_do_what_the_executor_says(
        choices in proptest::collection::vec(
            (any::<usize>(), [any::<usize>(), any::<usize>(), any::<usize>()], -2048..2048_i32),
            60..90,
        ),
    ) {
        for xlen in [Xlen::Rv32, Xlen::Rv64] {
            let program = program(xlen, &choices);
            let (input, bare) = (Input::default(), Environment::Bare);
            let reference = run(&program, &Patches::none(), bare, &input, &Limits::none());
            let expected = reference.expect("it runs").stdout;
            prop_assert_eq!(expected.len(), 112);
            let guest = Guest::of_program(program, Some(bare)).expect("it has tables");
            prop_assert_eq!(&checked::<Pasta>(&guest, &HALO2, &input).output, &expected);
            prop_assert_eq!(&checked::<BabyBear>(&guest, &PLONKY3, &input).output, &expected);
        }
    }
}
