//! From a guest and its profile, or its lock, to the patched guest: the pipeline on one page.
//!
//! Invariants: the result is a function of guest, profile, recorded states, lock and options; built
//! from a lock, of guest and lock. Both ways give the same patched guest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use autoprec_blocks::{Cfg, Region};
use autoprec_dashboards::Report;
use autoprec_executor::{Environment, run_watched};
use autoprec_guest_elf::PrecompileId;
use autoprec_linker::lock::{Lock, Wanted};
use autoprec_linker::{Backend, Form, Item, check_equivalence, link};
use autoprec_synth::{Candidate, Effort, Precompile, RecordedState, candidates, select};
use rayon::prelude::*;

use crate::error::PipelineError;
use crate::guest::{Guest, Setting};
use crate::job::{Checked, Job, Outcome, Source};
use crate::reason::Reason;
use crate::watch::{Stage, Watch};
use crate::{backends, locked, report};

/// States that are recorded per region.
const RECORDED_STATES: usize = 3;

/// What was built.
#[derive(Clone, Debug)]
pub struct Build {
    /// The patched guest.
    pub elf: Vec<u8>,
    /// The lock of it.
    pub lock: Lock,
    /// What was done and why.
    pub report: Report,
    /// Everything about each precompile, by number.
    pub texts: BTreeMap<u32, String>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Builds.
///
/// # Errors
/// If the guest is patched already, does not run, or the lock does not fit.
pub fn build(job: &Job<'_>, watch: &dyn Watch) -> Result<Build, PipelineError> {
    let Job { guest, options, lock, source, .. } = *job;
    if guest.manifest.is_some() {
        return Err(PipelineError::Patched { name: guest.name.clone() });
    }
    watch.stage(Stage::Extracting);
    let profile = source.profile();
    let cfg = Cfg::build(&guest.program, profile);
    let regions = match source {
        Source::Lock(None) => locked::regions(guest, lock)?,
        _ => executed(&cfg, options.form),
    };
    watch.stage(Stage::Synthesising);
    let candidates = candidates(&regions, options.target);
    let outcome = attempt(job, &cfg, candidates, watch)?;
    if let Source::Profile(_, Some(setting)) = source {
        compare(guest, &outcome.linked.elf, setting, watch)?;
    }
    watch.done();
    let new = locked::updated(job, &outcome);
    let report = report::report(job, &outcome, &new);
    if let Source::Lock(_) = source {
        locked::unchanged(lock, &new)?;
    }
    let texts = outcome.checked.iter().map(|c| &c.precompile);
    let texts = texts.map(|made| (made.id.number(), made.report())).collect();
    let warnings = report::warnings(&outcome, &report);
    Ok(Build { elf: outcome.linked.elf, lock: new, report, texts, warnings })
}

/// The regions that a profiled run entered, as far as they can be called.
fn executed(cfg: &Cfg, form: Form) -> Vec<Region> {
    cfg.regions().iter().filter_map(|region| form.region(region)).collect()
}

/// What the linker takes.
fn item(precompile: &Precompile, backends: &[Backend]) -> Item {
    Item {
        id: precompile.id,
        region: precompile.region.clone(),
        system_digest: precompile.system_digest(),
        shape_digest: precompile.region.shape_digest(),
        backends: backends.to_vec(),
    }
}

/// Chooses, numbers, checks and links, until nothing is refused any more.
fn attempt(
    job: &Job<'_>,
    cfg: &Cfg,
    candidates: Vec<Candidate>,
    watch: &dyn Watch,
) -> Result<Outcome, PipelineError> {
    let Job { guest, options, .. } = *job;
    let backends = backends::running(options, Environment::detect(&guest.program));
    let mut refused: BTreeMap<usize, Reason> = BTreeMap::new();
    loop {
        let numbered = numbered(job, &candidates, &refused)?;
        let states = match job.source {
            Source::Profile(_, Some(setting)) => record(job, setting, &numbered, watch)?,
            _ => BTreeMap::new(),
        };
        let (checked, failed) = check(numbered, &states, watch);
        watch.stage(Stage::Linking);
        let items: Vec<Item> = checked.iter().map(|c| item(&c.precompile, &backends)).collect();
        let linked = link(&guest.elf, &guest.program, cfg, &items, options.form)
            .map_err(|error| PipelineError::Link { name: guest.name.clone(), error })?;
        // What the linker or the checker refuses makes room for others.
        let before = refused.len();
        refused.extend(failed);
        for (entry, refusal) in &linked.refused {
            let at = checked.iter().find(|c| c.precompile.region.entry() == *entry);
            refused.extend(at.map(|c| (c.candidate, refusal.clone().into())));
        }
        if refused.len() == before {
            return Ok(Outcome { candidates, checked, refused, linked });
        }
        if let Source::Lock(_) = job.source {
            return Err(locked::refused(job, &candidates, &refused));
        }
    }
}

/// The chosen candidates with their numbers, by number.
fn numbered(
    job: &Job<'_>,
    candidates: &[Candidate],
    refused: &BTreeMap<usize, Reason>,
) -> Result<Vec<(usize, Precompile)>, PipelineError> {
    let Job { guest, options, lock, source, .. } = *job;
    let chosen: Vec<(usize, PrecompileId)> = match source {
        Source::Lock(_) => locked::chosen(guest, lock, candidates)?,
        Source::Profile(..) => {
            let allowed: Vec<usize> =
                (0..candidates.len()).filter(|index| !refused.contains_key(index)).collect();
            let chosen = select(allowed.iter().map(|&index| &candidates[index]), options.budget);
            let chosen: Vec<usize> = chosen.into_iter().map(|position| allowed[position]).collect();
            let wanted: Vec<Wanted> =
                chosen.iter().map(|&index| locked::wanted(&candidates[index].region)).collect();
            chosen.into_iter().zip(lock.assign(&wanted)?).collect()
        }
    };
    let make = |(index, id): (usize, PrecompileId)| match &candidates[index].outcome {
        Ok(made) => Ok((index, made.clone().renumbered(id))),
        Err(error) => Err(PipelineError::Precompile {
            name: guest.name.clone(),
            id: id.number(),
            error: error.clone(),
        }),
    };
    let mut numbered: Vec<(usize, Precompile)> =
        chosen.into_par_iter().map(make).collect::<Result<_, _>>()?;
    numbered.sort_by_key(|(_, made)| made.id);
    Ok(numbered)
}

/// Runs the guest once more and records states at the entries of regions: the first, and some that are
/// twice as far apart each time. By entry.
fn record(
    job: &Job<'_>,
    setting: &Setting,
    numbered: &[(usize, Precompile)],
    watch: &dyn Watch,
) -> Result<BTreeMap<u64, Vec<RecordedState>>, PipelineError> {
    let Job { guest, options, .. } = *job;
    watch.stage(Stage::Recording);
    let regions: BTreeMap<u64, &Region> =
        numbered.iter().map(|(_, made)| (made.region.entry(), &made.region)).collect();
    let entries: BTreeSet<u64> = regions.keys().copied().collect();
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    let mut states: BTreeMap<u64, Vec<RecordedState>> = BTreeMap::new();
    let mut on_entry = |pc: u64, machine: &dyn autoprec_executor::MachineState| {
        let visits = seen.entry(pc).or_default();
        *visits += 1;
        let kept = states.entry(pc).or_default();
        if visits.is_power_of_two() && kept.len() < RECORDED_STATES {
            kept.extend(options.state(regions[&pc], machine));
        }
    };
    let Setting { environment, input, limits } = setting;
    let patches = guest.patches();
    run_watched(&guest.program, &patches, *environment, input, limits, &entries, &mut on_entry)
        .map_err(|error| PipelineError::Run { name: guest.name.clone(), error: Box::new(error) })?;
    Ok(states)
}

/// Checks precompiles, in parallel; gives those that pass and why the others do not.
fn check(
    numbered: Vec<(usize, Precompile)>,
    states: &BTreeMap<u64, Vec<RecordedState>>,
    watch: &dyn Watch,
) -> (Vec<Checked>, Vec<(usize, Reason)>) {
    watch.stage(Stage::Checking(numbered.len()));
    let failed = Mutex::new(Vec::new());
    let check = |(candidate, precompile): (usize, Precompile)| {
        let recorded = states.get(&precompile.region.entry()).map_or(&[][..], Vec::as_slice);
        let result = precompile.check(recorded, Effort::STANDARD);
        watch.step();
        match result {
            Ok(validations) => {
                Some(Checked { candidate, precompile, validations, recorded: recorded.len() })
            }
            Err(error) => {
                failed.lock().expect("nobody panics with it").push((candidate, error.into()));
                None
            }
        }
    };
    let checked = numbered.into_par_iter().filter_map(check).collect();
    (checked, failed.into_inner().expect("nobody panics with it"))
}

/// Runs original and patched guest on the same input and demands the same result.
fn compare(
    guest: &Guest,
    patched: &[u8],
    setting: &Setting,
    watch: &dyn Watch,
) -> Result<(), PipelineError> {
    watch.stage(Stage::Comparing);
    let Setting { environment, input, limits } = setting;
    check_equivalence(&guest.elf, patched, *environment, input, limits)
        .map(drop)
        .map_err(PipelineError::Difference)
}
