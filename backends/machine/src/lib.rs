//! Whole runs of guests as tables that share buses: what a prover of any kind proves.
//!
//! [`Guest::load`] reads a patched or original ELF file. [`execute`] runs it through the recipes of
//! the tables and gives a [`Run`]: output, exit code, [`Claims`], and the rows of every table.
//! [`statement`] derives from guest, target, public values and claims what is proved; prover and
//! verifier call this one function. `docs/halo2.md` says why a statement that holds is a run.
//!
//! **Architecture invariants**
//!
//! - What an instruction does comes from `autoprec_isa::step` by way of the lowering; tables written
//!   by hand are about memory, registers, ranges, program and environment alone.
//! - Nothing here knows a prover.
//! - A statement is a function of guest, target, public values and claims.

mod calls;
mod claims;
mod code;
mod guest;
mod image;
mod kind;
mod proving;
mod run;
mod state;
mod statement;
mod table;
mod tables;
mod written;

pub use calls::{CallState, CallTable, Calls, CallsError, Cell, Interface, Message, parse_calls};
pub use claims::{CLAIMS_VERSION, Claims, ParseClaimsError};
pub use code::CodeError;
pub use guest::{Guest, GuestError};
pub use kind::{Kind, Request};
pub use proving::Proving;
pub use run::{Run, RunError, execute};
pub use statement::{Public, StatementError, statement};
pub use table::{TableId, Written};
pub use tables::TableError;
