//! The way back: from a region of a patched guest to the system that it is called by.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_guest_elf::PrecompileId;
use autoprec_linker::{Call, Manifest};
use autoprec_synth::{Target, Vocabulary};

use crate::made::Made;

/// Whether a call's precompile has tables of our own.
fn is_machine(call: &Call) -> bool {
    let mut targets = call.backends.iter().filter_map(|name| Target::named(name));
    targets.any(|target| target.vocabulary == Vocabulary::Own)
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
        made(region, id).map(|made| made.system_digest()).map_err(|error| error.to_string())
    }
}
