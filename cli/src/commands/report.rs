//! `autoprec report`: builds as a page, a summary, or powdr's candidates.

mod apc;
pub(crate) mod read;

use anyhow::{Context, Result, bail};
use autoprec_dashboards::{HistoryPoint, Limits, Report, html, markdown};
use autoprec_openvm_config::base_limits;
use autoprec_pages::{Built, page_data, page_of_report};
use autoprec_pipeline::output::File;
use autoprec_profiler::cost::Model;
use autoprec_synth::OPENVM;

use crate::args::{ReportArgs, ReportFormat};
use crate::{terminal, weighing};
use read::Shown;

pub(crate) fn run(args: &ReportArgs) -> Result<()> {
    let builds: Vec<Shown> =
        args.builds.iter().map(|path| Shown::read(path)).collect::<Result<_>>()?;
    let last = builds.last().context("there is nothing to report")?;
    let in_folder = (args.format == ReportFormat::Html).then(|| last.dir.join("index.html"));
    let out = args.out.clone().or(in_folder);
    let file = out.as_deref().map(File::create).transpose()?;
    let text = match args.format {
        ReportFormat::Html => page_of(args.cost.as_deref(), &builds)?,
        ReportFormat::Markdown => {
            let named: Vec<(&str, &Report)> =
                builds.iter().map(|build| (build.label.as_str(), &build.report)).collect();
            markdown(&named)
        }
        ReportFormat::Json => last.report.to_json(),
        ReportFormat::Apc => apc::candidates(last)?,
    };
    match (file, &out) {
        (Some(file), Some(out)) => {
            file.finish(text.as_bytes())?;
            terminal::note(&format!("written to {}", out.display()));
        }
        _ => terminal::text(&text),
    }
    let reports: Vec<&Report> = builds.iter().map(|build| &build.report).collect();
    let breaches = args.bounds.threshold().check(&reports);
    if !breaches.is_empty() {
        let texts: Vec<String> = breaches.iter().map(ToString::to_string).collect();
        bail!("{}: {}", last.label, texts.join("; "));
    }
    Ok(())
}

/// The page of the last build, with all as its history.
pub(crate) fn page_of(cost: Option<&str>, builds: &[Shown]) -> Result<String> {
    let last = builds.last().context("there is nothing to report")?;
    let limits = limits(last)?;
    let spinner = terminal::spinner("drawing");
    let mut data = match &last.elf {
        Some(elf) => {
            let model = model(cost, &last.report)?;
            let built = Built {
                elf,
                profile: last.profile.as_ref(),
                report: &last.report,
                model: model.as_ref(),
                limits,
            };
            page_data(&built).with_context(|| last.dir.display().to_string())?
        }
        // A report without its guest, or powdr's candidates: what they say.
        None => page_of_report(&last.report, limits),
    };
    data.page.measured_before.clone_from(&last.measured_before);
    data.page.measured_after.clone_from(&last.measured_after);
    if builds.len() > 1 {
        data.page.history = builds.iter().map(point).collect();
    }
    let text = html(&data.page, &data.details, &data.code);
    spinner.finish_and_clear();
    Ok(text)
}

fn point(build: &Shown) -> HistoryPoint {
    let report = Report { regions: Vec::new(), ..build.report.clone() };
    HistoryPoint { label: build.label.clone(), report }
}

/// The cost model of a report that links nothing: the one that was named, or the one that comes with
/// the program and has its unit.
fn model(cost: Option<&str>, report: &Report) -> Result<Option<Model>> {
    if report.target.refused.is_none() {
        return Ok(None);
    }
    if let Some(name) = cost {
        return weighing::model(name).map(Some);
    }
    let unit = &report.target.unit;
    let found = Model::built_in().into_iter().find(|model| model.units[0] == *unit);
    let missing = || format!("no cost model is in `{unit}`; name the file with --cost");
    found.with_context(missing).map(Some)
}

/// What OpenVM's security analysis allows, and what the base VM takes of it.
fn limits(build: &Shown) -> Result<Option<Limits>> {
    if build.report.target.name != OPENVM.name {
        return Ok(None);
    }
    let base = base_limits(build.config.as_deref())?;
    Ok(Some(Limits {
        tables: OPENVM.limits.tables,
        columns: OPENVM.limits.total_columns,
        base_tables: base.airs,
        base_columns: base.columns,
    }))
}
