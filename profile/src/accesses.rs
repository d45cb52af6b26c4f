//! What a run did to memory: loads and stores by width, those that were misaligned, and how much of
//! memory it touched.
//!
//! Loads and stores are those of instructions; what calls of the environment copy is none of them. A
//! load-reserved counts as a load, a store-conditional as a store, successful or not, and an atomic
//! operation as one of each.

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_isa::{Inst, Op, Width};

use crate::profile::Span;

/// The widths, in the order in which counts are kept.
pub const WIDTHS: [Width; 4] = [Width::Byte, Width::Half, Width::Word, Width::Double];

/// Loads and stores, by width in the order of [`WIDTHS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accesses {
    /// Instructions that load.
    pub loads: [u64; 4],
    /// Instructions that store.
    pub stores: [u64; 4],
}

/// What a run did to memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Loads and stores.
    pub accesses: Accesses,
    /// Misaligned loads and stores by the address of the instruction, sorted; no count is 0.
    pub misaligned: Vec<(u64, u64)>,
    /// Pages of 4096 bytes that the file or the run stored something to.
    pub pages: u64,
    /// What was touched, if the run was asked to note it.
    pub touched: Option<Touched>,
}

/// The distinct parts of memory that were loaded from or stored to, by instructions or by calls of the
/// environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Bytes of a word: 4 or 8, as registers have.
    pub word_bytes: u32,
    /// Aligned words.
    pub words: u64,
    /// Pages of 4096 bytes.
    pub pages: u64,
}

impl Accesses {
    /// Of one execution of a span.
    fn of_span(program: &Program, span: &Span) -> Self {
        let mut accesses = Self::default();
        for (_, inst) in program.insts(span.start..span.end) {
            let (load, store) = inst.map_or((None, None), widths);
            if let Some(width) = load {
                accesses.loads[width as usize] += 1;
            }
            if let Some(width) = store {
                accesses.stores[width as usize] += 1;
            }
        }
        accesses
    }

    /// Of all executions of some spans. `program` holds the original words.
    pub fn of_spans<'a>(
        program: &Program,
        spans: impl IntoIterator<Item = (&'a Span, u64)>,
    ) -> Self {
        let mut all = Self::default();
        for (span, count) in spans {
            let one = Self::of_span(program, span);
            all.add(&one, count);
        }
        all
    }

    /// Adds those of something that happened `times` times.
    pub(crate) fn add(&mut self, other: &Self, times: u64) {
        let sums = self.loads.iter_mut().chain(&mut self.stores);
        for (sum, count) in sums.zip(other.loads.iter().chain(&other.stores)) {
            *sum += count * times;
        }
    }

    /// Bytes that were loaded.
    pub fn bytes_loaded(&self) -> u64 {
        bytes(&self.loads)
    }

    /// Bytes that were stored.
    pub fn bytes_stored(&self) -> u64 {
        bytes(&self.stores)
    }
}

fn bytes(counts: &[u64; 4]) -> u64 {
    WIDTHS.iter().zip(counts).map(|(width, count)| u64::from(width.bytes()) * count).sum()
}

/// What an instruction loads and stores.
fn widths(inst: Inst) -> (Option<Width>, Option<Width>) {
    match inst.op {
        Op::Load { width, .. } | Op::Lr(width) => (Some(width), None),
        Op::Store(width) | Op::Sc(width) => (None, Some(width)),
        Op::Amo { width, .. } => (Some(width), Some(width)),
        Op::FloatLoad(precision) => (Some(precision.width()), None),
        Op::FloatStore(precision) => (None, Some(precision.width())),
        _ => (None, None),
    }
}

impl MemoryUse {
    /// Misaligned loads and stores in all.
    pub fn misaligned_count(&self) -> u64 {
        self.misaligned.iter().map(|(_, count)| count).sum()
    }

    /// Adds that of another run. Of pages and words, which may be the same ones, the larger number
    /// stays; it is that of one run.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.accesses.add(&other.accesses, 1);
        let mut misaligned: BTreeMap<u64, u64> = self.misaligned.drain(..).collect();
        for &(pc, count) in &other.misaligned {
            *misaligned.entry(pc).or_default() += count;
        }
        self.misaligned = misaligned.into_iter().collect();
        self.pages = self.pages.max(other.pages);
        self.touched = match (self.touched, other.touched) {
            (Some(a), Some(b)) if a.words < b.words => Some(b),
            (a, b) => a.or(b),
        };
    }
}
