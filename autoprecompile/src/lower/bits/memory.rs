//! Loads and stores: which words are accessed. When they are follows from the no-alias argument
//! ([`crate::lower::alias`]).
//!
//! If it is known what the base of a group is modulo the bytes of a word, words at known distances are
//! *lines*.
//!
//! Lemma (addresses): only words whose addresses are multiples of their bytes, in range, are ever sent
//! first, so a received address is one. It is congruent to the instruction's address less its distance
//! from the beginning of its word: all equations are modulo 2^xlen. So neither range nor alignment of
//! addresses has to be shown.
//!
//! Complete: for every state on which accesses are aligned and no distance leads across the end of the
//! address space.

use std::collections::BTreeMap;

use autoprec_circuits::{Field, MachineBus};
use autoprec_isa::{Alu, Width};

use super::Lowering;
use super::bitwise::{cut_at, divided, sign_extended};
use super::builder::Lin;
use super::gadget::Word;
use super::value::{Parts, ones};
use crate::ir::{Effect, Ir, Node, ValueId};
use crate::lower::LowerError;
use crate::lower::alias::{Base, Memory, Pending, residues};
use crate::recipe::Query;
use crate::recipe::Slot;

/// A load or a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) base: Base,
    /// The distance from the base.
    pub(super) offset: u64,
    pub(super) addr: ValueId,
    pub(super) width: Width,
    /// The load, or what is stored.
    pub(super) value: ValueId,
    pub(super) is_store: bool,
    pub(super) inst: u32,
}

/// What a word in memory holds.
#[derive(Clone, Debug)]
enum Content<F> {
    Value(ValueId),
    Parts(Parts<F>, Slot),
}

/// A word at a known distance from its base.
#[derive(Clone, Debug)]
struct Line<F> {
    address: Word<F>,
    /// What the next access receives.
    memory: Word<F>,
    content: Content<F>,
    /// Whether the content is not what memory holds.
    is_dirty: bool,
    /// Whether no access has received it.
    is_unproven: bool,
}

/// What is known of the words of a group.
#[derive(Clone, Debug)]
pub(super) struct Group<F> {
    /// What the base may be modulo the bytes of a word.
    pub(super) residues: Vec<u64>,
    /// Whether it is that: one form per residue, and where it is.
    pub(super) flags: Vec<(Lin<F>, Slot)>,
    lines: BTreeMap<u64, Line<F>>,
    /// Positions of cuts of lines that are demanded by loads of parts, before anything is stored whole.
    cuts: BTreeMap<u64, u64>,
}

impl Access {
    pub(super) fn of(ir: &Ir, effect: Effect) -> Self {
        let (inst, (addr, width)) = (effect.inst(ir), effect.place(ir));
        let (value, is_store) = match effect {
            Effect::Store { value, .. } => (value, true),
            Effect::Load(id) => (id, false),
        };
        let (base, offset) = ir.split_address(addr);
        Self { base, offset: ir.xlen.mask(offset), addr, width, value, is_store, inst }
    }

    /// Whether it is of a whole word.
    pub(super) fn is_whole(&self, ir: &Ir) -> bool {
        self.width.bytes() == ir.xlen.bytes()
    }
}

/// The groups of a region's accesses.
///
/// # Errors
/// If the region faults on every state.
pub(super) fn groups<F>(ir: &Ir, possible: &[u64]) -> Result<BTreeMap<Base, Group<F>>, LowerError> {
    let group = |residues: Vec<u32>| Group {
        residues: residues.into_iter().map(u64::from).collect(),
        flags: Vec::new(),
        lines: BTreeMap::new(),
        cuts: BTreeMap::new(),
    };
    let residues = residues(ir, possible)?.into_iter();
    Ok(residues.map(|(base, residues)| (base, group(residues))).collect())
}

impl<F: Field> Memory for Lowering<'_, F> {
    fn bases(&self) -> Vec<Base> {
        self.groups.keys().copied().collect()
    }

    fn send(&mut self, base: Base, pending: Pending) {
        let is_pending = |line: &Line<F>| match pending {
            Pending::Written => line.is_dirty,
            Pending::All => line.is_dirty || line.is_unproven,
        };
        let lines = self.groups[&base].lines.iter();
        let lines = lines.filter(|(_, line)| is_pending(line)).map(|(offset, _)| *offset);
        for offset in lines.collect::<Vec<u64>>() {
            self.send_line(base, offset);
        }
    }

    fn forget(&mut self, base: Base) {
        self.lines(base).clear();
    }
}

impl<F: Field> Lowering<'_, F> {
    /// Notes where lines will be cut when they come in.
    pub(super) fn note_cuts(&mut self) {
        let mut whole: Vec<(Base, u64)> = Vec::new();
        for effect in self.ir.effects.clone() {
            let access = Access::of(self.ir, effect);
            let group = self.groups.get_mut(&access.base).expect("its group was made");
            let [residue] = group.residues[..] else { continue };
            let (line, shift) = place(&access, residue, self.ir);
            if whole.contains(&(access.base, line)) {
                continue;
            }
            if access.is_whole(self.ir) {
                if access.is_store {
                    whole.push((access.base, line));
                }
                continue;
            }
            let end = shift + 8 * access.width.bytes();
            let own = if access.is_store { 0 } else { load_cuts(self, &access) << shift };
            *group_cuts(&mut self.groups, access.base, line) |= own | cut_at(shift) | cut_at(end);
        }
    }

    /// Lowers a load or store.
    pub(super) fn effect(&mut self, effect: Effect) {
        let access = Access::of(self.ir, effect);
        self.builder.set_inst(self.inst(access.inst));
        if access.is_store {
            self.before_store(access.base);
        }
        let residues = self.groups[&access.base].residues.clone();
        match residues[..] {
            [residue] => self.line_access(&access, residue),
            _ => {
                self.before_look(access.base);
                self.builder.set_inst(self.inst(access.inst));
                self.floating_access(&access);
            }
        }
    }

    fn send_line(&mut self, base: Base, offset: u64) {
        let mut line = self.groups[&base].lines[&offset].clone();
        let new = match &line.content {
            Content::Value(id) => self.word(*id),
            Content::Parts(parts, slot) => self.parts_word(parts, *slot),
        };
        let query = Query::AccessWord { address: line.address.slot, value: Some(new.slot) };
        let (address, memory) = (line.address.limbs.clone(), line.memory.limbs.clone());
        self.access(MachineBus::Memory, &address, [&memory, &new.limbs], query);
        line.memory = new;
        (line.is_dirty, line.is_unproven) = (false, false);
        self.lines(base).insert(offset, line);
    }

    fn lines(&mut self, base: Base) -> &mut BTreeMap<u64, Line<F>> {
        &mut self.groups.get_mut(&base).expect("its group was made").lines
    }

    /// Parts as a word whose limbs are linear forms.
    pub(super) fn parts_word(&mut self, parts: &[super::value::Part<F>], slot: Slot) -> Word<F> {
        let int = self.parts_int(parts, slot);
        let limbs = int.limbs.iter().map(|l| self.builder.linearised("line", &l.expr, l.slot));
        Word { limbs: limbs.collect(), slot }
    }

    /// An access whose place in its word is known.
    fn line_access(&mut self, access: &Access, residue: u64) {
        let (offset, shift) = place(access, residue, self.ir);
        if !self.groups[&access.base].lines.contains_key(&offset) {
            self.before_look(access.base);
            self.builder.set_inst(self.inst(access.inst));
            let distance = self.signed(access.offset) - i128::from(shift / 8);
            self.open_line(access, offset, distance);
        }
        let line = self.groups[&access.base].lines[&offset].clone();
        let is_whole = access.is_whole(self.ir);
        match (access.is_store, is_whole) {
            (false, true) => self.load_whole(access.value, &line.content),
            (false, false) => {
                let cuts = load_cuts(self, access) << shift;
                let width = 8 * access.width.bytes();
                let cuts = cuts | cut_at(shift) | cut_at(shift + width);
                let (parts, slot) = self.content_parts(&line.content, cuts);
                let (_, parts) = divided(parts, shift);
                let (parts, _) = divided(parts, width);
                let slot = self.builder.bits(slot, shift, width);
                self.set_loaded(access.value, parts, slot, width);
            }
            (true, _) => {
                let content = if is_whole {
                    Content::Value(access.value)
                } else {
                    self.stored(access, &line.content, shift)
                };
                let line = Line { content, is_dirty: true, ..line };
                self.lines(access.base).insert(offset, line);
            }
        }
    }

    fn open_line(&mut self, access: &Access, offset: u64, distance: i128) {
        let address = self.address(access.base, distance, &[]);
        let addr = self.address_slot(access);
        let query = Query::Word { line: address.slot, address: addr };
        let slot = self.query(query);
        let (content, memory) = match (access.is_whole(self.ir), access.is_store) {
            (true, false) => {
                self.slots[access.value.index()] = Some(slot);
                self.incoming(access.value, "loaded");
                (Content::Value(access.value), self.word(access.value))
            }
            (true, true) => {
                let kind = autoprec_circuits::ColumnKind::Input;
                // The content is replaced at once.
                let content = Content::Parts(Vec::new(), slot);
                (content, self.builder.word("overwritten", kind, slot))
            }
            (false, _) => {
                let noted = self.groups[&access.base].cuts.get(&offset).copied();
                let parts = self.incoming_parts("loaded", slot, noted.unwrap_or(0));
                let memory = self.parts_word(&parts, slot);
                (Content::Parts(parts, slot), memory)
            }
        };
        let line = Line { address, memory, content, is_dirty: false, is_unproven: true };
        self.lines(access.base).insert(offset, line);
    }

    fn load_whole(&mut self, id: ValueId, content: &Content<F>) {
        match content {
            Content::Value(same) if *same == id => {}
            Content::Value(other) => {
                self.slots[id.index()] = self.slots[other.index()];
                self.values[id.index()] = self.values[other.index()].clone();
            }
            Content::Parts(parts, slot) => {
                self.slots[id.index()] = Some(*slot);
                self.set_parts(id, parts.clone());
            }
        }
    }

    fn content_parts(&mut self, content: &Content<F>, cuts: u64) -> (Parts<F>, Slot) {
        match content {
            Content::Value(id) => {
                let slot = self.slot(*id);
                (self.parts(*id, cuts), slot)
            }
            Content::Parts(parts, slot) => (self.cut(parts.clone(), cuts), *slot),
        }
    }

    /// The low bits that were loaded, extended.
    pub(super) fn set_loaded(&mut self, id: ValueId, parts: Parts<F>, slot: Slot, width: u32) {
        let bits = self.ir.xlen.bits();
        let Node::Load { signed, .. } = self.ir.node(id) else {
            unreachable!("only loads are loaded")
        };
        let (slot, parts) = if signed {
            let shift = self.builder.constant(i128::from(bits - width));
            let high = self.builder.alu(Alu::Sll, slot, shift);
            (self.builder.alu(Alu::Sra, high, shift), sign_extended(parts, bits))
        } else {
            (slot, [parts, vec![super::value::Part::zeros(bits - width)]].concat())
        };
        self.slots[id.index()] = Some(slot);
        self.set_parts(id, parts);
    }

    /// A word with a part of it overwritten.
    fn stored(&mut self, access: &Access, content: &Content<F>, shift: u32) -> Content<F> {
        let width = 8 * access.width.bytes();
        let (old, old_slot) = self.content_parts(content, cut_at(shift) | cut_at(shift + width));
        let value = self.parts(access.value, cut_at(width));
        let (low, rest) = divided(old, shift);
        let (_, high) = divided(rest, width);
        let (new, _) = divided(value, width);
        let value_slot = self.slot(access.value);
        let slot = self.spliced((old_slot, value_slot), shift, width);
        Content::Parts([low, new, high].concat(), slot)
    }

    /// Where a word is after some bits were replaced by the low ones of another.
    pub(super) fn spliced(&mut self, (old, new): (Slot, Slot), shift: u32, width: u32) -> Slot {
        let before = self.builder.bits(old, shift, width);
        let after = self.builder.bits(new, 0, width);
        let scale = i128::from(1_u64 << shift);
        self.builder.linear(&[(1, old), (-scale, before), (scale, after)], 0)
    }
}

fn group_cuts<F>(groups: &mut BTreeMap<Base, Group<F>>, base: Base, line: u64) -> &mut u64 {
    groups.get_mut(&base).expect("its group was made").cuts.entry(line).or_default()
}

/// The distance of an access' word from the base, modulo 2^xlen, and the bit in it where the access begins.
///
/// As an integer the distance is that of the access less the bytes before it, which is below −2^(xlen−1) if
/// the access is there and not at the beginning of its word. Modulo 2^xlen it names the word, since lines of
/// one group are the same word exactly if their distances are congruent.
fn place(access: &Access, residue: u64, ir: &Ir) -> (u64, u32) {
    let within = residue.wrapping_add(access.offset) & u64::from(ir.xlen.bytes() - 1);
    let line = ir.xlen.mask(access.offset.wrapping_sub(within));
    (line, 8 * u32::try_from(within).expect("below 8"))
}

/// Where a load that is less than a word is cut.
pub(super) fn load_cuts<F: Field>(lowering: &Lowering<'_, F>, access: &Access) -> u64 {
    let width = 8 * access.width.bytes();
    let Node::Load { signed, .. } = lowering.ir.node(access.value) else { return 0 };
    let sign = if signed { cut_at(width - 1) } else { 0 };
    (lowering.demand.of(access.value).cuts | lowering.limb_cuts | sign) & ones(width)
}
