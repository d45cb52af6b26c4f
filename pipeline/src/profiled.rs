//! The report of a pipeline whose prover takes no precompiles: what the profile says, and why nothing
//! was linked.

use autoprec_blocks::{Cfg, Region};
use autoprec_dashboards::{self as dashboards, Report, Totals};
use autoprec_profile::Profile;
use autoprec_profiler::cost::{Model, Spent};

use crate::guest::Guest;

/// Why nothing is linked for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLinked<'a> {
    /// The name of the target.
    pub target: &'a str,
    /// The reason, and where more about it is said.
    pub reason: &'a str,
}

/// Reports a profiled run by a cost model, in its first unit. A region's cost is that of its
/// instructions; what the environment does itself in calls counts for the total only.
pub fn profile_report(
    guest: &Guest,
    profile: &Profile,
    model: &Model,
    not_linked: NotLinked<'_>,
) -> Report {
    let program = guest.original();
    let cfg = Cfg::build(&program, Some(profile));
    let cost = Spent::of(model, &program, profile).profiled(model)[0];
    let mut regions: Vec<dashboards::Region> =
        cfg.regions().iter().map(|region| one(region, model, not_linked.reason)).collect();
    regions.sort_by_key(|r| (std::cmp::Reverse(r.calls.saturating_mul(r.cost)), r.entry));
    Report {
        version: dashboards::VERSION,
        guest: dashboards::Guest {
            name: guest.file_name(),
            elf_digest: program.digest.clone(),
            isa: format!("rv{}", program.xlen.bits()),
            patched_digest: None,
        },
        target: dashboards::Target {
            name: not_linked.target.to_owned(),
            form: None,
            unit: model.units[0].clone(),
            refused: Some(not_linked.reason.to_owned()),
        },
        totals: Some(Totals {
            instructions: profile.instructions,
            instructions_patched: profile.instructions,
            cost,
            cost_patched: cost,
        }),
        precompiles: Vec::new(),
        regions,
        commitments: None,
    }
}

fn one(region: &Region, model: &Model, reason: &str) -> dashboards::Region {
    let cost = |inst| model.row_of(Some(inst)).map_or(0, |row| row[0]);
    dashboards::Region {
        entry: region.entry(),
        end: region.end(),
        function: region.function.clone(),
        instructions: region.insts.len(),
        calls: region.count,
        cost: region.insts.iter().map(|at| cost(at.inst)).sum(),
        saved: 0,
        code: "not-linked".to_owned(),
        reason: reason.to_owned(),
    }
}
