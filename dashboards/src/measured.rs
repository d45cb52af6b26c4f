//! What was measured of a guest's runs, beside what was predicted: tables and times of a proof, and what
//! a verifier knows the guest by.

use serde::{Deserialize, Serialize};

/// What a verifier knows a guest by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// Digest of the verifying key, in hexadecimal.
    pub verifying_key: String,
    /// Commitment to the program and its initial memory, in hexadecimal.
    pub program: String,
}

/// Commitments of the original and of the patched guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitments {
    /// The binary logarithm of the highest trace that proofs may have: commitments are other ones for
    /// another height.
    pub log_height: u32,
    /// Of the original.
    pub before: Commitment,
    /// Of the patched guest.
    pub after: Commitment,
}

/// The version of [`Measured`].
pub const MEASURED_VERSION: u32 = 1;

/// One proof of a run, of the original or of the patched guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// [`MEASURED_VERSION`].
    pub version: u32,
    /// SHA-256 of the ELF that was run, in hexadecimal.
    pub elf_digest: String,
    /// What proved it: `openvm`, `halo2` or `plonky3`.
    pub target: String,
    /// Instructions that the VM executed, a call as one.
    pub instructions: u64,
    /// Parts that were proved one by one.
    pub segments: usize,
    /// The tables that had rows, summed over segments.
    pub tables: Vec<MeasuredTable>,
    /// CPU seconds for recording a run and filling tables.
    pub witness_seconds: f64,
    /// CPU seconds for proving filled tables.
    pub prove_seconds: f64,
    /// CPU seconds for everything.
    pub total_seconds: f64,
    /// Size of the proof in bytes.
    pub proof_bytes: u64,
}

/// A table of a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredTable {
    /// Its name.
    pub name: String,
    /// The precompile whose calls its rows are, if they are.
    pub precompile: Option<u32>,
    /// Main columns.
    pub columns: u64,
    /// Rows that were filled.
    pub rows: u64,
    /// Rows with padding.
    pub padded_rows: u64,
}
