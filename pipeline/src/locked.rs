//! What a lock says of a build, and a build of a lock.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_guest_elf::PrecompileId;
use autoprec_linker::lock::{Lock, LockChange, Locked, LockedBuild, LockedTotals, Wanted};
use autoprec_synth::{Candidate, Precompile, SYNTHESISER_VERSION};
use sha2::{Digest as _, Sha256};

use crate::error::{LockedReason, PipelineError};
use crate::guest::Guest;
use crate::job::{Checked, Job, Outcome};
use crate::reason::Reason;
use crate::report;

/// What would make a lock's build another one: none if `job`, as far as it says, is the one that the
/// lock is of. The source plays no part.
pub fn changes(job: &Job<'_>) -> Vec<LockChange> {
    let Some(old) = job.lock.build() else {
        return vec![LockChange::FirstBuild];
    };
    let mut new = job.lock.clone();
    let build = header(job, old.profile, old.patched, old.totals, old.input);
    let linked: Vec<Locked> = job.lock.linked().cloned().collect();
    new.finish(build, &linked);
    job.lock.changes(&new)
}

/// The regions of the precompiles that a lock has.
pub(crate) fn regions(guest: &Guest, lock: &Lock) -> Result<Vec<Region>, PipelineError> {
    let region = |locked: &Locked| {
        let failed = |reason| failed(guest, locked.id, reason);
        let end = locked.end.ok_or_else(|| failed(LockedReason::NoEnd))?;
        let mut region = Region::read(&guest.program, locked.entry, end)
            .map_err(|error| failed(error.into()))?;
        region.function.clone_from(&locked.symbol);
        region.count = locked.calls.unwrap_or(0);
        Ok(region)
    };
    lock.linked().map(region).collect()
}

/// The candidates that a lock has, with their numbers.
pub(crate) fn chosen(
    guest: &Guest,
    lock: &Lock,
    candidates: &[Candidate],
) -> Result<Vec<(usize, PrecompileId)>, PipelineError> {
    let places = candidates.iter().map(|Candidate { region, .. }| region).zip(0..);
    let places: BTreeMap<(u64, Option<u64>), usize> =
        places.map(|(region, index)| ((region.entry(), Some(region.end())), index)).collect();
    let place = |locked: &Locked| {
        let missing = || failed(guest, locked.id, LockedReason::NotInProfile);
        let index = *places.get(&(locked.entry, locked.end)).ok_or_else(missing)?;
        if candidates[index].region.shape_digest() != locked.shape {
            return Err(failed(guest, locked.id, LockedReason::OtherCode));
        }
        Ok((index, locked.id))
    };
    lock.linked().map(place).collect()
}

fn failed(guest: &Guest, id: PrecompileId, reason: LockedReason) -> PipelineError {
    PipelineError::Locked { name: guest.name.clone(), id: id.number(), reason }
}

/// Why what a lock has cannot be linked.
pub(crate) fn refused(
    job: &Job<'_>,
    candidates: &[Candidate],
    refused: &BTreeMap<usize, Reason>,
) -> PipelineError {
    let (index, reason) = refused.first_key_value().expect("something was refused");
    let entry = candidates[*index].region.entry();
    let id = job.lock.linked().find(|locked| locked.entry == entry).map(|locked| locked.id);
    let id = id.unwrap_or(PrecompileId::from_index(0));
    failed(job.guest, id, reason.clone().into())
}

/// What a lock recognises a region by.
pub(crate) fn wanted(region: &Region) -> Wanted {
    Wanted { symbol: region.function.clone(), entry: region.entry(), shape: region.shape_digest() }
}

/// The lock with what was linked.
pub(crate) fn updated(job: &Job<'_>, outcome: &Outcome) -> Lock {
    let entry = |checked: &Checked| {
        let Precompile { id, region, .. } = &checked.precompile;
        Locked {
            id: *id,
            symbol: region.function.clone(),
            entry: region.entry(),
            end: Some(region.end()),
            insts: u32::try_from(region.insts.len()).ok(),
            calls: Some(region.count),
            linked: true,
            shape: region.shape_digest(),
            system: checked.precompile.system_digest(),
            target: job.options.target.name.to_owned(),
            synthesiser: SYNTHESISER_VERSION.to_string(),
        }
    };
    let linked: Vec<Locked> = outcome.checked.iter().map(entry).collect();
    let patched = Sha256::digest(&outcome.linked.elf).into();
    let old = job.lock.build();
    let (profile, totals) = match job.source.profile() {
        Some(profile) => {
            let totals = report::totals(profile, outcome);
            let digest = Sha256::digest(profile.to_json()).into();
            let totals = LockedTotals {
                instructions: totals.instructions,
                instructions_patched: totals.instructions_patched,
                cost: totals.cost,
                cost_patched: totals.cost_patched,
            };
            (digest, Some(totals))
        }
        None => {
            let old = old.expect("what has no profile is built from a lock");
            (old.profile, old.totals)
        }
    };
    let input = old.map_or([0; 32], |old| old.input);
    let mut lock = job.lock.clone();
    lock.finish(header(job, profile, patched, totals, input), &linked);
    lock
}

/// The lock's table about a build. `input` is what stands for an input that is not known.
fn header(
    job: &Job<'_>,
    profile: [u8; 32],
    patched: [u8; 32],
    totals: Option<LockedTotals>,
    input: [u8; 32],
) -> LockedBuild {
    LockedBuild {
        elf: Sha256::digest(&job.guest.elf).into(),
        profile,
        input: job.recorded.input.unwrap_or(input),
        target: job.options.target.name.to_owned(),
        form: job.options.form,
        limit: job.recorded.limit,
        config: job.recorded.config,
        synthesiser: SYNTHESISER_VERSION.to_string(),
        patched,
        totals,
    }
}

/// Checks that a build from a lock gave what the lock says.
pub(crate) fn unchanged(old: &Lock, new: &Lock) -> Result<(), PipelineError> {
    let changes = old.changes(new);
    if changes.is_empty() { Ok(()) } else { Err(PipelineError::Stale(changes)) }
}
