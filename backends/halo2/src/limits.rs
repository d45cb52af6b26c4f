//! Sizes that several parts of the prover agree on.

/// Circuits have at most 2^`MAX_K` rows.
pub const MAX_K: u32 = 20;

/// Rows at the end of every circuit that the library fills with what it draws.
pub(crate) const BLINDED_ROWS: usize = 6;

/// Columns of more bits than this are committed to by the library, whose method is for large values.
pub(crate) const MOST_BITS: u32 = 24;
