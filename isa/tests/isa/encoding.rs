//! Words and halfwords.

use std::collections::BTreeSet;

use autoprec_isa::encoding::{Format, TABLE};
use autoprec_isa::{Decoded, Inst, Op, Reg, Xlen, decode};
use proptest::prelude::*;

pub(crate) const XLENS: [Xlen; 2] = [Xlen::Rv32, Xlen::Rv64];

/// The lines of the fixture, split into registers' width, word and text.
fn fixture() -> impl Iterator<Item = (Xlen, u32, &'static str)> {
    let content = include_str!("../fixtures/encodings.txt");
    content.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut parts = line.splitn(3, ' ');
        let mut next = || parts.next().expect("three parts");
        let xlen = if next() == "rv32" { Xlen::Rv32 } else { Xlen::Rv64 };
        (xlen, u32::from_str_radix(next(), 16).expect("a word"), next())
    })
}

/// Every word that an assembler gives is read, written and printed as the assembler has it.
#[test]
fn an_assembler_agrees() {
    let mut seen = BTreeSet::new();
    for (xlen, word, text) in fixture() {
        let context = format!("{xlen} {word:08x} {text}");
        let decoded = decode(xlen, word).expect(&context);
        assert_eq!(decoded.len, 4, "{context}");
        assert_eq!(decoded.inst.asm().to_string(), text, "{context}");
        assert_eq!(decoded.inst.encode(xlen), Some(word), "{context}");
        assert_eq!(Inst::parse(xlen, text), Ok(decoded.inst), "{context}");
        seen.insert((xlen, decoded.inst.op));
    }
    for xlen in XLENS {
        for row in TABLE.iter().filter(|row| row.since <= xlen) {
            assert!(seen.contains(&(xlen, row.op)), "no line for {} on {xlen}", row.name);
        }
    }
}

#[test]
fn every_expansion_has_a_word() {
    for xlen in XLENS {
        for half in (0..1 << 16).filter(|half| half & 3 != 3) {
            let Some(decoded) = decode(xlen, half) else { continue };
            let word = decoded.inst.encode(xlen).expect("an expansion has a word");
            assert_eq!(decode(xlen, word).unwrap().inst, decoded.inst, "{xlen} {half:04x}");
        }
    }
}

#[test]
fn reserved_halfwords_are_nothing_and_hints_are_harmless() {
    let text = |xlen, half| decode(xlen, half).map(|decoded| decoded.inst.asm().to_string());
    // All zero; c.lui and c.addi16sp of 0; c.lwsp, c.jr and c.ldsp with x0.
    for half in [0x0000, 0x6501, 0x6101, 0x4002, 0x8002, 0x6002] {
        assert_eq!(text(Xlen::Rv64, half), None, "{half:04x}");
    }
    // On RV32, shifts by 32 or more.
    for half in [0x9001, 0x1502] {
        assert_eq!(text(Xlen::Rv32, half), None, "{half:04x}");
    }
    assert_eq!(text(Xlen::Rv64, 0x2001), None, "c.addiw to x0 is reserved");
    assert_eq!(text(Xlen::Rv32, 0x0005).unwrap(), "addi zero, zero, 1");
    assert_eq!(text(Xlen::Rv32, 0x6005).unwrap(), "lui zero, 0x1");
    assert_eq!(text(Xlen::Rv32, 0x802a).unwrap(), "add zero, zero, a0");
    assert_eq!(text(Xlen::Rv32, 0x8101).unwrap(), "srli a0, a0, 0");
}

#[test]
fn reserved_words_are_nothing() {
    // All ones and zeros, a longer encoding, lr.w with rs2, slli by 32, ld, an unknown funct7.
    for word in [0xffff_ffff, 0, 0x0000_001f, 0x1015_a52f, 0x0205_9513, 0x0005_b503, 0x04c5_8533] {
        assert_eq!(decode(Xlen::Rv32, word), None, "{word:08x}");
    }
    // Reserved rounding modes, quadruple precision, fsqrt.s with rs2, fmv.x.d.
    for word in [0x00c5_d553, 0x00c5_e553, 0x06c5_f553, 0x5815_f553, 0xe205_0553] {
        assert_eq!(decode(Xlen::Rv32, word), None, "{word:08x}");
    }
}

#[test]
fn encode_refuses_what_does_not_fit() {
    let inst = |op, rd, imm| Inst { op, rd, rs1: Reg::ZERO, rs2: Reg::ZERO, imm };
    assert_eq!(inst(Op::Jal, Reg::RA, 3).encode(Xlen::Rv32), None, "odd offset");
    assert_eq!(inst(Op::Jal, Reg::RA, 1 << 20).encode(Xlen::Rv32), None, "far");
    assert_eq!(inst(Op::Lui, Reg::A0, 1).encode(Xlen::Rv32), None, "low bits");
    assert_eq!(inst(Op::Ecall, Reg::A0, 0).encode(Xlen::Rv32), None, "no rd");
    let wide = Inst::parse(Xlen::Rv64, "slli a0, a0, 32").unwrap();
    assert_eq!(wide.encode(Xlen::Rv32), None, "RV64 only");
}

#[test]
fn rows_are_distinct() {
    let ops: BTreeSet<Op> = TABLE.iter().map(|row| row.op).collect();
    let names: BTreeSet<&str> = TABLE.iter().map(|row| row.name).collect();
    assert_eq!((ops.len(), names.len()), (TABLE.len(), TABLE.len()));
}

/// A word that is likely to be an instruction: a row's bits over random ones.
pub(crate) fn words() -> impl Strategy<Value = u32> {
    let with_row = |(row, noise): (usize, u32)| {
        let row = &TABLE[row];
        let operands = match row.format {
            Format::Bare => 0,
            Format::R | Format::Float2 | Format::FloatCompare => 0x01ff_8f80,
            Format::Float3Round => 0xf9ff_ff80,
            Format::Float2Round => 0x01ff_ff80,
            Format::Float1Round | Format::FloatToRegRound | Format::FloatFromRegRound => {
                0x000f_ff80
            }
            Format::FloatToReg | Format::FloatFromReg | Format::Bytes => 0x000f_8f80,
            Format::Shift | Format::ShiftW => 0x03ff_8f80,
            Format::Amo => 0x07ff_8f80,
            Format::Lr => 0x060f_8f80,
            Format::U | Format::J => 0xffff_ff80,
            _ => 0xffff_8f80,
        };
        row.fixed | (noise & operands)
    };
    prop_oneof![9 => (0..TABLE.len(), any::<u32>()).prop_map(with_row), 1 => any::<u32>()]
}

/// An instruction of a row, with whatever operands the row has.
fn insts() -> impl Strategy<Value = (Xlen, Inst)> {
    let reg = || (0u8..32).prop_map(|number| Reg::new(number).expect("below 32"));
    let imm = prop_oneof![any::<i32>(), -2048..2048, (0..1 << 20).prop_map(|upper| upper << 12)];
    let wide = any::<bool>().prop_map(|wide| if wide { Xlen::Rv64 } else { Xlen::Rv32 });
    let operands = (reg(), reg(), reg(), imm);
    (wide, 0..TABLE.len(), operands).prop_map(|(xlen, row, (rd, rs1, rs2, imm))| {
        let row = &TABLE[row];
        (xlen, fit(row.format, xlen, Inst { op: row.op, rd, rs1, rs2, imm }))
    })
}

/// Takes away the operands that the format lacks and brings the immediate into its range.
fn fit(format: Format, xlen: Xlen, inst: Inst) -> Inst {
    let no = Reg::ZERO;
    let (rd, rs1, rs2) = (inst.rd, inst.rs1, inst.rs2);
    let signed = |bits: u32| inst.imm << (32 - bits) >> (32 - bits);
    // Of a packed immediate: registers 0 to 2, and the rounding mode of bits that are any of three.
    let floats = |regs: u32| inst.imm & ((1 << (5 * regs)) - 1);
    let rounding = [0, 1, 2, 3, 4, 7][(inst.imm.cast_unsigned() >> 20) as usize % 6] << 20;
    let source = inst.imm & 31 << 5;
    let (rd, rs1, rs2, imm) = match format {
        Format::R => (rd, rs1, rs2, 0),
        Format::I | Format::Load => (rd, rs1, no, signed(12)),
        Format::Shift => (rd, rs1, no, inst.imm & (xlen.bits() - 1).cast_signed()),
        Format::ShiftW => (rd, rs1, no, inst.imm & 31),
        Format::Bytes => (rd, rs1, no, 0),
        Format::S => (no, rs1, rs2, signed(12)),
        Format::B => (no, rs1, rs2, signed(13) & !1),
        Format::U => (rd, no, no, inst.imm & !0xfff),
        Format::J => (rd, no, no, signed(21) & !1),
        Format::Amo => (rd, rs1, rs2, inst.imm & 3),
        Format::Lr => (rd, rs1, no, inst.imm & 3),
        Format::Csr => (rd, rs1, no, inst.imm & 0xfff),
        Format::CsrImm => (rd, no, no, inst.imm & 0x1_ffff),
        Format::Fence => (no, no, no, inst.imm & 0xff),
        Format::FenceI | Format::Bare => (no, no, no, 0),
        Format::FloatLoad => (no, rs1, no, signed(12) << 20 | inst.imm & 31),
        Format::FloatStore => (no, rs1, no, signed(12) << 20 | inst.imm & 31 << 10),
        Format::Float3Round => (no, no, no, floats(4) | rounding),
        Format::Float2Round => (no, no, no, floats(3) | rounding),
        Format::Float1Round => (no, no, no, floats(2) | rounding),
        Format::Float2 => (no, no, no, floats(3)),
        Format::FloatCompare => (rd, no, no, floats(3) & !31),
        Format::FloatToRegRound => (rd, no, no, source | rounding),
        Format::FloatToReg => (rd, no, no, source),
        Format::FloatFromRegRound => (no, rs1, no, inst.imm & 31 | rounding),
        Format::FloatFromReg => (no, rs1, no, inst.imm & 31),
    };
    Inst { op: inst.op, rd, rs1, rs2, imm }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Encoded, an instruction decodes to itself; printed, it parses to itself.
    #[test]
    fn decode_inverts_encode((xlen, inst) in insts()) {
        let row = TABLE.iter().find(|row| row.op == inst.op).expect("made from a row");
        let word = inst.encode(xlen);
        prop_assert_eq!(word.is_some(), row.since <= xlen, "{}", inst.asm());
        let Some(word) = word else { return Ok(()) };
        prop_assert_eq!(decode(xlen, word), Some(Decoded { inst, len: 4 }));
        prop_assert_eq!(Inst::parse(xlen, &inst.asm().to_string()), Ok(inst));
    }

    /// What is out of range has no encoding, rather than another one.
    #[test]
    fn an_encoding_means_what_was_encoded((xlen, inst) in insts(), imm: i32) {
        let inst = Inst { imm, ..inst };
        if let Some(word) = inst.encode(xlen) {
            prop_assert_eq!(decode(xlen, word), Some(Decoded { inst, len: 4 }));
        }
    }

    #[test]
    fn encode_inverts_decode(word in words()) {
        for xlen in XLENS {
            let Some(decoded) = decode(xlen, word) else { continue };
            if decoded.len == 2 { continue }
            let encoded = decoded.inst.encode(xlen).expect("a decoded instruction has a word");
            prop_assert_eq!(decode(xlen, encoded), Some(decoded));
            // Fences have bits that are ignored.
            if !matches!(decoded.inst.op, Op::Fence | Op::FenceI) {
                prop_assert_eq!(encoded, word);
            }
        }
    }

    #[test]
    fn one_row_describes_a_word(word in words()) {
        // A word that two rows describe would print as one and parse as either.
        for xlen in XLENS {
            let Some(decoded) = decode(xlen, word) else { continue };
            let text = decoded.inst.asm().to_string();
            prop_assert_eq!(Inst::parse(xlen, &text), Ok(decoded.inst));
        }
    }
}
