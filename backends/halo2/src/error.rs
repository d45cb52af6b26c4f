//! What can go wrong, with the data to say where.

/// Why a table has no circuit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A circuit has at least one row.
    #[error("table {table} has no rows")]
    Empty {
        /// The table.
        table: String,
    },
    /// More rows than a circuit of the largest size holds.
    #[error("table {table} has {rows} rows, more than 2^{max_k} less 6")]
    TooManyRows {
        /// The table.
        table: String,
        /// Its rows.
        rows: usize,
        /// The largest size.
        max_k: u32,
    },
    /// A message with more fields than there are powers of the challenge for.
    #[error("table {table} sends a message of {fields} fields, more than {max}")]
    LongMessage {
        /// The table, or the boundary.
        table: String,
        /// The fields.
        fields: usize,
        /// How many there may be.
        max: usize,
    },
    /// Fixed columns that are not the first ones, or not of as many cells as there are rows.
    #[error("table {table}: {what}")]
    Shape {
        /// The table.
        table: String,
        /// The fault, in words.
        what: String,
    },
    /// Two tables of one name.
    #[error("there are two tables named {table}")]
    Doubled {
        /// The name.
        table: String,
    },
}

/// Why there are no parameters.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The folder cannot be written to.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// There are parameters up to a size only.
    #[error("there are no parameters for 2^{k} rows, only up to 2^{max_k}")]
    TooLarge {
        /// The size.
        k: u32,
        /// The largest.
        max_k: u32,
    },
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// A table has no circuit.
    #[error(transparent)]
    Table(#[from] TableError),
    /// There are no parameters.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The cells are not those of the table.
    #[error("table {table}: {what}")]
    Cells {
        /// The table.
        table: String,
        /// The fault, in words.
        what: String,
    },
    /// A message whose fingerprint is 0: as good as impossible, and gone with other randomness.
    #[error("table {table}, row {row}: the fingerprint of message {message} is 0")]
    ZeroFingerprint {
        /// The table.
        table: String,
        /// The row.
        row: usize,
        /// The position of the message in its system.
        message: usize,
    },
    /// What is sent is not what is received.
    #[error("the sums of the tables and of the boundary do not cancel")]
    Unbalanced,
    /// The library refuses.
    #[error("table {table}: {what}")]
    Library {
        /// The table.
        table: String,
        /// The library's message.
        what: String,
    },
    /// There are no threads to be had.
    #[error("{what}")]
    Threads {
        /// What the system says.
        what: String,
    },
    /// The library drew randomness in another order than this crate replays.
    #[error("table {table}: commitment {column} of the proof is not the one made beforehand")]
    Replay {
        /// The table.
        table: String,
        /// The first commitment that differs.
        column: usize,
    },
}

/// Why a proof does not show its statement.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The statement has no circuit.
    #[error(transparent)]
    Table(#[from] TableError),
    /// There are no parameters.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The bytes are not a proof of as many tables.
    #[error("byte {at} of the proof: {what}")]
    Malformed {
        /// The position of the byte.
        at: usize,
        /// The fault, in words.
        what: &'static str,
    },
    /// A table's proof does not hold.
    #[error("the proof of table {table} does not hold: {what}")]
    Rejected {
        /// The table.
        table: String,
        /// What the library says.
        what: String,
    },
    /// The fingerprint of a message of the boundary is 0.
    #[error("the fingerprint of message {index} of the boundary is 0")]
    ZeroFingerprint {
        /// The position in the boundary.
        index: usize,
    },
    /// What is sent is not what is received.
    #[error("the sums of the tables and of the boundary do not cancel")]
    Unbalanced,
}
