//! The second phase: helper columns and running sum, once the challenges are there.

use autoprec_circuits::{Expr, MachineSystem, Pasta};
use pasta_curves::Fp;
use pasta_curves::group::ff::Field as _;
use rayon::prelude::*;

use crate::challenge::Challenges;
use crate::layout::Layout;

/// The columns of the second phase of a table, and its sum.
pub(crate) struct Second {
    /// Helper columns, then the running sum.
    pub(crate) columns: Vec<Vec<Fp>>,
    /// Σ multiplicity / fingerprint over all rows and messages.
    pub(crate) sum: Fp,
}

/// A message whose fingerprint is 0: its row and its position in the system.
pub(crate) struct ZeroFingerprint {
    pub(crate) row: usize,
    pub(crate) message: usize,
}

/// The multiplicity of a message divided by its fingerprint: none if it is not sent.
struct Evaluator<'a> {
    multiplicity: &'a Expr<Pasta>,
    fingerprint: Expr<Pasta>,
}

impl Second {
    /// `cells` are whole rows, fixed columns included.
    pub(crate) fn new(
        system: &MachineSystem<Pasta>,
        layout: &Layout,
        challenges: &Challenges,
        cells: &[Pasta],
    ) -> Result<Self, ZeroFingerprint> {
        let messages = system.interactions.iter();
        let evaluators: Vec<Evaluator<'_>> = messages
            .map(|i| Evaluator {
                multiplicity: &i.multiplicity,
                fingerprint: challenges.fingerprint(i.bus, &i.message),
            })
            .collect();
        let width = system.columns.len();
        let rows: Result<Vec<Vec<Fp>>, ZeroFingerprint> = cells
            .par_chunks(width)
            .enumerate()
            .map(|(index, row)| {
                let batches = batch_sums(&evaluators, layout, row);
                batches.map_err(|message| ZeroFingerprint { row: index, message })
            })
            .collect();
        let rows = rows?;
        let helpers = layout.batches.len() - 1;
        let mut columns: Vec<Vec<Fp>> =
            (0..helpers).map(|helper| rows.iter().map(|row| row[helper]).collect()).collect();
        let totals: Vec<Fp> = rows.iter().map(|row| row.iter().sum()).collect();
        let sum: Fp = totals.iter().sum();
        // The first cell follows the circuit's last row, which is 0; the sum is added behind it.
        let mut running = vec![Fp::ZERO];
        let mut rest = sum;
        for total in &totals[..totals.len().saturating_sub(1)] {
            rest -= total;
            running.push(rest);
        }
        columns.push(running);
        Ok(Self { columns, sum })
    }
}

/// For each batch, Σ multiplicity / fingerprint on a row; or the message whose fingerprint is 0.
fn batch_sums(
    evaluators: &[Evaluator<'_>],
    layout: &Layout,
    row: &[Pasta],
) -> Result<Vec<Fp>, usize> {
    let mut inverses: Vec<Fp> =
        evaluators.iter().map(|message| message.fingerprint.eval(row).inner()).collect();
    if let Some(message) = inverses.iter().position(|value| *value == Fp::ZERO) {
        return Err(message);
    }
    invert(&mut inverses);
    let quotient =
        |&message: &usize| evaluators[message].multiplicity.eval(row).inner() * inverses[message];
    Ok(layout.batches.iter().map(|batch| batch.iter().map(quotient).sum()).collect())
}

/// Inverts all at the price of one. None is 0.
fn invert(values: &mut [Fp]) {
    let mut product = Fp::ONE;
    let mut before = Vec::with_capacity(values.len());
    for value in values.iter() {
        before.push(product);
        product *= value;
    }
    let mut inverse = product.invert().expect("no value is 0");
    for (value, before) in values.iter_mut().zip(before).rev() {
        let rest = inverse * *value;
        *value = inverse * before;
        inverse = rest;
    }
}
