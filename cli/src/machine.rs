//! Building for the targets whose tables are autoprec's own: the pipeline on one page.
//!
//! Invariant: the result is a function of guest, profile, recorded states, lock and options.

pub(crate) mod proving;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use autoprec_blocks::{Cfg, Region};
use autoprec_circuits::{BabyBear, Pasta};
use autoprec_linker::lock::{Lock, Locked};
use autoprec_linker::{Form, Item, Linked, check_equivalence, link};
use autoprec_profiler::{PrecompileId, Profile};
use autoprec_synth::machine::{
    BABYBEAR, MachineCandidate, MachineEffort, MachinePrecompile, MachineState, MachineTarget,
    MachineValidation, PASTA, RowCost, choose_machine, machine_candidates,
};
use autoprec_synth::{SYNTHESISER_VERSION, shape_digest};
use rayon::prelude::*;

use crate::build::{check_all, record, wanted};
use crate::guest::{Guest, Setting};
use crate::terminal;

/// Names of the back ends that prove what is built here.
pub(crate) const BACKENDS: [&str; 2] = ["halo2", "plonky3"];

/// Whose prices decide what is worth a precompile. What is built is proved by both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prices {
    Halo2,
    Plonky3,
}

impl Prices {
    pub(crate) fn target(self) -> &'static MachineTarget {
        match self {
            Self::Halo2 => &PASTA,
            Self::Plonky3 => &BABYBEAR,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Halo2 => "halo2",
            Self::Plonky3 => "plonky3",
        }
    }

    fn candidates(self, regions: &[Region]) -> Vec<MachineCandidate> {
        let target = self.target();
        match self {
            Self::Halo2 => machine_candidates::<Pasta>(regions, target, |p| RowCost::of(&p.wide)),
            Self::Plonky3 => {
                machine_candidates::<BabyBear>(regions, target, |p| RowCost::of(&p.narrow))
            }
        }
    }
}

/// What was built.
pub(crate) struct Built {
    /// Every executed region.
    pub(crate) candidates: Vec<MachineCandidate>,
    /// The precompiles that were linked, by number.
    pub(crate) precompiles: Vec<Checked>,
    /// Why a candidate has no precompile though it might have one, by its position.
    pub(crate) refused: BTreeMap<usize, String>,
    pub(crate) linked: Linked,
    pub(crate) lock: Lock,
}

/// A precompile that passed the checker, over both fields.
pub(crate) struct Checked {
    /// Its position among the candidates.
    pub(crate) candidate: usize,
    pub(crate) precompile: MachinePrecompile,
    pub(crate) recorded: u32,
    pub(crate) validations: [MachineValidation; 2],
}

/// What to build.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) prices: Prices,
    /// Precompiles at most.
    pub(crate) most: usize,
}

/// Builds. `setting` says how to run the guest, to record states; without it none are.
pub(crate) fn build(
    guest: &Guest,
    profile: &Profile,
    setting: Option<&Setting>,
    lock: &Lock,
    options: Options,
) -> Result<Built> {
    if guest.manifest.is_some() {
        bail!("{} is patched already; build from the original", guest.name);
    }
    let spinner = terminal::spinner("extracting regions");
    let cfg = Cfg::build(&guest.program, Some(profile));
    let regions: Vec<Region> = cfg.regions().into_iter().filter(|r| r.count > 0).collect();
    spinner.set_message("synthesising");
    let candidates = options.prices.candidates(&regions);
    spinner.finish_and_clear();

    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    loop {
        let numbered = assign(&candidates, &refused, lock, options.most)?;
        let states = match setting {
            Some(setting) => {
                let regions = numbered.iter().map(|(_, p)| (p.region.entry(), &p.region));
                record(guest, setting, &regions.collect(), state)?
            }
            None => BTreeMap::new(),
        };
        let (checked, failed) = check(numbered, &states);
        let items: Vec<Item> = checked.iter().map(|c| item(&c.precompile)).collect();
        let linked = link(&guest.elf, &guest.program, &cfg, &items, Form::Insn)
            .with_context(|| guest.name.clone())?;
        // What the linker or the checker refuses makes room for others.
        let before = refused.len();
        refused.extend(failed);
        for (entry, refusal) in &linked.refused {
            let at = checked.iter().find(|c| c.precompile.region.entry() == *entry);
            refused.extend(at.map(|c| (c.candidate, refusal.to_string())));
        }
        if refused.len() == before {
            let lock = updated(lock, &checked, options.prices.name());
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

/// The digest of the systems that a region and a number give: what links are verified against.
pub(crate) fn resynthesise(region: &Region, id: PrecompileId) -> Result<[u8; 32], String> {
    MachinePrecompile::synthesise(region, id)
        .map(|precompile| precompile.system_digest())
        .map_err(|error| error.to_string())
}

/// Chooses and numbers candidates, as the lock has them.
fn assign(
    candidates: &[MachineCandidate],
    refused: &BTreeMap<usize, String>,
    lock: &Lock,
    most: usize,
) -> Result<Vec<(usize, MachinePrecompile)>> {
    let allowed: Vec<usize> =
        (0..candidates.len()).filter(|index| !refused.contains_key(index)).collect();
    let chosen = choose_machine(allowed.iter().map(|&index| &candidates[index]), most);
    let chosen: Vec<usize> = chosen.into_iter().map(|position| allowed[position]).collect();
    let wants: Vec<_> = chosen.iter().map(|&index| wanted(&candidates[index].region)).collect();
    let ids = lock.assign(&wants)?;
    let numbered: Result<Vec<_>, _> = chosen
        .into_par_iter()
        .zip(ids)
        .map(|(index, id)| {
            MachinePrecompile::synthesise(&candidates[index].region, id).map(|p| (index, p))
        })
        .collect();
    let mut numbered = numbered?;
    numbered.sort_by_key(|(_, precompile)| precompile.id);
    Ok(numbered)
}

fn item(precompile: &MachinePrecompile) -> Item {
    Item {
        id: precompile.id,
        region: precompile.region.clone(),
        system_digest: precompile.system_digest(),
        shape_digest: shape_digest(&precompile.region),
        backends: BACKENDS.map(str::to_owned).to_vec(),
    }
}

/// What a region touches of a state.
pub(crate) fn state(
    region: &Region,
    machine: &dyn autoprec_profiler::MachineState,
) -> Option<MachineState> {
    let mut registers = [0; 32];
    for reg in autoprec_isa::Reg::all() {
        registers[reg.index()] = machine.reg(reg);
    }
    let length = region.xlen.bytes() as usize;
    MachineState::record(region, registers, |address| {
        let bytes = machine.read(address, length)?;
        let mut word = [0; 8];
        word.get_mut(..bytes.len())?.copy_from_slice(&bytes);
        Some(u64::from_le_bytes(word))
    })
}

/// Checks every precompile.
fn check(
    numbered: Vec<(usize, MachinePrecompile)>,
    states: &BTreeMap<u64, Vec<MachineState>>,
) -> (Vec<Checked>, Vec<(usize, String)>) {
    check_all(numbered, |(candidate, precompile)| {
        let recorded = states.get(&precompile.region.entry()).map_or(&[][..], Vec::as_slice);
        match precompile.check(recorded, MachineEffort::STANDARD) {
            Ok(validations) => {
                let recorded = u32::try_from(recorded.len()).unwrap_or(u32::MAX);
                Ok(Checked { candidate, precompile, recorded, validations })
            }
            Err(error) => Err((candidate, format!("it fails its check: {error}"))),
        }
    })
}

/// The lock with what was linked.
fn updated(lock: &Lock, checked: &[Checked], target: &str) -> Lock {
    let mut lock = lock.clone();
    for Checked { precompile, .. } in checked {
        lock.record(Locked {
            id: precompile.id,
            symbol: precompile.region.function.clone(),
            entry: precompile.region.entry(),
            shape: shape_digest(&precompile.region),
            system: precompile.system_digest(),
            target: target.to_owned(),
            synthesiser: SYNTHESISER_VERSION.to_string(),
        });
    }
    lock
}
