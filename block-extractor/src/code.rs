//! Which addresses hold code, and which of them control may enter.
//!
//! Code is what can be reached from the entry, symbols, relocations, code pointers and the profile.
//! `entries` is larger than what code enters: targets of anything that merely looks like code, in
//! the gaps between, are in it as well, because the linker relies on what is *not* in it.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_guest_elf::Program;
use autoprec_isa::{Decoded, Op, Xlen};
use autoprec_profile::Profile;

use crate::pointers::{self, Text};

/// What was found out about the text of a program.
#[derive(Debug)]
pub(crate) struct Code {
    /// Decoded instructions by address.
    pub(crate) insts: BTreeMap<u64, Decoded>,
    /// Words in the path of control that the instruction table lacks, with their length in bytes.
    pub(crate) opaque: BTreeMap<u64, (u32, u8)>,
    /// Every address that control may enter other than by falling through.
    pub(crate) entries: BTreeSet<u64>,
    /// Which bytes are code.
    covered: Covered,
}

/// A set of halfwords of the executable segments.
#[derive(Debug)]
struct Covered(Vec<Stretch>);

/// A start address, and whether each halfword from there on is a member.
type Stretch = (u64, Vec<bool>);

impl Covered {
    fn none(program: &Program) -> Self {
        let executable = program.segments.iter().filter(|segment| segment.executable);
        Self(executable.map(|s| (s.addr & !1, vec![false; s.data.len() / 2 + 1])).collect())
    }

    fn bit(&mut self, addr: u64) -> Option<&mut bool> {
        let after = self.0.partition_point(|(start, _)| *start <= addr);
        let (start, bits) = &mut self.0[after.checked_sub(1)?];
        bits.get_mut(usize::try_from((addr - *start) / 2).ok()?)
    }

    fn contains(&self, addr: u64) -> bool {
        let after = self.0.partition_point(|(start, _)| *start <= addr);
        let Some((start, bits)) = after.checked_sub(1).map(|index| &self.0[index]) else {
            return false;
        };
        let bit = usize::try_from((addr - start) / 2).ok().and_then(|index| bits.get(index));
        bit.copied().unwrap_or(false)
    }

    fn cover(&mut self, addr: u64, len: u8) {
        for half in 0..u64::from(len) / 2 {
            if let Some(bit) = self.bit(addr.wrapping_add(2 * half)) {
                *bit = true;
            }
        }
    }
}

/// What stands at an address.
enum Slot {
    Inst(Decoded),
    Opaque(u32, u8),
    /// Neither an instruction nor a word an environment may have given a meaning.
    Nothing,
}

impl Code {
    /// Finds the code of `program`; what `profile` has seen executed is code as well.
    pub(crate) fn discover(program: &Program, profile: Option<&Profile>) -> Self {
        let words = Self::discover_aligned(program, profile, 4);
        if words.insts.values().any(|decoded| decoded.len == 2) {
            Self::discover_aligned(program, profile, 2)
        } else {
            words
        }
    }

    fn discover_aligned(program: &Program, profile: Option<&Profile>, align: u64) -> Self {
        let text = Text { program, align };
        let mut code = Self {
            insts: BTreeMap::new(),
            opaque: BTreeMap::new(),
            entries: BTreeSet::new(),
            covered: Covered::none(program),
        };
        let roots = certain_roots(program, profile);
        code.entries.extend(&roots);
        code.reach(text, roots);
        if let Some(profile) = profile {
            // Code, but control may only ever have fallen into it.
            code.reach(text, profile.spans.iter().map(|span| span.start).collect());
        }
        let mut done = BTreeSet::new();
        let mut roots = possible_roots(text);
        loop {
            roots.retain(|root| text.holds(*root) && done.insert(*root));
            if roots.is_empty() {
                break;
            }
            code.entries.extend(&roots);
            let (inside, outside) = roots.iter().partition(|root| code.is_inside(**root));
            code.reach(text, outside);
            code.shadow(text, &inside);
            roots = code.pointers(text);
        }
        code.sweep_gaps(text);
        code
    }

    /// Decodes everything that can be reached from `roots` by branches, calls and falling through.
    fn reach(&mut self, text: Text<'_>, roots: BTreeSet<u64>) {
        let mut work: Vec<u64> = roots.into_iter().filter(|root| text.holds(*root)).collect();
        while let Some(mut pc) = work.pop() {
            while !self.insts.contains_key(&pc) && !self.opaque.contains_key(&pc) {
                let (len, falls) = match slot(text.program, pc) {
                    Slot::Nothing => break,
                    Slot::Opaque(word, len) => {
                        self.opaque.insert(pc, (word, len));
                        self.entries.insert(next_pc(text.program.xlen, pc, len));
                        (len, true)
                    }
                    Slot::Inst(decoded) => {
                        self.insts.insert(pc, decoded);
                        let targets = targets(text.program.xlen, pc, &decoded);
                        self.entries.extend(&targets);
                        work.extend(targets.into_iter().filter(|to| text.holds(*to)));
                        (decoded.len, falls_through(&decoded))
                    }
                };
                self.covered.cover(pc, len);
                if !falls {
                    break;
                }
                pc = next_pc(text.program.xlen, pc, len);
            }
        }
    }

    /// Whether `addr` is inside an instruction that is known to be code.
    fn is_inside(&self, addr: u64) -> bool {
        self.covered.contains(addr)
            && !self.insts.contains_key(&addr)
            && !self.opaque.contains_key(&addr)
    }

    /// Notes the targets of the instructions one would see from `starts`, which lie inside known
    /// instructions, up to where the two readings meet.
    fn shadow(&mut self, text: Text<'_>, starts: &BTreeSet<u64>) {
        for &start in starts {
            let mut pc = start;
            while let (Slot::Inst(decoded), false) =
                (slot(text.program, pc), self.insts.contains_key(&pc))
            {
                self.entries.extend(targets(text.program.xlen, pc, &decoded));
                pc = next_pc(text.program.xlen, pc, decoded.len);
                if !falls_through(&decoded) {
                    break;
                }
            }
        }
    }

    /// Code addresses in data, in executable words that are not code, and formed by instructions.
    fn pointers(&self, text: Text<'_>) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        for segment in text.program.segments.iter().filter(|s| s.executable) {
            found.extend(pointers::in_data(text, segment, |addr| {
                self.covered.contains(addr) && self.covered.contains(addr.wrapping_add(2))
            }));
        }
        let formed = pointers::formed(text.program, &self.insts, &self.entries);
        for &value in &formed {
            if !self.insts.contains_key(&value) {
                found.extend(pointers::in_offset_table(text, value));
            }
        }
        found.extend(formed);
        found
    }

    /// Notes the targets of whatever decodes between known code, without taking it for code.
    fn sweep_gaps(&mut self, text: Text<'_>) {
        for segment in text.program.segments.iter().filter(|s| s.executable) {
            let end = segment.addr.saturating_add(segment.data.len() as u64);
            let mut pc = segment.addr.next_multiple_of(text.align);
            while pc < end {
                let mut len = text.align;
                if !self.covered.contains(pc)
                    && let Slot::Inst(decoded) = slot(text.program, pc)
                {
                    self.entries.extend(targets(text.program.xlen, pc, &decoded));
                    len = u64::from(decoded.len);
                }
                pc += len;
            }
        }
    }
}

/// Where control certainly starts or has been seen.
fn certain_roots(program: &Program, profile: Option<&Profile>) -> BTreeSet<u64> {
    let functions = program.symbols.iter().filter(|s| s.is_function).map(|s| s.addr);
    let mut roots: BTreeSet<u64> = functions.chain([program.entry]).collect();
    roots.extend(profile.iter().flat_map(|profile| &profile.edges).map(|edge| edge.to));
    roots
}

/// Addresses that something outside the code mentions.
fn possible_roots(text: Text<'_>) -> BTreeSet<u64> {
    let program = text.program;
    let mut roots: BTreeSet<u64> = program.symbols.iter().map(|s| s.addr).collect();
    roots.extend(&program.relocations);
    for segment in program.segments.iter().filter(|s| !s.executable) {
        roots.extend(pointers::in_data(text, segment, |_| false));
    }
    roots
}

fn slot(program: &Program, pc: u64) -> Slot {
    if let Some(decoded) = program.decode_at(pc) {
        return Slot::Inst(decoded);
    }
    match program.word_at(pc) {
        // The all-zero halfword and the all-ones word are illegal by definition.
        None | Some(u32::MAX) => Slot::Nothing,
        Some(word) if word & 3 == 3 => Slot::Opaque(word, 4),
        Some(word) if word & 0xffff != 0 => Slot::Opaque(word & 0xffff, 2),
        Some(_) => Slot::Nothing,
    }
}

fn next_pc(xlen: Xlen, pc: u64, len: u8) -> u64 {
    xlen.mask(pc.wrapping_add(u64::from(len)))
}

/// Whether the instruction after `decoded` may be executed next, or be returned to.
fn falls_through(decoded: &Decoded) -> bool {
    !matches!(decoded.inst.op, Op::Jal | Op::Jalr) || decoded.inst.def().is_some()
}

/// Addresses that control may enter because of the instruction at `pc`, other than by falling
/// through: its target, the instruction after a call, the one an environment continues at.
fn targets(xlen: Xlen, pc: u64, decoded: &Decoded) -> Vec<u64> {
    let inst = &decoded.inst;
    let next = next_pc(xlen, pc, decoded.len);
    let target = || xlen.mask(pc.wrapping_add_signed(i64::from(inst.imm)));
    let linked = inst.def().map(|_| next);
    match inst.op {
        Op::Branch { .. } => vec![target()],
        Op::Jal => [Some(target()), linked].into_iter().flatten().collect(),
        Op::Jalr => linked.into_iter().collect(),
        Op::Ecall | Op::Ebreak => vec![next],
        _ => Vec::new(),
    }
}
