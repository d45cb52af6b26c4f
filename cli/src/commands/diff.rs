//! `autoprec diff`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use autoprec_guest_elf::Program;
use autoprec_profile::Profile;
use autoprec_profiler::cost::Model;
use autoprec_profiler::diff::{Diff, Side};
use autoprec_profiler::{Sources, Subject, export};

use crate::args::DiffArgs;
use crate::files::{self, File};
use crate::guest::load;
use crate::terminal;
use crate::weighing;

pub(crate) fn run(args: &DiffArgs) -> Result<()> {
    let guests: Vec<Known> =
        args.elfs.iter().map(|path| Known::load(path)).collect::<Result<_>>()?;
    let (before, after) = (read(&args.before)?, read(&args.after)?);
    let [first, second] = [&before, &after].map(|profile| side(profile, &guests));
    // Instructions are counted without their words.
    let model = match args.cost.as_str() {
        "instructions" => None,
        name => Some(weighing::model(name)?),
    };
    let diff = Diff::of(first, second, model.as_ref())?;
    terminal::text(&diff.table(args.top));
    for (path, profile) in [(&args.before, &before), (&args.after, &after)] {
        if profile.partial {
            terminal::warning(&format!("{}: the run was stopped before its end", path.display()));
        }
    }
    if first.program.is_none() || second.program.is_none() {
        terminal::note(
            "a profile has no names; with the guests (--elf) functions have theirs and are \
             recognised where they moved",
        );
        if before.elf_digest != after.elf_digest {
            terminal::warning("the profiles are of different ELFs: addresses need not correspond");
        }
    }
    if let Some(path) = &args.flamegraph {
        draw(path, [first, second], &guests, model)?;
    }
    match args.fail_if_worse {
        Some(limit) if diff.is_worse(limit) => bail!(
            "{} {} became {}: worse by more than {}.{:02} %",
            terminal::grouped(diff.total.before),
            diff.unit,
            terminal::grouped(diff.total.after),
            limit / 100,
            limit % 100,
        ),
        _ => Ok(()),
    }
}

fn draw(path: &Path, sides: [Side<'_>; 2], guests: &[Known], model: Option<Model>) -> Result<()> {
    let model = model.map_or_else(|| weighing::model("instructions"), Ok)?;
    let [Some(before), Some(after)] = sides.map(|side| subject(side.profile, guests)) else {
        bail!("a flamegraph needs the names of both guests; name their ELFs with --elf");
    };
    let (before, unit) = weighing::view(before, "before", &model);
    let (after, _) = weighing::view(after, "after", &model);
    let svg = export::differential(&before, &after, unit)?;
    Ok(File::create(path)?.finish(svg.as_bytes())?)
}

/// A guest that was profiled.
struct Known {
    digest: String,
    /// With its original code.
    program: Program,
    sources: Sources,
}

impl Known {
    fn load(path: &Path) -> Result<Self> {
        let guest = load(path)?;
        let digest = guest.program.digest.clone();
        let sources = Sources::load(&guest.elf);
        Ok(Self { digest, program: guest.original().into_owned(), sources })
    }
}

/// The guest of a profile.
fn known<'a>(profile: &Profile, guests: &'a [Known]) -> Option<&'a Known> {
    guests.iter().find(|guest| guest.digest == profile.elf_digest)
}

fn subject<'a>(profile: &'a Profile, guests: &'a [Known]) -> Option<Subject<'a>> {
    let Known { program, sources, .. } = known(profile, guests)?;
    Some(Subject { program, profile, sources: Some(sources) })
}

fn side<'a>(profile: &'a Profile, guests: &'a [Known]) -> Side<'a> {
    Side { profile, program: known(profile, guests).map(|guest| &guest.program) }
}

/// Reads a profile of whatever guest.
pub(crate) fn read(path: &Path) -> Result<Profile> {
    Profile::from_json(&files::read_text(path)?).with_context(|| path.display().to_string())
}
