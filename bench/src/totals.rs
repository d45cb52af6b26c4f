//! Sums and means over blocks.

use serde::{Deserialize, Serialize};

use crate::measure::Row;
use crate::size::Size;

/// Before over after, of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// Σ before.
    pub before: u128,
    /// Σ after.
    pub after: u128,
    /// Σ before / Σ after.
    pub of_sums: f64,
    /// The geometric mean of the blocks' ratios.
    pub geometric_mean: f64,
    /// Σ frequency · before / Σ frequency · after; absent if a frequency is.
    pub weighted: Option<f64>,
}

/// Ratios by unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratios {
    /// Of main columns.
    pub columns: Ratio,
    /// Of messages.
    pub interactions: Ratio,
    /// Of constraints.
    pub constraints: Ratio,
}

/// Ratios of every way to optimise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Of the systems of whole blocks.
    pub ours: Ratios,
    /// Of the systems that keep the limits.
    pub split: Ratios,
    /// Of powdr's on the exported machines, if it was run on all blocks.
    pub powdr: Option<Ratios>,
    /// Of powdr's on autoprec's systems, if it was run on all blocks.
    pub oracle: Option<Ratios>,
}

impl Totals {
    /// The totals of some blocks; `None` if there are none.
    pub fn of(rows: &[Row]) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        Some(Self {
            ours: Ratios::of(rows, |row| Some(row.ours))?,
            split: Ratios::of(rows, |row| Some(row.split.size))?,
            powdr: Ratios::of(rows, |row| Some(row.powdr?.size)),
            oracle: Ratios::of(rows, |row| Some(row.powdr?.oracle)),
        })
    }
}

impl Ratios {
    /// Of blocks that all have an `after`.
    fn of(rows: &[Row], after: impl Fn(&Row) -> Option<Size>) -> Option<Self> {
        let sizes: Vec<(Size, Size, Option<u64>)> = rows
            .iter()
            .map(|row| Some((row.before, after(row)?, row.frequency)))
            .collect::<Option<_>>()?;
        let ratio = |unit: fn(Size) -> usize| {
            Ratio::of(&sizes.iter().map(|&(before, after, f)| (unit(before), unit(after), f)))
        };
        Some(Self {
            columns: ratio(|size| size.columns),
            interactions: ratio(|size| size.interactions),
            constraints: ratio(|size| size.constraints),
        })
    }
}

impl Ratio {
    /// Of `(before, after, frequency)`. Where nothing is left, 1 counts as left.
    fn of(blocks: &(impl Iterator<Item = (usize, usize, Option<u64>)> + Clone)) -> Self {
        let sum = |weight: fn(Option<u64>) -> Option<u64>| {
            blocks.clone().try_fold((0u128, 0u128), |(before, after), (b, a, frequency)| {
                let weight = u128::from(weight(frequency)?);
                Some((before + weight * b as u128, after + weight * a as u128))
            })
        };
        let (before, after) = sum(|_| Some(1)).expect("the weight 1 is there");
        let logs = blocks.clone().map(|(b, a, _)| (float(b as u128) / float(a as u128)).ln());
        let count = blocks.clone().count();
        Self {
            before,
            after,
            of_sums: float(before) / float(after),
            geometric_mean: (logs.sum::<f64>() / float(count as u128)).exp(),
            weighted: sum(|frequency| frequency).map(|(b, a)| float(b) / float(a)),
        }
    }
}

/// A count, at least 1, as a float.
#[expect(clippy::cast_precision_loss, reason = "ratios are shown with a few digits")]
fn float(count: u128) -> f64 {
    count.max(1) as f64
}
