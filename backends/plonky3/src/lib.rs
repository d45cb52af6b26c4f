//! Proves and verifies a [`Statement`](autoprec_circuits::Statement) over BabyBear with Plonky3.
//!
//! The protocol is that of `docs/halo2.md` ("Linking", "Transcript of Plonky3"): one proof of all
//! tables, with one pair of challenges for all buses. What is asked of a statement is checked before
//! anything is proved or verified ([`StatementError`]); [`prove`] verifies what it made, so no proof of
//! something false leaves it.
//!
//! # What Plonky3 0.8.0 guarantees, and what is done here
//!
//! `p3-batch-stark` proves that each table has 2^k rows that satisfy its constraints, and with `p3-lookup`
//! that the sum over all tables, rows and messages of multiplicity / (fingerprint of the message) is 0.
//!
//! | | |
//! |---|---|
//! | challenges | `alpha` and `beta` are drawn after the commitment to all main columns, once for all buses. The fingerprint is `alpha + (bus + 1)·beta^W − Σ fieldᵢ·beta^(n−1−i)` for n fields, W the widest message: one polynomial per bus and message of n fields |
//! | length | `[x]` and `[0, x]` on one bus would have the same fingerprint, and `verify_batch` does not ask. Here a bus of Plonky3 is a bus *and a length*, so messages of different length are on different ones |
//! | sums | a table's sum is a column that begins at 0, adds each row's messages and ends at a value that the proof states; the verifier adds up these values over all tables, and only then over buses: 0 is required once, of all of them. An imbalance on one bus does not cancel one on another, for fingerprints of different buses differ as polynomials |
//! | folding | several messages of a bus share a column if the degree stays in bounds; that changes no sum |
//! | a fingerprint of 0 | leaves a row's column free. It has a chance of (messages) / 2^124, which [`security()`] counts |
//! | multiplicities | the field's characteristic bounds what the sums say about integers. `verify_batch` requires that Σ weight·height be below p, with weights that the caller declares. Here the weight of a message is what its multiplicity can be if its columns are 0 or 1, the boundary's multiplicities included, and the same sum is checked first. A table behind lookups may send any multiple of its rows: that is its multiplicity column, of which nothing is asked |
//! | fixed columns | are committed to by the verifier, from the statement. If a table has fewer rows than its height, one more fixed column marks the rows, and the prover's cells are 0 below |
//! | heights | are the prover's choice in Plonky3. Here they must be those of the statement |
//! | boundary | tables of fixed columns only, multiplicities included: the prover has no choice in them |
//! | shape | `verify_batch` compares every length in a proof with what the tables ask for, before it uses it. Bytes that are no proof are refused by the parser, which allocates no more than it reads |
//!
//! What is not proved: that a table without fixed columns has no more rows than the statement says. It
//! has at most as many as the next power of two, and eight; nothing else may depend on it.
//!
//! # Transcript
//!
//! The challenger begins with a digest of the whole statement and the parameters (`digest.rs`): binding,
//! names, rows and heights of tables, digests of system texts and fixed columns, and the boundary. Then
//! comes what `p3-batch-stark` observes.
//!
//! # Security
//!
//! [`Parameters::STANDARD`] has 100 bits under the conjecture that no word a prover can commit to is
//! closer to the code than random ones are; [`security()`] says it for a statement, and what is proved
//! without conjectures. Proofs are not zero-knowledge.

mod air;
mod config;
mod digest;
mod error;
mod layout;
mod machine;
mod plan;
mod polynomial;
mod proof;
mod security;
mod trace;

pub use config::Parameters;
pub use error::{ProveError, StatementError, VerifyError};
pub use plan::{Plan, plan};
#[doc(hidden)]
pub use proof::Proof;
pub use proof::{committed_cells, prove, prove_unchecked, verify};
pub use security::{Security, security};
