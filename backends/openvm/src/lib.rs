//! The OpenVM 2.0.2 back end: runs, proves and verifies guests whose hot regions were replaced by
//! calls to synthesised precompiles.
//!
//! A precompile is data: a constraint system and a recipe for its witness. This crate gives OpenVM
//! the code that walks that data: one AIR ([`air`](self)), one executor for its three interpreters,
//! one chip. Everything else of the VM is OpenVM's, unchanged.
//!
//! - [`PatchedGuest`] reads an ELF and makes its precompiles again.
//! - [`prove()`] transpiles a patched ELF, cuts the run into segments and proves each.
//! - [`verify()`] makes the keys again and binds a proof to exactly one guest.
//! - [`check()`] checks all constraints of a run without proving it.
//! - [`identity()`] says what a verifier knows a guest by, without a run.
//! - [`execute()`] only runs it, [`interpreter()`] as often as wanted; [`describe()`] says what a base VM consists of.
//!
//! **Architecture invariants**
//!
//! - Prover and verifier make the VM from the same function of base configuration, precompiles and
//!   parameters.
//! - Bus numbers and AIR numbers are looked up in OpenVM's inventories, never written down.
//! - No limit of OpenVM's security analysis is exceeded silently.
//! - Malformed proofs and failing guests are errors, not panics; where OpenVM panics, its message
//!   becomes an error. (OpenVM's parallel code may still print such a message.)
//! - No clock, no environment, no files.

mod air;
mod base;
mod buses;
mod check;
mod chip;
mod commitment;
mod config;
mod describe;
mod executor;
mod guest;
mod identity;
mod installed;
mod limits;
mod lookups;
mod machine;
mod options;
mod params;
mod patched;
mod proof;
mod prove;
mod report;
mod run;
mod segments;
mod tamper;
mod transpile;
mod types;
mod verify;

pub use base::{BaseVm, ConfigError};
#[doc(hidden)]
pub use check::overlooked_alterations;
pub use check::{CheckError, check};
pub use describe::{Description, describe};
pub use guest::GuestImage;
pub use identity::{Identity, IdentityError, identity, log_height, verifying_key};
pub use limits::{LimitError, MAX_AIRS, MAX_COLUMNS, MAX_CONSTRAINTS, MAX_INTERACTIONS};
pub use machine::{AirShape, MachineError};
pub use options::ProveOptions;
pub use params::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, Security};
pub use patched::{GuestError, PatchedGuest};
pub use proof::{Claim, PrecompileRef, Proof, ProofFormatError};
pub use prove::{ProveError, prove};
pub use report::{AirUse, Phase, Report, SegmentReport, TableUse};
pub use run::{Execution, Interpret, execute, interpreter};
pub use segments::RunError;
#[doc(hidden)]
pub use tamper::Tamper;
pub use transpile::TranspileError;
pub use verify::{Verdict, Verifier, VerifyError, verify};
