//! `autoprec annotate`.

use anyhow::{Context, Result};
use autoprec_profiler::{Sources, annotate};

use crate::args::AnnotateArgs;
use crate::commands::blocks::profile_of;
use crate::guest::{load, run_shown, setting};
use crate::sources::Texts;
use crate::terminal;
use crate::weighing;

pub(crate) fn run(args: &AnnotateArgs) -> Result<()> {
    let model = weighing::model(&args.cost)?;
    let guest = load(&args.guest)?;
    let profile = match &args.profile {
        Some(path) => profile_of(path, &guest)?,
        None => run_shown(&setting(&args.input, &guest)?, &guest)?.profile,
    };
    let program = guest.original();
    let code =
        annotate::find(&program, &profile, &args.function).with_context(|| guest.name.clone())?;
    let sources = Sources::load(&guest.elf);
    let lines = annotate::lines((&program, &profile), &code, &model, &sources);
    let texts = Texts::default();
    let source = |path: &str, line: u32| texts.line(path, line);
    terminal::text(&annotate::text(&lines, &model.units[0], &source));
    if lines.iter().all(|line| line.places.is_empty()) {
        terminal::note(
            "no source lines: the guest has no line information for this function; build it with \
             `debug = 1` in its Cargo profile (C: -g1) and do not strip it",
        );
    }
    Ok(())
}
