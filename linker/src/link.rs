//! Linking: planning each call, then writing the file.

use std::collections::BTreeMap;

use autoprec_blocks::{Cfg, Region};
use autoprec_guest_elf::{PrecompileId, Program};

use crate::digest::sha256;
use crate::elf::Elf;
use crate::form::Place;
use crate::safety::{self, Guest};
use crate::{Backend, ElfError, Form, Manifest, ManifestError, Refusal};

/// A precompile to link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The number of the precompile.
    pub id: PrecompileId,
    /// What it replaces; for the ecall form without its terminator, see [`Form::region`].
    pub region: Region,
    /// Digest of its constraint system.
    pub system_digest: [u8; 32],
    /// Digest of its shape.
    pub shape_digest: [u8; 32],
    /// The back ends that the calls are for; each must run the form of the calls.
    pub backends: Vec<Backend>,
}

/// A patched ELF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The patched ELF file.
    pub elf: Vec<u8>,
    /// The manifest of its calls.
    pub manifest: Manifest,
    /// Entries of the regions that were left as they are, and why.
    pub refused: Vec<(u64, Refusal)>,
}

/// Why nothing was linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The file cannot be extended.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The program was not loaded from this file.
    #[error("the program was loaded from a file with SHA-256 {program}, this one has {file}")]
    OtherProgram {
        /// Digest that the program carries.
        program: String,
        /// Digest of the file.
        file: String,
    },
    /// The file is linked already.
    #[error("the file has a manifest already; link the original")]
    AlreadyLinked,
    /// The file has a manifest that cannot be read.
    #[error("the file has a manifest already, and it cannot be read: {0}")]
    Manifest(#[from] ManifestError),
}

/// Patches calls of `items` into `elf`, from which `program` was loaded and `cfg` built.
///
/// Items that cannot be patched safely are left out and listed with the reason; of two that exclude
/// each other, the first of the list is patched.
///
/// # Errors
/// If the file cannot be linked into at all.
pub fn link(
    elf: &[u8],
    program: &Program,
    cfg: &Cfg,
    items: &[Item],
    form: Form,
) -> Result<Linked, LinkError> {
    let original = sha256(elf);
    if program.digest != hex::encode(original) {
        let file = hex::encode(original);
        return Err(LinkError::OtherProgram { program: program.digest.clone(), file });
    }
    let file = Elf::parse(elf)?;
    if Manifest::read(elf)?.is_some() {
        return Err(LinkError::AlreadyLinked);
    }
    let guest = Guest { elf: &file, program, cfg };
    let (mut calls, mut refused) = (Vec::new(), Vec::new());
    for item in items {
        match safety::plan(guest, item, form, &calls) {
            Ok(call) => calls.push(call),
            Err(refusal) => refused.push((item.region.entry(), refusal)),
        }
    }
    calls.sort_by_key(|call| call.id);
    let manifest = Manifest { original, calls };
    let elf = write(&file, program, &manifest)?;
    Ok(Linked { elf, manifest, refused })
}

/// The patched file, as a function of the original and the manifest.
pub(crate) fn write(
    file: &Elf<'_>,
    program: &Program,
    manifest: &Manifest,
) -> Result<Vec<u8>, ElfError> {
    let mut code = BTreeMap::new();
    for call in &manifest.calls {
        let place = Place { entry: call.entry, end: call.end, len: call.saved.len() };
        let bytes = call.form.code(program.xlen, call.id, place);
        let bytes = bytes.ok_or(ElfError::Unsupported { what: "a call that has no encoding" })?;
        code.insert(call.entry, bytes);
    }
    file.patched(manifest, &code)
}
