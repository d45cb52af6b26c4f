//! `autoprec profile`: a run, and what it counted in the forms that were asked for.
//!
//! A run that is stopped gives the same, marked partial, and ends with an error.

mod folder;
mod tables;

use anyhow::{Context, Result};
use autoprec_executor::{Run, RunError};
use autoprec_profile::Profile;
use autoprec_profiler::cost::Model;
use autoprec_profiler::{Sources, Subject};

use crate::args::{Format, ProfileArgs};
use crate::files::{File, Folder};
use crate::guest::{Guest, failure, load, run_told, setting};
use crate::interrupt;
use crate::live::Live;
use crate::sources;
use crate::terminal;
use crate::weighing;

pub(crate) fn run(args: &ProfileArgs) -> Result<()> {
    let model = weighing::model(&args.cost)?;
    let guest = load(&args.guest)?;
    let mut setting = setting(&args.input, &guest)?;
    setting.limits.touched = args.more.touched;
    // Places that cannot be written are found before long work.
    let file = args.output.as_deref().map(File::create).transpose()?;
    let folder = args.out.as_deref().map(Folder::create).transpose()?;
    let unfinished = file.as_ref().map(File::unfinished).into_iter();
    for path in unfinished.chain(folder.as_ref().map(Folder::unfinished)) {
        interrupt::unfinished(path).context("cannot wait for Ctrl-C")?;
    }
    let places = Places { file, folder };
    let live = Live::begin("profile", &guest, args.out.as_deref());
    let ran = run_told(&setting, &guest, &mut live.profiled_run());
    live.stage("writing", None, false);
    match ran {
        Ok(run) => {
            live.profile(&run.profile);
            give(args, &guest, (&run.profile, &model), places)?;
            if let Some(failure) = failure(&guest, &run) {
                terminal::warning(&failure);
            }
            if format(args) == Format::Table || args.output.is_some() {
                summary(&run);
                if args.cost != "instructions" {
                    weighing::note_cost(&guest.original(), &run.profile, &model);
                }
            }
            Ok(())
        }
        Err(error) => {
            let partial = interrupt::run_error(&error).and_then(RunError::partial);
            let Some(profile) = partial.filter(|partial| partial.instructions > 0) else {
                return Err(error);
            };
            give(args, &guest, (profile, &model), places)?;
            Err(match args.out.as_ref().or(args.output.as_ref()) {
                Some(place) => error.context(format!("{} is partial", place.display())),
                None => error.context("the profile is partial"),
            })
        }
    }
}

/// Where results go, if not to standard output.
struct Places<'a> {
    file: Option<File<'a>>,
    folder: Option<Folder>,
}

fn format(args: &ProfileArgs) -> Format {
    if args.json { Format::Json } else { args.format }
}

/// Writes or prints what was counted.
fn give(
    args: &ProfileArgs,
    guest: &Guest,
    (profile, model): (&Profile, &Model),
    places: Places<'_>,
) -> Result<()> {
    let format = format(args);
    // The counts themselves have no names.
    let named = format != Format::Json || places.folder.is_some();
    let sources =
        if named && !args.no_inlines { Sources::load(&guest.elf) } else { Sources::none() };
    // A patched guest is weighed as what it does: its original code.
    let program = guest.original();
    let subject = Subject { program: &program, profile, sources: Some(&sources) };
    let partial = if profile.partial { " (partial)" } else { "" };
    let title = format!("{}{partial}", guest.file_name());
    if let Some(folder) = places.folder {
        folder::write(&folder, guest, subject, model, &title)
            .with_context(|| guest.name.clone())?;
        folder.finish()?;
    }
    let bytes = match format {
        Format::Json => profile.to_json().into_bytes(),
        Format::Table => tables::text(args, subject, model).into_bytes(),
        other => {
            let (view, unit) = weighing::view(subject, &title, model);
            weighing::render(&view, unit, other).with_context(|| guest.name.clone())?
        }
    };
    match places.file {
        Some(file) => file.finish(&bytes)?,
        None if format == Format::Json => terminal::line(&String::from_utf8_lossy(&bytes)),
        None => terminal::bytes(&bytes),
    }
    if named && !args.no_inlines {
        sources::note(guest, &sources);
    }
    Ok(())
}

fn summary(run: &Run) {
    terminal::note(&format!(
        "{} instructions, {} misaligned accesses, exit code {}",
        terminal::grouped(run.instructions),
        terminal::grouped(run.misaligned),
        run.exit_code,
    ));
}
