//! Provers that cheat.

use autoprec_circuits::{Boundary, Field as _, MachineBus, Pasta};
use autoprec_halo2::{Options, VerifyError, prove_trace, verify};

use crate::machines::{adder, number};
use crate::parts::{join, split};
use crate::proofs::{SETUP, unchecked};

/// Columns of the adder.
const ADDED: usize = 3;
const NEW: usize = 4;
const CARRY: usize = 5;
const WIDTH: usize = 6;

#[test]
fn a_flipped_bit_of_a_linked_table_is_rejected() {
    let (statement, mut trace) = adder(4);
    // The last step's result is one more: the sum of the row is right, what is sent is not received.
    for column in [ADDED, NEW] {
        let cell = &mut trace.cells[0][3 * WIDTH + column];
        *cell = *cell + Pasta::ONE;
    }
    prove_trace(&statement, &trace, &SETUP, &Options::default()).expect_err("does not balance");
    let proof = prove_trace(&statement, &trace, &SETUP, &unchecked()).unwrap();
    let error = verify(&statement, &proof, &SETUP).expect_err("does not balance");
    assert!(matches!(error, VerifyError::Unbalanced), "{error}");
}

#[test]
fn values_out_of_range_are_rejected() {
    let half = number(2).inverse().expect("2 is not 0");
    // Results that fit the constraints and the other messages, but are no bytes.
    for forged in [number(256), number(300), -Pasta::ONE, half, -number(1 << 60)] {
        let (mut statement, mut trace) = adder(1);
        let row = &mut trace.cells[0];
        row[ADDED] = forged - number(7);
        row[NEW] = forged;
        row[CARRY] = Pasta::ZERO;
        statement.boundary[3].message[1] = forged;
        // The table of ranges is the prover's to fill.
        let ranges = &mut trace.cells[1];
        for position in [forged, forged - number(7)] {
            if let Some(value @ 0..256) = position.to_signed() {
                let count = &mut ranges[3 * usize::try_from(value).expect("a byte") + 2];
                *count = *count + Pasta::ONE;
            }
        }
        let proof = prove_trace(&statement, &trace, &SETUP, &unchecked()).unwrap();
        let error = verify(&statement, &proof, &SETUP).expect_err("not in range");
        assert!(matches!(error, VerifyError::Unbalanced), "{forged}: {error}");
    }
}

#[test]
fn rows_beyond_the_statement_send_nothing() {
    let (mut statement, trace) = adder(6);
    // One row less than there are.
    statement.tables[0].rows = 5;
    prove_trace(&statement, &trace, &SETUP, &unchecked()).expect_err("too many rows");
    let (longer, _) = adder(6);
    let proof = prove_trace(&longer, &trace, &SETUP, &Options::default()).unwrap();
    verify(&longer, &proof, &SETUP).unwrap();
    verify(&statement, &proof, &SETUP).expect_err("of another number of rows");
}

#[test]
fn a_proof_is_of_one_statement() {
    let (statement, trace) = adder(6);
    let proof = prove_trace(&statement, &trace, &SETUP, &Options::default()).unwrap();
    let mut others = Vec::new();
    let mut other = |change: &dyn Fn(&mut autoprec_circuits::Statement<Pasta>)| {
        let mut changed = statement.clone();
        change(&mut changed);
        others.push(changed);
    };
    other(&|s| s.binding[31] ^= 1);
    other(&|s| s.boundary[1].message[1] = number(8));
    other(&|s| s.boundary[0].multiplicity = 2);
    other(&|s| drop(s.boundary.pop()));
    // Cancels itself, but was not there.
    let nothing = Boundary { bus: MachineBus::Exit, multiplicity: 0, message: vec![number(1)] };
    other(&|s| s.boundary.push(nothing.clone()));
    other(&|s| s.boundary.reverse());
    other(&|s| s.tables[0].name = "other".to_owned());
    other(&|s| s.tables[0].rows = 7);
    other(&|s| s.tables[1].fixed[1][9] = number(7));
    other(&|s| s.tables.reverse());
    other(&|s| drop(s.tables.pop()));
    other(&|s| s.tables[0].system.constraints.truncate(2));
    other(&|s| s.tables[0].system.interactions[4].bus = MachineBus::Image);
    for (index, other) in others.iter().enumerate() {
        verify(other, &proof, &SETUP).expect_err(&index.to_string());
    }
}

#[test]
fn parts_cannot_be_dropped_doubled_moved_or_exchanged() {
    let (statement, trace) = adder(6);
    let proof = prove_trace(&statement, &trace, &SETUP, &Options::default()).unwrap();
    let parts = split(&proof);
    assert_eq!(join(&parts), proof);
    // The same tables with other challenges: of another binding.
    let mut bound = statement.clone();
    bound.binding[0] ^= 1;
    let other = split(&prove_trace(&bound, &trace, &SETUP, &Options::default()).unwrap());
    let [adder, range] = [parts[0].clone(), parts[1].clone()];
    let plus = |sum: &[u8], one: Pasta| {
        let sum: [u8; 32] = sum.try_into().expect("an element");
        bytes(element(&sum) + one)
    };
    let with_sum = |part: &(Vec<u8>, Vec<u8>), one| (plus(&part.0, one), part.1.clone());
    for (what, forged) in [
        ("dropped", vec![adder.clone()]),
        ("doubled", vec![adder.clone(), adder.clone()]),
        ("one more", vec![adder.clone(), range.clone(), range.clone()]),
        ("moved", vec![range.clone(), adder.clone()]),
        ("of another transcript", vec![other[0].clone(), range.clone()]),
        ("both of another transcript", other.clone()),
        ("another sum", vec![with_sum(&adder, Pasta::ONE), range.clone()]),
        ("sums that cancel", vec![with_sum(&adder, Pasta::ONE), with_sum(&range, -Pasta::ONE)]),
        (
            "exchanged sums",
            vec![(range.0.clone(), adder.1.clone()), (adder.0.clone(), range.1.clone())],
        ),
    ] {
        verify(&statement, &join(&forged), &SETUP).expect_err(what);
    }
}

/// The element that is written so; elements here are below 2^255.
fn element(bytes: &[u8; 32]) -> Pasta {
    let byte = |sum: Pasta, byte: &u8| sum * number(256) + number(u64::from(*byte));
    bytes.iter().rev().fold(Pasta::ZERO, byte)
}

fn bytes(element: Pasta) -> Vec<u8> {
    use pasta_curves::group::ff::PrimeField as _;
    element.inner().to_repr().to_vec()
}
