//! Where instructions come from, as the debug information of the guest says.
//!
//! Debug information that is absent or damaged gives no places, or fewer, never an error: counts do
//! not depend on it. Compressed sections (zlib or zstd) are as good as plain ones.

mod scan;

use std::collections::BTreeMap;
use std::sync::Arc;

use addr2line::Context;
use autoprec_guest_elf::demangle;
use gimli::{Dwarf, EndianArcSlice, Error, LittleEndian, SectionId};
use object::{Object as _, ObjectSection as _};

type Reader = EndianArcSlice<LittleEndian>;

/// A line of source code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The function it stands in, demangled.
    pub function: Option<String>,
    /// Path of the file, as the compiler knew it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The line at which the function begins, where that is known and no other function has its
    /// name.
    pub begins: Option<u32>,
}

/// What debug information a guest has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DebugInfo {
    /// Lines and chains of inlined functions.
    Present,
    /// None.
    Absent,
    /// Some that cannot be read, or not all of it.
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
}

/// The debug information of a guest.
pub struct Sources {
    context: Option<Context<Reader>>,
    /// Where functions begin, by the names that the linker knows.
    begins: BTreeMap<String, u32>,
    found: DebugInfo,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").field("found", &self.found).finish_non_exhaustive()
    }
}

impl Sources {
    /// No debug information.
    pub fn none() -> Self {
        Self { context: None, begins: BTreeMap::new(), found: DebugInfo::Absent }
    }

    /// Reads what an ELF has.
    pub fn load(elf: &[u8]) -> Self {
        let sections = match sections(elf) {
            Ok(Some(sections)) => sections,
            Ok(None) => return Self::none(),
            Err(reason) => return Self { found: DebugInfo::Damaged { reason }, ..Self::none() },
        };
        let (begins, checked) = scan::scan(&sections);
        let (context, opened) = match Context::from_arc_dwarf(sections) {
            Ok(context) => (Some(context), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let found = match checked.and(opened) {
            Ok(()) => DebugInfo::Present,
            Err(error) => DebugInfo::Damaged { reason: error.to_string() },
        };
        Self { context, begins, found }
    }

    /// What there is.
    pub fn found(&self) -> &DebugInfo {
        &self.found
    }

    /// Whether places may be known.
    pub fn present(&self) -> bool {
        self.context.is_some()
    }

    /// The chain of inlined functions at an address, the innermost first and the one that has
    /// symbols last. Empty if nothing is known.
    pub fn at(&self, pc: u64) -> Vec<Place> {
        let mut places = Vec::new();
        let Some(context) = &self.context else { return places };
        let Ok(mut frames) = context.find_frames(pc).skip_all_loads() else { return places };
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let location = frame.location.as_ref();
            places.push(Place {
                function: name.as_deref().map(demangle),
                file: location.and_then(|location| location.file).map(str::to_owned),
                line: location.and_then(|location| location.line).filter(|&line| line != 0),
                begins: name.and_then(|name| self.begins.get(&*name).copied()),
            });
        }
        places
    }
}

/// The sections of debug information; nothing if there are no lines in it.
fn sections(elf: &[u8]) -> Result<Option<Arc<Dwarf<Reader>>>, String> {
    let Ok(file) = object::File::parse(elf) else { return Ok(None) };
    if file.section_by_name(".debug_line").is_none() {
        return Ok(None);
    }
    let load = |id: SectionId| -> Result<Reader, String> {
        let section = file.section_by_name(id.name());
        let data = section.map(|section| section.uncompressed_data()).transpose();
        let data = data.map_err(|error| format!("section {}: {error}", id.name()))?;
        Ok(EndianArcSlice::new(Arc::from(data.unwrap_or_default()), LittleEndian))
    };
    Dwarf::load(load).map(|sections| Some(Arc::new(sections)))
}
