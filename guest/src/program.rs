//! A loaded guest: what the other crates need to know of an ELF, independent of its file format.
//!
//! Invariants: segments are sorted by address and do not overlap; symbols are sorted by address;
//! relocations are sorted, without duplicates, and lie in executable segments.

use std::ops::Range;

use autoprec_isa::{Decoded, Inst, Xlen, decode};

use crate::digest::{hex, sha256};
use crate::patches::Patches;

/// A static RISC-V executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Register width.
    pub xlen: Xlen,
    /// Address of the first instruction.
    pub entry: u64,
    /// Loadable segments, sorted by address.
    pub segments: Vec<Segment>,
    /// Symbols, sorted by address, then name.
    pub symbols: Vec<Symbol>,
    /// Code addresses that relocation records or dynamic tables mention, sorted.
    pub relocations: Vec<u64>,
    /// The ISA string of `.riscv.attributes`, such as `rv32i2p1_m2p0`; absent in many guests. It is
    /// for reports only: what a guest executes is decided by decoding.
    pub isa: Option<String>,
    /// SHA-256 of the file, in lower-case hex; of the code, if there is no file.
    pub digest: String,
    /// Where memory holds the program headers, if it does: a C library reads them when it starts.
    pub headers: Option<ProgramHeaders>,
    /// Indices into `symbols` of functions, one per address.
    pub(crate) functions: Vec<usize>,
}

/// The program headers of the ELF, in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProgramHeaders {
    /// Address of the first.
    pub addr: u64,
    /// Bytes of each.
    pub entry_bytes: u64,
    /// How many there are.
    pub count: u64,
}

/// A contiguous range of initial memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first byte.
    pub addr: u64,
    /// Contents, padded with zeros to the size in memory.
    pub data: Vec<u8>,
    /// How many bytes of `data` the file holds; the rest is zero.
    pub file_size: u64,
    /// Whether instructions may be fetched from it.
    pub executable: bool,
    /// Whether stores are allowed.
    pub writable: bool,
}

impl Segment {
    /// Address after the last byte.
    pub fn end(&self) -> u64 {
        self.addr.saturating_add(self.data.len() as u64)
    }
}

/// A name for an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// Demangled name, without the hash of the Rust compiler.
    pub name: String,
    /// Address.
    pub addr: u64,
    /// Size in bytes; 0 if unknown.
    pub size: u64,
    /// Whether it names a function: a symbol of that type, or a global label without a type in an
    /// executable section (hand-written assembly).
    pub is_function: bool,
}

impl Program {
    /// A program of one executable segment of bare machine code, entered at its first byte.
    pub fn from_code(xlen: Xlen, addr: u64, code: &[u8]) -> Self {
        let segment = Segment {
            addr,
            data: code.to_vec(),
            file_size: code.len() as u64,
            executable: true,
            writable: false,
        };
        let digest = hex(&sha256(code));
        Self { xlen, entry: addr, segments: vec![segment], digest, ..Self::empty(xlen) }
    }

    pub(crate) fn empty(xlen: Xlen) -> Self {
        Self {
            xlen,
            entry: 0,
            segments: Vec::new(),
            symbols: Vec::new(),
            relocations: Vec::new(),
            isa: None,
            digest: String::new(),
            headers: None,
            functions: Vec::new(),
        }
    }

    /// Replaces the symbols; sorts them and works out which of them name functions.
    #[must_use]
    pub fn with_symbols(mut self, mut symbols: Vec<Symbol>) -> Self {
        symbols.sort_by(|a, b| (a.addr, &a.name, a.size).cmp(&(b.addr, &b.name, b.size)));
        symbols.dedup();
        let mut functions: Vec<usize> = Vec::new();
        for (index, symbol) in symbols.iter().enumerate().filter(|(_, s)| s.is_function) {
            match functions.last_mut() {
                // Of aliases, the one with the larger extent names the function.
                Some(last) if symbols[*last].addr == symbol.addr => {
                    if symbol.size > symbols[*last].size {
                        *last = index;
                    }
                }
                _ => functions.push(index),
            }
        }
        self.symbols = symbols;
        self.functions = functions;
        self
    }

    /// The segment that holds `addr`.
    pub fn segment_at(&self, addr: u64) -> Option<&Segment> {
        let index = self.segments.partition_point(|s| s.addr <= addr).checked_sub(1)?;
        let segment = &self.segments[index];
        (addr < segment.end()).then_some(segment)
    }

    /// The four bytes at a halfword-aligned address of an executable segment; where only two remain,
    /// the upper half is 0.
    pub fn word_at(&self, addr: u64) -> Option<u32> {
        if !addr.is_multiple_of(2) {
            return None;
        }
        let segment = self.segment_at(addr).filter(|s| s.executable)?;
        let offset = usize::try_from(addr - segment.addr).ok()?;
        let rest = &segment.data[offset..];
        let low = u16::from_le_bytes(rest.get(..2)?.try_into().ok()?);
        let high = rest.get(2..4).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes);
        Some(u32::from(low) | u32::from(high) << 16)
    }

    /// The instruction at `pc`, if there is one in the table.
    pub fn decode_at(&self, pc: u64) -> Option<Decoded> {
        decode(self.xlen, self.word_at(pc)?)
    }

    /// The instructions of a straight line with their addresses; `None` stands for four bytes that
    /// are no RISC-V instruction.
    pub fn insts(&self, range: Range<u64>) -> impl Iterator<Item = (u64, Option<Inst>)> + use<'_> {
        let mut pc = range.start;
        std::iter::from_fn(move || {
            let at = pc;
            let decoded = self.decode_at(at);
            pc = pc.saturating_add(decoded.map_or(4, |decoded| decoded.len).into());
            (at < range.end).then_some((at, decoded.map(|decoded| decoded.inst)))
        })
    }

    /// The function that `pc` belongs to: the last one that starts at or before `pc`, if `pc` lies
    /// within its size (or its size is unknown and `pc` in its segment).
    pub fn function_at(&self, pc: u64) -> Option<&Symbol> {
        let after = self.functions.partition_point(|&f| self.symbols[f].addr <= pc);
        let symbol = &self.symbols[self.functions[after.checked_sub(1)?]];
        let end = if symbol.size == 0 {
            self.segment_at(symbol.addr)?.end()
        } else {
            symbol.addr.saturating_add(symbol.size)
        };
        (pc < end).then_some(symbol)
    }

    /// Whether a function starts at `pc`.
    pub fn is_function_entry(&self, pc: u64) -> bool {
        self.functions.binary_search_by_key(&pc, |&f| self.symbols[f].addr).is_ok()
    }

    /// Initial memory from `addr`, if `len` bytes of it lie in one segment.
    pub fn bytes(&self, addr: u64, len: usize) -> Option<&[u8]> {
        let segment = self.segment_at(addr)?;
        let offset = usize::try_from(addr - segment.addr).ok()?;
        segment.data.get(offset..offset.checked_add(len)?)
    }

    /// This program with the original bytes back in place of every patch.
    ///
    /// Patches outside the segments are ignored: a run refuses those.
    #[must_use]
    pub fn with_patches_undone(&self, patches: &Patches) -> Self {
        let mut program = self.clone();
        for patch in patches.iter() {
            program.write(patch.entry, &patch.saved);
        }
        program
    }

    /// Overwrites initial memory; false if the range is not within one segment.
    fn write(&mut self, addr: u64, bytes: &[u8]) -> bool {
        let Some(index) = self.segments.partition_point(|s| s.addr <= addr).checked_sub(1) else {
            return false;
        };
        let segment = &mut self.segments[index];
        let Ok(offset) = usize::try_from(addr - segment.addr) else { return false };
        let Some(end) = offset.checked_add(bytes.len()) else { return false };
        let Some(target) = segment.data.get_mut(offset..end) else { return false };
        target.copy_from_slice(bytes);
        true
    }
}
