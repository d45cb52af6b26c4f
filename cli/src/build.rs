//! From a guest and its profile to the patched guest: the pipeline on one page.
//!
//! Invariant: the result is a function of guest, profile, recorded states, lock and options.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use autoprec_blocks::{Cfg, Region};
use autoprec_linker::lock::{Lock, Locked, Wanted};
use autoprec_linker::{Call, Form, Item, Linked, Manifest, check_equivalence, link};
use autoprec_profiler::{Environment, PrecompileId, Profile, Program, run_watched};
use autoprec_synth::{
    Budget, Candidate, Effort, OPENVM, Precompile, SYNTHESISER_VERSION, Snapshot, Target,
    Validation, candidates, select, shape_digest, synthesise, validate,
};
use rayon::prelude::*;

use crate::guest::{Guest, Setting};
use crate::{machine, terminal};

/// What to build.
pub(crate) struct Options {
    pub(crate) form: Form,
    pub(crate) budget: Budget,
}

/// What was built.
pub(crate) struct Built {
    /// Every executed region, in parts where it had to be cut.
    pub(crate) candidates: Vec<Candidate>,
    /// The precompiles that were linked, by number.
    pub(crate) precompiles: Vec<Checked>,
    /// Why a candidate has no precompile though it might have one, by its position.
    pub(crate) refused: BTreeMap<usize, String>,
    pub(crate) linked: Linked,
    pub(crate) lock: Lock,
}

/// A precompile that passed the checker.
pub(crate) struct Checked {
    /// Its position among the candidates.
    pub(crate) candidate: usize,
    pub(crate) precompile: Precompile,
    pub(crate) recorded: u32,
    pub(crate) validation: Validation,
}

/// States that are recorded per region.
const RECORDED_STATES: usize = 3;

/// The file, in a build's folder, with the text of a precompile.
pub(crate) fn text_name(id: u32) -> String {
    format!("precompiles/{id}.txt")
}

/// The target that precompiles of this form are for. The other form has no prover yet; what it
/// calls are systems for the same target.
pub(crate) fn target_of(_: Form) -> &'static Target {
    &OPENVM
}

/// Builds. `setting` says how to run the guest, to record states and to compare; without it neither
/// is done.
pub(crate) fn build(
    guest: &Guest,
    profile: &Profile,
    setting: Option<&Setting>,
    lock: &Lock,
    options: &Options,
) -> Result<Built> {
    let Options { form, budget } = *options;
    let target = target_of(form);
    if guest.manifest.is_some() {
        bail!("{} is patched already; build from the original", guest.name);
    }
    let spinner = terminal::spinner("extracting regions");
    let cfg = Cfg::build(&guest.program, Some(profile));
    let regions: Vec<Region> = cfg.regions().iter().filter_map(|r| form.region(r)).collect();
    spinner.set_message("synthesising");
    let candidates = candidates(&regions, target);
    spinner.finish_and_clear();

    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    loop {
        let chosen: Vec<usize> = choose(&candidates, &refused, budget);
        let numbered = assign(&candidates, &chosen, lock)?;
        let snapshots = match setting {
            Some(setting) => {
                let regions = numbered.iter().map(|(_, p)| (p.region.entry(), &p.region));
                record(guest, setting, &regions.collect(), snapshot)?
            }
            None => BTreeMap::new(),
        };
        let (checked, failed) = check(numbered, &snapshots);
        let backend = backend(guest, form);
        let items: Vec<Item> = checked.iter().map(|c| item(&c.precompile, backend)).collect();
        let linked = link(&guest.elf, &guest.program, &cfg, &items, form)
            .with_context(|| guest.name.clone())?;
        // What the linker or the checker refuses makes room for others.
        let before = refused.len();
        refused.extend(failed);
        for (entry, refusal) in &linked.refused {
            let at = checked.iter().find(|c| c.precompile.region.entry() == *entry);
            refused.extend(at.map(|c| (c.candidate, refusal.to_string())));
        }
        if refused.len() == before {
            let lock = updated(lock, &checked, target);
            return Ok(Built { candidates, precompiles: checked, refused, linked, lock });
        }
    }
}

/// Runs original and patched guest on the same input and demands the same result.
pub(crate) fn compare(guest: &Guest, built: &Built, setting: &Setting) -> Result<()> {
    let Setting { environment, input, limits } = setting;
    let spinner = terminal::spinner("comparing original and patched guest");
    check_equivalence(&guest.elf, &built.linked.elf, *environment, input, limits)
        .context("the patched guest does not do what the original does; this is a bug")?;
    spinner.finish_and_clear();
    Ok(())
}

/// Gives the digest of the system that a region and a number give: what links are verified against.
/// The manifest says for which back ends.
pub(crate) fn resynthesise(
    manifest: Option<&Manifest>,
) -> impl Fn(&Region, PrecompileId) -> Result<[u8; 32], String> {
    let mine =
        |call: &Call| call.backends.iter().any(|name| machine::BACKENDS.contains(&name.as_str()));
    let ours: BTreeSet<PrecompileId> =
        manifest.iter().flat_map(|m| &m.calls).filter(|c| mine(c)).map(|c| c.id).collect();
    move |region, id| {
        if ours.contains(&id) {
            return machine::resynthesise(region, id);
        }
        synthesise(region, id, &OPENVM)
            .map(|precompile| precompile.system_digest())
            .map_err(|error| error.to_string())
    }
}

fn choose(
    candidates: &[Candidate],
    refused: &BTreeMap<usize, String>,
    budget: Budget,
) -> Vec<usize> {
    let allowed: Vec<usize> =
        (0..candidates.len()).filter(|index| !refused.contains_key(index)).collect();
    select(allowed.iter().map(|&index| &candidates[index]), budget)
        .into_iter()
        .map(|position| allowed[position])
        .collect()
}

/// Numbers the chosen candidates, as the lock has them.
fn assign(
    candidates: &[Candidate],
    chosen: &[usize],
    lock: &Lock,
) -> Result<Vec<(usize, Precompile)>> {
    let wanted: Vec<Wanted> =
        chosen.iter().map(|&index| wanted(&candidates[index].region)).collect();
    let ids = lock.assign(&wanted)?;
    let numbered = chosen.iter().zip(ids).map(|(&index, id)| {
        let precompile = candidates[index].outcome.clone()?;
        Ok((index, precompile.renumbered(id)))
    });
    let mut numbered: Vec<(usize, Precompile)> = numbered.collect::<Result<_>>()?;
    numbered.sort_by_key(|(_, precompile)| precompile.id);
    Ok(numbered)
}

pub(crate) fn wanted(region: &Region) -> Wanted {
    Wanted { symbol: region.function.clone(), entry: region.entry(), shape: shape_digest(region) }
}

/// Who can prove the calls: OpenVM those of its own guests in the `insn` form; what else there is
/// runs in the executor so far.
fn backend(guest: &Guest, form: Form) -> &'static str {
    match (form, Environment::detect(&guest.program)) {
        (Form::Insn, Environment::OpenVm) => "openvm",
        _ => "executor",
    }
}

fn item(precompile: &Precompile, backend: &str) -> Item {
    Item {
        id: precompile.id,
        region: precompile.region.clone(),
        system_digest: precompile.system_digest(),
        shape_digest: precompile.shape_digest(),
        backends: vec![backend.to_owned()],
    }
}

/// Runs the guest once more and records states at the entries of regions: the first, and some that are
/// twice as far apart each time. By entry.
pub(crate) fn record<S>(
    guest: &Guest,
    setting: &Setting,
    regions: &BTreeMap<u64, &Region>,
    state: impl Fn(&Region, &dyn autoprec_profiler::MachineState) -> Option<S>,
) -> Result<BTreeMap<u64, Vec<S>>> {
    let watch: BTreeSet<u64> = regions.keys().copied().collect();
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    let mut states: BTreeMap<u64, Vec<S>> = BTreeMap::new();
    let mut on_entry = |pc: u64, machine: &dyn autoprec_profiler::MachineState| {
        let visits = seen.entry(pc).or_default();
        *visits += 1;
        let kept = states.entry(pc).or_default();
        if visits.is_power_of_two() && kept.len() < RECORDED_STATES {
            kept.extend(state(regions[&pc], machine));
        }
    };
    let spinner = terminal::spinner("recording states");
    let Setting { environment, input, limits } = setting;
    let patches = guest.patches();
    run_watched(&guest.program, &patches, *environment, input, limits, &watch, &mut on_entry)
        .with_context(|| guest.name.clone())?;
    spinner.finish_and_clear();
    Ok(states)
}

fn snapshot(region: &Region, machine: &dyn autoprec_profiler::MachineState) -> Option<Snapshot> {
    let mut regs = [0; 32];
    for reg in autoprec_isa::Reg::all() {
        regs[reg.index()] = u32::try_from(machine.reg(reg)).ok()?;
    }
    Snapshot::record(region, regs, |addr| {
        let bytes = machine.read(u64::from(addr), 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    })
}

/// Checks every precompile.
fn check(
    numbered: Vec<(usize, Precompile)>,
    snapshots: &BTreeMap<u64, Vec<Snapshot>>,
) -> (Vec<Checked>, Vec<(usize, String)>) {
    check_all(numbered, |(candidate, precompile)| {
        let recorded = snapshots.get(&precompile.region.entry()).map_or(&[][..], Vec::as_slice);
        match validate(&precompile, recorded, Effort::STANDARD) {
            Ok(validation) => {
                let recorded = u32::try_from(recorded.len()).unwrap_or(u32::MAX);
                Ok(Checked { candidate, precompile, recorded, validation })
            }
            Err(error) => Err((candidate, error.to_string())),
        }
    })
}

/// Checks precompiles, in parallel; gives those that pass and why the others do not.
pub(crate) fn check_all<P: Send, C: Send>(
    precompiles: Vec<P>,
    check: impl Fn(P) -> Result<C, (usize, String)> + Sync,
) -> (Vec<C>, Vec<(usize, String)>) {
    let bar = terminal::bar("checking precompiles", precompiles.len());
    let results: Vec<Result<C, (usize, String)>> = precompiles
        .into_par_iter()
        .map(|precompile| {
            let result = check(precompile);
            bar.inc(1);
            result
        })
        .collect();
    bar.finish_and_clear();
    let (mut checked, mut failed) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(precompile) => checked.push(precompile),
            Err(failure) => failed.push(failure),
        }
    }
    (checked, failed)
}

/// The lock with what was linked.
fn updated(lock: &Lock, checked: &[Checked], target: &Target) -> Lock {
    let mut lock = lock.clone();
    for Checked { precompile, .. } in checked {
        lock.record(Locked {
            id: precompile.id,
            symbol: precompile.region.function.clone(),
            entry: precompile.region.entry(),
            shape: precompile.shape_digest(),
            system: precompile.system_digest(),
            target: target.name.to_owned(),
            synthesiser: SYNTHESISER_VERSION.to_string(),
        });
    }
    lock
}

/// The precompiles of a patched guest, synthesised again from the code its manifest saved.
///
/// # Errors
/// If a region is no region any more or its system is not the one of the manifest.
pub(crate) fn precompiles_of(guest: &Guest) -> Result<Vec<Precompile>> {
    let manifest = guest.patched()?;
    let original = guest.original();
    let again = |call: &Call| -> Result<Precompile> {
        let region = region_between(&original, call.entry, call.end)
            .with_context(|| format!("{}: precompile {}", guest.name, call.id))?;
        let precompile = synthesise(&region, call.id, &OPENVM)?;
        if precompile.system_digest() != call.system {
            bail!(
                "{}: the constraint system of precompile {} at {:#x} is not the one that was \
                 linked; build again with this version of autoprec",
                guest.name,
                call.id,
                call.entry
            );
        }
        Ok(precompile)
    };
    manifest.calls.par_iter().map(again).collect()
}

/// The instructions between two addresses as a region.
pub(crate) fn region_between(program: &Program, entry: u64, end: u64) -> Result<Region> {
    let mut insts = Vec::new();
    let mut pc = entry;
    while pc < end {
        let decoded =
            program.decode_at(pc).with_context(|| format!("no instruction at {pc:#x}"))?;
        insts.push(autoprec_blocks::RegionInst { pc, inst: decoded.inst, len: decoded.len });
        pc += u64::from(decoded.len);
    }
    Ok(Region::checked(program.xlen, insts, 0)?)
}
