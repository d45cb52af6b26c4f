//! Accesses whose place in their word depends on the base: one access each.
//!
//! Lemma: exactly one flag is 1. The address less what the flags say is a multiple of a word's bytes,
//! because it is received; so the flag of the base's residue is the one.

use autoprec_circuits::{ColumnKind, Field, MachineBus};
use autoprec_isa::Alu;

use super::Lowering;
use super::bit::{Bit, Function};
use super::bitwise::{cut_at, divided};
use super::builder::{Ex, Lin, TableBuilder};
use super::gadget::Word;
use super::memory::{Access, load_cuts};
use super::parts::widths;
use super::value::{Body, Part, Parts};
use crate::recipe::Query;
use crate::recipe::{Slot, Source, Step};

impl<F: Field> Lowering<'_, F> {
    /// One flag per residue that the base may have.
    fn residue_flags(&mut self, access: &Access) -> Vec<(Lin<F>, Slot)> {
        let group = &self.groups[&access.base];
        if !group.flags.is_empty() {
            return group.flags.clone();
        }
        let residues = group.residues.clone();
        let base = access.base.expect("constant addresses have one residue");
        let of = self.slot(base);
        let bits = self.ir.xlen.bytes().trailing_zeros();
        let low = self.builder.bits(of, 0, bits);
        let mut rest = TableBuilder::is_valid();
        let mut flags = Vec::new();
        for residue in &residues {
            let residue = self.builder.constant(i128::from(*residue));
            let slot = self.builder.alu(Alu::Eq, low, residue);
            if flags.is_empty() {
                flags.push((Lin::zero(), slot));
                continue;
            }
            let flag = self.builder.flag(format!("{base}_at"), ColumnKind::Pointer, slot);
            rest = rest - flag.clone();
            flags.push((flag, slot));
        }
        if flags.len() > 2 {
            self.builder.boolean(&rest, "one place in the word");
        }
        flags[0].0 = rest;
        self.groups.get_mut(&access.base).expect("its group was made").flags.clone_from(&flags);
        flags
    }

    /// Looks at the word, and accesses it at once.
    pub(super) fn floating_access(&mut self, access: &Access) {
        let flags = self.residue_flags(access);
        let bytes = u64::from(self.ir.xlen.bytes());
        let residues = self.groups[&access.base].residues.clone();
        let within: Vec<u64> =
            residues.iter().map(|r| r.wrapping_add(access.offset) & (bytes - 1)).collect();
        let less: Vec<(i128, (Lin<F>, Slot))> = within
            .iter()
            .zip(&flags)
            .filter(|(within, _)| **within != 0)
            .map(|(within, flag)| (i128::from(*within), flag.clone()))
            .collect();
        let address = self.address(access.base, self.signed(access.offset), &less);
        let addr = self.address_slot(access);
        let width = 8 * access.width.bytes();
        let bad = self.builder.bits(addr, 0, access.width.bytes().trailing_zeros());
        // A misaligned access has no word.
        let none = self.builder.constant(-1);
        let line = self.builder.step(Step::Select(bad, none, address.slot));
        let slot = self.query(Query::Word { line, address: addr });
        let own = if access.is_store { 0 } else { load_cuts(self, access) };
        let cuts = within.iter().map(|within| {
            let shift = 8 * u32::try_from(*within).expect("below 8");
            own << shift | cut_at(shift) | cut_at(shift + width)
        });
        let cuts = cuts.fold(0, |all, cuts| all | cuts);
        let parts = self.incoming_parts("loaded", slot, cuts);
        let memory = self.parts_word(&parts, slot);
        let places: Vec<(u32, Lin<F>)> = within
            .iter()
            .zip(&flags)
            .map(|(within, (flag, _))| (8 * u32::try_from(*within).expect("below 8"), flag.clone()))
            .collect();
        let shift = self.shift_slot(addr);
        let new = if access.is_store {
            self.store_floating(access, (&parts, slot), &places, shift)
        } else {
            self.load_floating(access, (&parts, slot), &places, shift);
            memory.clone()
        };
        let query = Query::AccessWord { address: address.slot, value: Some(new.slot) };
        let words = [&memory.limbs[..], &new.limbs];
        self.access(MachineBus::Memory, &address.limbs, words, query);
    }

    /// Eight times the distance of an address from the beginning of its word.
    fn shift_slot(&mut self, addr: Slot) -> Slot {
        let bytes = self.ir.xlen.bytes();
        let within = self.builder.bits(addr, 0, bytes.trailing_zeros());
        self.builder.linear(&[(8, within)], 0)
    }

    /// Lemma: each part is the one at the place that the flags say, and in range with it.
    fn load_floating(
        &mut self,
        access: &Access,
        (parts, slot): (&Parts<F>, Slot),
        places: &[(u32, Lin<F>)],
        shift: Slot,
    ) {
        let width = 8 * access.width.bytes();
        let value = self.builder.alu(Alu::Srl, slot, shift);
        let value = self.builder.bits(value, 0, width);
        let (mut loaded, mut at) = (Vec::new(), 0);
        for own in widths(load_cuts(self, access), 0, width) {
            let mut sum = Ex::from(Lin::zero());
            for (place, flag) in places {
                let window = self.window(parts, place + at, own);
                sum = sum + Ex::from(flag.clone()) * window;
            }
            let part_slot = self.builder.bits(value, at, own);
            let source = Source::Int(part_slot);
            let column = self.builder.materialise("part", ColumnKind::Result, source, sum);
            let body = if own == 1 {
                let function = Function::atom(column.as_column().expect("a column"));
                Body::Rep(Bit { function, source: (part_slot, 0) })
            } else {
                Body::Wide(column, part_slot)
            };
            loaded.push(Part { width: own, body });
            at += own;
        }
        self.set_loaded(access.value, loaded, value, width);
    }

    /// Some bits of fields, which are cut there, as a linear form.
    fn window(&mut self, parts: &Parts<F>, from: u32, width: u32) -> Ex<F> {
        let (_, parts) = divided(parts.clone(), from);
        let (parts, _) = divided(parts, width);
        self.fields_sum(&parts).into()
    }

    /// Lemma: the new word has the value's bits at the place that the flags say, and the old elsewhere.
    fn store_floating(
        &mut self,
        access: &Access,
        (parts, slot): (&Parts<F>, Slot),
        places: &[(u32, Lin<F>)],
        shift: Slot,
    ) -> Word<F> {
        let width = 8 * access.width.bytes();
        let limb_width = self.builder.limb_width();
        let piece = width.min(limb_width);
        let value = self.parts(access.value, cut_at(width) | self.limb_cuts);
        let value_slot = self.slot(access.value);
        let pieces = self.pieces((&value, value_slot), width, piece);
        let new_slot = self.floating_slot((slot, value_slot), shift, width);
        let mut limbs = Vec::new();
        for limb in 0..self.builder.limbs() {
            let from = limb_width * u32::try_from(limb).expect("few limbs");
            let mut sum = self.window(parts, from, limb_width);
            for (place, flag) in places {
                let placed = pieces.iter().zip((*place..).step_by(piece as usize));
                let is_here = |at: &u32| (from..from + limb_width).contains(at);
                for (new, at) in placed.filter(|(_, at)| is_here(at)) {
                    let change = Ex::from(new.clone()) - self.window(parts, at, piece);
                    let scale = Ex::constant(F::from_u64(1 << (at - from)));
                    sum = sum + Ex::from(flag.clone()) * change * scale;
                }
            }
            let own = self.builder.limb_slot(new_slot, limb);
            limbs.push(self.builder.linearised("stored", &sum, own));
        }
        Word { limbs, slot: new_slot }
    }

    /// The low bits of a value in pieces, each a short linear form.
    pub(super) fn pieces(
        &mut self,
        (value, slot): (&Parts<F>, Slot),
        width: u32,
        piece: u32,
    ) -> Vec<Lin<F>> {
        let mut pieces = Vec::new();
        for from in (0..width).step_by(piece as usize) {
            let (_, rest) = divided(value.clone(), from);
            let (parts, _) = divided(rest, piece);
            let (mut sum, mut at) = (Ex::from(Lin::zero()), 0);
            for part in &parts {
                let scale = Ex::constant(F::from_u64(1 << at));
                sum = sum + self.part_expr(part) * scale;
                at += part.width;
            }
            let own = self.builder.bits(slot, from, piece);
            if sum.terms() > 1 {
                let source = Source::Int(own);
                sum = self.builder.materialise("low", ColumnKind::Helper, source, sum).into();
            }
            pieces.push(sum.as_linear().expect("one term is linear").clone());
        }
        pieces
    }

    /// Where the word is after a store.
    fn floating_slot(&mut self, (old, value): (Slot, Slot), shift: Slot, width: u32) -> Slot {
        let ones = self.builder.constant(i128::from(super::value::ones(width)));
        let mask = self.builder.alu(Alu::Sll, ones, shift);
        let all = self.builder.constant(i128::from(self.ir.xlen.mask(u64::MAX)));
        let keep = self.builder.step(Step::Alu(Alu::Xor, mask, all));
        let kept = self.builder.alu(Alu::And, old, keep);
        let low = self.builder.alu(Alu::And, value, ones);
        let placed = self.builder.alu(Alu::Sll, low, shift);
        self.builder.alu(Alu::Or, kept, placed)
    }
}
