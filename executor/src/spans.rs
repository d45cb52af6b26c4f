//! The text, decoded span by span as execution first enters it.
//!
//! The end of a span knows the spans that follow, so that the executor looks up an address only for
//! computed jumps; its instructions are a [`Line`].
//! Invariant: a call of the environment is a span of its own, since it counts for a call path of its
//! own.

use std::collections::BTreeSet;
use std::ops::Range;

use autoprec_guest_elf::{Patches, Program, Segment};
use autoprec_isa::{Decoded, Inst, Op, Reg, Word};

use crate::calls::{NodeId, ROOT};
use crate::code::{Code, Line};
use crate::host::Host;
use crate::markers::{Kind, Tags};

/// Index of a span.
pub(crate) type SpanId = u32;
/// Not known yet.
pub(crate) const UNKNOWN: SpanId = SpanId::MAX;
/// No patch.
pub(crate) const NO_PATCH: u32 = u32::MAX;
/// A span longer than this is cut.
const MAX_INSTS: usize = 1 << 16;
/// With this many instructions decoded, longer spans than the second number are cut: overlapping
/// spans of a guest that jumps into long code everywhere must not fill memory.
const PLENTY: (usize, usize) = (1 << 22, 1 << 6);

/// What a span ends with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// A branch; `enters` if its target starts another function.
    Branch { target: u64, enters: bool },
    /// A direct jump.
    Jump { target: u64, enters: bool },
    /// A direct call.
    Call { target: u64 },
    /// A computed jump.
    Computed(Computed),
    /// To the environment.
    Ecall,
    /// To the environment, by an instruction of its own.
    Custom(u32),
    /// A breakpoint.
    Ebreak,
    /// A marker with its tag, which is performed as any instruction; the next span follows.
    Marker(Kind, i32),
    /// Nothing: the next span follows.
    FallThrough,
    /// Not an instruction of this machine.
    Illegal(u32),
    /// Not in an executable segment.
    OutsideText,
}

/// What a computed jump is for, as its registers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Computed {
    Call,
    Return,
    Jump,
}

/// A straight-line run of decoded instructions.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Address of the last instruction.
    pub(crate) last: u64,
    /// Instructions, the ending one included.
    pub(crate) insts: u32,
    /// The instructions that the hart performs: all but a call of the environment.
    pub(crate) line: Line,
    pub(crate) finish: End,
    /// Executions.
    pub(crate) count: u64,
    /// Executions whose ending branch was taken.
    pub(crate) taken: u64,
    /// The call path that executed it last.
    pub(crate) path: NodeId,
    /// Executions before that path's.
    pub(crate) before: u64,
    /// The span at the target of a direct jump or branch.
    pub(crate) target: SpanId,
    /// The span behind this one.
    pub(crate) next: SpanId,
    /// Which patch is entered here.
    pub(crate) patch: u32,
    /// End of that patch's region.
    pub(crate) patch_end: u64,
    /// Whether the observer wants to know.
    pub(crate) watched: bool,
}

/// Addresses of a segment, and the span that starts at each of its halfwords that the file holds. No
/// instruction starts behind those: there is nothing but zeros, however many.
type Starts = (Range<u64>, Vec<SpanId>);

/// All spans decoded so far.
pub(crate) struct Spans<'a, W: Word> {
    program: &'a Program,
    host: &'a dyn Host,
    patches: Vec<(u64, u64)>,
    watch: &'a BTreeSet<u64>,
    /// Addresses at which spans are cut.
    cuts: BTreeSet<u64>,
    /// Of the program.
    pub(crate) tags: Tags,
    pub(crate) all: Vec<Span>,
    pub(crate) code: Code<W>,
    /// Per executable segment.
    starts: Vec<Starts>,
}

impl<'a, W: Word> Spans<'a, W> {
    /// `program` holds the original words.
    pub(crate) fn new(
        program: &'a Program,
        host: &'a dyn Host,
        patches: &Patches,
        watch: &'a BTreeSet<u64>,
    ) -> Self {
        let patches: Vec<(u64, u64)> =
            patches.iter().map(|p| (p.entry, p.entry + u64::from(p.region_len))).collect();
        let mut cuts = watch.clone();
        cuts.extend(patches.iter().flat_map(|&(entry, end)| [entry, end]));
        let table = |segment: &Segment| {
            let held = usize::try_from(segment.file_size).unwrap_or(usize::MAX);
            let halfwords = held.min(segment.data.len()).div_ceil(2);
            (segment.addr..segment.end(), vec![UNKNOWN; halfwords])
        };
        let starts = program.segments.iter().filter(|s| s.executable).map(table).collect();
        let tags = Tags::of(program);
        let (all, code) = (Vec::new(), Code::new());
        Self { program, host, patches, watch, cuts, tags, all, code, starts }
    }

    /// The span that starts at `pc`.
    pub(crate) fn at(&mut self, pc: u64) -> SpanId {
        let place = self.starts.iter().position(|(range, _)| range.contains(&pc));
        let Some(segment) = place.filter(|_| pc.is_multiple_of(self.host.instruction_alignment()))
        else {
            return self.push(pc, End::OutsideText, &[]);
        };
        let (range, table) = &self.starts[segment];
        let index = usize::try_from((pc - range.start) / 2).expect("within a segment in memory");
        if let Some(&id) = table.get(index).filter(|&&id| id != UNKNOWN) {
            return id;
        }
        let id = self.decode(pc);
        if let Some(known) = self.starts[segment].1.get_mut(index) {
            *known = id;
        }
        id
    }

    fn push(&mut self, start: u64, finish: End, insts: &[(u64, Inst, u8)]) -> SpanId {
        let line = self.code.add(insts);
        let id = SpanId::try_from(self.all.len()).expect("a span takes more than one byte of text");
        let patch = self.patches.binary_search_by_key(&start, |&(entry, _)| entry).ok();
        self.all.push(Span {
            start,
            end: start,
            last: start,
            insts: 0,
            line,
            finish,
            count: 0,
            taken: 0,
            path: ROOT,
            before: 0,
            target: UNKNOWN,
            next: UNKNOWN,
            patch: patch.and_then(|p| u32::try_from(p).ok()).unwrap_or(NO_PATCH),
            patch_end: patch.map_or(0, |p| self.patches[p].1),
            watched: self.watch.contains(&start),
        });
        id
    }

    fn decode(&mut self, start: u64) -> SpanId {
        let mut line = Vec::new();
        let (mut pc, mut last) = (start, start);
        let mut insts = 0;
        let longest = if self.code.len() < PLENTY.0 { MAX_INSTS } else { PLENTY.1 };
        let finish = loop {
            let begins = pc == start;
            if line.len() == longest || (!begins && self.cuts.contains(&pc)) {
                break End::FallThrough;
            }
            let Some(word) = self.program.word_at(pc) else {
                break if begins { End::OutsideText } else { End::FallThrough };
            };
            let decoded = self.host.decode(W::XLEN, word);
            let decoded = decoded.filter(|d| self.host.has_float() || !d.inst.is_float());
            let Some(Decoded { inst, len }) = decoded else {
                break if !begins {
                    // The instructions before it are executed and counted first.
                    End::FallThrough
                } else if self.host.is_custom(word) {
                    (insts, last, pc) = (1, pc, pc + 4);
                    End::Custom(word)
                } else {
                    End::Illegal(word)
                };
            };
            if inst.op == Op::Ecall && !begins {
                break End::FallThrough;
            }
            line.push((pc, inst, len));
            (insts, last) = (insts + 1, pc);
            pc = W::XLEN.mask(pc.wrapping_add(u64::from(len)));
            if let Some(finish) = self.ending(last, &inst) {
                break finish;
            }
        };
        if matches!(finish, End::Ecall | End::Ebreak) {
            line.pop();
        }
        let id = self.push(start, finish, &line);
        let span = &mut self.all[id as usize];
        (span.end, span.last) = (pc, last);
        span.insts = insts;
        id
    }

    /// What the span ends with, if this instruction ends it.
    fn ending(&self, pc: u64, inst: &Inst) -> Option<End> {
        const LINKS: [Reg; 2] = [Reg::RA, Reg::T0];
        let target = W::XLEN.mask(pc.wrapping_add_signed(i64::from(inst.imm)));
        let enters = || {
            let of = |pc| self.program.function_at(pc).map(|f| f.addr);
            self.program.is_function_entry(target) && of(pc) != Some(target)
        };
        Some(match inst.op {
            Op::Branch { .. } => End::Branch { target, enters: enters() },
            Op::Jal if LINKS.contains(&inst.rd) => End::Call { target },
            Op::Jal => End::Jump { target, enters: enters() },
            Op::Jalr if LINKS.contains(&inst.rd) => End::Computed(Computed::Call),
            Op::Jalr if LINKS.contains(&inst.rs1) => End::Computed(Computed::Return),
            Op::Jalr => End::Computed(Computed::Jump),
            Op::Ecall => End::Ecall,
            Op::Ebreak => End::Ebreak,
            _ => {
                let (kind, tag) = self.tags.marker(inst)?;
                End::Marker(kind, tag)
            }
        })
    }
}
