//! The report of a build.

use autoprec_dashboards::{self as dashboards, Report, Totals};
use autoprec_linker::lock::Lock;
use autoprec_profile::Profile;
use autoprec_synth::Price;

use crate::job::{Checked, Job, Outcome};
use crate::reason::Reason;

/// What was built and why.
pub(crate) fn report(job: &Job<'_>, outcome: &Outcome, lock: &Lock) -> Report {
    let build = lock.build().expect("a build was recorded");
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
        precompiles: outcome.checked.iter().map(|checked| precompile(checked, outcome)).collect(),
        regions: left_alone(outcome),
        commitments: None,
    }
}

fn precompile(checked: &Checked, outcome: &Outcome) -> dashboards::Precompile {
    let Checked { candidate, made, systems } = checked;
    let region = outcome.candidates.region(*candidate);
    let Price { before, after } = outcome.candidates.price(*candidate);
    dashboards::Precompile {
        id: made.id().number(),
        entry: region.entry(),
        end: region.end(),
        function: region.function.clone(),
        instructions: region.insts.len(),
        calls: region.count,
        cost_before: before,
        cost_after: after,
        saved: difference(region.count.saturating_mul(before), region.count.saturating_mul(after)),
        before: made.size_before(),
        ticks: made.ticks(),
        systems: systems.clone(),
        rewrites: made.rewrites(),
        system_digest: hex::encode(made.system_digest()),
        shape_digest: hex::encode(made.shape_digest()),
    }
}

fn difference(before: u64, after: u64) -> i64 {
    let signed = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
    signed(before) - signed(after)
}

/// Sums over a profiled run.
pub(crate) fn totals(profile: &Profile, outcome: &Outcome) -> Totals {
    let candidates = &outcome.candidates;
    let cost = |index: usize, price: u64| candidates.region(index).count.saturating_mul(price);
    let all = (0..candidates.len())
        .fold(0u64, |sum, index| sum.saturating_add(cost(index, candidates.price(index).before)));
    let (mut saved, mut replaced) = (0i64, 0u64);
    for Checked { candidate, .. } in &outcome.checked {
        let Price { before, after } = candidates.price(*candidate);
        saved = saved.saturating_add(difference(cost(*candidate, before), cost(*candidate, after)));
        let others = candidates.region(*candidate).insts.len() as u64 - 1;
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
        let (region, reason) = (candidates.region(index), reason(outcome, index));
        dashboards::Region {
            entry: region.entry(),
            end: region.end(),
            function: region.function.clone(),
            instructions: region.insts.len(),
            calls: region.count,
            cost: candidates.price(index).before,
            saved: candidates.saved(index),
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
    match (candidates.error(index), outcome.refused.get(&index)) {
        (Some(error), _) => Reason::Synthesis(error.clone()),
        (None, Some(reason)) => reason.clone(),
        (None, None) if candidates.saved(index) <= 0 => Reason::NotWorthIt,
        (None, None) => Reason::NoRoom,
    }
}

/// What a person should know: precompiles that fail their check, which is a bug, and a patched guest
/// that calls nothing.
pub(crate) fn warnings(outcome: &Outcome, report: &Report) -> Vec<String> {
    let failed = outcome.refused.iter().filter(|(_, reason)| reason.is_fault());
    let mut warnings: Vec<String> = failed
        .map(|(index, reason)| {
            let entry = outcome.candidates.region(*index).entry();
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
