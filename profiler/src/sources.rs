//! Where instructions come from, as the debug information of the guest says.
//!
//! Debug information that is absent, compressed or damaged gives no places, never an error: counts
//! do not depend on it.

use std::sync::Arc;

use addr2line::Context;
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
}

/// The debug information of a guest.
pub struct Sources {
    context: Option<Context<Reader>>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").field("present", &self.present()).finish_non_exhaustive()
    }
}

impl Sources {
    /// Reads what an ELF has.
    pub fn load(elf: &[u8]) -> Self {
        Self { context: context(elf) }
    }

    /// Whether there is line information.
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
            let plain = |name: &str| format!("{:#}", rustc_demangle::demangle(name));
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let demangled = name.map(|name| plain(name.as_ref()));
            let location = frame.location.as_ref();
            places.push(Place {
                function: demangled,
                file: location.and_then(|location| location.file).map(str::to_owned),
                line: location.and_then(|location| location.line),
            });
        }
        places
    }
}

fn context(elf: &[u8]) -> Option<Context<Reader>> {
    let file = object::File::parse(elf).ok()?;
    file.section_by_name(".debug_line")?;
    let section = |name: &str| -> Arc<[u8]> {
        let section = file.section_by_name(name);
        let data = section.and_then(|section| section.uncompressed_data().ok());
        data.map_or_else(|| Arc::from([]), Arc::from)
    };
    let load = |id: SectionId| -> Result<Reader, Error> {
        Ok(EndianArcSlice::new(section(id.name()), LittleEndian))
    };
    Context::from_dwarf(Dwarf::load(load).ok()?).ok()
}
