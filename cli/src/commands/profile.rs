//! `autoprec profile`.

use anyhow::{Context, Result};
use autoprec_profiler::{Profile, Run, RunError, report};

use crate::args::ProfileArgs;
use crate::files::Folder;
use crate::guest::{Guest, Setting};
use crate::terminal;

pub(crate) fn run(args: &ProfileArgs) -> Result<()> {
    let guest = Guest::load(&args.guest)?;
    let setting = Setting::of(&args.input, &guest)?;
    let spinner = terminal::spinner("running");
    let run = setting.run(&guest);
    spinner.finish_and_clear();
    let run = match run {
        Ok(run) => run,
        Err(error) => return Err(stopped(args, &guest, error)?),
    };
    save(args, &guest, &run.profile)?;
    if args.json {
        terminal::line(&run.profile.to_json());
    } else {
        terminal::text(&report::table(&guest.program, &run.profile, args.top));
        summary(&run);
    }
    Ok(())
}

/// Writes what was counted until a run was stopped, where files or JSON, which say that it is not
/// all, are asked for. Gives the error to end with.
fn stopped(args: &ProfileArgs, guest: &Guest, error: anyhow::Error) -> Result<anyhow::Error> {
    let partial = error.downcast_ref::<RunError>().and_then(RunError::partial);
    let Some(profile) = partial else { return Ok(error) };
    save(args, guest, profile)?;
    if args.json {
        terminal::line(&profile.to_json());
    }
    Ok(match &args.out {
        Some(out) => error.context(format!("the profile in {} is partial", out.display())),
        None => error,
    })
}

fn save(args: &ProfileArgs, guest: &Guest, profile: &Profile) -> Result<()> {
    let Some(out) = &args.out else { return Ok(()) };
    let folder = Folder::create(out)?;
    write(&folder, guest, profile)?;
    folder.finish()
}

fn write(folder: &Folder, guest: &Guest, profile: &Profile) -> Result<()> {
    let all = report::table(&guest.program, profile, usize::MAX);
    let partial = if profile.partial { " (partial)" } else { "" };
    let title = format!("{}{partial}", guest.file_name());
    let graph =
        report::flamegraph(&guest.program, profile, &title).with_context(|| guest.name.clone())?;
    folder.add("profile.json", profile.to_json().as_bytes())?;
    folder.add("functions.txt", all.as_bytes())?;
    folder.add("stacks.folded", report::folded(&guest.program, profile).as_bytes())?;
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
