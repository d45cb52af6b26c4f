//! The report of a build.

use std::collections::BTreeMap;

use autoprec_circuits::Size;
use autoprec_dashboards::{self as dashboards, Check, Report, Totals};
use autoprec_linker::lock::Lock;
use autoprec_profile::Profile;
use autoprec_synth::{Price, RowCost, Target, TargetSystem, Validation, cost_before};

use crate::job::{Checked, Job, Outcome};
use crate::reason::Reason;

/// What was built and why.
pub(crate) fn report(job: &Job<'_>, outcome: &Outcome, lock: &Lock) -> Report {
    let build = lock.build().expect("a build was recorded");
    let checked = outcome.checked.iter();
    Report {
        version: dashboards::VERSION,
        guest: dashboards::Guest {
            name: job.guest.file_name(),
            elf_digest: job.guest.program.digest.clone(),
            isa: format!("rv{}", job.guest.program.xlen.bits()),
            patched_digest: Some(hex::encode(build.patched)),
        },
        target: dashboards::Target {
            name: job.options.target.name.to_owned(),
            form: Some(job.options.form.to_string()),
            unit: job.options.target.prices.unit.to_owned(),
            refused: None,
        },
        totals: build.totals.map(|totals| Totals {
            instructions: totals.instructions,
            instructions_patched: totals.instructions_patched,
            cost: totals.cost,
            cost_patched: totals.cost_patched,
        }),
        precompiles: checked.map(|one| precompile(one, outcome, job.options.target)).collect(),
        regions: left_alone(outcome),
        commitments: None,
    }
}

fn precompile(checked: &Checked, outcome: &Outcome, target: &Target) -> dashboards::Precompile {
    let Checked { candidate, precompile, validations, recorded } = checked;
    let region = &precompile.region;
    let Price { before, after } = outcome.candidates[*candidate].price;
    let fired = precompile.fired.iter();
    let systems = precompile.systems.iter().zip(validations);
    dashboards::Precompile {
        id: precompile.id.number(),
        entry: region.entry(),
        end: region.end(),
        function: region.function.clone(),
        instructions: region.insts.len(),
        calls: region.count,
        cost_before: before,
        cost_after: after,
        saved: difference(region.count.saturating_mul(before), region.count.saturating_mul(after)),
        // Beside several systems it would be unclear of which it is.
        before: (precompile.systems.len() == 1).then(|| size_of(cost_before(region, target).size)),
        ticks: precompile.ticks(),
        systems: systems.map(|(made, done)| system(made, done, *recorded)).collect(),
        rewrites: fired.map(|(rule, insts)| ((*rule).to_owned(), insts.len())).collect(),
        system_digest: hex::encode(precompile.system_digest()),
        shape_digest: hex::encode(region.shape_digest()),
    }
}

/// A system, and what was checked of it.
fn system(made: &TargetSystem, done: &Validation, recorded: usize) -> dashboards::System {
    let RowCost { size, ranges } = made.row_cost();
    let named = |counts: BTreeMap<&str, usize>| {
        counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    };
    dashboards::System {
        field: made.target().field.to_owned(),
        size: size_of(size),
        ranges: made.target().prices.range_bus.map(|_| ranges),
        columns: named(made.columns_by_kind()),
        messages: named(made.interactions_by_bus()),
        check: Check {
            honest: done.honest,
            recorded: u32::try_from(recorded).unwrap_or(u32::MAX),
            rejected: done.rejected,
            unchanged: done.unchanged,
            other_state: done.other_state,
        },
    }
}

fn size_of(size: Size) -> dashboards::Size {
    dashboards::Size {
        columns: size.columns,
        interactions: size.interactions,
        constraints: size.constraints,
    }
}

fn difference(before: u64, after: u64) -> i64 {
    let signed = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
    signed(before) - signed(after)
}

/// Sums over a profiled run.
pub(crate) fn totals(profile: &Profile, outcome: &Outcome) -> Totals {
    let candidates = &outcome.candidates;
    let cost = |index: usize, price: u64| candidates[index].region.count.saturating_mul(price);
    let all = (0..candidates.len())
        .fold(0u64, |sum, index| sum.saturating_add(cost(index, candidates[index].price.before)));
    let (mut saved, mut replaced) = (0i64, 0u64);
    for Checked { candidate, .. } in &outcome.checked {
        let Price { before, after } = candidates[*candidate].price;
        saved = saved.saturating_add(difference(cost(*candidate, before), cost(*candidate, after)));
        let others = candidates[*candidate].region.insts.len() as u64 - 1;
        replaced = replaced.saturating_add(cost(*candidate, others));
    }
    Totals {
        instructions: profile.instructions,
        instructions_patched: profile.instructions.saturating_sub(replaced),
        cost: all,
        cost_patched: all.saturating_add_signed(saved.saturating_neg()),
    }
}

/// The candidates without precompile, with the reason.
fn left_alone(outcome: &Outcome) -> Vec<dashboards::Region> {
    let candidates = &outcome.candidates;
    let is_linked = |index: &usize| outcome.checked.iter().any(|c| c.candidate == *index);
    let region = |index: usize| {
        let (region, reason) = (&candidates[index].region, reason(outcome, index));
        dashboards::Region {
            entry: region.entry(),
            end: region.end(),
            function: region.function.clone(),
            instructions: region.insts.len(),
            calls: region.count,
            cost: candidates[index].price.before,
            saved: candidates[index].saved,
            code: reason.code().to_owned(),
            reason: reason.to_string(),
        }
    };
    let mut rest: Vec<dashboards::Region> =
        (0..candidates.len()).filter(|index| !is_linked(index)).map(region).collect();
    rest.sort_by_key(|region| (std::cmp::Reverse(region.saved), region.entry));
    rest
}

fn reason(outcome: &Outcome, index: usize) -> Reason {
    let candidates = &outcome.candidates;
    match (&candidates[index].outcome, outcome.refused.get(&index)) {
        (Err(error), _) => Reason::Synthesis(error.clone()),
        (Ok(_), Some(reason)) => reason.clone(),
        (Ok(_), None) if candidates[index].saved <= 0 => Reason::NotWorthIt,
        (Ok(_), None) => Reason::NoRoom,
    }
}

/// What a person should know: precompiles that fail their check, which is a bug, and a patched guest
/// that calls nothing.
pub(crate) fn warnings(outcome: &Outcome, report: &Report) -> Vec<String> {
    let failed = outcome.refused.iter().filter(|(_, reason)| reason.is_fault());
    let mut warnings: Vec<String> = failed
        .map(|(index, reason)| {
            let entry = outcome.candidates[*index].region.entry();
            format!("region {entry:#x} is left as it is: {reason}")
        })
        .collect();
    if report.precompiles.is_empty() {
        let hottest = report.regions.iter().max_by_key(|region| region.calls);
        warnings.push(match hottest {
            Some(region) => format!(
                "no region got a precompile; the hottest, at {:#x}, has none because {}",
                region.entry, region.reason
            ),
            None => "no region got a precompile: the profile has none that was executed".to_owned(),
        });
    }
    warnings
}
