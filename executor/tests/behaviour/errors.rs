//! A run that cannot go on says where, why, and what to do.

use autoprec_executor::{Environment, Input, Limits, RunError, run};
use autoprec_guest_elf::Patches;
use autoprec_isa::Xlen;

use crate::common::{BASE, execute, program};

fn error(environment: Environment, text: &str) -> RunError {
    let (program, _) = program(Xlen::Rv32, &format!("guest:\n addi a1, zero, 9\n{text}"));
    execute(&program, environment).unwrap_err()
}

#[test]
fn an_unknown_call_is_named() {
    for (environment, number) in [(Environment::Linux, 1234), (Environment::Bare, 214)] {
        let error = error(environment, &format!("addi a7, zero, {number}\n ecall"));
        let RunError::UnknownCall { site, number: got, environment: named } = &error else {
            panic!("{error}")
        };
        assert_eq!((*got, *named), (number, environment));
        assert_eq!((site.pc, site.function.as_deref(), site.args[1]), (BASE + 8, Some("guest"), 9));
        let text = error.to_string();
        assert!(text.contains("guest") && text.contains("a1=0x9"), "{text}");
    }
}

#[test]
fn illegal_instructions_stop_only_when_executed() {
    let (program, _) = program(
        Xlen::Rv32,
        "addi a7, zero, 93\n jal zero, @.end\n .word 0xffffffff\n.end:\n ecall",
    );
    assert!(execute(&program, Environment::Bare).is_ok());
    let error = error(Environment::Bare, "addi a2, zero, 5\n .word 0xffffffff");
    let RunError::IllegalInstruction { site, word, .. } = error else { panic!("{error}") };
    assert_eq!((site.pc, site.args[2], word), (BASE + 8, 5, 0xffff_ffff));
}

#[test]
fn openvm_has_neither_environment_calls_nor_atomics() {
    for line in ["ecall", "ebreak", "lr.w a0, (a1)", "csrrs a0, instret, zero"] {
        let error = error(Environment::OpenVm, line);
        assert!(matches!(error, RunError::IllegalInstruction { .. }), "{line}: {error}");
    }
}

#[test]
fn provers_that_lack_an_instruction_name_it() {
    for environment in [Environment::OpenVm, Environment::Sp1] {
        let error = error(environment, "addi a0, zero, 1\n andn a0, a1, a2").to_string();
        assert!(error.contains("0x40c5f533 (andn a0, a1, a2) for rv32"), "{error}");
        assert!(error.contains(&format!("{:#x}", BASE + 8)), "{error}");
    }
}

#[test]
fn wild_accesses() {
    let load = error(Environment::Linux, "lw a0, 3(zero)");
    let RunError::Access { site, addr: 3, bytes: 4, write: false } = load else { panic!("{load}") };
    assert_eq!(site.pc, BASE + 4);
    let store = error(Environment::Linux, "auipc a0, 0\n sh a0, 0(a0)");
    assert!(matches!(store, RunError::Access { bytes: 2, write: true, .. }), "text is read-only");
    let store = error(Environment::OpenVm, "lui a0, 0x20000\n sw a0, 0(a0)");
    assert!(matches!(store, RunError::Access { addr: 0x2000_0000, .. }), "{store}");
}

#[test]
fn misaligned_accesses_work_and_are_counted_but_not_in_openvm() {
    const TEXT: &str = "
        lui a2, 0x300
        lui a3, 0x12345
        addi a3, a3, 0x678
        sw a3, 1(a2)
        lhu a0, 3(a2)
        lw a4, 4094(a2)
        addi a7, zero, 93
        ecall";
    let text = TEXT.replace("4094(a2)", "2046(a2)");
    let (program, _) = program(Xlen::Rv32, &text);
    let run = execute(&program, Environment::Bare).unwrap();
    assert_eq!((run.exit_code, run.misaligned), (0x1234, 3));
    let error = execute(&program, Environment::OpenVm).unwrap_err();
    let RunError::Misaligned { site, addr, bytes: 4, .. } = &error else { panic!("{error}") };
    assert_eq!((site.pc, *addr), (BASE + 12, 0x30_0001));
}

#[test]
fn accesses_across_pages_and_at_the_end_of_memory() {
    let (program, _) = program(
        Xlen::Rv64,
        "
        lui a2, 0x301
        addi a3, zero, -2
        sd a3, -4(a2)
        ld a0, -4(a2)
        sub a0, a0, a3
        addi a7, zero, 93
        ecall",
    );
    let run = execute(&program, Environment::Bare).unwrap();
    assert_eq!((run.exit_code, run.misaligned), (0, 2));
}

#[test]
fn breakpoints_limits_and_jumps_to_nowhere() {
    assert!(matches!(error(Environment::Bare, "ebreak"), RunError::Breakpoint { .. }));
    let nowhere = error(Environment::Bare, "jalr zero, 0x100(zero)");
    let RunError::OutsideText { site } = nowhere else { panic!("{nowhere}") };
    assert_eq!(site.pc, 0x100);
    let between = error(Environment::OpenVm, "auipc a0, 0\n jalr zero, 2(a0)");
    assert!(matches!(between, RunError::OutsideText { .. }), "{between}");
    let falling = error(Environment::Bare, "addi a0, a0, 1");
    assert!(matches!(falling, RunError::OutsideText { .. }), "{falling}");

    let (program, _) = program(Xlen::Rv32, "_start:\n.loop:\n addi a0, a0, 1\n jal zero, @.loop");
    let limits = Limits::instructions(1001);
    let error = run(&program, &Patches::none(), Environment::Bare, &Input::default(), &limits);
    let RunError::InstructionLimit { site, limit: 1001, .. } = error.unwrap_err() else { panic!() };
    assert_eq!(site.args[0], 500);
}

#[test]
fn writable_code_runs_until_it_changes_itself() {
    let (mut program, _) = program(
        Xlen::Rv32,
        "
        auipc a0, 0
        lw a1, 16(a0)
        sw a1, 20(a0)
        jal zero, @.next
        addi a2, zero, 1
        addi a2, zero, 2
    .next:
        sw a1, 0(a0)",
    );
    program.segments[0].writable = true;
    let error = execute(&program, Environment::Bare).unwrap_err();
    let RunError::StoreToCode { site, addr: BASE, patched: false } = error else {
        panic!("{error}")
    };
    assert_eq!(site.pc, BASE + 24);

    let (mut program, _) = crate::common::program(
        Xlen::Rv32,
        "
        auipc a0, 0
        sw a1, 12(a0)
        jal zero, @.next
    .next:
        addi a2, zero, 1",
    );
    program.segments[0].writable = true;
    let error = execute(&program, Environment::Linux).unwrap_err();
    assert!(matches!(error, RunError::StoreToCode { addr, .. } if addr == BASE + 12), "{error}");
}
