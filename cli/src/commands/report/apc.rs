//! powdr's `apc_candidates.json` of a build.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use autoprec_blocks::Region;
use autoprec_dashboards::{AirStats, ApcBlock, ApcCode, ApcStats, Apcs};
use autoprec_guest_elf::PrecompileId;
use autoprec_pipeline::Guest;
use autoprec_synth::{OPENVM, cost_before, synthesise};
use rayon::prelude::*;

use super::read::Shown;

/// Every region of the build, with its code and sizes.
pub(super) fn candidates(build: &Shown) -> Result<String> {
    let report = &build.report;
    if report.target.name != OPENVM.name {
        bail!("{}: powdr's candidates are for OpenVM; this build is not", build.label);
    }
    let elf = build.elf.clone().with_context(|| format!("{}: there is no guest", build.label))?;
    let guest = Guest::from_bytes(&build.label, elf)?;
    let program = guest.original();
    let precompiles = report.precompiles.iter().map(|p| (p.entry, p.end));
    let regions = report.regions.iter().map(|r| (r.entry, r.end));
    let places: Vec<(u64, u64)> = precompiles.chain(regions).collect();
    let code: Vec<ApcCode> = places
        .into_par_iter()
        .filter_map(|(entry, end)| Region::read(&program, entry, end).ok())
        .map(|region| code_of(&region))
        .collect();
    let mut labels: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for symbol in program.symbols.iter().filter(|symbol| symbol.is_function) {
        labels.entry(symbol.addr).or_default().push(symbol.name.clone());
    }
    Ok(Apcs::of(report, &code, labels).to_json())
}

fn code_of(region: &Region) -> ApcCode {
    let instructions = region.insts.iter().map(|at| at.inst.asm().to_string()).collect();
    let before = cost_before(region, &OPENVM).size;
    let made = synthesise(region, PrecompileId::from_index(0), &OPENVM).ok();
    let after = made.as_ref().and_then(|made| made.system_for(&OPENVM));
    let after = after.map(|system| system.row_cost().size);
    let size = |size: autoprec_circuits::Size| AirStats {
        main_columns: size.columns as u64,
        constraints: size.constraints as u64,
        bus_interactions: size.interactions as u64,
    };
    ApcCode {
        blocks: vec![ApcBlock { start_pc: region.entry(), instructions }],
        stats: after.map(|after| ApcStats { before: size(before), after: size(after) }),
    }
}
