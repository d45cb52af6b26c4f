//! The section table and the sections that linking extends.

use std::collections::BTreeMap;

use object::LittleEndian as LE;
use object::elf;
use object::endian::{U16, U32, U64};
use object::pod::bytes_of;

use super::section::Section;
use super::{Elf, ElfError, pad};
use crate::manifest::{self, Call};

/// The section table and the contents of those sections that grow.
pub(super) struct Tables {
    wide: bool,
    pub(super) sections: Vec<Section>,
    /// New contents by section index.
    contents: BTreeMap<usize, Vec<u8>>,
    names: usize,
    note: usize,
}

impl Tables {
    pub(super) fn of(file: &Elf<'_>) -> Result<Self, ElfError> {
        let mut tables = Self {
            wide: file.wide,
            sections: file.sections.clone(),
            contents: BTreeMap::new(),
            names: file.names,
            note: 0,
        };
        if tables.sections.is_empty() {
            tables.sections.push(Section::default());
            tables.names = 1;
            tables.sections.push(Section { kind: elf::SHT_STRTAB, align: 1, ..Section::default() });
            tables.contents.insert(1, vec![0]);
            tables.sections[1].name = tables.string(1, ".shstrtab");
            return Ok(tables);
        }
        tables.take(file, tables.names, "the section name table")?;
        if let Some(symbols) = tables.symbols() {
            tables.take(file, symbols, "the symbol table")?;
            let strings = tables.sections[symbols].link as usize;
            if strings >= tables.sections.len() {
                return Err(ElfError::Malformed { what: "the symbol name table" });
            }
            tables.take(file, strings, "the symbol name table")?;
        }
        let extended = |s: &Section| s.kind == elf::SHT_SYMTAB_SHNDX;
        if tables.sections.iter().any(extended) {
            return Err(ElfError::Unsupported { what: "a table of extended section indices" });
        }
        Ok(tables)
    }

    /// Prepares a section of the file for growth.
    fn take(&mut self, file: &Elf<'_>, index: usize, what: &'static str) -> Result<(), ElfError> {
        let content = file.content(&self.sections[index]).ok_or(ElfError::Malformed { what })?;
        self.contents.insert(index, content.to_vec());
        Ok(())
    }

    fn symbols(&self) -> Option<usize> {
        self.sections.iter().position(|section| section.kind == elf::SHT_SYMTAB)
    }

    /// Appends a string to a string table, giving its offset.
    fn string(&mut self, table: usize, text: &str) -> u32 {
        let content = self.contents.entry(table).or_default();
        if content.last().is_some_and(|byte| *byte != 0) {
            content.push(0);
        }
        let offset = u32::try_from(content.len()).expect("a string table has less than 4 GiB");
        content.extend(text.bytes());
        content.push(0);
        offset
    }

    fn add_section(&mut self, name: &str, mut section: Section) -> usize {
        section.name = self.string(self.names, name);
        self.sections.push(section);
        self.sections.len() - 1
    }

    pub(super) fn add_note(&mut self) {
        let note = Section { kind: elf::SHT_NOTE, align: 4, ..Section::default() };
        self.note = self.add_section(manifest::SECTION, note);
    }

    /// Makes the section `.comment`, which says what compiled the guest, the manifest's.
    pub(super) fn take_over_comment(&mut self) -> Result<(), ElfError> {
        let names = self.contents.get(&self.names).ok_or(ElfError::NoRoom)?;
        let is_comment = |section: &Section| {
            let name = names.get(section.name as usize..).unwrap_or_default();
            section.kind == elf::SHT_PROGBITS
                && section.flags & u64::from(elf::SHF_ALLOC) == 0
                && name.starts_with(b".comment\0")
        };
        self.note = self.sections.iter().position(is_comment).ok_or(ElfError::NoRoom)?;
        let name = self.string(self.names, manifest::SECTION);
        self.sections[self.note] =
            Section { name, kind: elf::SHT_NOTE, align: 4, ..Section::default() };
        Ok(())
    }

    /// Adds a global function symbol for each call; a file without symbol table gets one, if
    /// sections can be added.
    pub(super) fn add_symbols(&mut self, calls: &[Call], fixed: bool) -> Result<(), ElfError> {
        let symbols = match self.symbols() {
            Some(symbols) => symbols,
            None if fixed => return Ok(()),
            None => self.add_symbol_table(),
        };
        let strings = self.sections[symbols].link as usize;
        for call in calls {
            let name = self.string(strings, &call.symbol());
            let section = self.section_of(call.entry);
            let symbol = self.symbol(name, section, call);
            self.contents.entry(symbols).or_default().extend(symbol);
        }
        let size = if self.wide { 24 } else { 16 };
        let whole = self.contents.get(&symbols).is_none_or(|c| c.len().is_multiple_of(size));
        if whole { Ok(()) } else { Err(ElfError::Malformed { what: "the symbol table" }) }
    }

    fn add_symbol_table(&mut self) -> usize {
        let strings = Section { kind: elf::SHT_STRTAB, align: 1, ..Section::default() };
        let strings = self.add_section(".strtab", strings);
        self.contents.insert(strings, vec![0]);
        let (entry_size, align) = if self.wide { (24, 8) } else { (16, 4) };
        let symbols = self.add_section(
            ".symtab",
            Section {
                kind: elf::SHT_SYMTAB,
                link: u32::try_from(strings).expect("fewer than 65,000 sections"),
                info: 1,
                align,
                entry_size,
                ..Section::default()
            },
        );
        let null = usize::try_from(entry_size).expect("24 at most");
        self.contents.insert(symbols, vec![0; null]);
        symbols
    }

    /// Index of the loaded section that holds an address.
    fn section_of(&self, addr: u64) -> u16 {
        let holds = |s: &Section| {
            s.flags & u64::from(elf::SHF_ALLOC) != 0
                && s.kind != elf::SHT_NOBITS
                && addr.checked_sub(s.addr).is_some_and(|at| at < s.size)
        };
        let index = self.sections.iter().position(holds);
        index.and_then(|index| u16::try_from(index).ok()).unwrap_or(elf::SHN_ABS)
    }

    fn symbol(&self, name: u32, section: u16, call: &Call) -> Vec<u8> {
        let size = call.end.wrapping_sub(call.entry);
        let info = elf::STB_GLOBAL << 4 | elf::STT_FUNC;
        if self.wide {
            return bytes_of(&elf::Sym64 {
                st_name: U32::new(LE, name),
                st_info: info,
                st_other: elf::STV_DEFAULT,
                st_shndx: U16::new(LE, section),
                st_value: U64::new(LE, call.entry),
                st_size: U64::new(LE, size),
            })
            .to_vec();
        }
        let narrow = |value: u64| {
            U32::new(LE, u32::try_from(value).expect("addresses of a 32-bit guest have 32 bits"))
        };
        bytes_of(&elf::Sym32 {
            st_name: U32::new(LE, name),
            st_value: narrow(call.entry),
            st_size: narrow(size),
            st_info: info,
            st_other: elf::STV_DEFAULT,
            st_shndx: U16::new(LE, section),
        })
        .to_vec()
    }

    /// Appends the note and the tables that have grown, and says in the section table where.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, note: Vec<u8>) {
        self.contents.insert(self.note, note);
        for (&index, content) in &self.contents {
            let section = &mut self.sections[index];
            section.offset = pad(out);
            section.size = content.len() as u64;
            out.extend(content);
        }
    }
}
