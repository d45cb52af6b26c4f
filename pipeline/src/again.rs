//! The way back: from a patched guest to the precompiles that it calls.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_linker::{Call, Manifest};
use autoprec_profiler::PrecompileId;
use rayon::prelude::*;

use crate::error::PipelineError;
use crate::guest::Guest;
use crate::made::{MACHINE_BACKENDS, Made};

/// Whether a call's precompile has tables of our own.
fn is_machine(call: &Call) -> bool {
    call.backends.iter().any(|name| MACHINE_BACKENDS.contains(&name.as_str()))
}

/// The precompiles of a patched guest, by number, synthesised again from the code that its manifest
/// saved; none of an original.
///
/// # Errors
/// If a region is none any more or its system is not the one of the manifest.
pub fn precompiles_of(guest: &Guest) -> Result<Vec<Made>, PipelineError> {
    let Some(manifest) = &guest.manifest else { return Ok(Vec::new()) };
    let original = guest.original();
    let again = |call: &Call| -> Result<Made, PipelineError> {
        let failed = |reason: String| PipelineError::Precompile {
            name: guest.name.clone(),
            id: call.id.number(),
            reason,
        };
        let region =
            Region::read(&original, call.entry, call.end).map_err(|e| failed(e.to_string()))?;
        let made = if is_machine(call) { Made::machine } else { Made::openvm };
        let made = made(&region, call.id).map_err(failed)?;
        if made.system_digest() != call.system {
            return Err(PipelineError::OtherSystem {
                name: guest.name.clone(),
                id: call.id.number(),
                entry: call.entry,
            });
        }
        Ok(made)
    };
    manifest.calls.par_iter().map(again).collect()
}

/// Gives the digest of the system that a region and a number give: what links are verified against.
/// The manifest says for which back ends.
pub fn resynthesise(
    manifest: Option<&Manifest>,
) -> impl Fn(&Region, PrecompileId) -> Result<[u8; 32], String> {
    let calls = manifest.iter().flat_map(|m| &m.calls);
    let machine: BTreeMap<PrecompileId, bool> = calls.map(|c| (c.id, is_machine(c))).collect();
    move |region, id| {
        let is_machine = machine.get(&id).copied().unwrap_or(false);
        let made = if is_machine { Made::machine } else { Made::openvm };
        Ok(made(region, id)?.system_digest())
    }
}
