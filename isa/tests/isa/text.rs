//! Assembly text.

use autoprec_isa::{Csr, Inst, ParseError, Reg, Xlen};
use proptest::prelude::*;

fn printed(text: &str) -> String {
    Inst::parse(Xlen::Rv64, text).expect(text).asm().to_string()
}

#[test]
fn pseudo_instructions_stand_for_one_instruction() {
    let cases = [
        ("nop", "addi zero, zero, 0"),
        ("li a0, -2048", "addi a0, zero, -2048"),
        ("mv s1, a0", "addi s1, a0, 0"),
        ("not a0, a1", "xori a0, a1, -1"),
        ("neg a0, a1", "sub a0, zero, a1"),
        ("beqz a0, -8", "beq a0, zero, -8"),
        ("bnez a0, 16", "bne a0, zero, 16"),
        ("bgt a0, a1, 8", "blt a1, a0, 8"),
        ("j -4", "jal zero, -4"),
        ("jal 2048", "jal ra, 2048"),
        ("jr t0", "jalr zero, 0(t0)"),
        ("jalr a0, a1, 4", "jalr a0, 4(a1)"),
        ("ret", "jalr zero, 0(ra)"),
        ("fence", "fence iorw, iorw"),
        ("rdcycle a0", "csrrs a0, cycle, zero"),
        ("sext.w a0, a1", "addiw a0, a1, 0"),
        ("fmv.d fa0, fa1", "fsgnj.d fa0, fa1, fa1"),
        ("fabs.s ft0, fs1", "fsgnjx.s ft0, fs1, fs1"),
        ("frcsr a0", "csrrs a0, fcsr, zero"),
        ("fsrm a0, a1", "csrrw a0, frm, a1"),
        ("fsflags a1", "csrrw zero, fflags, a1"),
    ];
    for (text, base) in cases {
        assert_eq!(printed(text), base);
    }
}

#[test]
fn spelling_is_free_where_meaning_is_not() {
    assert_eq!(printed("  addi\tx10 ,fp,0x7f "), "addi a0, s0, 127");
    assert_eq!(printed("lw a0, (sp)"), "lw a0, 0(sp)");
    assert_eq!(printed("lui a0, 74565"), "lui a0, 0x12345");
    assert_eq!(printed("amoadd.d.aqrl a0, a1, 0(a2)"), "amoadd.d.aqrl a0, a1, (a2)");
    assert_eq!(printed("csrrs a0, 0xc00, x0"), "csrrs a0, cycle, zero");
    assert_eq!(printed("csrrwi a0, 0x800, 31"), "csrrwi a0, 0x800, 31");
    assert_eq!(printed("fence 0, rw"), "fence 0, rw");
    assert_eq!(printed("flw f10, (sp)"), "flw fa0, 0(sp)");
    assert_eq!(printed("fadd.s f0,f1,f31,dyn"), "fadd.s ft0, ft1, ft11");
    assert_eq!(printed("fcvt.w.d a0, fa0, rtz"), "fcvt.w.d a0, fa0, rtz");
    assert_eq!(printed("fcvt.d.w fa0, a0, rne"), "fcvt.d.w fa0, a0");
    assert_eq!(printed("fcvt.d.w fa0, a0, dyn"), "fcvt.d.w fa0, a0, dyn");
}

#[test]
fn errors_say_what_is_wrong() {
    let error = |text| Inst::parse(Xlen::Rv32, text).expect_err(text).to_string();
    assert_eq!(Inst::parse(Xlen::Rv32, " "), Err(ParseError::Empty));
    assert!(error("vadd.vv v0, v0, v0").starts_with("no instruction is called `vadd.vv`"));
    assert!(error("add.aq a0, a0, a0").starts_with("no instruction is called `add.aq`"));
    assert_eq!(error("add a0, a1"), "`add` takes 3 operands, got 2");
    assert_eq!(error("add a0, a1, x32"), "expected a register, got `x32`");
    assert_eq!(error("add a0, a1, x01"), "expected a register, got `x01`");
    assert_eq!(error("addi a0, a1, -+1"), "expected a number of 32 bits, got `-+1`");
    assert_eq!(error("lw a0, a1"), "expected an address such as 8(sp), got `a1`");
    assert_eq!(error("lui a0, -1"), "expected a number from 0 to 0xfffff, got `-1`");
    assert!(error("addw a0, a1, a2").starts_with("`addw a0, a1, a2` has no encoding on rv32"));
    assert!(error("beq a0, a1, 4096").starts_with("`beq a0, a1, 4096` has no encoding"));
    assert_eq!(error("fadd.s a0, fa1, fa2"), "expected a floating-point register, got `a0`");
    assert_eq!(error("fld fa0, 2048(a0)"), "expected an offset from -2048 to 2047, got `2048`");
    assert!(error("fsqrt.s fa0, fa1, up").starts_with("expected a rounding mode: rne, rtz"));
    assert!(error("fmv.x.d a0, fa0").starts_with("`fmv.x.d a0, fa0` has no encoding on rv32"));
    assert!(error("li a0, 5000").starts_with("`addi a0, zero, 5000` has no encoding"));
}

#[test]
fn registers_have_two_names() {
    for reg in Reg::all() {
        assert_eq!(reg.abi_name().parse(), Ok(reg));
        assert_eq!(format!("x{}", reg.index()).parse(), Ok(reg));
    }
    assert_eq!("fp".parse(), Ok(Reg::S0));
    assert!("x32".parse::<Reg>().is_err());
    for csr in [Csr::CYCLE, Csr::TIME, Csr::INSTRETH, Csr::new(0x7c0).unwrap()] {
        assert_eq!(csr.to_string().parse(), Ok(csr));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-z.]{0,8}[ ]?[-a-z0-9x(), ]{0,24}") {
        drop(Inst::parse(Xlen::Rv64, &text));
    }
}
