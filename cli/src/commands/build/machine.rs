//! `autoprec build --target halo2` and `--target plonky3`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use autoprec_circuits::Field;
use autoprec_dashboards::{
    self as dashboards, MACHINE_VERSION, MachineRegion, MachineReport, MachineSize,
};
use autoprec_linker::lock::Lock;
use autoprec_profiler::{Profile, report};
use autoprec_synth::machine::{
    MachineCandidate, MachineLowered, MachinePrecompile, MachineValidation, RowCost,
};
use autoprec_synth::shape_digest;
use sha2::{Digest, Sha256};

use super::{Profiled, ratio};
use crate::build::text_name;
use crate::files::Folder;
use crate::guest::Guest;
use crate::machine::{Built, Checked, Options, build, compare};
use crate::terminal;

/// Builds, compares, and writes everything to `folder`; gives the report and the new lock.
pub(crate) fn build_into(
    folder: &Folder,
    guest: &Guest,
    profiled: &Profiled,
    lock: &Lock,
    options: Options,
) -> Result<(MachineReport, Lock)> {
    let Profiled { profile, setting } = profiled;
    let built = build(guest, profile, setting.as_ref(), lock, options)?;
    match setting {
        Some(setting) => compare(guest, &built, setting)?,
        None => terminal::warning(
            "without input the patched guest was not compared with the original; build with \
             `--input`, or `autoprec run` both and compare",
        ),
    }
    for (index, reason) in built.refused.iter().filter(|(_, r)| r.contains("fails its check")) {
        let entry = built.candidates[*index].region.entry();
        terminal::warning(&format!("region {entry:#x} is left as it is: {reason}"));
    }
    let report = make_report(guest, profile, options, &built);
    let graph = report::flamegraph(&guest.program, profile, &guest.file_name())
        .with_context(|| guest.name.clone())?;
    folder.add("guest.elf", &built.linked.elf)?;
    folder.add("autoprec.lock", built.lock.to_text().as_bytes())?;
    folder.add("report.json", report.to_json().as_bytes())?;
    folder.add("flamegraph.svg", graph.as_bytes())?;
    folder.add("profile.json", profile.to_json().as_bytes())?;
    for Checked { precompile, .. } in &built.precompiles {
        folder.add(&text_name(precompile.id.number()), text(precompile).as_bytes())?;
    }
    Ok((report, built.lock))
}

/// Everything about a precompile: assembly, dataflow, systems.
fn text(precompile: &MachinePrecompile) -> String {
    let MachinePrecompile { id, region, ir, fired, wide, narrow } = precompile;
    let function = region.function.as_deref().unwrap_or("(no symbol)");
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "; {text}").expect("writing to a string");
    line(format!("precompile {id} at {:#x} in {function}", region.entry()));
    line(size_line("halo2", wide));
    line(size_line("plonky3", narrow));
    for (rule, insts) in fired {
        line(format!("rewrites: {} {rule}", insts.len()));
    }
    format!("{out}\n{region}\n{ir}\n{}\n{}", wide.system, narrow.system)
}

fn size_line<F: Field>(target: &str, lowered: &MachineLowered<F>) -> String {
    let RowCost { size, ranges } = RowCost::of(lowered);
    format!(
        "{target}: {} columns, {} messages and {ranges} ranges, {} constraints, {} ticks",
        size.columns,
        size.interactions - ranges,
        size.constraints,
        lowered.recipe.ticks()
    )
}

fn make_report(guest: &Guest, profile: &Profile, options: Options, built: &Built) -> MachineReport {
    let precompiles = built.precompiles.iter().map(|checked| one(checked, built)).collect();
    let (mut before, mut after) = (0, 0);
    let mut replaced = 0;
    for (index, MachineCandidate { region, before: price, after: new, .. }) in
        built.candidates.iter().enumerate()
    {
        let is_linked = built.precompiles.iter().any(|c| c.candidate == index);
        before += region.count.saturating_mul(*price);
        let price = if is_linked { *new } else { *price };
        after += region.count.saturating_mul(price);
        if is_linked {
            replaced += region.count.saturating_mul(region.insts.len() as u64 - 1);
        }
    }
    MachineReport {
        version: MACHINE_VERSION,
        guest: dashboards::Guest {
            name: guest.file_name(),
            elf_digest: guest.program.digest.clone(),
            isa: format!("rv{}", guest.program.xlen.bits()),
            patched_digest: hex::encode(Sha256::digest(&built.linked.elf)),
        },
        target: options.prices.name().to_owned(),
        instructions: profile.instructions,
        instructions_patched: profile.instructions.saturating_sub(replaced),
        predicted_before: before,
        predicted_after: after,
        precompiles,
        regions: left_alone(built),
    }
}

fn one(checked: &Checked, built: &Built) -> dashboards::MachinePrecompile {
    let Checked { candidate, precompile, recorded, validations } = checked;
    let MachineCandidate { region, before, after, .. } = &built.candidates[*candidate];
    let [wide, narrow] = validations;
    dashboards::MachinePrecompile {
        id: precompile.id.number(),
        entry: region.entry(),
        end: region.end(),
        function: region.function.clone(),
        instructions: region.insts.len(),
        calls: region.count,
        before: *before,
        after: *after,
        ticks: precompile.wide.recipe.ticks(),
        wide: system_size(&precompile.wide, wide, *recorded),
        narrow: system_size(&precompile.narrow, narrow, *recorded),
        system_digest: hex::encode(precompile.system_digest()),
        shape_digest: hex::encode(shape_digest(region)),
    }
}

fn system_size<F: Field>(
    lowered: &MachineLowered<F>,
    validation: &MachineValidation,
    recorded: u32,
) -> MachineSize {
    let RowCost { size, ranges } = RowCost::of(lowered);
    MachineSize {
        size: dashboards::Size {
            columns: size.columns,
            interactions: size.interactions,
            constraints: size.constraints,
        },
        ranges,
        check: dashboards::Check {
            honest: validation.honest,
            recorded,
            rejected: validation.rejected,
            unchanged: validation.unchanged,
            other_state: validation.other_state,
        },
    }
}

/// The candidates without precompile, with the reason.
fn left_alone(built: &Built) -> Vec<MachineRegion> {
    let is_linked = |index: &usize| built.precompiles.iter().any(|c| c.candidate == *index);
    let mut rest: Vec<MachineRegion> = (0..built.candidates.len())
        .filter(|index| !is_linked(index))
        .map(|index| {
            let candidate = &built.candidates[index];
            MachineRegion {
                entry: candidate.region.entry(),
                function: candidate.region.function.clone(),
                instructions: candidate.region.insts.len(),
                calls: candidate.region.count,
                saved: candidate.saved(),
                reason: match (&candidate.outcome, built.refused.get(&index)) {
                    (Err(error), _) => error.to_string(),
                    (Ok(_), Some(reason)) => reason.clone(),
                    (Ok(_), None) if candidate.saved() <= 0 => "it would not save time".to_owned(),
                    (Ok(_), None) => "others save more".to_owned(),
                },
            }
        })
        .collect();
    rest.sort_by_key(|region| (std::cmp::Reverse(region.saved), region.entry));
    rest
}

pub(crate) fn summary(report: &MachineReport, out: &Path) {
    terminal::line(&format!(
        "{:>6}  {:>10}  {:>5}  {:>9}  {:>14}  {:>16}  function",
        "id", "entry", "insts", "calls", "halo2 columns", "plonky3 columns"
    ));
    let mut rows: Vec<_> = report.precompiles.iter().collect();
    rows.sort_by_key(|p| (std::cmp::Reverse(p.calls.saturating_mul(p.before)), p.id));
    for p in rows.iter().take(12) {
        terminal::line(&format!(
            "{:>6}  {:>#10x}  {:>5}  {:>9}  {:>14}  {:>16}  {}",
            p.id,
            p.entry,
            p.instructions,
            p.calls,
            p.wide.size.columns,
            p.narrow.size.columns,
            p.function.as_deref().unwrap_or("-"),
        ));
    }
    if rows.len() > 12 {
        terminal::line(&format!("{:>6}  and {} more", "…", rows.len() - 12));
    }
    terminal::line(&format!(
        "rows of instructions and calls {} -> {}, predicted CPU seconds with {} {} -> {} ({:.2}x)",
        terminal::grouped(report.instructions),
        terminal::grouped(report.instructions_patched),
        report.target,
        seconds(report.predicted_before),
        seconds(report.predicted_after),
        ratio(report.predicted_before, report.predicted_after),
    ));
    terminal::line(&format!("written to {}", out.display()));
}

/// Nanoseconds as seconds, for people.
pub(crate) fn seconds(nanoseconds: u64) -> String {
    let tenths = nanoseconds / 100_000_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}
