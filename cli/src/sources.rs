//! Debug information of guests, the source files that it names, and what to do where there is none.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use autoprec_profiler::{DebugInfo, Sources};

use crate::files;
use crate::guest::Guest;
use crate::terminal;

/// Source files, as far as they are here.
#[derive(Default)]
pub(crate) struct Texts {
    read: RefCell<BTreeMap<String, Option<Vec<String>>>>,
}

impl Texts {
    /// A line of a file, by its number from 1.
    pub(crate) fn line(&self, path: &str, line: u32) -> Option<String> {
        let mut read = self.read.borrow_mut();
        let load = || {
            let text = files::read_text(Path::new(path)).ok()?;
            Some(text.lines().map(str::to_owned).collect())
        };
        let lines = read.entry(path.to_owned()).or_insert_with(load).as_ref()?;
        lines.get(usize::try_from(line).ok()?.checked_sub(1)?).cloned()
    }
}

/// Says what names and places a guest lacks, and how it gets them.
pub(crate) fn note(guest: &Guest, sources: &Sources) {
    let named = guest.program.symbols.iter().any(|symbol| symbol.is_function);
    let missing = match (sources.found(), named) {
        (DebugInfo::Present, true) => return,
        (DebugInfo::Damaged { reason }, _) => format!(
            "its debug information cannot be read to its end ({reason}), so that inlined functions \
             and lines may be missing or wrong; build it again, or use --no-inlines"
        ),
        (DebugInfo::Absent, true) => "it has no debug information, so that inlined functions count \
             for the functions they are in, and there are no lines; build it with `debug = 1` in its \
             Cargo profile (C: -g1)"
            .to_owned(),
        (_, false) => "it has no symbols, so that functions are addresses; do not strip it, and \
             build it with `debug = 1` in its Cargo profile (C: -g1)"
            .to_owned(),
    };
    terminal::note(&format!("{}: {missing}", guest.name));
}
