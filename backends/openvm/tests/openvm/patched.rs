//! Guests with precompiles: they run as before, their traces satisfy all constraints, their proofs
//! verify, and nothing that is wrong does.

use std::sync::Arc;

use autoprec_openvm::{
    BaseVm, CheckError, GuestImage, IdentityError, LimitError, MachineError, Proof, ProveError,
    ProveOptions, Report, RunError, Security, Tamper, TranspileError, VerifyError, check, execute,
    identity, log_height, overlooked_alterations, prove, verify, verifying_key,
};

use crate::support::{Patched, assemble, patch};

/// A loop over memory: loads, stores that alias later loads, bytes, a store of x0, a negative
/// offset, shifts, comparisons, a product, and a closing branch.
const LOOP: &str = "
    addi a0, x0, 200
    lui  a1, 0x300
    addi a2, x0, 0
    lw   t0, 0(a1)
    add  t1, t0, a0
    sw   t1, 4(a1)
    lw   t2, 4(a1)
    sw   x0, -4(a1)
    xor  a2, a2, t2
    slli t3, a2, 5
    srli t4, a2, 27
    or   a2, t3, t4
    addi a1, a1, 4
    addi a0, a0, -1
    bne  a0, x0, -44
    sltu t0, a2, a1
    and  t1, a2, a1
    sub  t2, t1, t0
    lbu  t3, 1(a1)
    sb   t2, 2(a1)
    mul  t4, t2, t1
    reveal a2, 0
    reveal t4, 4
    lw   t5, 0(a1)
    reveal t5, 8
    terminate 0
";
const LOOP_BODY: std::ops::Range<usize> = 3..15;
const TAIL: std::ops::Range<usize> = 15..21;

fn looping() -> Patched {
    patch(&assemble(LOOP), &[LOOP_BODY, TAIL])
}

fn options() -> ProveOptions {
    ProveOptions::for_tests()
}

#[test]
fn a_patched_guest_runs_as_before() {
    let patched = looping();
    let base = BaseVm::rv32im();
    let before = execute(&base, &patched.unpatched(), &[]).unwrap();
    let after = execute(&base, &patched.guest(), &[]).unwrap();
    assert_eq!(before, after);
}

#[test]
fn traces_satisfy_all_constraints_and_altered_cells_do_not() {
    let patched = looping();
    let (base, guest) = (BaseVm::rv32im(), patched.guest());
    let report = check(&base, &guest, &[], &options(), &mut |_| ()).unwrap();
    assert_eq!(report.calls(10_000), 200);
    assert_eq!(report.calls(10_001), 1);
    assert_eq!(report.instructions, 3 + 200 + 1 + 5);

    let columns = patched.precompiles[0].systems[0].row_cost().size.columns;
    for column in [0, 1, columns / 2, columns - 1] {
        let tamper = Some(Tamper { precompile: 10_000, row: 3, column, add: 1 });
        let options = ProveOptions { tamper, ..options() };
        let result = check(&base, &guest, &[], &options, &mut |_| ());
        assert!(matches!(result, Err(CheckError::Violation { segment: 0, .. })), "{column}");
    }
}

/// Every cell of ten precompiles: one for each instruction of the loop.
#[test]
fn no_altered_cell_is_overlooked() {
    let ranges: Vec<_> = LOOP_BODY.map(|at| at..at + 1).collect();
    let patched = patch(&assemble(LOOP), &ranges);
    assert!(patched.precompiles.len() >= 10);
    let (base, guest) = (BaseVm::rv32im(), patched.guest());
    let overlooked = overlooked_alterations(&base, &guest, &[], &options(), 3).unwrap();
    assert_eq!(overlooked, []);
}

#[test]
fn a_proof_is_of_the_patched_guest_and_of_no_other() {
    let patched = looping();
    let (base, guest) = (BaseVm::rv32im(), patched.guest());
    let (proof, report) = prove(&base, &guest, &[], &options(), &mut |_| ()).unwrap();
    let proof = Proof::from_bytes(&proof.to_bytes()).unwrap();
    let verdict = verify(&base, &guest, &proof, true).unwrap();
    has_the_identity(&base, &guest, &proof);
    counts_tables(&report);
    let run = execute(&base, &patched.unpatched(), &[]).unwrap();
    assert_eq!(verdict.public_values, run.public_values);

    // Offered for the original.
    let error = verify(&base, &patched.unpatched(), &proof, true).unwrap_err();
    assert!(matches!(&error, VerifyError::Precompiles { expected, .. } if expected.is_empty()));
    assert!(error.to_string().contains("patched"), "{error}");

    // Offered for another patch of the same guest.
    let other = patch(&assemble(LOOP), &[LOOP_BODY, TAIL.start..TAIL.end - 1]);
    let error = verify(&base, &other.guest(), &proof, true).unwrap_err();
    assert!(matches!(error, VerifyError::Precompiles { .. }), "{error}");

    // With the patched words left in the initial memory.
    let unsaved = GuestImage { saved: [].into(), ..guest.clone() };
    let error = verify(&base, &unsaved, &proof, true).unwrap_err();
    assert!(matches!(error, VerifyError::Program { .. }), "{error}");

    // A wrong cell: either the prover notices, or the verifier.
    let tamper = Some(Tamper { precompile: 10_000, row: 3, column: 1, add: 1 });
    let options = ProveOptions { tamper, ..options() };
    match prove(&base, &guest, &[], &options, &mut |_| ()) {
        Err(error) => assert!(matches!(error, ProveError::Run(RunError::OpenVm { .. })), "{error}"),
        Ok((proof, _)) => {
            let error = verify(&base, &guest, &proof, true).unwrap_err();
            assert!(matches!(error, VerifyError::Segment(_)), "{error}");
        }
    }
}

/// What a proof claims is known without it, and is another for the original and at another height.
fn has_the_identity(base: &BaseVm, guest: &GuestImage<'_>, proof: &Proof) {
    let claim = proof.claim();
    let height = log_height(base, guest, &[], &options()).unwrap();
    assert_eq!(height, claim.log_height);
    let at = |guest: &GuestImage<'_>, height| identity(base, guest, Security::Test, height);
    let known = at(guest, height).unwrap();
    assert_eq!((known.verifying_key, known.program), (claim.verifying_key, claim.program));

    let key = verifying_key(base, guest, Security::Test, height).unwrap();
    assert_eq!(key, known.verifying_key);
    let original = at(&looping().unpatched(), height).unwrap();
    assert_ne!(original.verifying_key, known.verifying_key);
    assert_ne!(original.program, known.program);
    let higher = verifying_key(base, guest, Security::Test, height + 1).unwrap();
    assert_ne!(higher, known.verifying_key);
    let error = at(guest, 40).unwrap_err();
    assert!(matches!(error, IdentityError::Height { got: 40 }), "{error}");
}

/// Sums over segments are of all rows, and of the precompiles' calls.
fn counts_tables(report: &Report) {
    let tables = report.tables();
    let cells: u64 = tables.iter().map(|table| table.columns * table.padded_rows).sum();
    assert_eq!(cells, report.cells());
    for id in [10_000, 10_001] {
        let table = tables.iter().find(|table| table.precompile == Some(id)).unwrap();
        assert_eq!((&table.name, table.rows), (&format!("precompile {id}"), report.calls(id)));
        assert!(table.padded_rows >= table.rows && table.columns > 0, "{table:?}");
    }
}

#[test]
fn another_size_of_the_tuple_table_costs_interactions_only() {
    // With bigint, OpenVM enlarges the table of range tuples.
    let toml = "
        [app_vm_config.rv32i]
        [app_vm_config.rv32m]
        [app_vm_config.io]
        [app_vm_config.bigint]
    ";
    let patched = looping();
    let base = BaseVm::from_toml(toml).unwrap();
    let report = check(&base, &patched.guest(), &[], &options(), &mut |_| ()).unwrap();
    assert_eq!(report.calls(10_001), 1);
}

#[test]
fn a_guest_sees_its_original_text() {
    // Sums the words of its own loop, which is patched.
    let text = "
        lui  a0, 0x201
        addi a0, a0, -2032
        addi a1, x0, 4
        addi a2, x0, 0
        lw   t0, 0(a0)
        add  a2, a2, t0
        addi a0, a0, 4
        addi a1, a1, -1
        bne  a1, x0, -16
        reveal a2, 0
        terminate 0
    ";
    let words = assemble(text);
    let patched = patch(&words, std::slice::from_ref(&(4..9)));
    let sum = words[4..8].iter().fold(0_u32, |sum, word| sum.wrapping_add(*word));
    let base = BaseVm::rv32im();
    let run = execute(&base, &patched.guest(), &[]).unwrap();
    assert_eq!(run.public_values[..4], sum.to_le_bytes());
    let _report = check(&base, &patched.guest(), &[], &options(), &mut |_| ()).unwrap();
}

#[test]
fn a_bad_address_in_a_precompile_is_an_error() {
    let text = "
        addi a0, x0, 2
        lw   t0, 0(a0)
        add  t0, t0, t0
        terminate 0
    ";
    let patched = patch(&assemble(text), std::slice::from_ref(&(1..3)));
    let error = execute(&BaseVm::rv32im(), &patched.guest(), &[]).unwrap_err();
    assert!(error.to_string().contains("misaligned"), "{error}");
    let error =
        prove(&BaseVm::rv32im(), &patched.guest(), &[], &options(), &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("misaligned"), "{error}");
}

#[test]
fn limits_are_refused_before_anything_is_proved() {
    let base = BaseVm::rv32im();
    let refuse = |guest: &GuestImage<'_>| match execute(&base, guest, &[]).unwrap_err() {
        ProveError::Run(RunError::Machine(MachineError::Limit(error))) => error,
        error => panic!("{error}"),
    };
    let patched = looping();
    let twice: Vec<_> =
        [0, 0].iter().map(|&i: &usize| Arc::clone(&patched.precompiles[i])).collect();
    let guest =
        GuestImage { elf: &patched.original, precompiles: &twice, ..GuestImage::unpatched(&[]) };
    assert_eq!(refuse(&guest), LimitError::DuplicateId { id: 10_000 });
    let many: Vec<_> = (0..78).map(|_| Arc::clone(&patched.precompiles[0])).collect();
    let guest = GuestImage { precompiles: &many, ..guest };
    assert_eq!(refuse(&guest), LimitError::Airs { base: 23, precompiles: 78 });
}

#[test]
fn saved_bytes_must_lie_in_the_text() {
    let patched = looping();
    let mut guest = patched.guest();
    guest.saved.insert(0x10, vec![0; 4]);
    let error = execute(&BaseVm::rv32im(), &guest, &[]).unwrap_err();
    assert!(
        matches!(error, ProveError::Transpile(TranspileError::SavedOutside { entry: 0x10 })),
        "{error}"
    );
}
