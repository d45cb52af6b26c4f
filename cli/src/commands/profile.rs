//! `autoprec profile`.

use anyhow::{Context, Result};
use autoprec_profiler::{Run, report};

use crate::args::ProfileArgs;
use crate::files::Folder;
use crate::guest::{Guest, Setting};
use crate::terminal;

pub(crate) fn run(args: &ProfileArgs) -> Result<()> {
    let guest = Guest::load(&args.guest)?;
    let setting = Setting::of(&args.input, &guest)?;
    let spinner = terminal::spinner("running");
    let run = setting.run(&guest)?;
    spinner.finish_and_clear();
    let table = report::table(&guest.program, &run.profile, args.top);
    if let Some(out) = &args.out {
        let folder = Folder::create(out)?;
        write(&folder, &guest, &run)?;
        folder.finish()?;
    }
    if args.json {
        terminal::line(&run.profile.to_json());
    } else {
        terminal::text(&table);
        summary(&run);
    }
    Ok(())
}

fn write(folder: &Folder, guest: &Guest, run: &Run) -> Result<()> {
    let all = report::table(&guest.program, &run.profile, usize::MAX);
    let graph = report::flamegraph(&guest.program, &run.profile, &guest.file_name())
        .with_context(|| guest.name.clone())?;
    folder.add("profile.json", run.profile.to_json().as_bytes())?;
    folder.add("functions.txt", all.as_bytes())?;
    folder.add("stacks.folded", report::folded(&guest.program, &run.profile).as_bytes())?;
    folder.add("flamegraph.svg", graph.as_bytes())
}

fn summary(run: &Run) {
    terminal::note(&format!(
        "{} instructions, {} misaligned accesses, exit code {}",
        terminal::grouped(run.instructions),
        terminal::grouped(run.misaligned),
        run.exit_code,
    ));
}
