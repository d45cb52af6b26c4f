//! An ELF writer, and a file to begin with.

use std::cell::Cell;

use autoprec_isa::Xlen;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// Where the code of tests lies.
pub(crate) const BASE: u64 = 0x20_0800;

/// The code of [`valid`].
pub(crate) const CODE: [u8; 16] = [0x13, 0, 0, 0, 0x13, 0, 0, 0, 0x01, 0, 0x13, 0, 0, 0, 0x01, 0];

/// A file with data, symbols, relocations and attributes.
pub(crate) fn valid(xlen: Xlen) -> Elf {
    let mut elf = Elf::of(xlen, &CODE);
    elf.segments.push((LOAD, RW, 0x30_0000, vec![1, 2, 3], 8));
    elf.symbols = vec![
        ("_ZN5guest4main17h0123456789abcdefE", BASE, 8, FUNC),
        ("asm_label", BASE + 8, 0, LABEL),
        ("TABLE", 0x30_0000, 8, OBJECT),
        (".Llocal", BASE + 4, 0, LABEL),
        ("autoprec_10000", BASE + 4, 4, FUNC),
    ];
    elf.relocations = vec![(1, 4), (0, 0x20_080c), (0, 0x30_0000), (0, -4)];
    elf.isa = Some("rv32i2p1_m2p0");
    elf
}

/// Looks at files nearly right: bytes are changed anywhere and in the header, and the end is cut off.
/// `look` says whether a file was loaded; some must be, and some must not.
pub(crate) fn look_at_damaged(look: impl Fn(&[u8]) -> bool) {
    let byte = any::<u8>;
    let changes = prop::collection::vec((any::<Index>(), byte()), 0..8);
    let early = prop::collection::vec((0_usize..120, byte()), 0..4);
    let keep = prop::option::of(any::<Index>());
    let (loaded, refused) = (Cell::new(0), Cell::new(0));
    let property = |(wide, changes, early, keep): (bool, Vec<_>, Vec<_>, Option<Index>)| {
        let mut file = valid(if wide { Xlen::Rv64 } else { Xlen::Rv32 }).build();
        for (index, value) in changes {
            let index: Index = index;
            let at = index.index(file.len());
            file[at] = value;
        }
        for (index, value) in early {
            file[index] = value;
        }
        if let Some(keep) = keep {
            file.truncate(keep.index(file.len() + 1));
        }
        let count = if look(&file) { &loaded } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    };
    let mut runner = TestRunner::new(Config::with_source_file(file!()));
    let strategy = (any::<bool>(), changes, early, keep);
    runner.run(&strategy, property).unwrap_or_else(|error| panic!("{error}"));
    assert!(loaded.get() > 0 && refused.get() > 0, "{loaded:?} loaded, {refused:?} refused");
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
