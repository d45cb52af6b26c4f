//! Building a region anew: the loop that all passes share.

use crate::ir::{Builder, Effect, Exit, ExitTarget, Ir, Node, ValueId};

/// What a walk over a region in program order meets.
pub(super) enum Item {
    /// A value that is not a load.
    Pure(ValueId),
    /// A load or store.
    Effect(Effect),
}

/// Values and effects interleaved: each effect after the values it needs, in program order.
pub(super) fn schedule(ir: &Ir) -> impl Iterator<Item = Item> + use<> {
    let mut effects = ir.effects.iter().copied();
    let mut items = Vec::with_capacity(ir.values.len() + ir.effects.len());
    for id in ir.ids() {
        if !matches!(ir.node(id), Node::Load { .. }) {
            items.push(Item::Pure(id));
            continue;
        }
        for effect in effects.by_ref() {
            items.push(Item::Effect(effect));
            if effect == Effect::Load(id) {
                break;
            }
        }
    }
    items.extend(effects.map(Item::Effect));
    items.into_iter()
}

/// Builds the region from `items`.
///
/// `pure` makes the new value of a node whose operands are new already. For a load, `known` may
/// give the new value that stands for it, from the old value's and the new values so far; then the
/// load is not performed.
pub(super) fn rebuild(
    ir: &Ir,
    items: impl Iterator<Item = Item>,
    mut pure: impl FnMut(&mut Builder, Node) -> ValueId,
    known: impl Fn(ValueId, &[Option<ValueId>]) -> Option<ValueId>,
) -> Ir {
    let mut builder = Builder::new(ir.xlen);
    let mut new: Vec<Option<ValueId>> = vec![None; ir.values.len()];
    let at = |new: &[Option<ValueId>], id: ValueId| {
        new[id.index()].expect("operands come before their users")
    };
    for item in items {
        match item {
            Item::Pure(id) => {
                builder.set_inst(ir.values[id.index()].inst);
                let node = ir.node(id).map(|operand| at(&new, operand));
                new[id.index()] = Some(pure(&mut builder, node));
            }
            Item::Effect(Effect::Load(id)) => {
                builder.set_inst(ir.values[id.index()].inst);
                let Node::Load { width, signed, addr } = ir.node(id) else {
                    unreachable!("the effects of a verified IR name loads")
                };
                let value =
                    known(id, &new).unwrap_or_else(|| builder.load(width, signed, at(&new, addr)));
                new[id.index()] = Some(value);
            }
            Item::Effect(Effect::Store { width, addr, value, inst }) => {
                builder.set_inst(inst);
                builder.store(width, at(&new, addr), at(&new, value));
            }
        }
    }
    let outputs = ir.outputs.iter().map(|(&reg, &id)| (reg, at(&new, id))).collect();
    let exit = |exit: &Exit| Exit {
        guard: exit.guard.map(|(id, flag)| (at(&new, id), flag)),
        target: match exit.target {
            ExitTarget::Code(_) => exit.target,
            ExitTarget::Value(id) => ExitTarget::Value(at(&new, id)),
        },
    };
    let exits = ir.exits.iter().map(exit).collect();
    builder.finish(outputs, exits)
}
