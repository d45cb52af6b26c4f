//! Guest programs: what the rest of the workspace needs to know of an ELF file.
//!
//! [`Program::load`] reads one, [`LoadError`] says why it cannot be used. A linked guest differs from its
//! original by [`Patches`], which are plain data: entry, original bytes and number of each precompile. [`Linkage`]
//! says which calls a back end runs.

mod demangle;
mod digest;
mod elf;
mod error;
mod linkage;
mod patches;
mod program;

pub use demangle::demangle;
pub use error::LoadError;
pub use linkage::Linkage;
pub use patches::{Patch, Patches, PrecompileId};
pub use program::{Program, ProgramHeaders, Segment, Symbol};
