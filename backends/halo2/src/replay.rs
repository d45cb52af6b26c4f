//! The randomness of the library's prover, and its first commitments made beforehand.
//!
//! `create_proof` draws, in this order: for each advice column a value for each of its last rows, then
//! for each advice column the factor that hides its commitment, then everything else. Here the values
//! are 0 and the rest is 1, so nothing is hidden; a commitment to a column of zeros is still no neutral
//! element, which a transcript could not hold.
//!
//! Two things follow. The commitments are known before the proof is made: challenges can be drawn from
//! them. And the last rows are rows of zeros like any padding, so constraints hold there too and need no
//! selector. What a proof shows does not depend on any of this: were the draws in another order, the
//! commitments in the proof would differ from those the challenges were drawn from, and
//! [`crate::prove`] compares them.

use std::convert::Infallible;

use halo2_proofs::poly::EvaluationDomain;
use halo2_proofs::poly::commitment::Blind;
use pasta_curves::group::ff::{Field as _, PrimeField as _};
use pasta_curves::group::{Curve as _, CurveAffine as _, Group as _, GroupEncoding as _};
use pasta_curves::{Eq, EqAffine, Fp};
use rand_core::TryRng;

use crate::layout::Layout;
use crate::limits::{BLINDED_ROWS, MOST_BITS};
use crate::setup::Points;

/// Bytes that the library draws for a field element, the lowest first.
const DRAWN: usize = 64;

/// The source of what the library draws for a table.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    /// Bytes that are 0 before the first element that is 1.
    zeros: usize,
    /// Bytes drawn after them, modulo those of an element.
    position: usize,
}

impl Generator {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { zeros: layout.advice() * BLINDED_ROWS * DRAWN, position: 0 }
    }
}

impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = 0;
            if self.zeros > 0 {
                self.zeros -= 1;
            } else {
                *byte = u8::from(self.position == 0);
                self.position = (self.position + 1) % DRAWN;
            }
        }
        Ok(())
    }
}

/// The commitments that the library will make to columns, encoded as in a proof. The columns may be
/// shorter than the circuit.
pub(crate) fn commit(points: &Points, columns: &[Vec<Fp>]) -> Vec<u8> {
    let small: Vec<Option<Vec<u32>>> = columns.iter().map(|column| small(column)).collect();
    let planes: usize = small.iter().flatten().map(|values| bits(values) as usize).sum();
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let subsets = Subsets::new(&points.lagrange[..rows], planes);
    let sums: Vec<Eq> = columns
        .iter()
        .zip(&small)
        .map(|(column, small)| match small {
            Some(values) => subsets.commit(values) + points.blinding,
            None => commit_large(points, column),
        })
        .collect();
    let mut affine = vec![EqAffine::identity(); sums.len()];
    Eq::batch_normalize(&sums, &mut affine);
    affine.iter().flat_map(EqAffine::to_bytes).collect()
}

fn commit_large(points: &Points, column: &[Fp]) -> Eq {
    let domain = EvaluationDomain::<Fp>::new(1, points.params.k());
    let mut cells = column.to_vec();
    cells.resize(1 << points.params.k(), Fp::ZERO);
    points.params.commit_lagrange(&domain.lagrange_from_vec(cells), Blind(Fp::ONE))
}

/// The cells as integers, if all are below 2^[`MOST_BITS`].
fn small(column: &[Fp]) -> Option<Vec<u32>> {
    let small = |cell: &Fp| {
        let bytes = cell.to_repr();
        let (low, high) = bytes.split_first_chunk::<4>()?;
        let value = u32::from_le_bytes(*low);
        (value >> MOST_BITS == 0 && high.iter().all(|byte| *byte == 0)).then_some(value)
    };
    column.iter().map(small).collect()
}

fn bits(values: &[u32]) -> u32 {
    u32::BITS - values.iter().fold(0, |all, value| all | value).leading_zeros()
}

/// Sums of all subsets of groups of points: a column of bits is committed to by one addition per group.
struct Subsets {
    /// Points per group.
    group: usize,
    /// For each group, the sums by the bits of their number.
    sums: Vec<EqAffine>,
}

impl Subsets {
    /// For as many columns of bits as `planes` says: the more, the larger the groups.
    fn new(points: &[EqAffine], planes: usize) -> Self {
        let group = match planes {
            0..16 => 1,
            16..400 => 4,
            _ => 8,
        };
        let mut sums = Vec::with_capacity(points.len().div_ceil(group) << group);
        for points in points.chunks(group) {
            let start = sums.len();
            sums.push(Eq::identity());
            for subset in 1_usize..1 << group {
                let lowest = subset.trailing_zeros() as usize;
                // Subsets with points that there are not are never asked for.
                let point = points.get(lowest).copied().unwrap_or_else(EqAffine::identity);
                sums.push(sums[start + (subset & (subset - 1))] + point);
            }
        }
        let mut affine = vec![EqAffine::identity(); sums.len()];
        Eq::batch_normalize(&sums, &mut affine);
        Self { group, sums: affine }
    }

    /// Σ value · point.
    fn commit(&self, values: &[u32]) -> Eq {
        (0..bits(values)).rev().fold(Eq::identity(), |sum, plane| {
            let groups = values.chunks(self.group).zip(self.sums.chunks(1 << self.group));
            groups.fold(sum.double(), |sum, (values, sums)| {
                let bits = values.iter().map(|value| (value >> plane & 1) as usize);
                let subset = bits.rev().fold(0, |subset, bit| subset << 1 | bit);
                if subset == 0 { sum } else { sum + sums[subset] }
            })
        })
    }
}
