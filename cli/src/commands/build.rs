//! `autoprec build`.

mod machine;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use autoprec_circuits::{BusKind as _, Size};
use autoprec_dashboards::{self as dashboards, Report, Totals};
use autoprec_linker::Form;
use autoprec_linker::lock::Lock;
use autoprec_openvm::{BaseVm, describe};
use autoprec_profiler::{Profile, report};
use autoprec_synth::{Budget, Candidate, total_cells};
use sha2::{Digest, Sha256};

use crate::args::{BuildArgs, TargetName};
use crate::build::{Built, Checked, Options, build, compare, target_of, text_name};
use crate::commands::blocks::profile_of;
use crate::files::{self, File, Folder};
use crate::guest::{Guest, Setting};
use crate::terminal;

pub(crate) fn run(args: &BuildArgs) -> Result<()> {
    let form = args.form();
    check_form(form, args.target)?;
    let guest = Guest::load(&args.guest)?;
    let lock = read_lock(&args.lock)?;
    let folder = Folder::create(&args.out)?;
    // The folder is replaced as a whole, with what lies in it.
    let inside = args.lock.parent() == Some(&args.out);
    if args.lock.starts_with(&args.out) && !inside {
        bail!("{}: keep the lock outside of {}", args.lock.display(), args.out.display());
    }
    let lock_file = (!inside).then(|| File::create(&args.lock)).transpose()?;
    let finish = |folder: Folder, lock: &Lock| -> Result<()> {
        folder.finish()?;
        let lock_file = lock_file.map_or_else(|| File::create(&args.lock), Ok)?;
        lock_file.finish(lock.to_text().as_bytes())
    };
    if let Some(prices) = args.target.and_then(TargetName::prices) {
        let most = args.max_precompiles.unwrap_or(MACHINE_PRECOMPILES);
        let options = crate::machine::Options { prices, most };
        let profiled = profiled(args, &guest)?;
        let (report, lock) = machine::build_into(&folder, &guest, &profiled, &lock, options)?;
        finish(folder, &lock)?;
        if args.json {
            terminal::text(&report.to_json());
        } else {
            machine::summary(&report, &args.out);
        }
        return Ok(());
    }
    let base = base_vm(args.input.config.as_deref())?;
    let budget = budget(&base, args.max_precompiles)?;
    let profiled = profiled(args, &guest)?;
    let (report, lock) = build_into(&folder, &guest, &profiled, &lock, &Options { form, budget })?;
    finish(folder, &lock)?;
    if args.json {
        terminal::text(&report.to_json());
    } else {
        summary(&report, Some(&args.out));
    }
    Ok(())
}

/// Precompiles at most for the targets of our own tables, if nothing else is asked for. Each is a table,
/// which a proof pays for whatever is in it.
const MACHINE_PRECOMPILES: usize = 40;

/// A profile, and how the guest was run for it, if it was.
pub(crate) struct Profiled {
    pub(crate) profile: Profile,
    pub(crate) setting: Option<Setting>,
}

/// The profile to build with: a given one, or that of a run.
fn profiled(args: &BuildArgs, guest: &Guest) -> Result<Profiled> {
    let setting = Setting::of(&args.input, guest)?;
    if let Some(path) = &args.profile {
        return Ok(Profiled { profile: profile_of(path, guest)?, setting: None });
    }
    // What a failing run spends its time on is not what is to be proved.
    let profile = setting.run_well(guest)?.profile;
    Ok(Profiled { profile, setting: Some(setting) })
}

/// Builds, compares, and writes everything to `folder`; gives the report and the new lock.
pub(crate) fn build_into(
    folder: &Folder,
    guest: &Guest,
    profiled: &Profiled,
    lock: &Lock,
    options: &Options,
) -> Result<(Report, Lock)> {
    let Profiled { profile, setting } = profiled;
    let built = build(guest, profile, setting.as_ref(), lock, options)?;
    match setting {
        Some(setting) => compare(guest, &built, setting)?,
        None => terminal::warning(
            "without input the patched guest was not compared with the original; build with \
             `--input`, or `autoprec run` both and compare",
        ),
    }
    warn_of_failures(&built);
    warn_of_nothing(&built);
    let report = make_report(guest, profile, options.form, &built);
    let graph = report::flamegraph(&guest.program, profile, &guest.file_name())
        .with_context(|| guest.name.clone())?;
    folder.add("guest.elf", &built.linked.elf)?;
    folder.add("autoprec.lock", built.lock.to_text().as_bytes())?;
    folder.add("report.json", report.to_json().as_bytes())?;
    folder.add("flamegraph.svg", graph.as_bytes())?;
    folder.add("profile.json", profile.to_json().as_bytes())?;
    for Checked { precompile, .. } in &built.precompiles {
        folder.add(&text_name(precompile.id.number()), precompile.report().as_bytes())?;
    }
    Ok((report, built.lock))
}

fn check_form(form: Form, target: Option<TargetName>) -> Result<()> {
    if let (Form::Ecall { .. }, Some(TargetName::Halo2 | TargetName::Plonky3)) = (form, target) {
        bail!("runs are proved with calls in the insn form; use `--abi insn`");
    }
    if let (Form::Ecall { .. }, Some(TargetName::Openvm)) = (form, target) {
        bail!(
            "OpenVM cannot prove calls in the ecall form: its base extensions claim the words \
             `lui` and `ecall`, and two claims on a word are an error; use `--abi insn`"
        );
    }
    Ok(())
}

pub(crate) fn base_vm(config: Option<&Path>) -> Result<BaseVm> {
    let Some(path) = config else { return Ok(BaseVm::rv32im()) };
    BaseVm::from_toml(&files::read_text(path)?).with_context(|| path.display().to_string())
}

/// What the base VM leaves for precompiles, and no more than was asked for.
pub(crate) fn budget(base: &BaseVm, wanted: Option<usize>) -> Result<Budget> {
    let description = describe(base)?;
    let room = description.precompile_budget();
    match wanted {
        Some(0) => bail!("--max-precompiles must be at least 1; it is 0"),
        Some(wanted) if wanted > room => bail!(
            "--max-precompiles {wanted} is more than fit: OpenVM's security analysis allows 100 \
             tables, and this VM has {} of its own, which leaves {room}",
            description.airs.len()
        ),
        _ => {}
    }
    let precompiles = wanted.unwrap_or(room);
    Ok(Budget { precompiles, columns: description.column_budget() })
}

fn read_lock(path: &Path) -> Result<Lock> {
    if !path.exists() {
        return Ok(Lock::default());
    }
    Lock::parse(&files::read_text(path)?).with_context(|| path.display().to_string())
}

/// A precompile that fails its check is a bug of this program: say so loudly, go on without it.
fn warn_of_failures(built: &Built) {
    for (index, reason) in &built.refused {
        if reason.contains("fails its check") {
            let entry = built.candidates[*index].region.entry();
            terminal::warning(&format!("region {entry:#x} is left as it is: {reason}"));
        }
    }
}

/// A patched guest that calls nothing is hardly what somebody wants: say why it is so.
fn warn_of_nothing(built: &Built) {
    if !built.precompiles.is_empty() {
        return;
    }
    let hottest = left_alone(built).into_iter().max_by_key(|region| region.calls);
    terminal::warning(&match hottest {
        Some(region) => format!(
            "no region got a precompile; the hottest, at {:#x}, has none because {}",
            region.entry, region.reason
        ),
        None => "no region got a precompile: the profile has none that was executed".to_owned(),
    });
}

fn make_report(guest: &Guest, profile: &Profile, form: Form, built: &Built) -> Report {
    let size = |size: Size| dashboards::Size {
        columns: size.columns,
        interactions: size.interactions,
        constraints: size.constraints,
    };
    let precompiles = built.precompiles.iter().map(|checked| {
        let Checked { candidate, precompile, recorded, validation } = checked;
        let calls = built.candidates[*candidate].region.count;
        let fired = precompile.fired.iter().map(|(rule, insts)| (*rule, insts.len()));
        dashboards::Precompile {
            id: precompile.id.number(),
            entry: precompile.region.entry(),
            end: precompile.region.end(),
            function: precompile.region.function.clone(),
            instructions: precompile.region.insts.len(),
            calls,
            saved_cells: built.candidates[*candidate].saved_cells(),
            before: size(precompile.cost.before),
            after: size(precompile.cost.after),
            ticks: precompile.recipe.ticks(),
            columns: named(precompile.system.columns_by_kind(), |kind| kind.name()),
            messages: named(precompile.system.interactions_by_bus(), |bus| bus.name()),
            rewrites: named(fired.collect(), |rule| *rule),
            check: dashboards::Check {
                honest: validation.honest,
                recorded: *recorded,
                rejected: validation.rejected,
                unchanged: validation.unchanged,
                other_state: validation.other_state,
            },
            system_digest: hex::encode(precompile.system_digest()),
            shape_digest: hex::encode(precompile.shape_digest()),
        }
    });
    Report {
        version: dashboards::VERSION,
        guest: dashboards::Guest {
            name: guest.file_name(),
            elf_digest: guest.program.digest.clone(),
            isa: format!("rv{}", guest.program.xlen.bits()),
            patched_digest: hex::encode(Sha256::digest(&built.linked.elf)),
        },
        target: target_of(form).name.to_owned(),
        form: form.to_string(),
        totals: totals(profile, built),
        precompiles: precompiles.collect(),
        regions: left_alone(built),
    }
}

fn named<K: Ord, N>(
    counts: BTreeMap<K, N>,
    name: impl Fn(&K) -> &'static str,
) -> BTreeMap<String, N> {
    counts.into_iter().map(|(key, count)| (name(&key).to_owned(), count)).collect()
}

fn totals(profile: &Profile, built: &Built) -> Totals {
    let target = target_of(Form::Insn);
    let all: u64 = built
        .candidates
        .iter()
        .map(|c| c.region.count * autoprec_synth::cost_before(&c.region, target).columns as u64)
        .sum();
    let costs = built
        .precompiles
        .iter()
        .map(|checked| (checked.precompile.cost, built.candidates[checked.candidate].region.count));
    let (before, after) = total_cells(costs);
    let replaced: u64 = built
        .precompiles
        .iter()
        .map(|checked| {
            let region = &built.candidates[checked.candidate].region;
            region.count * (region.insts.len() as u64 - 1)
        })
        .sum();
    let cells = |cells: u128| u64::try_from(cells).unwrap_or(u64::MAX);
    Totals {
        instructions: profile.instructions,
        instructions_patched: profile.instructions.saturating_sub(replaced),
        cells: all,
        cells_patched: all - cells(before) + cells(after),
    }
}

/// The candidates without precompile, with the reason.
fn left_alone(built: &Built) -> Vec<dashboards::Region> {
    let is_linked = |index: &usize| built.precompiles.iter().any(|c| c.candidate == *index);
    let mut rest: Vec<dashboards::Region> = (0..built.candidates.len())
        .filter(|index| !is_linked(index))
        .map(|index| {
            let candidate = &built.candidates[index];
            dashboards::Region {
                entry: candidate.region.entry(),
                function: candidate.region.function.clone(),
                instructions: candidate.region.insts.len(),
                calls: candidate.region.count,
                saved_cells: candidate.saved_cells(),
                reason: reason(candidate, built.refused.get(&index)),
            }
        })
        .collect();
    rest.sort_by_key(|region| (std::cmp::Reverse(region.saved_cells), region.entry));
    rest
}

fn reason(candidate: &Candidate, refused: Option<&String>) -> String {
    match (&candidate.outcome, refused) {
        (Err(error), _) => error.to_string(),
        (Ok(_), Some(reason)) => reason.clone(),
        (Ok(_), None) if candidate.saved_cells() <= 0 => "it would not save cells".to_owned(),
        (Ok(_), None) => "others save more within the budget".to_owned(),
    }
}

pub(crate) fn summary(report: &Report, out: Option<&Path>) {
    terminal::line(&format!(
        "{:>6}  {:>10}  {:>5}  {:>9}  {:>15}  {:>13}  function",
        "id", "entry", "insts", "calls", "columns", "saved cells"
    ));
    let mut rows: Vec<_> = report.precompiles.iter().collect();
    rows.sort_by_key(|p| (std::cmp::Reverse(p.saved_cells), p.id));
    for p in rows.iter().take(12) {
        let saved = u64::try_from(p.saved_cells).unwrap_or(0);
        terminal::line(&format!(
            "{:>6}  {:>#10x}  {:>5}  {:>9}  {:>15}  {:>13}  {}",
            p.id,
            p.entry,
            p.instructions,
            p.calls,
            format!("{} -> {}", p.before.columns, p.after.columns),
            terminal::grouped(saved),
            p.function.as_deref().unwrap_or("-"),
        ));
    }
    if rows.len() > 12 {
        terminal::line(&format!("{:>6}  and {} more", "…", rows.len() - 12));
    }
    let Totals { instructions, instructions_patched, cells, cells_patched } = report.totals;
    terminal::line(&format!(
        "VM instructions {} -> {}, main cells of instructions and precompiles {} -> {} ({:.2}x)",
        terminal::grouped(instructions),
        terminal::grouped(instructions_patched),
        terminal::grouped(cells),
        terminal::grouped(cells_patched),
        ratio(cells, cells_patched),
    ));
    if let Some(out) = out {
        terminal::line(&format!("written to {}", out.display()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(crate) fn ratio(before: u64, after: u64) -> f64 {
    before as f64 / (after.max(1)) as f64
}
