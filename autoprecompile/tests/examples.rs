//! The example guests: their selected precompiles pass the checker, on random states and on states
//! of the run, do not depend on the number of threads, and have the sizes of the fixtures.

#[path = "common/guest.rs"]
mod guest;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use autoprec_blocks::Region;
use autoprec_circuits::Size;
use autoprec_executor::{Environment, MachineState, run_watched};
use autoprec_guest_elf::Patches;
use autoprec_isa::Reg;
use autoprec_synth::{
    Bounds, Budget, Candidate, Effort, OPENVM, Precompile, PrecompileId, RecordedState, candidates,
    cost_before, select, synthesise,
};
use autoprec_testing::{expect_file, fixture};
use guest::{Guest, LIMITS};

/// What is selected of each guest: enough for every kind of code, few enough to be checked here.
const BUDGET: Budget = Budget { precompiles: 16, columns: 20_000 };

/// Recorded states per precompile.
const RECORDED: usize = 3;

/// States at the entries of regions: the first ones, and later ones at growing distances.
fn record(guest: &Guest, regions: &[&Region]) -> BTreeMap<u64, Vec<RecordedState>> {
    let by_entry: BTreeMap<u64, &Region> = regions.iter().map(|r| (r.entry(), *r)).collect();
    let watch: BTreeSet<u64> = by_entry.keys().copied().collect();
    let mut visits: BTreeMap<u64, usize> = BTreeMap::new();
    let mut recorded: BTreeMap<u64, Vec<RecordedState>> = BTreeMap::new();
    let mut on_entry = |pc: u64, state: &dyn MachineState| {
        let visit = visits.entry(pc).or_default();
        *visit += 1;
        let states = recorded.entry(pc).or_default();
        if states.len() < RECORDED && *visit > states.len() * states.len() * 7 {
            let bounds = Bounds::of(&OPENVM, autoprec_isa::Xlen::Rv32);
            let region = by_entry[&pc];
            let recorded = |addr| word(state, addr);
            states.extend(RecordedState::record(region, bounds, regs(state), recorded));
        }
    };
    let (environment, patches) = (Environment::OpenVm, Patches::none());
    run_watched(
        &guest.program,
        &patches,
        environment,
        &guest.input,
        &LIMITS,
        &watch,
        &mut on_entry,
    )
    .expect("the guest runs");
    recorded
}

fn regs(state: &dyn MachineState) -> [u64; 32] {
    let mut regs = [0; 32];
    for (word, reg) in regs.iter_mut().zip(Reg::all()) {
        *word = state.reg(reg);
    }
    regs
}

fn word(state: &dyn MachineState, addr: u64) -> Option<u64> {
    let bytes = state.read(addr, 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?).into())
}

fn with_threads(threads: usize, regions: &[Region]) -> Vec<Candidate> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| candidates(regions, &OPENVM))
}

fn chosen(candidates: &[Candidate]) -> Vec<&Precompile> {
    let precompile = |index: usize| candidates[index].outcome.as_ref().expect("it was selected");
    select(candidates, BUDGET).into_iter().map(precompile).collect()
}

/// What an execution costs by instructions, and by a call.
fn cost(precompile: &Precompile) -> [Size; 2] {
    let [system] = &precompile.systems[..] else { panic!("OpenVM has one system") };
    [cost_before(&precompile.region, &OPENVM).size, system.row_cost().size]
}

/// One line per precompile, then all of them together.
fn sizes(chosen: &[&Precompile]) -> String {
    let mut out = String::new();
    for precompile in chosen {
        let region = &precompile.region;
        let [before, after] = cost(precompile);
        writeln!(
            out,
            "{:#x} instructions {} calls {} ticks {} columns {} -> {} interactions {} -> {} \
             constraints {} -> {}",
            region.entry(),
            region.insts.len(),
            region.count,
            precompile.ticks(),
            before.columns,
            after.columns,
            before.interactions,
            after.interactions,
            before.constraints,
            after.constraints,
        )
        .expect("writing to a string does not fail");
    }
    let cells = |side: usize| -> u64 {
        chosen.iter().map(|p| p.region.count * cost(p)[side].columns as u64).sum()
    };
    writeln!(out, "cells {} -> {}", cells(0), cells(1)).expect("as above");
    out
}

fn check(name: &str) {
    let guest = Guest::load(name);
    let regions = guest.regions();
    let (one, two) = (with_threads(1, &regions), with_threads(2, &regions));
    let (one, two) = (chosen(&one), chosen(&two));
    assert!(!one.is_empty(), "{name}: nothing saves cells");
    let texts = |chosen: &[&Precompile]| chosen.iter().map(|p| p.report()).collect::<Vec<_>>();
    assert!(texts(&one) == texts(&two), "{name}: one and two threads differ");

    let recorded = record(&guest, &one.iter().map(|p| &p.region).collect::<Vec<_>>());
    for precompile in &one {
        let states = &recorded[&precompile.region.entry()];
        assert!(!states.is_empty(), "{name}: no state of {:#x}", precompile.region.entry());
        let done = precompile
            .check(states, Effort::STANDARD)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}", precompile.region));
        let [done] = done[..] else { panic!("OpenVM has one system") };
        assert!(done.honest as usize >= states.len(), "{name}: {done:?}");
    }
    expect_file(&fixture!(&format!("sizes/{name}.txt")), &sizes(&one));
}

#[test]
fn keccak() {
    check("keccak");
}

#[test]
fn sha256() {
    check("sha256");
}

#[test]
fn sort_vm() {
    check("sort-vm");
}

#[test]
fn self_read() {
    check("self-read");
}

#[test]
fn a_renumbered_precompile_is_one_synthesised_with_that_number() {
    for name in ["keccak", "sha256", "sort-vm", "self-read"] {
        let candidates = candidates(&Guest::load(name).regions(), &OPENVM);
        for (candidate, index) in candidates.into_iter().zip(1..) {
            let Ok(precompile) = candidate.outcome else { continue };
            let id = PrecompileId::from_index(index);
            let fresh = synthesise(&candidate.region, id, &OPENVM).unwrap();
            let renumbered = precompile.renumbered(id);
            assert!(renumbered.systems == fresh.systems, "{name}: {}", fresh.region);
            assert!(renumbered.report() == fresh.report(), "{name}: {}", fresh.region);
        }
    }
}
