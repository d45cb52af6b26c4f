//! `autoprec annotate`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use autoprec_profiler::{Sources, annotate};

use crate::args::AnnotateArgs;
use crate::commands::blocks::profile_of;
use crate::files;
use crate::guest::{Guest, Setting};
use crate::terminal;
use crate::weighing;

pub(crate) fn run(args: &AnnotateArgs) -> Result<()> {
    let model = weighing::model(&args.cost)?;
    let guest = Guest::load(&args.guest)?;
    let profile = match &args.profile {
        Some(path) => profile_of(path, &guest)?,
        None => Setting::of(&args.input, &guest)?.run(&guest)?.profile,
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

/// Source files, as far as they are here.
#[derive(Default)]
struct Texts {
    read: RefCell<BTreeMap<String, Option<String>>>,
}

impl Texts {
    fn line(&self, path: &str, line: u32) -> Option<String> {
        let mut read = self.read.borrow_mut();
        let load = || files::read_text(Path::new(path)).ok();
        let text = read.entry(path.to_owned()).or_insert_with(load).as_deref()?;
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        text.lines().nth(index).map(str::to_owned)
    }
}
