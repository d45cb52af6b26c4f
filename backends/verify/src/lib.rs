//! Proofs of whole runs: the file that holds one, and its verifier.
//!
//! A verifier has the guest's ELF file, what the run is said to have given out, and one [`RunProof`].
//! [`verify`] derives everything else: the tables from the ELF file and the claims, their keys, the
//! challenges. `docs/halo2.md` says what a proof that verifies means.
//!
//! **Architecture invariants**
//!
//! - Nothing here needs a zkVM's crates, a guest's tool chain or the original's source.
//! - Proof files come from anybody: no bytes panic.

mod file;
mod run;

pub use file::{Backend, FileError, RunProof};
pub use run::{LinkError, VerifyError, check_link, verify};
