//! What the tests of this crate share: an assembler for a handful of lines, and an ELF writer.

use std::collections::BTreeMap;

use autoprec_isa::{Inst, Xlen};
use autoprec_profiler::{
    Environment, Input, Limits, Patches, Profile, Program, Run, RunError, Symbol, run,
};

/// Where the code of tests lies.
pub(crate) const BASE: u64 = 0x20_0800;

/// Assembles lines of instructions, `label:` lines, `.word`s, and `;` comments. `@label` stands for
/// the distance to a label. Gives the code and the labels.
pub(crate) fn assemble(xlen: Xlen, base: u64, text: &str) -> (Vec<u8>, BTreeMap<String, u64>) {
    let lines =
        || text.lines().map(|l| l.split(';').next().unwrap().trim()).filter(|l| !l.is_empty());
    let mut labels = BTreeMap::new();
    let mut pc = base;
    for line in lines() {
        match line.strip_suffix(':') {
            Some(label) => drop(labels.insert(label.to_owned(), pc)),
            None => pc += 4,
        }
    }
    let mut code = Vec::new();
    for line in lines().filter(|l| !l.ends_with(':')) {
        let pc = base + code.len() as u64;
        let word = if let Some(word) = line.strip_prefix(".word ") {
            u32::from_str_radix(word.trim_start_matches("0x"), 16).unwrap()
        } else {
            let line = match line.split_once('@') {
                Some((before, label)) => {
                    format!("{before}{}", labels[label.trim()].wrapping_sub(pc).cast_signed())
                }
                None => line.to_owned(),
            };
            let inst = Inst::parse(xlen, &line).unwrap_or_else(|e| panic!("`{line}`: {e}"));
            inst.encode(xlen).unwrap_or_else(|| panic!("`{line}` does not encode"))
        };
        code.extend(word.to_le_bytes());
    }
    (code, labels)
}

/// A program of assembled text in which each label without a leading `.` is a function.
pub(crate) fn program(xlen: Xlen, text: &str) -> (Program, BTreeMap<String, u64>) {
    let (code, labels) = assemble(xlen, BASE, text);
    let symbol = |(name, &addr): (&String, &u64)| Symbol {
        name: name.clone(),
        addr,
        size: 0,
        is_function: !name.starts_with('.'),
    };
    let symbols = labels.iter().map(symbol).collect();
    (Program::from_code(xlen, BASE, &code).with_symbols(symbols), labels)
}

/// Runs with neither patches nor input.
pub(crate) fn execute(program: &Program, environment: Environment) -> Result<Run, RunError> {
    run(program, &Patches::none(), environment, &Input::default(), &Limits::none())
}

/// Every execution of a span counts for one call path, and paths add up to the run.
pub(crate) fn adds_up(profile: &Profile) {
    for (index, stack) in profile.stacks.iter().enumerate() {
        let own = profile.visits.iter().filter(|visit| visit.stack == index);
        let insts = own.map(|v| u64::from(profile.spans[v.span].insts) * v.count).sum::<u64>();
        assert_eq!(insts, stack.count, "{stack:?}");
    }
    for (index, span) in profile.spans.iter().enumerate() {
        let visits = profile.visits.iter().filter(|visit| visit.span == index);
        assert_eq!(visits.map(|visit| visit.count).sum::<u64>(), span.count, "{span:?}");
    }
    assert_eq!(profile.stacks.iter().map(|stack| stack.count).sum::<u64>(), profile.instructions);
}

/// The parts of an ELF file that tests vary.
#[derive(Clone)]
pub(crate) struct Elf {
    pub(crate) xlen: Xlen,
    pub(crate) class: u8,
    pub(crate) endian: u8,
    pub(crate) kind: u16,
    pub(crate) machine: u16,
    pub(crate) entry: u64,
    /// Type, flags, address, file contents, size in memory.
    pub(crate) segments: Vec<(u32, u32, u64, Vec<u8>, u64)>,
    /// Name, address, size, type and binding.
    pub(crate) symbols: Vec<(&'static str, u64, u64, u8)>,
    /// Symbol index and addend.
    pub(crate) relocations: Vec<(u32, i64)>,
    pub(crate) isa: Option<&'static str>,
}

pub(crate) const LOAD: u32 = 1;
pub(crate) const INTERP: u32 = 3;
pub(crate) const RX: u32 = 5;
pub(crate) const RW: u32 = 6;
pub(crate) const FUNC: u8 = 0x12;
pub(crate) const LABEL: u8 = 0x10;
pub(crate) const OBJECT: u8 = 0x11;

impl Elf {
    /// A valid executable of this code.
    pub(crate) fn of(xlen: Xlen, code: &[u8]) -> Self {
        Self {
            xlen,
            class: if xlen == Xlen::Rv32 { 1 } else { 2 },
            endian: 1,
            kind: 2,
            machine: 243,
            entry: BASE,
            segments: vec![(LOAD, RX, BASE, code.to_vec(), code.len() as u64)],
            symbols: Vec::new(),
            relocations: Vec::new(),
            isa: None,
        }
    }

    fn word(&self, value: u64) -> Vec<u8> {
        value.to_le_bytes()[..self.xlen.bytes() as usize].to_vec()
    }

    fn half(value: u16) -> Vec<u8> {
        value.to_le_bytes().to_vec()
    }

    fn number(value: u32) -> Vec<u8> {
        value.to_le_bytes().to_vec()
    }

    fn symbol(&self, name: u32, (addr, size, info, section): (u64, u64, u8, u16)) -> Vec<u8> {
        let tail = [vec![info, 0], Self::half(section)].concat();
        match self.xlen {
            Xlen::Rv32 => [Self::number(name), self.word(addr), self.word(size), tail].concat(),
            Xlen::Rv64 => [Self::number(name), tail, self.word(addr), self.word(size)].concat(),
        }
    }

    /// Sections: null, .text, symbols, strings, relocations, attributes.
    fn sections(&self) -> Vec<(u32, u64, u32, Vec<u8>, usize)> {
        let mut names = vec![0];
        let mut symbols = self.symbol(0, (0, 0, 0, 0));
        for &(name, addr, size, info) in &self.symbols {
            let at = u32::try_from(names.len()).unwrap();
            names.extend(name.bytes().chain([0]));
            symbols.extend(self.symbol(at, (addr, size, info, 1)));
        }
        let wide = self.xlen == Xlen::Rv64;
        let mut rela = Vec::new();
        for &(symbol, addend) in &self.relocations {
            let info = if wide { u64::from(symbol) << 32 } else { u64::from(symbol) << 8 };
            rela.extend(
                [self.word(BASE), self.word(info), self.word(addend.cast_unsigned())].concat(),
            );
        }
        let mut attributes = Vec::new();
        if let Some(isa) = self.isa {
            let value = [&[4, 16, 5], isa.as_bytes(), &[0]].concat();
            let part =
                [vec![1], Self::number(u32::try_from(value.len() + 5).unwrap()), value].concat();
            let vendor = [b"riscv\0".to_vec(), part].concat();
            let len = Self::number(u32::try_from(vendor.len() + 4).unwrap());
            attributes = [vec![b'A'], len, vendor].concat();
        }
        let (symbol, record) = if wide { (24, 24) } else { (16, 12) };
        vec![
            (0, 0, 0, vec![], 0),
            (1, 4 | 2, 0, vec![], 0),
            (2, 0, 3, symbols, symbol),
            (3, 0, 0, names, 0),
            (4, 0, 2, rela, record),
            (0x7000_0003, 0, 0, attributes, 0),
        ]
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let (header, entry, section) =
            if self.xlen == Xlen::Rv32 { (52, 32, 40) } else { (64, 56, 64) };
        let headers = header + entry * self.segments.len();
        let mut body = Vec::new();
        let mut table = Vec::new();
        for (kind, flags, addr, data, size) in &self.segments {
            let offset = self.word((headers + body.len()) as u64);
            let (kind, flags) = (Self::number(*kind), Self::number(*flags));
            let addr = self.word(*addr);
            let sizes = [self.word(data.len() as u64), self.word(*size)].concat();
            let align = self.word(4);
            table.extend(match self.xlen {
                Xlen::Rv32 => [kind, offset, addr.clone(), addr, sizes, flags, align].concat(),
                Xlen::Rv64 => [kind, flags, offset, addr.clone(), addr, sizes, align].concat(),
            });
            body.extend_from_slice(data);
        }
        let mut section_table = Vec::new();
        let sections = self.sections();
        for (kind, flags, link, data, size) in &sections {
            section_table.extend(
                [
                    Self::number(0),
                    Self::number(*kind),
                    self.word(*flags),
                    self.word(0),
                    self.word((headers + body.len()) as u64),
                    self.word(data.len() as u64),
                    Self::number(*link),
                    Self::number(0),
                    self.word(1),
                    self.word(*size as u64),
                ]
                .concat(),
            );
            body.extend_from_slice(data);
        }
        let shoff = (headers + body.len()) as u64;
        let mut file = vec![0x7f, b'E', b'L', b'F', self.class, self.endian, 1];
        file.resize(16, 0);
        let halves = [header, entry, self.segments.len(), section, sections.len(), 3];
        let halves = halves.map(|h| Self::half(u16::try_from(h).unwrap())).concat();
        for part in [
            Self::half(self.kind),
            Self::half(self.machine),
            Self::number(1),
            self.word(self.entry),
            self.word(header as u64),
            self.word(shoff),
            Self::number(0),
            halves,
            table,
            body,
            section_table,
        ] {
            file.extend(part);
        }
        file
    }
}
