//! Removes values that nothing visible depends on.
//!
//! A load stays although its value is unused: it may fault, and what cannot be run must not be
//! provable.

use crate::ir::{Builder, Effect, Exit, Ir, ValueId};

use super::rebuild::{Item, rebuild, schedule};
use super::{Fired, note};

/// Drops dead values; stores, loads, outputs and exits are what lives.
pub(super) fn remove_dead(ir: &Ir, fired: &mut Fired) -> Ir {
    let mut live = vec![false; ir.values.len()];
    let mut mark = |id: ValueId| live[id.index()] = true;
    for effect in &ir.effects {
        match *effect {
            Effect::Load(id) => mark(id),
            Effect::Store { addr, value, .. } => [addr, value].into_iter().for_each(&mut mark),
        }
    }
    ir.outputs.values().copied().for_each(&mut mark);
    for Exit { guard, target } in &ir.exits {
        target.value().into_iter().for_each(&mut mark);
        guard.iter().for_each(|(id, _)| mark(*id));
    }
    for id in ir.ids().rev() {
        if live[id.index()] {
            ir.node(id).operands().for_each(|operand| live[operand.index()] = true);
        }
    }
    let dead = ir.values.iter().zip(&live).filter(|(_, live)| !**live);
    let dead: Vec<u32> = dead.map(|(value, _)| value.inst).collect();
    note(fired, "dead-value", dead);
    let is_live = |item: &Item| !matches!(item, Item::Pure(id) if !live[id.index()]);
    rebuild(ir, schedule(ir).filter(is_live), Builder::pure, |_, _| None)
}
