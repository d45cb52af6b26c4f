//! Sizes, as counted on both sides.

use serde::{Deserialize, Serialize};

/// The size of a constraint system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Distinct main columns.
    pub columns: usize,
    /// Messages, whatever their bus.
    pub interactions: usize,
    /// Constraints.
    pub constraints: usize,
}

impl Size {
    /// Columns and messages of this, over those of `other`: above 1 if `other` is smaller.
    #[expect(clippy::cast_precision_loss, reason = "ratios are shown with a few digits")]
    pub fn gain_over(self, other: Self) -> f64 {
        let cells = |size: Self| (size.columns + size.interactions) as f64;
        cells(self) / cells(other)
    }
}

impl std::ops::Add for Size {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            columns: self.columns + other.columns,
            interactions: self.interactions + other.interactions,
            constraints: self.constraints + other.constraints,
        }
    }
}

impl std::iter::Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |sum, size| sum + size)
    }
}

impl From<autoprec_circuits::Size> for Size {
    fn from(size: autoprec_circuits::Size) -> Self {
        let autoprec_circuits::Size { columns, interactions, constraints } = size;
        Self { columns, interactions, constraints }
    }
}
