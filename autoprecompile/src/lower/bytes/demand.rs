//! In which form each value is needed: as bytes, as halves, inside another sum only, or not at all.
//!
//! Invariant: what a gadget asks of its operands ([`super::word`]) is what is marked here.

use autoprec_isa::Alu;

use crate::ir::{Effect, Ir, Node, ValueId};

const HALVES: u8 = 1;
const BYTES: u8 = 2;

/// The form in which a word is needed, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Nothing needs it.
    None,
    /// Two limbs of 16 bits.
    Halves,
    /// Four limbs of 8 bits.
    Bytes,
}

/// Terms that one sum has at most. It keeps carries small, which their gadget needs, and the
/// recursion over absorbed sums shallow.
const MAX_TERMS: u32 = 256;

/// Terms that a sum has at most if it is made part of several others instead of having columns.
const MAX_SHARED_TERMS: u32 = 8;

/// Per value, the forms it is needed in.
pub(super) struct Demand {
    forms: Vec<u8>,
    /// Sums that only other sums use.
    absorbed: Vec<bool>,
}

impl Demand {
    /// Works backwards from outputs, memory and exits.
    pub(super) fn of(ir: &Ir, possible: &[u32]) -> Self {
        let absorbable = absorbable(ir, &count_uses(ir));
        let mut demand =
            Self { forms: vec![0; ir.values.len()], absorbed: vec![false; ir.values.len()] };
        demand.mark_roots(ir);
        for id in ir.ids().rev() {
            if demand.forms[id.index()] != 0 || demand.absorbed[id.index()] {
                demand.mark_operands(ir, id, &absorbable, possible);
            }
        }
        demand
    }

    /// Whether the value is lowered at all.
    pub(super) fn is_needed(&self, id: ValueId) -> bool {
        self.forms[id.index()] != 0
    }

    /// Whether the value is needed as bytes.
    pub(super) fn bytes(&self, id: ValueId) -> bool {
        self.form(id) == Form::Bytes
    }

    /// The form in which the value is needed.
    pub(super) fn form(&self, id: ValueId) -> Form {
        match self.forms[id.index()] {
            0 => Form::None,
            HALVES => Form::Halves,
            _ => Form::Bytes,
        }
    }

    /// Whether the value is a term of the sums that use it.
    pub(super) fn is_absorbed(&self, id: ValueId) -> bool {
        self.absorbed[id.index()]
    }

    fn mark(&mut self, id: ValueId, form: u8) {
        self.forms[id.index()] |= form;
    }

    fn mark_roots(&mut self, ir: &Ir) {
        for &value in ir.outputs.values() {
            self.mark(value, BYTES);
        }
        for &effect in &ir.effects {
            if let Effect::Store { value, .. } = effect {
                self.mark(value, BYTES);
            }
            let addr = effect.address(ir);
            if let (Some(base), _) = ir.split_address(addr) {
                self.mark(base, HALVES);
            }
        }
        for exit in &ir.exits {
            if let Some((guard, _)) = exit.guard {
                self.mark(guard, HALVES);
            }
            let Some(target) = exit.target.value() else { continue };
            match ir.node(target) {
                Node::Const(_) => {}
                Node::Alu(Alu::And, x, mask) if ir.as_const(mask) == Some(0xffff_fffe) => {
                    self.mark(x, HALVES);
                }
                _ => self.mark(target, HALVES),
            }
        }
    }

    fn mark_operands(&mut self, ir: &Ir, id: ValueId, absorbable: &[bool], possible: &[u32]) {
        let is_bit = |id: ValueId| possible[id.index()] <= 1;
        match ir.node(id) {
            Node::Const(_) | Node::Reg(_) | Node::Load { .. } => {}
            Node::Select { condition, then, otherwise } => {
                let form = self.forms[id.index()];
                self.mark(condition, HALVES);
                self.mark(then, form);
                self.mark(otherwise, form);
            }
            Node::Alu(Alu::Add | Alu::Sub, a, b) => {
                for operand in [a, b] {
                    if absorbable[operand.index()] {
                        self.absorbed[operand.index()] = true;
                    } else {
                        self.mark(operand, HALVES);
                    }
                }
            }
            Node::Alu(Alu::Slt | Alu::Sltu | Alu::Eq, a, b) => {
                [a, b].into_iter().for_each(|operand| self.mark(operand, HALVES));
            }
            Node::Alu(Alu::Srl, a, b) if ir.as_const(b).is_some_and(|c| c & 31 == 31) => {
                self.mark(a, HALVES);
            }
            Node::Alu(Alu::And | Alu::Or | Alu::Xor, a, b) if is_bit(a) && is_bit(b) => {
                [a, b].into_iter().for_each(|operand| self.mark(operand, HALVES));
            }
            Node::Alu(Alu::Divu | Alu::Remu, a, b) => {
                self.mark(a, HALVES);
                self.mark(b, BYTES);
            }
            Node::Alu(_, a, b) => {
                [a, b].into_iter().for_each(|operand| self.mark(operand, BYTES));
            }
        }
    }
}

/// How a value is used.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    /// As a term of a sum.
    terms: u32,
    /// As anything else.
    others: u32,
}

/// Per value, whether it is a sum that can be a term of the sums that use it: of one, or, if it is
/// short, of several. Sums have at most [`MAX_TERMS`] terms.
fn absorbable(ir: &Ir, uses: &[Uses]) -> Vec<bool> {
    let mut terms: Vec<u32> = Vec::with_capacity(ir.values.len());
    let mut absorbable: Vec<bool> = Vec::with_capacity(ir.values.len());
    for (value, uses) in ir.values.iter().zip(uses) {
        let own = match value.node {
            Node::Alu(Alu::Add | Alu::Sub, a, b) => {
                let of = |id: ValueId| if absorbable[id.index()] { terms[id.index()] } else { 1 };
                Some(of(a) + of(b))
            }
            _ => None,
        };
        // Two absorbed sums of half the terms are a sum of all.
        let most = if uses.terms == 1 { MAX_TERMS / 2 } else { MAX_SHARED_TERMS };
        absorbable.push(uses.others == 0 && own.is_some_and(|own| own <= most));
        terms.push(own.unwrap_or(1));
    }
    absorbable
}

/// How each value is used; an address is a use of its base.
fn count_uses(ir: &Ir) -> Vec<Uses> {
    let mut uses = vec![Uses::default(); ir.values.len()];
    let mut other = |id: ValueId| uses[id.index()].others += 1;
    for &effect in &ir.effects {
        if let (Some(base), _) = ir.split_address(effect.address(ir)) {
            other(base);
        }
        if let Effect::Store { value, .. } = effect {
            other(value);
        }
    }
    ir.outputs.values().copied().for_each(&mut other);
    for exit in &ir.exits {
        exit.guard.iter().for_each(|(id, _)| other(*id));
        exit.target.value().into_iter().for_each(&mut other);
    }
    for value in &ir.values {
        match value.node {
            Node::Load { .. } => {}
            Node::Alu(Alu::Add | Alu::Sub, a, b) => {
                [a, b].into_iter().for_each(|id| uses[id.index()].terms += 1);
            }
            node => node.operands().for_each(|id| uses[id.index()].others += 1),
        }
    }
    uses
}
