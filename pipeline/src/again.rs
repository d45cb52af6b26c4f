//! The way back: from a region of a patched guest to the system that it is called by.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_guest_elf::PrecompileId;
use autoprec_linker::{Call, Manifest};
use autoprec_synth::{SynthError, TARGETS, Target, synthesise};

/// Gives the digest of the systems that a region and a number give: what links are verified against.
///
/// The manifest says for which targets. A call that none of them proves, but only the executor runs, may have
/// been made for any family; it is the one whose digest the manifest has, if there is one.
pub fn resynthesise(
    manifest: Option<&Manifest>,
) -> impl Fn(&Region, PrecompileId) -> Result<[u8; 32], String> {
    let calls = manifest.iter().flat_map(|m| m.calls.clone());
    let calls: BTreeMap<PrecompileId, Call> = calls.map(|call| (call.id, call)).collect();
    move |region, id| {
        let call = calls.get(&id);
        let digests = targets(call).into_iter().map(|target| digest(region, id, target));
        let mut digests: Vec<Result<[u8; 32], SynthError>> = digests.collect();
        let linked = |digest: &Result<_, _>| digest.as_ref().ok() == call.map(|call| &call.system);
        let index = digests.iter().position(linked).unwrap_or(0);
        digests.swap_remove(index).map_err(|error| error.to_string())
    }
}

/// The targets that a call may have been made for, one of each family.
fn targets(call: Option<&Call>) -> Vec<&'static Target> {
    let named = call.iter().flat_map(|call| &call.backends).find_map(|name| Target::named(name));
    let is_first = |target: &Target| target.family().next().is_some_and(|t| t.name == target.name);
    match named {
        Some(target) => vec![target],
        None => TARGETS.iter().copied().filter(|target| is_first(target)).collect(),
    }
}

fn digest(region: &Region, id: PrecompileId, target: &Target) -> Result<[u8; 32], SynthError> {
    synthesise(region, id, target).map(|precompile| precompile.system_digest())
}
