//! Runs give what the executor gives, and their rows show their statements.

use autoprec_circuits::{BabyBear, Expr, Field, Pasta};
use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Xlen;
use autoprec_machine::{Guest, Run, execute};
use autoprec_synth::{HALO2, PLONKY3, Target};

use crate::assembly::{guest, program};

/// Reads at most 32 bytes, adds 1 to each, writes them, and exits with their number.
pub(crate) const LINUX: &str = "
    lui sp, 0x2
    addi a1, sp, 3
    addi a0, x0, 0
    addi a2, x0, 32
    addi a7, x0, 63
    ecall
    addi s0, a0, 0
    addi t0, a1, 0
    add t1, a1, s0
    beq t0, t1, 24
    lbu t2, 0(t0)
    addi t2, t2, 1
    sb t2, 0(t0)
    addi t0, t0, 1
    jal x0, -20
    addi a0, x0, 1
    addi a2, s0, 0
    addi a7, x0, 64
    ecall
    addi a0, x0, 2
    ecall
    addi a7, x0, 93
    addi a0, s0, 0
    ecall
";

/// Takes an input vector of two words, reveals them and their sum, and stops with 7.
pub(crate) const OPENVM: &str = "
    lui sp, 0x2
    .word 0x0000300b
    .word 0x0000110b
    lw a0, 0(sp)
    addi a1, x0, 2
    addi a2, sp, 8
    .word 0x0015960b
    lw a3, 8(sp)
    lw a4, 12(sp)
    add a5, a3, a4
    addi t0, x0, 4
    .word 0x0006a00b
    .word 0x0007228b
    .word 0x0047a28b
    .word 0x0010300b
    .word 0x0070000b
";

pub(crate) fn input(bytes: &[u8]) -> Input {
    Input { hints: vec![bytes.to_vec()], stdin: bytes.to_vec(), ..Input::default() }
}

/// Runs a guest and checks that its rows show what is stated.
pub(crate) fn checked<F: Field>(guest: &Guest, target: &Target, input: &Input) -> Run<F> {
    let run: Run<F> = execute(guest, target, input).unwrap_or_else(|error| panic!("{error}"));
    let proving = run.clone().prepare(guest).unwrap_or_else(|error| panic!("{error}"));
    for table in &proving.statement().tables {
        assert_eq!(table.system.padding_violations(), Vec::<String>::new(), "{}", table.name);
        let degree = table.system.degree();
        assert!(degree <= target.limits.degree, "{} has degree {degree}", table.name);
        let fields = table.system.interactions.iter().flat_map(|i| &i.message);
        let degree = fields.map(Expr::degree).max().unwrap_or_default();
        assert!(degree <= target.limits.field_degree, "{} sends degree {degree}", table.name);
    }
    let trace = proving.trace();
    proving.statement().check(&trace).unwrap_or_else(|error| panic!("{error}"));
    run
}

/// Runs it on both targets, and compares with the executor.
fn agrees(guest: &Guest, program: &Program, input: &Input) {
    let reference =
        run(program, &Patches::none(), guest.environment(), input, &Limits::none()).expect("runs");
    let expected = if guest.environment() == Environment::OpenVm {
        reference.public_values
    } else {
        reference.stdout
    };
    let wide = checked::<Pasta>(guest, &HALO2, input);
    let narrow = checked::<BabyBear>(guest, &PLONKY3, input);
    for (output, code, count) in [
        (wide.output, wide.exit_code, wide.instructions),
        (narrow.output, narrow.exit_code, narrow.instructions),
    ] {
        assert_eq!(output, expected);
        assert_eq!((code, count), (reference.exit_code, reference.instructions));
    }
}

/// Gives out what it reads, and exits with the other call.
const ECHO: &str = "
    lui sp, 0x2
    addi a1, sp, 5
    addi a0, x0, 0
    addi a2, x0, 32
    addi a7, x0, 63
    ecall
    add a2, a0, x0
    addi a0, x0, 1
    addi a7, x0, 64
    ecall
    jal ra, 8
    addi a0, x0, 9
    fence
    sub a0, a0, a0
    addi a7, x0, 93
    ecall
";

#[test]
fn bytes_are_copied() {
    for xlen in [Xlen::Rv64, Xlen::Rv32] {
        let (program, guest) = (program(xlen, ECHO), guest(xlen, Environment::Bare, ECHO));
        for text in ["", "a", "bytes that lie in several words"] {
            agrees(&guest, &program, &input(text.as_bytes()));
        }
    }
}

#[test]
fn linux_guests_read_write_and_exit() {
    for xlen in [Xlen::Rv64, Xlen::Rv32] {
        let (program, guest) = (program(xlen, LINUX), guest(xlen, Environment::Bare, LINUX));
        for text in
            ["", "a", "bytes that lie in several words", "more bytes than the guest takes at once"]
        {
            agrees(&guest, &program, &input(text.as_bytes()));
        }
    }
}

#[test]
fn openvm_guests_take_hints_and_reveal() {
    let guest = guest(Xlen::Rv32, Environment::OpenVm, OPENVM);
    agrees(&guest, &program(Xlen::Rv32, OPENVM), &input(&[1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff]));
}
