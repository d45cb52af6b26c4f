//! Patches precompile calls into guest ELFs, and checks that a patch is what it claims.
//!
//! [`link`] overwrites the first words of each region by a call, where it can show that nothing
//! enters behind the first of them, and adds the [`Manifest`] and a symbol per precompile.
//! [`verify_link`] derives all of it again from the original and compares every byte.
//! [`check_equivalence`] runs both and compares what they do. [`lock`] keeps numbers stable.
//!
//! Invariants: the loaded segments of a patched ELF are those of the original but for the
//! overwritten instructions, which the manifest holds; the patched ELF is a function of the
//! original and the manifest.

mod backend;
mod digest;
mod elf;
mod equivalence;
mod form;
mod link;
pub mod lock;
mod manifest;
mod safety;
pub mod vendors;
mod verify;

pub use backend::Backend;
pub use elf::ElfError;
pub use equivalence::{Difference, Equivalence, check_equivalence};
pub use form::{Form, ParseFormError, insn_id, insn_word};
pub use link::{Item, LinkError, Linked, link};
pub use manifest::{Call, Manifest, ManifestError};
pub use safety::Refusal;
pub use verify::{LinkReport, Resynthesise, VerifyLinkError, verify_link};
