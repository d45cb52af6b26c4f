//! A guest from its ELF alone, which is all that a host has: the manifest says what was patched, and
//! synthesis makes the precompiles again.
//!
//! Invariant: a precompile whose system is not the one that was linked is an error, not another one.

use std::{collections::BTreeMap, sync::Arc};

use autoprec_blocks::{Region, RegionError};
use autoprec_guest_elf::{LoadError, Program};
use autoprec_linker::{Call, Manifest, ManifestError};
use autoprec_synth::{OPENVM, Precompile, SynthError, synthesise};
use rayon::prelude::*;

use crate::guest::GuestImage;

/// A guest, original or patched, with what is needed to run and prove it.
#[derive(Clone, Debug)]
pub struct PatchedGuest {
    elf: Vec<u8>,
    saved: BTreeMap<u32, Vec<u8>>,
    precompiles: Vec<Arc<Precompile>>,
}

/// Why an ELF is no guest for OpenVM.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// It is no program.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its manifest is damaged.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its calls are for another prover.
    #[error(
        "OpenVM cannot prove its calls, which are of the form `{form}` and for {backends}; build \
         with `--target {} --abi insn`", OPENVM.name
    )]
    Backend {
        /// The form of the calls.
        form: String,
        /// What they are for.
        backends: String,
    },
    /// The code of a precompile is none.
    #[error("precompile {id}")]
    Region {
        /// The number of the precompile.
        id: u32,
        /// Why.
        #[source]
        error: RegionError,
    },
    /// A precompile cannot be synthesised.
    #[error("precompile {id}")]
    Synthesis {
        /// The number of the precompile.
        id: u32,
        /// Why.
        #[source]
        error: SynthError,
    },
    /// Synthesis gives another system than the one that was linked.
    #[error(
        "the constraint system of precompile {id} at {entry:#x} is not the one that was linked; \
         build again with this version of autoprec"
    )]
    OtherSystem {
        /// The number of the precompile.
        id: u32,
        /// Where its code begins.
        entry: u64,
    },
}

impl PatchedGuest {
    /// Reads an ELF. An original has no precompiles.
    ///
    /// # Errors
    ///
    /// If it is no guest, or was linked for another prover or by another synthesiser.
    pub fn load(elf: &[u8]) -> Result<Self, GuestError> {
        let mut guest = Self { elf: elf.to_vec(), saved: BTreeMap::new(), precompiles: Vec::new() };
        let Some(manifest) = Manifest::read(elf)? else { return Ok(guest) };
        let program = Program::load(elf)?.with_patches_undone(&manifest.patches());
        let made: Result<_, GuestError> =
            manifest.calls.par_iter().map(|call| precompile(&program, call)).collect();
        guest.precompiles = made?;
        let patches = manifest.patches();
        let saved = patches.iter().filter_map(|p| Some((u32::try_from(p.entry).ok()?, p)));
        guest.saved = saved.map(|(entry, patch)| (entry, patch.saved.clone())).collect();
        Ok(guest)
    }

    /// What [`prove()`](crate::prove()), [`verify()`](crate::verify()) and the others take.
    pub fn image(&self) -> GuestImage<'_> {
        let Self { elf, saved, precompiles } = self;
        GuestImage { elf, saved: saved.clone(), precompiles }
    }
}

fn precompile(program: &Program, call: &Call) -> Result<Arc<Precompile>, GuestError> {
    let id = call.id.number();
    if !call.backends.iter().any(|name| name == OPENVM.name) {
        let (form, backends) = (call.form.to_string(), call.backends.join(", "));
        return Err(GuestError::Backend { form, backends });
    }
    let region = Region::read(program, call.entry, call.end)
        .map_err(|error| GuestError::Region { id, error })?;
    let made = synthesise(&region, call.id, &OPENVM)
        .map_err(|error| GuestError::Synthesis { id, error })?;
    if made.system_digest() != call.system {
        return Err(GuestError::OtherSystem { id, entry: call.entry });
    }
    Ok(Arc::new(made))
}
