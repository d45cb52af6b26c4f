//! Bytes that are not what they should be: refused, never a panic.

use std::sync::LazyLock;

use autoprec_circuits::{Pasta, Statement};
use autoprec_halo2::{Options, Setup, prove_trace, verify};
use proptest::prelude::*;

use crate::machines::adder;
use crate::proofs::SETUP;

static PROOF: LazyLock<(Statement<Pasta>, Vec<u8>)> = LazyLock::new(|| {
    let (statement, trace) = adder(3);
    let proof = prove_trace(&statement, &trace, &SETUP, &Options::default()).expect("it holds");
    (statement, proof)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_bit_of_a_proof_matters(at in any::<prop::sample::Index>(), bit in 0..8) {
        let (statement, proof) = &*PROOF;
        let mut proof = proof.clone();
        let at = at.index(proof.len());
        proof[at] ^= 1_u8 << bit;
        prop_assert!(verify(statement, &proof, &SETUP).is_err());
    }

    #[test]
    fn pieces_of_a_proof_are_no_proof(
        cut in any::<prop::sample::Index>(),
        insert in proptest::collection::vec(any::<u8>(), 0..80),
        skip in 0_usize..80,
    ) {
        let (statement, proof) = &*PROOF;
        let at = cut.index(proof.len());
        let rest = proof.get(at + skip..).unwrap_or(&[]);
        let damaged = [&proof[..at], &insert, rest].concat();
        prop_assert!(damaged == *proof || verify(statement, &damaged, &SETUP).is_err());
    }

    #[test]
    fn words_of_a_proof_are_not_interchangeable(
        at in any::<prop::sample::Index>(),
        word in prop_oneof![Just([0_u8; 32]), Just([255; 32]), any::<[u8; 32]>()],
    ) {
        let (statement, proof) = &*PROOF;
        let at = 12 + at.index((proof.len() - 44) / 4) * 4;
        let mut damaged = proof.clone();
        damaged[at..at + 32].copy_from_slice(&word);
        prop_assert!(damaged == *proof || verify(statement, &damaged, &SETUP).is_err());
    }
}

#[test]
fn damaged_parameters_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let make = || Setup::in_folder(folder.path()).params(4).unwrap();
    let first = make();
    let path = folder.path().join("pasta-4.params");
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(make().get_g(), first.get_g());
    for damage in [0, 9, 60, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[damage] ^= 4;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(make().get_g(), first.get_g());
        assert_eq!(std::fs::read(&path).unwrap(), whole, "the file is whole again");
    }
    for length in [0, 7, 41, whole.len() - 32] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(make().get_g(), first.get_g());
    }
    // What is of another size is not taken for this one.
    Setup::in_folder(folder.path()).params(5).unwrap();
    std::fs::copy(folder.path().join("pasta-5.params"), &path).unwrap();
    assert_eq!(make().k(), 4);
    let small = Setup::in_folder(folder.path()).up_to(4);
    assert_eq!(small.params(4).unwrap().k(), 4);
    let error = small.params(5).unwrap_err().to_string();
    assert_eq!(error, "there are no parameters for 2^5 rows, only up to 2^4");
}
