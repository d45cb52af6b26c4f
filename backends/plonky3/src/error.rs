//! What can be wrong with statements, cells and proofs.

use autoprec_circuits::{BabyBear, Table, Unbalanced};

/// Why a statement cannot be proved with these parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// There is nothing to prove.
    #[error("the statement has no tables")]
    Empty,
    /// The parameters are not ones that proofs can be made with.
    #[error("parameters: {what}")]
    Parameters {
        /// What is wrong with them.
        what: String,
    },
    /// Two tables have one name.
    #[error("there are two tables named {table}")]
    Name {
        /// The name.
        table: String,
    },
    /// A table's columns, rows or fixed contents do not fit.
    #[error("table {table}: {what}")]
    Shape {
        /// The table.
        table: String,
        /// What does not fit.
        what: String,
    },
    /// A row of zeros is not padding.
    #[error("table {table}: not zero on a row of zeros: {what}")]
    Padding {
        /// The table.
        table: String,
        /// The constraint or multiplicity.
        what: String,
    },
    /// A constraint, or a field or multiplicity of a message, is of too high a degree.
    #[error("table {table}: {what} is of degree {degree}, more than {max}")]
    Degree {
        /// The table.
        table: String,
        /// The constraint or message.
        what: String,
        /// Its degree.
        degree: usize,
        /// What the parameters allow.
        max: usize,
    },
    /// There are too many messages in the boundary.
    #[error("the boundary has {messages} messages, more than a table can hold")]
    Boundary {
        /// How many there are.
        messages: usize,
    },
    /// Messages could be sent so often that the number of times wraps in the field.
    #[error("up to {most} messages, which is not below the order of the field")]
    Multiplicities {
        /// An upper bound of the sum of all multiplicities' magnitudes.
        most: u128,
    },
}

impl StatementError {
    pub(crate) fn shape(table: &Table<BabyBear>, what: String) -> Self {
        Self::Shape { table: table.name.clone(), what }
    }
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The statement is not one.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The cells of a table are not whole rows, too many, or not those that are fixed.
    #[error("table {table}: {what}")]
    Cells {
        /// The table.
        table: String,
        /// The fault, in words.
        what: String,
    },
    /// The cells do not show the statement.
    #[error("the rows do not show the statement: {0}")]
    Unbalanced(#[from] Unbalanced),
    /// The prover gave up.
    #[error("the prover failed: {what}")]
    Prover {
        /// What it says.
        what: String,
    },
    /// The proof made from the cells is not one: they do not show the statement.
    #[error("the rows do not show the statement: {0}")]
    Rejected(VerifyError),
}

/// Why bytes are not a proof of a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The statement is not one.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The verifier could not commit to the fixed columns.
    #[error("no commitment to the fixed columns: {what}")]
    Fixed {
        /// The fault, in words.
        what: String,
    },
    /// The bytes are not a proof at all.
    #[error("not a proof: {what}")]
    Malformed {
        /// The fault, in words.
        what: String,
    },
    /// The proof has other tables than the statement.
    #[error("table {table} has 2^{found} rows in the proof, and 2^{expected} in the statement")]
    Height {
        /// The table, counted from 0, those of the boundary last.
        table: usize,
        /// The binary logarithm in the proof.
        found: usize,
        /// That of the statement.
        expected: usize,
    },
    /// The proof is not one of the statement.
    #[error("the proof does not show the statement: {what}")]
    Rejected {
        /// The check that fails.
        what: String,
    },
}
