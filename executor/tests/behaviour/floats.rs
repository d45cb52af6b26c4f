//! Floating point: where it is, where it is not, and that nothing else notices it.

use autoprec_executor::{Environment, Run, RunError};
use autoprec_isa::Xlen;

use crate::common::{BASE, execute, program};

/// Runs lines, then exits with `a0`.
fn run(xlen: Xlen, text: &str) -> Result<Run, RunError> {
    let (program, _) = program(xlen, &format!("guest:\n{text}\n addi a7, zero, 93\n ecall"));
    execute(&program, Environment::Linux)
}

fn exit_code(xlen: Xlen, text: &str) -> u32 {
    run(xlen, text).unwrap_or_else(|error| panic!("{error}")).exit_code
}

#[test]
fn values_pass_through_memory_and_arithmetic() {
    // (7 + 1/2) * 3 = 22.5, to the even 22 and, away from zero, to 23.
    let text = |mode: &str| {
        format!(
            "addi sp, sp, -32
            addi a0, zero, 7
            addi a1, zero, 2
            addi a2, zero, 3
            fcvt.d.w fa0, a0
            fcvt.d.w fa1, a1
            fcvt.d.w fa2, a2
            fsd fa1, 8(sp)
            fld ft0, 8(sp)
            lui a3, 0x3f800
            fmv.w.x ft1, a3
            fcvt.d.s ft1, ft1
            fdiv.d ft0, ft1, ft0
            fadd.d fa0, fa0, ft0
            fmul.d fa0, fa0, fa2
            fcvt.w.d a0, fa0, {mode}"
        )
    };
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        assert_eq!((exit_code(xlen, &text("rne")), exit_code(xlen, &text("rmm"))), (22, 23));
    }
}

/// Flags accrue, and are read and cleared like any register: 1/0, then the square root of -1.
#[test]
fn flags_accrue() {
    let text = "addi a1, zero, -1
        fcvt.s.w ft0, a1
        fcvt.s.w ft1, zero
        fdiv.s ft2, ft0, ft1
        fsqrt.s ft2, ft0
        csrrw a0, fflags, zero
        csrrs a1, fcsr, zero
        add a0, a0, a1";
    assert_eq!(exit_code(Xlen::Rv64, text), 0b11000);
}

#[test]
fn an_access_fails_like_any_other() {
    let error = run(Xlen::Rv32, "fld fa0, 8(zero)").unwrap_err();
    assert!(matches!(error, RunError::Access { addr: 8, bytes: 8, write: false, .. }), "{error}");
    let error = run(Xlen::Rv64, "fsw fa0, 16(zero)").unwrap_err();
    assert!(matches!(error, RunError::Access { addr: 16, bytes: 4, write: true, .. }), "{error}");
    let misaligned = run(Xlen::Rv64, "fsw fa0, -7(sp)\n flw fa0, -7(sp)").unwrap().misaligned;
    assert_eq!(misaligned, 2);
}

#[test]
fn a_rounding_mode_that_does_not_exist_is_named() {
    let error = run(Xlen::Rv64, "csrrwi zero, frm, 5\n fadd.s fa0, fa0, fa0").unwrap_err();
    let RunError::Call { site, reason } = &error else { panic!("{error}") };
    assert_eq!(site.pc, BASE + 4);
    assert!(reason.contains("`frm` is 5"), "{reason}");
}

/// Environments of proof systems have no floating point: neither registers nor flags.
#[test]
fn other_environments_refuse() {
    for (environment, text) in [
        (Environment::OpenVm, "fadd.s fa0, fa0, fa0"),
        (Environment::OpenVm, "flw fa0, 0(sp)"),
        (Environment::Bare, "fsd fa0, -16(sp)"),
        (Environment::Bare, "fmv.w.x fa0, zero"),
        (Environment::Sp1, "fmv.w.x fa0, zero"),
    ] {
        let (program, _) = program(Xlen::Rv32, text);
        let error = execute(&program, environment).unwrap_err();
        assert!(matches!(error, RunError::IllegalInstruction { .. }), "{text}: {error}");
    }
    let (program, _) = program(Xlen::Rv32, "csrrs a0, fcsr, zero");
    let error = execute(&program, Environment::Bare).unwrap_err();
    assert!(matches!(error, RunError::Csr { csr: 3, .. }), "{error}");
}
