//! `autoprec bench`.

pub(crate) mod exec;
pub(crate) mod prove;
mod qemu;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoprec_bench::powdr::{self, PowdrError};
use autoprec_bench::{Export, LENGTHS, Report, Row, Scaling, frequencies, measure};
use autoprec_synth::Effort;
use cpu_time::ProcessTime;

use crate::args::{Baseline, BenchScalingArgs, BenchSynthArgs};
use crate::files::{self, File};
use crate::terminal;

/// The table beside exports that says how often their blocks are executed.
const TABLE: &str = "table.tsv";

/// `autoprec bench synth`.
pub(crate) fn synth(args: &BenchSynthArgs) -> Result<()> {
    if args.baseline == Some(Baseline::Powdr) && !powdr::AVAILABLE {
        return Err(PowdrError::NotBuilt.into());
    }
    let paths = exports(&args.paths)?;
    let json = args.json.as_deref().map(File::create).transpose()?;
    let frequencies = tables(&paths)?;
    let bar = terminal::bar("blocks", paths.len());
    let mut rows = Vec::new();
    for path in &paths {
        rows.push(row(path, frequencies.get(path).copied(), args)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let report = Report::new(rows);
    terminal::text(&report.to_string());
    if let Some(json) = json {
        json.finish(report.to_json().as_bytes())?;
    }
    let failures = report
        .rows
        .iter()
        .filter_map(|row| Some(format!("{}: {}", row.file, row.check.as_ref()?.failure.as_ref()?)));
    failures.for_each(|failure| terminal::warning(&failure));
    if !report.passed() {
        bail!("the checker refuses systems; they must not be used");
    }
    Ok(())
}

/// `autoprec bench scaling`.
pub(crate) fn scaling(args: &BenchScalingArgs) -> Result<()> {
    let export = Export::read(&name(&args.path), &files::read(&args.path)?)?;
    let json = args.json.as_deref().map(File::create).transpose()?;
    let svg = args.svg.as_deref().map(File::create).transpose()?;
    let scaling = Scaling::measure(&export, &LENGTHS, &cpu_time)?;
    terminal::text(&scaling.to_string());
    if let Some(json) = json {
        json.finish(scaling.to_json().as_bytes())?;
    }
    if let Some(svg) = svg {
        svg.finish(scaling.to_svg()?.as_bytes())?;
    }
    Ok(())
}

/// The CPU time of this process.
fn cpu_time() -> Duration {
    ProcessTime::now().as_duration()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Measures one export.
fn row(path: &Path, frequency: Option<u64>, args: &BenchSynthArgs) -> Result<Row> {
    let bytes = files::read(path)?;
    let name = name(path);
    let export = Export::read(&name, &bytes)?;
    let effort = (!args.no_check).then_some(Effort::STANDARD);
    let measured = measure(&export, frequency, effort, &cpu_time)?;
    let mut row = measured.row;
    if args.baseline == Some(Baseline::Powdr) {
        row.powdr = Some(powdr::measure(&name, &bytes, &measured.precompile, &cpu_time)?);
    }
    Ok(row)
}

/// The exports that the command line names, those of a folder in order of name.
fn exports(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let unreadable = || format!("cannot read {}", path.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).with_context(unreadable)? {
            let file = entry.with_context(unreadable)?.path();
            let name = file.to_string_lossy();
            if [".json", ".json.gz"].iter().any(|suffix| name.ends_with(suffix)) {
                found.push(file);
            }
        }
        if found.is_empty() {
            bail!("{} has no exports (*.json, *.json.gz)", path.display());
        }
        found.sort();
        all.extend(found);
    }
    Ok(all)
}

/// How often the blocks of exports are executed, where a table says so.
fn tables(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, u64>> {
    let mut known = BTreeMap::new();
    let mut read: BTreeMap<PathBuf, BTreeMap<String, u64>> = BTreeMap::new();
    for path in paths {
        let table = path.with_file_name(TABLE);
        if !table.is_file() {
            continue;
        }
        if !read.contains_key(&table) {
            read.insert(table.clone(), frequencies(&files::read_text(&table)?));
        }
        if let Some(&frequency) = read.get(&table).and_then(|table| table.get(&name(path))) {
            known.insert(path.clone(), frequency);
        }
    }
    Ok(known)
}
