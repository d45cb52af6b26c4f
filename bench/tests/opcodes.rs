//! Rows of the program table against assembly, for every opcode of RV32IM.

use autoprec_bench::{RowError, decode_row, encode_row};
use autoprec_isa::{Alu, Inst, Op, Reg, Width, Xlen};
use proptest::prelude::*;

/// Assembly and its row: register `x` is cell `4x`, and −1 is 2013265920.
#[rustfmt::skip]
const ROWS: &[(&str, [u64; 8])] = &[
    ("add a0, a1, a2", [512, 40, 44, 48, 1, 1, 0, 0]),
    ("addi a0, a1, -1", [512, 40, 44, 0xff_ffff, 1, 0, 0, 0]),
    ("sub a0, a1, a2", [513, 40, 44, 48, 1, 1, 0, 0]),
    ("xor a0, a1, a2", [514, 40, 44, 48, 1, 1, 0, 0]),
    ("xori a0, a1, -2048", [514, 40, 44, 0xff_f800, 1, 0, 0, 0]),
    ("or a0, a1, a2", [515, 40, 44, 48, 1, 1, 0, 0]),
    ("ori a0, a1, 2047", [515, 40, 44, 2047, 1, 0, 0, 0]),
    ("and a0, a1, a2", [516, 40, 44, 48, 1, 1, 0, 0]),
    ("andi a0, a1, 255", [516, 40, 44, 255, 1, 0, 0, 0]),
    ("sll a0, a1, a2", [517, 40, 44, 48, 1, 1, 0, 0]),
    ("slli a0, a1, 31", [517, 40, 44, 31, 1, 0, 0, 0]),
    ("srl a0, a1, a2", [518, 40, 44, 48, 1, 1, 0, 0]),
    ("srli a0, a1, 1", [518, 40, 44, 1, 1, 0, 0, 0]),
    ("sra a0, a1, a2", [519, 40, 44, 48, 1, 1, 0, 0]),
    ("srai a0, a1, 0", [519, 40, 44, 0, 1, 0, 0, 0]),
    ("slt a0, a1, a2", [520, 40, 44, 48, 1, 1, 0, 0]),
    ("slti a0, a1, -5", [520, 40, 44, 0xff_fffb, 1, 0, 0, 0]),
    ("sltu a0, a1, a2", [521, 40, 44, 48, 1, 1, 0, 0]),
    ("sltiu a0, a1, 1", [521, 40, 44, 1, 1, 0, 0, 0]),
    ("lw t6, 300(sp)", [528, 124, 8, 300, 1, 2, 1, 0]),
    ("lw zero, 0(sp)", [528, 0, 8, 0, 1, 2, 0, 0]),
    ("lbu a0, -32(a1)", [529, 40, 44, 65504, 1, 2, 1, 1]),
    ("lhu a0, 2(a1)", [530, 40, 44, 2, 1, 2, 1, 0]),
    ("sw a0, -2048(a1)", [531, 40, 44, 63488, 1, 2, 1, 1]),
    ("sh a0, 2(a1)", [532, 40, 44, 2, 1, 2, 1, 0]),
    ("sb a0, 3(a1)", [533, 40, 44, 3, 1, 2, 1, 0]),
    ("lb a0, 1(a1)", [534, 40, 44, 1, 1, 2, 1, 0]),
    ("lh a0, 2(a1)", [535, 40, 44, 2, 1, 2, 1, 0]),
    ("beq a0, a1, 8", [544, 40, 44, 8, 1, 1, 0, 0]),
    ("bne a0, a1, -8", [545, 40, 44, 2_013_265_913, 1, 1, 0, 0]),
    ("blt a0, a1, 8", [549, 40, 44, 8, 1, 1, 0, 0]),
    ("bltu a0, a1, 8", [550, 40, 44, 8, 1, 1, 0, 0]),
    ("bge a0, a1, 8", [551, 40, 44, 8, 1, 1, 0, 0]),
    ("bgeu a0, a1, 8", [552, 40, 44, 8, 1, 1, 0, 0]),
    ("jal ra, -4", [560, 4, 0, 2_013_265_917, 1, 0, 1, 0]),
    ("jal zero, 4", [560, 0, 0, 4, 1, 0, 0, 0]),
    ("lui a0, 0xfffff", [561, 40, 0, 0xf_ffff, 1, 0, 1, 0]),
    ("jalr ra, -4(a0)", [565, 4, 40, 65532, 1, 0, 1, 1]),
    ("auipc a0, 0xfffff", [576, 40, 0, 0xff_fff0, 1, 0, 0, 0]),
    ("mul a0, a1, a2", [592, 40, 44, 48, 1, 0, 0, 0]),
    ("mulh a0, a1, a2", [593, 40, 44, 48, 1, 0, 0, 0]),
    ("mulhsu a0, a1, a2", [594, 40, 44, 48, 1, 0, 0, 0]),
    ("mulhu a0, a1, a2", [595, 40, 44, 48, 1, 0, 0, 0]),
    ("div a0, a1, a2", [596, 40, 44, 48, 1, 0, 0, 0]),
    ("divu a0, a1, a2", [597, 40, 44, 48, 1, 0, 0, 0]),
    ("rem a0, a1, a2", [598, 40, 44, 48, 1, 0, 0, 0]),
    ("remu a0, a1, a2", [599, 40, 44, 48, 1, 0, 0, 0]),
    ("addi zero, zero, 0", [1, 0, 0, 0, 0, 0, 0, 0]),
];

#[test]
fn every_opcode_is_read_and_written() {
    for (text, row) in ROWS {
        let inst = Inst::parse(Xlen::Rv32, text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(decode_row(row).as_ref(), Ok(&inst), "{text}");
        assert_eq!(encode_row(inst).as_ref(), Some(row), "{text}");
    }
}

#[test]
fn writes_to_x0_and_fences_are_the_phantom_instruction() {
    let nop = [1, 0, 0, 0, 0, 0, 0, 0];
    for text in ["add zero, a0, a1", "lui zero, 1", "auipc zero, 1", "fence"] {
        let inst = Inst::parse(Xlen::Rv32, text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(encode_row(inst), Some(nop), "{text}");
    }
}

#[test]
fn what_cannot_be_synthesised_is_named() {
    assert_eq!(decode_row(&[1, 0, 0, 5, 0, 0, 0, 0]), Err(RowError::Phantom));
    assert_eq!(decode_row(&[608, 0, 4, 0, 1, 2, 0, 0]), Err(RowError::Opcode(608)));
    assert_eq!(decode_row(&[512, 40]), Err(RowError::Length(2)));
    let refused: &[[u64; 8]] = &[
        [512, 41, 44, 48, 1, 1, 0, 0],       // no register
        [512, 128, 44, 48, 1, 1, 0, 0],      // register 32
        [512, 40, 44, 2048, 1, 0, 0, 0],     // immediate too large
        [513, 40, 44, 1, 1, 0, 0, 0],        // subtraction of an immediate
        [517, 40, 44, 32, 1, 0, 0, 0],       // shift by 32
        [528, 40, 44, 0, 1, 2, 0, 0],        // load whose result is dropped
        [528, 40, 44, 0, 1, 3, 1, 0],        // load of public values
        [544, 40, 44, 3, 1, 1, 0, 0],        // odd distance
        [512, 0, 44, 48, 1, 1, 0, 0],        // write to x0
        [512, u64::MAX, 44, 48, 1, 1, 0, 0], // no field element
        [561, 40, 0, 0x10_0000, 1, 0, 1, 0], // more than 20 bits
    ];
    for row in refused {
        let opcode = row[0];
        let error = decode_row(row).expect_err("not a row of the transpiler");
        assert_eq!(error, RowError::Operands { opcode, operands: row[1..].to_vec() });
    }
}

/// Operations whose rows hold everything that they are.
const OPS: &[Op] = &[
    Op::Alu(Alu::Sub),
    Op::AluImm(Alu::Sltu),
    Op::AluImm(Alu::Sra),
    Op::Load { width: Width::Half, signed: true },
    Op::Store(Width::Byte),
    Op::Branch { alu: Alu::Slt, taken_if: false },
    Op::Jal,
    Op::Jalr,
    Op::Lui,
    Op::Auipc,
    Op::Alu(Alu::Remu),
];

proptest! {
    #[test]
    fn rows_are_read_as_they_were_written(
        op in proptest::sample::select(OPS),
        regs in [1u8..32, 0..32, 0..32],
        bits in any::<i32>(),
    ) {
        let [rd, rs1, rs2] = regs.map(|number| Reg::new(number).expect("below 32"));
        let inst = match op {
            Op::Alu(_) => Inst { op, rd, rs1, rs2, imm: 0 },
            Op::AluImm(Alu::Sra) => Inst { op, rd, rs1, rs2: Reg::ZERO, imm: bits & 31 },
            Op::AluImm(_) | Op::Load { .. } | Op::Jalr => {
                Inst { op, rd, rs1, rs2: Reg::ZERO, imm: bits >> 20 }
            }
            Op::Store(_) => Inst { op, rd: Reg::ZERO, rs1, rs2, imm: bits >> 20 },
            Op::Branch { .. } => Inst { op, rd: Reg::ZERO, rs1, rs2, imm: bits >> 20 << 1 },
            Op::Jal => Inst { op, rd, rs1: Reg::ZERO, rs2: Reg::ZERO, imm: bits >> 12 << 1 },
            _ => Inst { op, rd, rs1: Reg::ZERO, rs2: Reg::ZERO, imm: bits >> 12 << 12 },
        };
        prop_assert!(inst.encode(Xlen::Rv32).is_some());
        let row = encode_row(inst).expect("it is one of RV32IM");
        prop_assert_eq!(decode_row(&row), Ok(inst));
    }
}
