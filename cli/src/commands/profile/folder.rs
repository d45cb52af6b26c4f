//! The folder of `--out`: the counts, and the views that most people open.

use anyhow::Result;
use autoprec_dashboards::Report;
use autoprec_linker::vendors::refusal;
use autoprec_pipeline::folder::write_report;
use autoprec_pipeline::{NotLinked, profile_report};
use autoprec_profile::Profile;
use autoprec_profiler::cost::Model;
use autoprec_profiler::report::{self, By};
use autoprec_profiler::{Sources, Subject, export};

use super::tables;
use crate::files::Folder;
use crate::guest::Guest;
use crate::weighing;

/// What a page shows of a profile, and why nothing is linked.
fn report_of(guest: &Guest, profile: &Profile, model: &Model) -> Report {
    let environment = guest.environment();
    let (target, reason) = match refusal(environment) {
        Some(refusal) => (environment.to_string(), refusal.to_string()),
        None => {
            let reason = "this is a profile; `autoprec build` makes precompiles";
            ("profile".to_owned(), reason.to_owned())
        }
    };
    profile_report(guest, profile, model, NotLinked { target: &target, reason: &reason })
}

/// Writes the files of the folder.
pub(super) fn write(
    folder: &Folder,
    guest: &Guest,
    subject: Subject<'_>,
    model: &Model,
    title: &str,
) -> Result<()> {
    let Subject { program, profile, sources } = subject;
    let report = report_of(guest, profile, model);
    write_report(folder, guest, (&guest.elf, &report), None)?;
    folder.add("profile.json", profile.to_json().as_bytes())?;
    let functions = report::functions_json(program, profile, model);
    folder.add("functions.json", functions.as_bytes())?;
    let partial = tables::partial(profile);
    let text = |name: &str, table: &str| folder.add(name, format!("{partial}{table}").as_bytes());
    text("functions.txt", &report::weighted_table(program, profile, model, usize::MAX))?;
    if sources.is_some_and(Sources::present) {
        text("inlined.txt", &tables::places(subject, model, By::Inlined, usize::MAX))?;
        text("lines.txt", &tables::places(subject, model, By::Line, usize::MAX))?;
    }
    let (view, unit) = weighing::view(subject, title, model);
    // Tools that read folded stacks pass over a line that does not end in a number.
    let comment = if partial.is_empty() { String::new() } else { format!("# {partial}") };
    folder.add("stacks.folded", (comment + &export::folded(&view, unit)).as_bytes())?;
    let graph = export::graph(&view, unit, export::Growth::Up)?;
    folder.add("flamegraph.svg", graph.as_bytes())?;
    Ok(())
}
