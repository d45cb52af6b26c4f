//! Proves and verifies a [`Statement`](autoprec_circuits::Statement) with `halo2_proofs` alone, by the
//! protocol of `docs/halo2.md`: each table is a circuit of its own, and the tables share challenges.
//!
//! **Invariants**
//!
//! - A table's circuit is a function of its system, its fixed cells, its number of rows and the
//!   challenges; prover and verifier make it by the same code, and no key is read from anywhere.
//! - The challenges are drawn when the commitments to everything that they are used on are fixed.
//! - A proof is a function of its statement and trace: nothing is drawn at random, nothing is hidden.
//! - No bytes of a proof make the verifier panic.

mod challenge;
mod circuit;
mod container;
mod cost;
mod error;
mod expression;
mod fit;
mod key;
mod layout;
mod limits;
mod logup;
mod mock;
mod prove;
mod replay;
mod setup;
mod verify;
mod witness;

pub use challenge::MAX_FIELDS;
pub use cost::Cost;
pub use error::{ProveError, SetupError, TableError, VerifyError};
pub use key::table_digest;
pub use layout::Layout;
pub use limits::MAX_K;
pub use mock::{MockFailure, MockReport, Place, mock};
pub use prove::{Options, Source, Threads, prove, prove_trace};
pub use setup::Setup;
pub use verify::verify;
