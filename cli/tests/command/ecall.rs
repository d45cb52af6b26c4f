//! The form of calls that hosts take which dispatch on a register.

use crate::support::{Desk, expected};

#[test]
fn guests_with_environment_calls_run() {
    let desk = Desk::new();
    let mut linked = 0;
    for (example, reg) in
        [("self-read", "t0"), ("self-read", "a7"), ("sha256", "a7"), ("sort-vm", "t0")]
    {
        let out = format!("{example}-{reg}");
        desk.succeeds(&format!(
            "build {example}.elf --input {example}.bin --abi ecall --reg {reg} --out {out} \
             --lock {out}.lock"
        ));
        let report = desk.report(&out);
        assert_eq!(report["target"]["form"], format!("ecall {reg}"));
        let precompiles = report["precompiles"].as_array().unwrap().len();
        linked += precompiles;
        let run =
            desk.succeeds(&format!("run {out}/guest.elf --input {example}.bin --json")).json();
        assert_eq!(run["public_values"], expected(example));
        assert_eq!(run["precompile_calls"].as_object().unwrap().len(), precompiles);
        assert_eq!(run["vm_instructions"], report["totals"]["instructions_patched"]);
        desk.succeeds(&format!("verify-link {example}.elf {out}/guest.elf"));
        // Without calls it is a guest like any other.
        if precompiles == 0 {
            continue;
        }
        for what in ["--check", "--proof run.proof"] {
            desk.refuses(
                &format!("prove {out}/guest.elf --input {example}.bin {what}"),
                &["guest.elf", &format!("ecall {reg}"), "--abi insn"],
            );
        }
    }
    assert!(linked > 0, "no example links a call of this form");
}

#[test]
fn openvm_does_not_take_them() {
    let desk = Desk::new();
    for reg in ["a7", "t0"] {
        desk.refuses(
            &format!(
                "build keccak.elf --input keccak.bin --abi ecall --reg {reg} --target openvm \
                 --out out"
            ),
            &["openvm", &format!("ecall {reg}"), "--abi insn"],
        );
    }
}
