//! What the linker reads of an ELF file, and how it adds a note and symbols to one.
//!
//! Nothing is moved: the original stays where it is, overwritten words apart, and what is new is
//! appended: the note, extended copies of the symbol and string tables, and a section table that
//! names them. Where the ELF header is itself part of a loaded segment it must not change, so the
//! section table is then edited in its place and the note takes over the section `.comment`.

mod section;
mod tables;

use std::collections::BTreeMap;
use std::ops::Range;

use object::LittleEndian as LE;
use object::elf;
use object::pod::{from_bytes, slice_from_bytes};

use crate::manifest::Manifest;
use section::Section;
use tables::Tables;

/// Why a file cannot be linked into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// It is not a little-endian RISC-V executable, or cut short.
    #[error("the file is no complete little-endian RISC-V ELF file: {what} cannot be read")]
    Malformed {
        /// The part that cannot be read.
        what: &'static str,
    },
    /// The format allows it, but nothing seems to use it.
    #[error("{what} is not supported")]
    Unsupported {
        /// What the file uses.
        what: &'static str,
    },
    /// The ELF header is in memory, and there is no section for the manifest to take over.
    #[error(
        "the ELF header is part of a loaded segment, so no section can be added, and there is no \
         section `.comment` to hold the manifest; link the guest with its headers outside of the \
         segments"
    )]
    NoRoom,
}

/// A program header, of either class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) offset: u64,
    pub(crate) addr: u64,
    pub(crate) file_size: u64,
}

/// A file, parsed as far as needed.
#[derive(Clone, Debug)]
pub(crate) struct Elf<'a> {
    bytes: &'a [u8],
    wide: bool,
    /// The loaded segments, in the order of the file.
    pub(crate) segments: Vec<Segment>,
    /// Address of the first instruction.
    pub(crate) entry: u64,
    /// Bytes of the program headers.
    pub(crate) program_headers: &'a [u8],
    section_table: u64,
    sections: Vec<Section>,
    names: usize,
}

impl<'a> Elf<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        let malformed = |what| ElfError::Malformed { what };
        match bytes.get(..6) {
            Some([0x7f, b'E', b'L', b'F', elf::ELFCLASS32, elf::ELFDATA2LSB]) => {
                let (header, _) = from_bytes::<elf::FileHeader32<LE>>(bytes)
                    .map_err(|()| malformed("the header"))?;
                Self::new(
                    bytes,
                    &Header {
                        machine: header.e_machine.get(LE),
                        entry: header.e_entry.get(LE).into(),
                        phoff: header.e_phoff.get(LE).into(),
                        phnum: header.e_phnum.get(LE),
                        phentsize: header.e_phentsize.get(LE),
                        shoff: header.e_shoff.get(LE).into(),
                        shnum: header.e_shnum.get(LE),
                        shentsize: header.e_shentsize.get(LE),
                        shstrndx: header.e_shstrndx.get(LE),
                        wide: false,
                    },
                )
            }
            Some([0x7f, b'E', b'L', b'F', elf::ELFCLASS64, elf::ELFDATA2LSB]) => {
                let (header, _) = from_bytes::<elf::FileHeader64<LE>>(bytes)
                    .map_err(|()| malformed("the header"))?;
                Self::new(
                    bytes,
                    &Header {
                        machine: header.e_machine.get(LE),
                        entry: header.e_entry.get(LE),
                        phoff: header.e_phoff.get(LE),
                        phnum: header.e_phnum.get(LE),
                        phentsize: header.e_phentsize.get(LE),
                        shoff: header.e_shoff.get(LE),
                        shnum: header.e_shnum.get(LE),
                        shentsize: header.e_shentsize.get(LE),
                        shstrndx: header.e_shstrndx.get(LE),
                        wide: true,
                    },
                )
            }
            _ => Err(malformed("the identification")),
        }
    }

    fn new(bytes: &'a [u8], header: &Header) -> Result<Self, ElfError> {
        if header.machine != elf::EM_RISCV {
            return Err(ElfError::Malformed { what: "the machine" });
        }
        if header.shnum == 0 && header.shoff != 0 || header.phnum == elf::PN_XNUM {
            return Err(ElfError::Unsupported { what: "a table of more than 65,000 headers" });
        }
        let (phentsize, shentsize) = if header.wide { (56, 64) } else { (32, 40) };
        if header.phnum != 0 && header.phentsize != phentsize
            || header.shnum != 0 && header.shentsize != shentsize
        {
            return Err(ElfError::Unsupported {
                what: "a header table with entries of another size",
            });
        }
        let what = "the program header table";
        let size = u64::from(phentsize) * u64::from(header.phnum);
        let program_headers =
            slice(bytes, header.phoff, size).ok_or(ElfError::Malformed { what })?;
        let what = "the section header table";
        let sections = sections(bytes, header).ok_or(ElfError::Malformed { what })?;
        let what = "the section name table";
        let names = usize::from(header.shstrndx);
        if !sections.is_empty() && (names == 0 || names >= sections.len()) {
            return Err(ElfError::Malformed { what });
        }
        Ok(Self {
            bytes,
            wide: header.wide,
            segments: segments(program_headers, header.wide)
                .ok_or(ElfError::Malformed { what: "the program header table" })?,
            entry: header.entry,
            program_headers,
            section_table: header.shoff,
            sections,
            names,
        })
    }

    /// Where in the file the `len` bytes at an address are loaded from. `None` unless they come
    /// from exactly one segment, and no other segment loads the same bytes of the file.
    pub(crate) fn file_range(&self, addr: u64, len: usize) -> Option<Range<usize>> {
        let holds = |segment: &Segment| {
            let at = addr.checked_sub(segment.addr)?;
            (at.checked_add(len as u64)? <= segment.file_size).then(|| segment.offset + at)
        };
        let mut starts = self.segments.iter().filter_map(holds);
        let (start, None) = (starts.next()?, starts.next()) else { return None };
        let end = start.checked_add(len as u64)?;
        let loads = |s: &&Segment| s.offset < end && start < s.offset.saturating_add(s.file_size);
        let single = self.segments.iter().filter(loads).count() == 1;
        let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
        (single && range.end <= self.bytes.len()).then_some(range)
    }

    /// Whether the fields of the header that locate the section table are loaded into memory.
    fn header_is_loaded(&self) -> bool {
        self.overlaps_segment(0..64)
    }

    fn overlaps_segment(&self, range: Range<u64>) -> bool {
        let overlaps = |s: &Segment| {
            s.file_size != 0
                && s.offset < range.end
                && range.start < s.offset.saturating_add(s.file_size)
        };
        self.segments.iter().any(overlaps)
    }

    /// This file with `code` in place of the saved bytes of each call, the manifest and symbols.
    pub(crate) fn patched(
        &self,
        manifest: &Manifest,
        code: &BTreeMap<u64, Vec<u8>>,
    ) -> Result<Vec<u8>, ElfError> {
        let mut out = self.bytes.to_vec();
        for (addr, bytes) in code {
            let range = self.file_range(*addr, bytes.len());
            let range = range.ok_or(ElfError::Malformed { what: "a patched segment" })?;
            out[range].copy_from_slice(bytes);
        }
        let loaded = self.header_is_loaded();
        let mut tables = Tables::of(self)?;
        if loaded {
            tables.take_over_comment()?;
        } else {
            tables.add_note();
        }
        tables.add_symbols(&manifest.calls, loaded)?;
        tables.append(&mut out, manifest.to_note());
        if !self.wide && u32::try_from(out.len()).is_err() {
            return Err(ElfError::Unsupported { what: "a 32-bit file above 4 GiB" });
        }
        self.write_sections(&mut out, &tables.sections, loaded)?;
        Ok(out)
    }

    fn write_sections(
        &self,
        out: &mut Vec<u8>,
        sections: &[Section],
        in_place: bool,
    ) -> Result<(), ElfError> {
        let table: Vec<u8> = sections.iter().flat_map(|s| s.encode(self.wide)).collect();
        if in_place {
            let end = self.section_table.saturating_add(table.len() as u64);
            if self.overlaps_segment(self.section_table..end) {
                return Err(ElfError::Unsupported { what: "a section table in a loaded segment" });
            }
            let start = usize::try_from(self.section_table).expect("it was read from there");
            out[start..start + table.len()].copy_from_slice(&table);
            return Ok(());
        }
        let offset = pad(out);
        out.extend(table);
        let count = u16::try_from(sections.len()).ok().filter(|n| *n < elf::SHN_LORESERVE);
        let count = count.ok_or(ElfError::Unsupported { what: "more than 65,000 sections" })?;
        let names = self.names_index(sections);
        let half = |value: u16| value.to_le_bytes();
        if self.wide {
            out[0x28..0x30].copy_from_slice(&offset.to_le_bytes());
            out[0x3a..0x3c].copy_from_slice(&half(64));
            out[0x3c..0x3e].copy_from_slice(&half(count));
            out[0x3e..0x40].copy_from_slice(&half(names));
        } else {
            let offset = u32::try_from(offset).expect("checked before");
            out[0x20..0x24].copy_from_slice(&offset.to_le_bytes());
            out[0x2e..0x30].copy_from_slice(&half(40));
            out[0x30..0x32].copy_from_slice(&half(count));
            out[0x32..0x34].copy_from_slice(&half(names));
        }
        Ok(())
    }

    /// Index of the section name table; it is the one after the null section where it is new.
    fn names_index(&self, sections: &[Section]) -> u16 {
        let index = if self.sections.is_empty() { 1 } else { self.names };
        debug_assert!(index < sections.len());
        u16::try_from(index).expect("read as 16 bits")
    }

    fn content(&self, section: &Section) -> Option<&'a [u8]> {
        slice(self.bytes, section.offset, section.size)
    }
}

/// The fields of a file header that matter here.
struct Header {
    machine: u16,
    entry: u64,
    phoff: u64,
    phnum: u16,
    phentsize: u16,
    shoff: u64,
    shnum: u16,
    shentsize: u16,
    shstrndx: u16,
    wide: bool,
}

fn slice(bytes: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}

fn segments(table: &[u8], wide: bool) -> Option<Vec<Segment>> {
    let count = table.len() / if wide { 56 } else { 32 };
    let all: Vec<(u32, Segment)> = if wide {
        let (headers, _) = slice_from_bytes::<elf::ProgramHeader64<LE>>(table, count).ok()?;
        let of = |h: &elf::ProgramHeader64<LE>| Segment {
            offset: h.p_offset.get(LE),
            addr: h.p_vaddr.get(LE),
            file_size: h.p_filesz.get(LE),
        };
        headers.iter().map(|h| (h.p_type.get(LE), of(h))).collect()
    } else {
        let (headers, _) = slice_from_bytes::<elf::ProgramHeader32<LE>>(table, count).ok()?;
        let of = |h: &elf::ProgramHeader32<LE>| Segment {
            offset: h.p_offset.get(LE).into(),
            addr: h.p_vaddr.get(LE).into(),
            file_size: h.p_filesz.get(LE).into(),
        };
        headers.iter().map(|h| (h.p_type.get(LE), of(h))).collect()
    };
    Some(all.into_iter().filter(|(kind, _)| *kind == elf::PT_LOAD).map(|(_, s)| s).collect())
}

fn sections(bytes: &[u8], header: &Header) -> Option<Vec<Section>> {
    let count = usize::from(header.shnum);
    let size = count as u64 * if header.wide { 64 } else { 40 };
    let table = slice(bytes, header.shoff, size)?;
    Some(if header.wide {
        let (headers, _) = slice_from_bytes::<elf::SectionHeader64<LE>>(table, count).ok()?;
        headers.iter().map(Section::from_wide).collect()
    } else {
        let (headers, _) = slice_from_bytes::<elf::SectionHeader32<LE>>(table, count).ok()?;
        headers.iter().map(Section::from_narrow).collect()
    })
}

/// Fills up to a multiple of 8 bytes; gives the length.
fn pad(out: &mut Vec<u8>) -> u64 {
    out.resize(out.len().next_multiple_of(8), 0);
    out.len() as u64
}
