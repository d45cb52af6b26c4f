//! Forwards what was stored or loaded before, and drops stores that are overwritten unseen.
//!
//! The no-alias argument: an address is a base value plus a constant. Two accesses with the same
//! base are disjoint exactly when the constants, modulo the address width, are far enough apart.
//! Accesses with different bases may alias, and then everything known is forgotten.

use autoprec_isa::{Width, Xlen};

use crate::ir::{Builder, Effect, Ir, Node, ValueId};

use super::Fired;
use super::rebuild::{Item, rebuild, schedule};

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
        Self { base, offset, width }
    }

    /// Whether the two may share a byte.
    fn may_overlap(self, other: Self, xlen: Xlen) -> bool {
        if self.base != other.base {
            return true;
        }
        let gap = |from: Self, to: Self| xlen.mask(to.offset.wrapping_sub(from.offset));
        gap(self, other) < u64::from(self.width.bytes())
            || gap(other, self) < u64::from(other.width.bytes())
    }
}

/// What memory is known to hold.
struct Known {
    place: Place,
    /// How a load reads it; the value equals such a load.
    signed: bool,
    value: ValueId,
}

/// Replaces loads of known contents and removes overwritten stores.
pub(super) fn forward(ir: &Ir, fired: &mut Fired) -> Ir {
    let dead = overwritten_stores(ir);
    let count = |fired: &mut Fired, rule, n| {
        if n > 0 {
            *fired.entry(rule).or_default() += n;
        }
    };
    count(fired, "dead-store", dead.iter().filter(|dead| **dead).count().try_into().unwrap_or(0));
    let replacements = known_loads(ir);
    let forwarded = replacements.iter().flatten().count();
    count(fired, "forward-load", forwarded.try_into().unwrap_or(0));
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
    let mut memory: Vec<Known> = Vec::new();
    for effect in &ir.effects {
        match *effect {
            Effect::Load(id) => {
                let Node::Load { width, signed, addr } = ir.node(id) else { continue };
                let place = Place::of(ir, addr, width);
                let found = memory
                    .iter()
                    .find(|k| k.place == place && (k.signed == signed || is_whole(width, ir.xlen)));
                match found {
                    // Only a value that precedes the load can stand for it.
                    Some(known) if known.value < id => {
                        replacements[id.index()] = Some(known.value);
                    }
                    _ => memory.push(Known { place, signed, value: id }),
                }
            }
            Effect::Store { width, addr, value, .. } => {
                let place = Place::of(ir, addr, width);
                memory.retain(|known| !known.place.may_overlap(place, ir.xlen));
                if is_whole(width, ir.xlen) {
                    memory.push(Known { place, signed: false, value });
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
    let mut covered: Vec<Place> = Vec::new();
    for (index, effect) in ir.effects.iter().enumerate().rev() {
        match *effect {
            Effect::Load(id) => {
                let Node::Load { width, addr, .. } = ir.node(id) else { continue };
                let place = Place::of(ir, addr, width);
                covered.retain(|covered| !covered.may_overlap(place, ir.xlen));
            }
            Effect::Store { width, addr, .. } => {
                let place = Place::of(ir, addr, width);
                dead[index] = covered.contains(&place);
                covered.push(place);
            }
        }
    }
    dead
}
