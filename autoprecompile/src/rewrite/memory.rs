//! Forwards what was stored or loaded before, and drops stores that are overwritten unseen.
//!
//! The no-alias argument: an address is a base value plus a constant. Two accesses with the same
//! base are disjoint exactly when the constants, modulo the address width, are far enough apart.
//! Accesses with different bases may alias, and then everything known is forgotten.

use std::collections::BTreeMap;

use autoprec_isa::{Width, Xlen};

use crate::ir::{Builder, Effect, Ir, Node, ValueId};

use super::rebuild::{Item, rebuild, schedule};
use super::{Fired, note};

/// Bytes in memory: a base, a distance, a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    base: Option<ValueId>,
    offset: u64,
    width: Width,
}

impl Place {
    fn of(ir: &Ir, addr: ValueId, width: Width) -> Self {
        let (base, offset) = ir.split_address(addr);
        Self { base, offset: ir.xlen.mask(offset), width }
    }

    /// Whether the two, of the same base, share a byte.
    fn overlaps(self, other: Self, xlen: Xlen) -> bool {
        let gap = |from: Self, to: Self| xlen.mask(to.offset.wrapping_sub(from.offset));
        gap(self, other) < u64::from(self.width.bytes())
            || gap(other, self) < u64::from(other.width.bytes())
    }
}

/// Something noted about places in memory. Every operation looks at few places only.
struct Places<T> {
    xlen: Xlen,
    notes: BTreeMap<Option<ValueId>, Offsets<T>>,
}

/// What is noted at each distance from a base, in the order in which it was noted.
type Offsets<T> = BTreeMap<u64, Vec<(Place, T)>>;

impl<T> Places<T> {
    fn new(xlen: Xlen) -> Self {
        Self { xlen, notes: BTreeMap::new() }
    }

    fn note(&mut self, place: Place, what: T) {
        let offsets = self.notes.entry(place.base).or_default();
        offsets.entry(place.offset).or_default().push((place, what));
    }

    /// What is noted about exactly this place.
    fn at(&self, place: Place) -> impl Iterator<Item = &T> {
        let notes = self.notes.get(&place.base).and_then(|offsets| offsets.get(&place.offset));
        notes.into_iter().flatten().filter(move |(noted, _)| *noted == place).map(|(_, what)| what)
    }

    /// Forgets every place that may share a byte with this one: those of other bases, and those
    /// that overlap.
    fn forget(&mut self, place: Place) {
        self.notes.retain(|base, _| *base == place.base);
        let Some(offsets) = self.notes.get_mut(&place.base) else { return };
        // No place is longer than a double word.
        for distance in -7..=7 {
            let near = self.xlen.mask(place.offset.wrapping_add_signed(distance));
            if let Some(notes) = offsets.get_mut(&near) {
                notes.retain(|(noted, _)| !noted.overlaps(place, self.xlen));
            }
        }
    }
}

/// What memory is known to hold.
struct Known {
    /// How a load reads it; the value equals such a load.
    signed: bool,
    value: ValueId,
}

/// Replaces loads of known contents and removes overwritten stores.
pub(super) fn forward(ir: &Ir, fired: &mut Fired) -> Ir {
    let dead = overwritten_stores(ir);
    let dead_stores = ir.effects.iter().zip(&dead).filter(|(_, dead)| **dead);
    note(fired, "dead-store", dead_stores.map(|(effect, _)| effect.inst(ir)).collect());
    let replacements = known_loads(ir);
    let forwarded = ir.values.iter().zip(&replacements).filter(|(_, known)| known.is_some());
    note(fired, "forward-load", forwarded.map(|(value, _)| value.inst).collect());
    let mut position = 0;
    let kept = schedule(ir).filter(|item| {
        let Item::Effect(_) = item else { return true };
        position += 1;
        !dead[position - 1]
    });
    let known = |id: ValueId, new: &[Option<ValueId>]| {
        replacements[id.index()].and_then(|known| new[known.index()])
    };
    rebuild(ir, kept, Builder::pure, known)
}

/// Per value, the earlier value that a load is known to give.
fn known_loads(ir: &Ir) -> Vec<Option<ValueId>> {
    let mut replacements = vec![None; ir.values.len()];
    let mut memory: Places<Known> = Places::new(ir.xlen);
    for effect in &ir.effects {
        match *effect {
            Effect::Load(id) => {
                let Node::Load { width, signed, addr } = ir.node(id) else { continue };
                let place = Place::of(ir, addr, width);
                let found = memory
                    .at(place)
                    .find(|known| known.signed == signed || is_whole(width, ir.xlen));
                match found {
                    // Only a value that precedes the load can stand for it.
                    Some(known) if known.value < id => {
                        replacements[id.index()] = Some(known.value);
                    }
                    _ => memory.note(place, Known { signed, value: id }),
                }
            }
            Effect::Store { width, addr, value, .. } => {
                let place = Place::of(ir, addr, width);
                memory.forget(place);
                if is_whole(width, ir.xlen) {
                    memory.note(place, Known { signed: false, value });
                }
            }
        }
    }
    replacements
}

fn is_whole(width: Width, xlen: Xlen) -> bool {
    8 * width.bytes() == xlen.bits()
}

/// Per effect, whether it is a store that another store overwrites before anything can see it.
fn overwritten_stores(ir: &Ir) -> Vec<bool> {
    let mut dead = vec![false; ir.effects.len()];
    // Going backwards: places that will be overwritten and are not read until then.
    let mut covered: Places<()> = Places::new(ir.xlen);
    for (index, effect) in ir.effects.iter().enumerate().rev() {
        match *effect {
            Effect::Load(id) => {
                let Node::Load { width, addr, .. } = ir.node(id) else { continue };
                let place = Place::of(ir, addr, width);
                covered.forget(place);
            }
            Effect::Store { width, addr, .. } => {
                let place = Place::of(ir, addr, width);
                dead[index] = covered.at(place).next().is_some();
                if !dead[index] {
                    covered.note(place, ());
                }
            }
        }
    }
    dead
}
