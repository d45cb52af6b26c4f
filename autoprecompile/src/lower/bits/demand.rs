//! What is demanded of each value: where it is cut into parts, and how often it is used whole.
//!
//! Soundness does not rest on this: a value that is demanded otherwise is taken apart again.

use autoprec_isa::{Alu, Xlen};

use crate::ir::{Effect, Ir, Node, ValueId};

/// What is demanded of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// Whether it is used in parts.
    pub(super) parts: bool,
    /// Bit i: it is cut below bit i.
    pub(super) cuts: u64,
    /// How often it is used in parts.
    pub(super) part_uses: u32,
    /// How often it is used as a whole.
    pub(super) words: u32,
}

/// The demands on all values.
#[derive(Clone, Debug)]
pub(super) struct Demands(Vec<Demand>);

impl Demands {
    pub(super) fn of(&self, id: ValueId) -> Demand {
        self.0[id.index()]
    }

    /// Whether the value is used at all.
    pub(super) fn is_used(&self, id: ValueId) -> bool {
        self.of(id).parts || self.of(id).words > 0
    }

    fn part(&mut self, id: ValueId, cuts: u64) {
        let demand = &mut self.0[id.index()];
        demand.parts = true;
        demand.cuts |= cuts;
        demand.part_uses += 1;
    }

    fn word(&mut self, id: ValueId) {
        self.0[id.index()].words += 1;
    }

    /// The demands of a region.
    ///
    /// `borders` are those of limbs and of the pieces of factors.
    pub(super) fn new(ir: &Ir, possible: &[u64], borders: [u64; 2]) -> Self {
        let limb_cuts = borders[0];
        let mut demands = Self(vec![Demand::default(); ir.values.len()]);
        demands.roots(ir, limb_cuts);
        for id in ir.ids().rev() {
            if demands.is_used(id) || matches!(ir.node(id), Node::Load { .. }) {
                demands.operands(ir, id, possible, borders);
            }
        }
        demands
    }

    fn roots(&mut self, ir: &Ir, limb_cuts: u64) {
        for effect in &ir.effects {
            match *effect {
                Effect::Load(_) => {}
                Effect::Store { width, addr, value, .. } => {
                    self.address(ir, addr);
                    if 8 * width.bytes() == ir.xlen.bits() {
                        self.word(value);
                    } else {
                        self.part(value, limb_cuts | 1 << (8 * width.bytes()));
                    }
                }
            }
        }
        for id in ir.ids() {
            if let Node::Reg(reg) = ir.node(id) {
                // It is received, and sent if it is not written.
                self.word(id);
                if !ir.outputs.contains_key(&reg) {
                    self.word(id);
                }
            }
        }
        ir.outputs.values().for_each(|id| self.word(*id));
        for exit in &ir.exits {
            exit.guard.iter().for_each(|(id, _)| self.part(*id, 0b10));
            exit.target.value().iter().for_each(|id| self.word(*id));
        }
    }

    /// An address is its base and a constant.
    fn address(&mut self, ir: &Ir, addr: ValueId) {
        if let (Some(base), _) = ir.split_address(addr) {
            self.word(base);
        }
    }

    fn operands(&mut self, ir: &Ir, id: ValueId, possible: &[u64], borders: [u64; 2]) {
        let limb_cuts = borders[0];
        let own = self.of(id);
        let cuts = own.cuts | limb_cuts;
        match ir.node(id) {
            Node::Const(_) | Node::Reg(_) => {}
            Node::Load { addr, .. } => self.address(ir, addr),
            Node::Select { condition, then, otherwise } => {
                self.part(condition, 0b10);
                for side in [then, otherwise] {
                    if own.parts { self.part(side, cuts) } else { self.word(side) }
                }
            }
            Node::Alu(op, a, b) => {
                let known = [possible[a.index()], possible[b.index()]];
                match (op, borders[1]) {
                    (Alu::Mul | Alu::Mulhu, 1..) => [a, b].map(|side| self.part(side, borders[1])),
                    (Alu::MulW, factor) => [a, b].map(|side| self.part(side, factor | 1 << 32)),
                    _ => [self.alu(ir, (op, a, b), Demand { cuts, ..own }, known), ()],
                };
                if matches!((op, borders[1]), (Alu::Divu | Alu::Remu, 1..)) {
                    self.part(b, borders[1]);
                }
            }
        }
    }

    fn alu(&mut self, ir: &Ir, (op, a, b): (Alu, ValueId, ValueId), own: Demand, known: [u64; 2]) {
        let cuts = own.cuts;
        let constant = ir.as_const(b);
        match (op, constant) {
            (Alu::And | Alu::Or | Alu::Xor, Some(constant)) => {
                self.part(a, cuts | transitions(constant));
            }
            (Alu::And | Alu::Or | Alu::Xor, None) => {
                let both = known[0] & known[1];
                let meeting = both | both << 1 | transitions(known[0]) | transitions(known[1]);
                self.part(a, cuts | meeting);
                self.part(b, cuts | meeting);
            }
            (Alu::Sll, Some(_)) if self.shifts_whole(own, a) => self.word(a),
            (
                Alu::Sll | Alu::Srl | Alu::Sra | Alu::SllW | Alu::SrlW | Alu::SraW,
                Some(constant),
            ) => self.part(a, shifted_cuts(ir.xlen, op, constant, cuts)),
            (Alu::Sll | Alu::Srl | Alu::Sra | Alu::SllW | Alu::SrlW | Alu::SraW, None) => {
                self.part(a, u64::MAX);
                self.part(b, 0b111_1111);
            }
            (Alu::Slt, _) => {
                for side in [a, b] {
                    self.word(side);
                    self.part(side, limb_top(ir.xlen));
                }
            }
            _ => {
                self.word(a);
                self.word(b);
            }
        }
    }

    /// Whether a shift to the left by a constant is a product.
    pub(super) fn shifts_whole(&self, own: Demand, a: ValueId) -> bool {
        !own.parts && !self.of(a).parts
    }
}

/// The cut below the highest bit.
pub(super) fn limb_top(xlen: Xlen) -> u64 {
    1 << (xlen.bits() - 1)
}

/// Where bits differ from the bits below them.
pub(super) fn transitions(mask: u64) -> u64 {
    mask ^ mask << 1
}

/// Where the operand of a shift by a constant is cut for the result to be cut so.
fn shifted_cuts(xlen: Xlen, op: Alu, constant: u64, cuts: u64) -> u64 {
    let word = matches!(op, Alu::SllW | Alu::SrlW | Alu::SraW);
    let bits = if word { 32 } else { xlen.bits() };
    let shift = u32::try_from(constant & u64::from(bits - 1)).expect("a shift is below 64");
    let sign = 0b11_u64.checked_shl(bits - 1).unwrap_or(0);
    match op {
        Alu::Sll => cuts >> shift | 1_u64.checked_shl(bits - shift).unwrap_or(0),
        Alu::SllW => {
            let cuts = cuts & 0xffff_ffff | sign;
            cuts >> shift | 1 << (32 - shift)
        }
        Alu::Srl => cuts << shift | 1 << shift,
        Alu::Sra => cuts << shift | 1 << shift | 1 << (bits - 1),
        _ => (cuts & 0xffff_ffff) << shift | 1 << shift | sign,
    }
}
