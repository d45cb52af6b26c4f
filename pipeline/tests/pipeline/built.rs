//! Builds of the example guests, with reports made by hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use autoprec_blocks::{Cfg, Region};
use autoprec_circuits::{BabyBear, Pasta};
use autoprec_dashboards as dashboards;
use autoprec_dashboards::Report;
use autoprec_linker::{Form, Item, link};
use autoprec_pipeline::page::Built;
use autoprec_profiler::{Environment, Input, Limits, Patches, PrecompileId, Profile, Program, run};
use autoprec_synth::machine::{
    BABYBEAR, MachineCandidate, MachinePrecompile, PASTA, RowCost, choose_machine,
    machine_candidates,
};
use autoprec_synth::{
    Budget, Candidate, OPENVM, candidates, cost_before, select, shape_digest, synthesise,
};
use sha2::{Digest, Sha256};

/// What was built of a guest.
pub(crate) struct Example {
    pub(crate) original: Vec<u8>,
    pub(crate) elf: Vec<u8>,
    pub(crate) profile: Profile,
    pub(crate) report: Report,
}

impl Example {
    pub(crate) fn built(&self) -> Built<'_> {
        Built {
            elf: &self.elf,
            profile: Some(&self.profile),
            report: &self.report,
            model: None,
            limits: None,
        }
    }
}

/// Precompiles per guest: some, and not all that would save.
const MOST: usize = 12;
/// The same in the form that few regions have room for.
const MOST_ECALL: usize = 60;

pub(crate) fn example(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs a guest on the input that the examples have for it.
pub(crate) fn profile(elf: &[u8], input: &str) -> Profile {
    let program = Program::load(elf).expect("the guest loads");
    let environment = Environment::detect(&program);
    let bytes = example(&format!("inputs/{input}.bin"));
    let input = match environment {
        Environment::OpenVm => Input { hints: vec![bytes], ..Input::default() },
        _ => Input { stdin: bytes, ..Input::default() },
    };
    let limits = Limits::instructions(2_000_000_000);
    let run = run(&program, &Patches::none(), environment, &input, &limits);
    let run = run.expect("the guest runs");
    assert_eq!(run.exit_code, 0);
    run.profile
}

/// A candidate of any target.
struct Known {
    region: Region,
    /// Cost of its instructions and of a call, and the digest of its system by number.
    prices: Option<[u64; 2]>,
    before: u64,
    saved: i64,
    reason: String,
}

/// Builds `elf` for a target with the calls in a form.
pub(crate) fn build_elf(original: Vec<u8>, input: &str, target: &str, form: Form) -> Example {
    let profile = profile(&original, input);
    let program = Program::load(&original).expect("the guest loads");
    let cfg = Cfg::build(&program, Some(&profile));
    let regions: Vec<Region> = cfg.regions().iter().filter_map(|r| form.region(r)).collect();
    let (known, chosen) = match target {
        "openvm" if form == Form::Insn => openvm(&regions, MOST),
        "openvm" => openvm(&regions, MOST_ECALL),
        "halo2" => {
            machine(&machine_candidates::<Pasta>(&regions, &PASTA, |p| RowCost::of(&p.wide)))
        }
        "plonky3" => machine(&machine_candidates::<BabyBear>(&regions, &BABYBEAR, |p| {
            RowCost::of(&p.narrow)
        })),
        _ => panic!("no target {target}"),
    };
    let mut items: Vec<Item> = Vec::new();
    for (index, &candidate) in chosen.iter().enumerate() {
        let region = known[candidate].region.clone();
        let id = PrecompileId::from_index(u32::try_from(index).expect("there are few"));
        let system_digest = match target {
            "openvm" => synthesise(&region, id, &OPENVM).expect("it was before").system_digest(),
            _ => MachinePrecompile::synthesise(&region, id).expect("it was before").system_digest(),
        };
        let shape_digest = shape_digest(&region);
        let backends = vec!["executor".to_owned()];
        items.push(Item { id, region, system_digest, shape_digest, backends });
    }
    let linked = link(&original, &program, &cfg, &items, form).expect("the guest is linked");
    assert!(!linked.manifest.calls.is_empty());
    items.retain(|item| linked.manifest.calls.iter().any(|call| call.id == item.id));
    let precompiles = items.iter().map(|item| precompile(item, &known)).collect();
    let report = Report {
        version: dashboards::VERSION,
        guest: dashboards::Guest {
            name: "guest.elf".to_owned(),
            elf_digest: program.digest.clone(),
            isa: format!("rv{}", program.xlen.bits()),
            patched_digest: Some(hex::encode(Sha256::digest(&linked.elf))),
        },
        target: dashboards::Target {
            name: target.to_owned(),
            form: Some(form.to_string()),
            unit: if target == "openvm" { "cells" } else { "ns" }.to_owned(),
            refused: None,
        },
        totals: Some(totals(&profile, &known, &items)),
        precompiles,
        regions: left_alone(&known, &items),
        commitments: None,
    };
    Example { original, elf: linked.elf, profile, report }
}

/// Builds an example for a target.
pub(crate) fn build(name: &str, target: &str) -> Example {
    let input = name.trim_end_matches("-rv64");
    build_elf(example(&format!("elf/{name}.elf")), input, target, Form::Insn)
}

fn openvm(regions: &[Region], precompiles: usize) -> (Vec<Known>, Vec<usize>) {
    let all = candidates(regions, &OPENVM);
    let chosen = select(&all, Budget { precompiles, columns: 20_000 });
    let known = |c: &Candidate| Known {
        region: c.region.clone(),
        prices: c
            .outcome
            .as_ref()
            .ok()
            .map(|p| [p.cost.before, p.cost.after].map(|size| size.columns as u64)),
        before: cost_before(&c.region, &OPENVM).columns as u64,
        saved: c.saved_cells(),
        reason: c.outcome.as_ref().map_or_else(ToString::to_string, |_| "too few".to_owned()),
    };
    (all.iter().map(known).collect(), chosen)
}

fn machine(all: &[MachineCandidate]) -> (Vec<Known>, Vec<usize>) {
    let chosen = choose_machine(all, MOST);
    let known = |c: &MachineCandidate| Known {
        region: c.region.clone(),
        prices: c.outcome.is_ok().then_some([c.before, c.after]),
        before: c.before,
        saved: c.saved(),
        reason: c.outcome.as_ref().map_or_else(ToString::to_string, |_| "too few".to_owned()),
    };
    (all.iter().map(known).collect(), chosen)
}

fn of_item<'a>(item: &Item, known: &'a [Known]) -> &'a Known {
    known
        .iter()
        .find(|known| known.region.entry() == item.region.entry())
        .expect("it was a candidate")
}

fn precompile(item: &Item, known: &[Known]) -> dashboards::Precompile {
    let Known { region, prices, saved, .. } = of_item(item, known);
    let [cost_before, cost_after] = prices.expect("it was chosen");
    dashboards::Precompile {
        id: item.id.number(),
        entry: region.entry(),
        end: region.end(),
        function: region.function.clone(),
        instructions: region.insts.len(),
        calls: region.count,
        cost_before,
        cost_after,
        saved: *saved,
        before: None,
        ticks: 0,
        systems: Vec::new(),
        rewrites: BTreeMap::new(),
        system_digest: hex::encode(item.system_digest),
        shape_digest: hex::encode(item.shape_digest),
    }
}

fn totals(profile: &Profile, known: &[Known], items: &[Item]) -> dashboards::Totals {
    let cost: u64 = known.iter().map(|k| k.region.count * k.before).sum();
    let mut totals = dashboards::Totals {
        instructions: profile.instructions,
        instructions_patched: profile.instructions,
        cost,
        cost_patched: cost,
    };
    for item in items {
        let Known { region, prices, .. } = of_item(item, known);
        let [before, after] = prices.expect("it was chosen");
        totals.instructions_patched -= region.count * (region.insts.len() as u64 - 1);
        totals.cost_patched -= region.count * before;
        totals.cost_patched += region.count * after;
    }
    totals
}

fn left_alone(known: &[Known], items: &[Item]) -> Vec<dashboards::Region> {
    let linked = |k: &Known| items.iter().any(|item| item.region.entry() == k.region.entry());
    let mut rest: Vec<dashboards::Region> = known
        .iter()
        .filter(|k| !linked(k))
        .map(|Known { region, before, saved, reason, .. }| dashboards::Region {
            entry: region.entry(),
            end: region.end(),
            function: region.function.clone(),
            instructions: region.insts.len(),
            calls: region.count,
            cost: *before,
            saved: *saved,
            reason: reason.clone(),
        })
        .collect();
    rest.sort_by_key(|region| (std::cmp::Reverse(region.saved), region.entry));
    rest
}
