//! `autoprec profile`.

use anyhow::{Context, Result};
use autoprec_profiler::cost::Model;
use autoprec_profiler::{Profile, Program, Run, RunError, opcodes, report};

use crate::args::{Format, ProfileArgs};
use crate::files::{File, Folder};
use crate::guest::{Guest, Setting};
use crate::terminal;
use crate::weighing;

pub(crate) fn run(args: &ProfileArgs) -> Result<()> {
    let model = weighing::model(&args.cost)?;
    let guest = Guest::load(&args.guest)?;
    let setting = Setting::of(&args.input, &guest)?;
    let file = args.output.as_deref().map(File::create).transpose()?;
    let spinner = terminal::spinner("running");
    let run = setting.run(&guest);
    spinner.finish_and_clear();
    let run = match run {
        Ok(run) => run,
        Err(error) => return Err(stopped(args, &guest, file, error)?),
    };
    save(args, &guest, &run.profile)?;
    // A patched guest is weighed as what it does: its original code.
    let program = guest.original();
    let format = format(args);
    let bytes = match format {
        Format::Json => run.profile.to_json().into_bytes(),
        Format::Table => table(args, &program, &run.profile, &model).into_bytes(),
        other => {
            let title = guest.file_name();
            let (view, unit) = weighing::view(&program, &run.profile, &title, &model);
            weighing::render(&view, unit, other).with_context(|| guest.name.clone())?
        }
    };
    give(file, format, &bytes)?;
    if format == Format::Table || args.output.is_some() {
        summary(&run);
        if args.cost != "instructions" {
            weighing::note_cost(&program, &run.profile, &model);
        }
    }
    Ok(())
}

fn format(args: &ProfileArgs) -> Format {
    if args.json { Format::Json } else { args.format }
}

/// Writes the result to the file for it or prints it.
fn give(file: Option<File<'_>>, format: Format, bytes: &[u8]) -> Result<()> {
    match file {
        Some(file) => file.finish(bytes)?,
        None if format == Format::Json => terminal::line(&String::from_utf8_lossy(bytes)),
        None => terminal::bytes(bytes),
    }
    Ok(())
}

/// Writes what was counted until a run was stopped, where files or JSON, which say that it is not
/// all, are asked for. Gives the error to end with.
fn stopped(
    args: &ProfileArgs,
    guest: &Guest,
    file: Option<File<'_>>,
    error: anyhow::Error,
) -> Result<anyhow::Error> {
    let partial = error.downcast_ref::<RunError>().and_then(RunError::partial);
    let Some(profile) = partial.filter(|partial| partial.instructions > 0) else {
        return Ok(error);
    };
    save(args, guest, profile)?;
    let json = format(args) == Format::Json;
    if json {
        give(file, Format::Json, profile.to_json().as_bytes())?;
    }
    let place = args.out.as_ref().or(args.output.as_ref().filter(|_| json));
    Ok(match place {
        Some(place) => error.context(format!("the profile in {} is partial", place.display())),
        None => error,
    })
}

fn save(args: &ProfileArgs, guest: &Guest, profile: &Profile) -> Result<()> {
    let Some(out) = &args.out else { return Ok(()) };
    let folder = Folder::create(out)?;
    write(&folder, guest, profile)?;
    folder.finish()
}

fn table(args: &ProfileArgs, program: &Program, profile: &Profile, model: &Model) -> String {
    let mut text = report::weighted_table(program, profile, model, args.top);
    if args.opcodes {
        text.push('\n');
        text.push_str(&report::opcode_table(&opcodes(program, profile), args.top));
    }
    text
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
