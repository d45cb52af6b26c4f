//! From ELF bytes to a [`Program`].
//!
//! Every offset and size is checked against the file, so that no input panics; `e_flags` are not
//! read, because compilers get them wrong.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_isa::Xlen;
use object::elf;
use object::read::elf::{
    AttributeReader, Dyn as _, FileHeader, ProgramHeader as _, Rela as _, SectionHeader as _,
    SectionTable, Sym as _,
};
use object::{Endianness, SectionIndex};

use crate::demangle::demangle;
use crate::digest;
use crate::error::LoadError;
use crate::program::{Program, ProgramHeaders, Segment, Symbol};

/// Guests larger than this in memory are refused: their sizes are more likely garbage.
const MAX_MEMORY: u64 = 1 << 30;

type Result<T> = std::result::Result<T, LoadError>;

impl Program {
    /// Reads a static little-endian RISC-V executable.
    ///
    /// # Errors
    ///
    /// A [`LoadError`] says why the bytes are not such a file. No input panics.
    pub fn load(bytes: &[u8]) -> std::result::Result<Self, LoadError> {
        load(bytes)
    }
}

/// Reads an ELF of either class; of a RISC Zero program, which holds two, that of the user.
fn load(bytes: &[u8]) -> Result<Program> {
    if bytes.starts_with(RISC0_MAGIC) {
        return load(risc0_user(bytes)?);
    }
    if bytes.get(..4) != Some(&elf::ELFMAG) {
        let found = bytes.iter().copied().take(4).collect();
        return Err(LoadError::NotElf { found, len: bytes.len() });
    }
    match bytes.get(4) {
        Some(&elf::ELFCLASS32) => {
            File::<elf::FileHeader32<Endianness>>::open(bytes)?.program(Xlen::Rv32)
        }
        Some(&elf::ELFCLASS64) => {
            File::<elf::FileHeader64<Endianness>>::open(bytes)?.program(Xlen::Rv64)
        }
        class => Err(LoadError::Malformed {
            part: "file header",
            reason: format!("class {class:?} is neither 32 nor 64 bit"),
        }),
    }
}

/// What a program binary of RISC Zero starts with; there follow a version, the size of a header, the
/// header, the size of the user's ELF, that ELF, and the kernel's (`risc0-binfmt` 2 and 3).
const RISC0_MAGIC: &[u8] = b"R0BF";

fn risc0_user(bytes: &[u8]) -> Result<&[u8]> {
    let number = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    };
    let user = || {
        let start = number(8)?.checked_add(16)?;
        let user = bytes.get(start..)?.get(..number(start - 4)?)?;
        user.starts_with(&elf::ELFMAG).then_some(user)
    };
    user().ok_or_else(|| LoadError::Malformed {
        part: "program binary of RISC Zero",
        reason: "it holds no user ELF where its header says; build it again".to_owned(),
    })
}

fn malformed(part: &'static str) -> impl FnOnce(object::Error) -> LoadError {
    move |error| LoadError::Malformed { part, reason: error.to_string() }
}

struct File<'a, E: FileHeader> {
    bytes: &'a [u8],
    header: &'a E,
    endian: E::Endian,
    segments: &'a [E::ProgramHeader],
    sections: SectionTable<'a, E>,
}

impl<'a, E: FileHeader<Endian = Endianness>> File<'a, E> {
    fn open(bytes: &'a [u8]) -> Result<Self> {
        let need = size_of::<E>() as u64;
        if (bytes.len() as u64) < need {
            return Err(LoadError::Truncated {
                part: "file header",
                need,
                len: bytes.len() as u64,
            });
        }
        let header = E::parse(bytes).map_err(malformed("file header"))?;
        if header.is_big_endian() {
            return Err(LoadError::BigEndian);
        }
        let endian = header.endian().map_err(malformed("file header"))?;
        let machine = header.e_machine(endian);
        if machine != elf::EM_RISCV {
            return Err(LoadError::OtherArchitecture { machine });
        }
        let (offset, count) = (header.e_phoff(endian).into(), u64::from(header.e_phnum(endian)));
        let need = count.saturating_mul(header.e_phentsize(endian).into()).saturating_add(offset);
        if need > bytes.len() as u64 {
            let part = "program headers";
            return Err(LoadError::Truncated { part, need, len: bytes.len() as u64 });
        }
        let segments =
            header.program_headers(endian, bytes).map_err(malformed("program headers"))?;
        // A stripped or cut section table costs the names, not the program.
        let sections = header.sections(endian, bytes).unwrap_or_default();
        Ok(Self { bytes, header, endian, segments, sections })
    }

    fn program(&self, xlen: Xlen) -> Result<Program> {
        self.check_kind()?;
        let segments = self.load_segments()?;
        check_layout(&segments, xlen)?;
        let entry = self.header.e_entry(self.endian).into();
        let inside = segments.iter().any(|s| s.executable && (s.addr..s.end()).contains(&entry));
        if !inside || entry % 2 != 0 {
            return Err(LoadError::EntryOutsideText { entry });
        }
        let program = Program {
            entry,
            segments,
            isa: self.isa_string(),
            headers: self.program_headers(),
            digest: digest::hex(&digest::sha256(self.bytes)),
            ..Program::empty(xlen)
        };
        let symbols = self.symbols(&program);
        let relocations = self.relocations();
        let is_code = |&addr: &u64| program.segment_at(addr).is_some_and(|s| s.executable);
        let relocations = relocations.into_iter().filter(is_code).collect();
        Ok(Program { relocations, ..program }.with_symbols(symbols))
    }

    fn check_kind(&self) -> Result<()> {
        for segment in self.segments {
            if let Some(path) =
                segment.interpreter(self.endian, self.bytes).map_err(malformed("interpreter"))?
            {
                let interpreter = String::from_utf8_lossy(path).into_owned();
                return Err(LoadError::Dynamic { interpreter });
            }
        }
        match self.header.e_type(self.endian) {
            elf::ET_EXEC => Ok(()),
            kind => Err(LoadError::NotExecutable { kind }),
        }
    }

    fn load_segments(&self) -> Result<Vec<Segment>> {
        let mut segments = Vec::new();
        let mut total = 0u64;
        for header in self.segments.iter().filter(|s| s.p_type(self.endian) == elf::PT_LOAD) {
            let (offset, file_size) = header.file_range(self.endian);
            let memory: u64 = header.p_memsz(self.endian).into();
            let addr: u64 = header.p_vaddr(self.endian).into();
            if memory == 0 {
                continue;
            }
            total = total.saturating_add(memory);
            if total > MAX_MEMORY {
                return Err(LoadError::TooLarge { addr, size: memory, limit: MAX_MEMORY });
            }
            if file_size > memory {
                let reason = format!(
                    "the segment at {addr:#x} has {file_size} bytes in the file but only {memory} \
                     in memory"
                );
                return Err(LoadError::Malformed { part: "program headers", reason });
            }
            let need = offset.saturating_add(file_size);
            let contents = usize::try_from(offset)
                .ok()
                .zip(usize::try_from(need).ok())
                .and_then(|(start, end)| self.bytes.get(start..end));
            let Some(contents) = contents else {
                let len = self.bytes.len() as u64;
                return Err(LoadError::Truncated { part: "segment", need, len });
            };
            let size = usize::try_from(memory).expect("at most MAX_MEMORY, which fits");
            let mut data = vec![0; size];
            data[..contents.len()].copy_from_slice(contents);
            let flags = header.p_flags(self.endian);
            segments.push(Segment {
                addr,
                data,
                file_size,
                executable: flags & elf::PF_X != 0,
                writable: flags & elf::PF_W != 0,
            });
        }
        segments.sort_by_key(|s| s.addr);
        Ok(segments)
    }

    fn program_headers(&self) -> Option<ProgramHeaders> {
        let offset: u64 = self.header.e_phoff(self.endian).into();
        let holder = self.segments.iter().find(|s| {
            let (start, size) = s.file_range(self.endian);
            s.p_type(self.endian) == elf::PT_LOAD
                && (start..start.saturating_add(size)).contains(&offset)
        })?;
        let addr: u64 = holder.p_vaddr(self.endian).into();
        Some(ProgramHeaders {
            addr: addr.wrapping_add(offset - holder.file_range(self.endian).0),
            entry_bytes: self.header.e_phentsize(self.endian).into(),
            count: self.header.e_phnum(self.endian).into(),
        })
    }

    fn symbols(&self, program: &Program) -> Vec<Symbol> {
        let Ok(table) = self.sections.symbols(self.endian, self.bytes, elf::SHT_SYMTAB) else {
            return Vec::new();
        };
        // Hand-written labels are functions only in sections of code.
        let mut in_code = BTreeMap::new();
        for (index, section) in self.sections.enumerate() {
            let flags: u64 = section.sh_flags(self.endian).into();
            in_code.insert(index.0, flags & u64::from(elf::SHF_EXECINSTR) != 0);
        }
        let mut symbols = Vec::new();
        for (index, symbol) in table.enumerate() {
            let Ok(name) = symbol.name(self.endian, table.strings()) else { continue };
            let kind = symbol.st_type();
            let keep = matches!(kind, elf::STT_FUNC | elf::STT_OBJECT | elf::STT_NOTYPE);
            if !keep || name.is_empty() || name[0] == b'$' || name.starts_with(b".L") {
                continue;
            }
            let Ok(Some(section)) = table.symbol_section(self.endian, symbol, index) else {
                continue;
            };
            let addr: u64 = symbol.st_value(self.endian).into();
            let label = kind == elf::STT_NOTYPE
                && symbol.st_bind() != elf::STB_LOCAL
                && in_code.get(&section.0) == Some(&true)
                && program.segment_at(addr).is_some_and(|s| s.executable);
            symbols.push(Symbol {
                name: demangle(&String::from_utf8_lossy(name)),
                addr,
                size: symbol.st_size(self.endian).into(),
                is_function: (kind == elf::STT_FUNC || label) && !names_precompile(name),
            });
        }
        symbols
    }

    /// Every address that a relocation record or a dynamic table computes.
    fn relocations(&self) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        for section in self.sections.iter() {
            if let Ok(Some((records, link))) = section.rela(self.endian, self.bytes) {
                let values = self.symbol_values(link);
                for record in records {
                    let symbol = record.r_sym(self.endian, false) as usize;
                    let addend: i64 = record.r_addend(self.endian).into();
                    let base = values.get(symbol).copied().unwrap_or(0);
                    found.insert(base.wrapping_add_signed(addend));
                }
            }
        }
        for segment in self.segments {
            let Ok(Some(entries)) = segment.dynamic(self.endian, self.bytes) else { continue };
            for entry in entries {
                let tag: u64 = entry.d_tag(self.endian).into();
                if tag == u64::from(elf::DT_INIT) || tag == u64::from(elf::DT_FINI) {
                    found.insert(entry.d_val(self.endian).into());
                }
            }
        }
        found
    }

    fn symbol_values(&self, link: SectionIndex) -> Vec<u64> {
        self.sections
            .symbol_table_by_index(self.endian, self.bytes, link)
            .map(|table| table.iter().map(|s| s.st_value(self.endian).into()).collect())
            .unwrap_or_default()
    }

    /// `Tag_RISCV_arch` of the attributes section.
    fn isa_string(&self) -> Option<String> {
        let is_attributes =
            |s: &&E::SectionHeader| s.sh_type(self.endian) == elf::SHT_RISCV_ATTRIBUTES;
        let section = self.sections.iter().find(is_attributes)?;
        let attributes = section.attributes(self.endian, self.bytes).ok()?;
        attributes
            .subsections()
            .ok()?
            .map_while(object::Result::ok)
            .flat_map(|subsection| subsection.subsubsections().map_while(object::Result::ok))
            .find_map(|part| arch(part.attributes()))
    }
}

/// The value of `Tag_RISCV_arch`.
fn arch(mut reader: AttributeReader<'_>) -> Option<String> {
    const TAG_RISCV_ARCH: u64 = 5;
    while let Ok(Some(tag)) = reader.read_tag() {
        // Odd tags have strings as values, even tags numbers.
        if tag % 2 == 0 {
            reader.read_integer().ok()?;
            continue;
        }
        let text = reader.read_string().ok()?;
        if tag == TAG_RISCV_ARCH {
            return Some(String::from_utf8_lossy(text).into_owned());
        }
    }
    None
}

/// Checks sorted segments against each other and the address space.
fn check_layout(segments: &[Segment], xlen: Xlen) -> Result<()> {
    if !segments.iter().any(|s| s.executable) {
        return Err(LoadError::NoExecutableSegment);
    }
    for segment in segments {
        let size = segment.data.len() as u64;
        let last = segment.addr.checked_add(size - 1);
        if last.is_none_or(|last| xlen.mask(last) != last) {
            return Err(LoadError::OutsideAddressSpace { addr: segment.addr, size });
        }
    }
    for pair in segments.windows(2) {
        if pair[0].end() > pair[1].addr {
            return Err(LoadError::OverlappingSegments {
                first: pair[0].addr,
                first_end: pair[0].end(),
                second: pair[1].addr,
            });
        }
    }
    Ok(())
}

/// Whether this is a name the linker gives to calls: `autoprec_10000`. Those mark places inside
/// functions.
fn names_precompile(name: &[u8]) -> bool {
    name.strip_prefix(b"autoprec_")
        .is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))
}
