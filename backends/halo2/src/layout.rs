//! The shape of a table's circuit: what `fit` chooses, and what follows from it.

/// Bytes of a point or a field element.
pub(crate) const WORD: usize = 32;

/// The shape of a table's circuit.
///
/// Advice columns are, in order, the table's columns that are not fixed (the first phase), the helper
/// columns of all batches but the last, and the running sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The circuit has 2^k rows.
    pub k: u32,
    /// Rows on which the constraints hold: those of the table.
    pub rows: usize,
    /// Columns of the table that are fixed; they are the first.
    pub fixed: usize,
    /// Columns of the table that are not.
    pub main: usize,
    /// The degree that no constraint exceeds.
    pub degree: usize,
    /// Positions of messages in the system: those of a batch share a helper column. The last batch has
    /// none: the difference of the running sum takes its place. There is at least one batch, which is
    /// empty if there are no messages.
    pub batches: Vec<Vec<usize>>,
}

impl Layout {
    /// Advice columns.
    pub fn advice(&self) -> usize {
        self.main + self.batches.len()
    }

    /// Bytes of the library's proof.
    pub fn proof_bytes(&self) -> usize {
        // Commitments to advice, a random polynomial and the pieces of the quotient.
        let points = self.advice() + 1 + (self.degree - 1);
        // Values of the instance, of advice, of the running sum's next row, of fixed columns with the one that
        // says which rows are the table's, and of the random polynomial.
        let values = 1 + self.advice() + 1 + self.fixed + 1 + 1;
        // A quotient, a value for each of the two sets of points, and the argument.
        let opening = 1 + 2 + 1 + 2 * self.k as usize + 2;
        WORD * (points + values + opening)
    }

    /// The factor by which the domain of the quotient is larger than that of a column.
    pub fn extension(&self) -> usize {
        (self.degree - 1).next_power_of_two()
    }
}
