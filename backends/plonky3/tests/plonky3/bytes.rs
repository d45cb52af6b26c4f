//! Proofs as bytes: whatever they are, there is an answer, and it is no.

use autoprec_plonky3::{VerifyError, verify};
use proptest::prelude::*;

use crate::machine::machine;
use crate::proofs::{TEST, proof};

#[test]
fn what_is_no_proof_is_malformed() {
    let (statement, trace) = machine(3);
    let proof = proof(&statement, &trace).expect("the rows show the statement");
    let malformed = |bytes: &[u8]| {
        matches!(verify(&statement, bytes, &TEST), Err(VerifyError::Malformed { .. }))
    };
    assert!(malformed(b""));
    assert!(malformed(b"APRP3\0\0\x01"));
    assert!(malformed(&proof[8..]));
    let longer: Vec<u8> = proof.iter().copied().chain([0]).collect();
    assert!(malformed(&longer));
    for length in (0..proof.len()).step_by(97) {
        assert!(malformed(&proof[..length]), "{length} bytes");
    }
    // A version that is not this one.
    let mut other = proof.clone();
    other[7] += 1;
    assert!(malformed(&other));
    // Lists that claim to be long cost no memory.
    let mut long = proof[..8].to_vec();
    long.extend([0xff; 9]);
    assert!(malformed(&long));
}

#[test]
fn every_byte_of_the_beginning_counts() {
    let (statement, trace) = machine(3);
    let proof = proof(&statement, &trace).expect("the rows show the statement");
    assert_eq!(verify(&statement, &proof, &TEST), Ok(()));
    // Commitments, then opened values, then the openings; the tail has work and terminals.
    let places =
        (0..400).chain((400..proof.len()).step_by(131)).chain(proof.len() - 200..proof.len());
    for place in places {
        let mut changed = proof.clone();
        changed[place] ^= 1;
        assert!(verify(&statement, &changed, &TEST).is_err(), "byte {place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn changed_proofs_are_refused(
        place in any::<prop::sample::Index>(),
        cut in 0_usize..40,
        put in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (statement, trace) = machine(3);
        let proof = proof(&statement, &trace).expect("the rows show the statement");
        let place = place.index(proof.len());
        let mut changed = proof.clone();
        changed.splice(place..(place + cut).min(proof.len()), put);
        prop_assume!(changed != proof);
        prop_assert!(verify(&statement, &changed, &TEST).is_err());
    }
}
