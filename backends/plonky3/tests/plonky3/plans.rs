//! Plans: what proofs cost, and how hard they are to forge. Times are for `benches/prove`.

use autoprec_plonky3::{Parameters, plan, prove, security};

use crate::machine::machine;
use crate::proofs::TEST;

#[test]
fn proofs_are_as_long_as_planned() {
    for parameters in [TEST, Parameters::STANDARD, Parameters::WIDE] {
        for steps in [3, 600] {
            let (statement, trace) = machine(steps);
            let plan = plan(&statement, &parameters).expect("it can be proved");
            let cells = |table: usize| trace.cells[table].clone();
            let proof = prove(&statement, cells, &parameters).expect("it is true");
            let ratio = plan.proof_bytes / f64::from(u32::try_from(proof.len()).unwrap());
            assert!((0.75..1.25).contains(&ratio), "{ratio} of {} bytes", proof.len());
        }
    }
}

#[test]
fn the_standard_has_a_hundred_bits() {
    let (statement, _) = machine(100);
    for parameters in [Parameters::STANDARD, Parameters::WIDE] {
        let bits = security(&statement, &parameters).expect("it can be proved");
        assert!(bits.conjectured >= 100.0, "{bits:?}");
        assert!(bits.proven >= 50.0, "{bits:?}");
    }
    let bits = security(&statement, &TEST).expect("it can be proved");
    assert!(bits.conjectured < 10.0, "{bits:?}");
}

#[test]
fn large_machines_have_a_hundred_bits_too() {
    // 2^22 rows, for which there need not be any cells.
    let (mut statement, _) = machine(10);
    statement.tables[0].rows = 1 << 22;
    let bits = security(&statement, &Parameters::STANDARD).expect("it can be proved");
    assert!(bits.conjectured >= 100.0, "{bits:?}");
}
