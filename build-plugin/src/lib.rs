//! autoprec in a build: what a zkVM's `build.rs` calls to have its guest patched, and what `cargo autoprec`
//! shares with it.
//!
//! ```no_run
//! // build.rs
//! autoprec_build::patch("../guest")
//!     .input("../guest/input.bin")
//!     .elf_variable("GUEST_ELF")
//!     .config_variable("GUEST_VM_CONFIG")
//!     .run();
//! ```
//!
//! The host then has the patched guest as `include_bytes!(env!("GUEST_ELF"))`. `docs/guide/pipeline.md` is
//! the manual.
//!
//! - [`patch`] makes a [`Patch`]: options, then [`Patch::run`].
//! - [`Package`] is a guest's package, with its [`Settings`]; [`build_guest`] runs its zkVM's tool.
//! - [`arguments`] makes the arguments of `autoprec` from a package: what `cargo autoprec` is.
//!
//! Unlike the other libraries of the workspace this one talks to cargo, to files and to the environment;
//! the latter through [`Environment`] only.
//!
//! **Architecture invariants**
//!
//! - The patched guest is a function of ELF, lock and options once there is a lock for them: then
//!   nothing is run, and the inputs need not exist.
//! - The lock is written after everything else succeeded, and only if it changes.
//! - A guest of a zkVM whose prover takes no foreign precompiles is never patched.
//! - What the host embeds is always some guest: the patched one, or the original with the reason told.

mod command;
mod directives;
mod environment;
mod error;
mod given;
mod job;
mod patch;
mod patching;
mod project;
mod report;
mod run;
mod settings;
mod tool;
mod work;
mod zkvm;

pub use autoprec_synth::{HALO2, OPENVM, PLONKY3};
pub use command::{Request, RequestError, Verb, arguments};
pub use environment::{Environment, Skip};
pub use error::Error;
pub use job::Outcome;
pub use patch::{Patch, patch};
pub use project::{Package, Project};
pub use run::Patched;
pub use settings::Settings;
pub use tool::build_guest;
pub use zkvm::{Target, Zkvm};
