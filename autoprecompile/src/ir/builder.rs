//! Building an [`Ir`] with value numbering: equal pure nodes are one value.

use std::collections::BTreeMap;

use autoprec_isa::{Alu, Reg, Width, Xlen};

use super::{Effect, Exit, Ir, Node, Value, ValueId, possible_bits};

/// An [`Ir`] under construction.
#[derive(Debug)]
pub struct Builder {
    ir: Ir,
    /// Pure nodes that exist.
    numbers: BTreeMap<Node, ValueId>,
    /// Per value, the bits that may be set.
    possible: Vec<u64>,
    /// The instruction that new values come from.
    inst: u32,
}

impl Builder {
    /// An empty region.
    pub fn new(xlen: Xlen) -> Self {
        let ir = Ir {
            xlen,
            values: Vec::new(),
            effects: Vec::new(),
            outputs: BTreeMap::new(),
            exits: Vec::new(),
        };
        Self { ir, numbers: BTreeMap::new(), possible: Vec::new(), inst: 0 }
    }

    /// From now on values come from this instruction.
    pub fn set_inst(&mut self, inst: u32) {
        self.inst = inst;
    }

    /// The instruction that values come from now.
    pub fn inst(&self) -> u32 {
        self.inst
    }

    /// What has been built so far.
    pub fn ir(&self) -> &Ir {
        &self.ir
    }

    /// The bits of a value that may be set.
    pub fn possible(&self, id: ValueId) -> u64 {
        self.possible[id.index()]
    }

    /// Whether a value is known to be 0 or 1.
    pub fn is_bit(&self, id: ValueId) -> bool {
        self.possible(id) <= 1
    }

    /// A node that is no load: the value that already is this node, or a new one.
    pub fn pure(&mut self, node: Node) -> ValueId {
        debug_assert!(!matches!(node, Node::Load { .. }), "loads are not pure");
        if let Some(&id) = self.numbers.get(&node) {
            return id;
        }
        let id = self.push(node);
        self.numbers.insert(node, id);
        id
    }

    /// A known word; `value` is reduced to the word width.
    pub fn constant(&mut self, value: u64) -> ValueId {
        let value = self.ir.xlen.mask(value);
        self.pure(Node::Const(value))
    }

    /// An operation, as it is: nothing is simplified.
    pub fn alu(&mut self, op: Alu, a: ValueId, b: ValueId) -> ValueId {
        self.pure(Node::Alu(op, a, b))
    }

    /// A load, which takes place after all effects so far.
    pub fn load(&mut self, width: Width, signed: bool, addr: ValueId) -> ValueId {
        let id = self.push(Node::Load { width, signed, addr });
        self.ir.effects.push(Effect::Load(id));
        id
    }

    /// A store, which takes place after all effects so far.
    pub fn store(&mut self, width: Width, addr: ValueId, value: ValueId) {
        self.ir.effects.push(Effect::Store { width, addr, value, inst: self.inst });
    }

    /// Finishes the region.
    pub fn finish(mut self, outputs: BTreeMap<Reg, ValueId>, exits: Vec<Exit>) -> Ir {
        self.ir.outputs = outputs;
        self.ir.exits = exits;
        debug_assert_eq!(self.ir.verify(), Ok(()));
        self.ir
    }

    fn push(&mut self, node: Node) -> ValueId {
        let id = ValueId(u32::try_from(self.ir.values.len()).expect("a region has few values"));
        let of = |id: ValueId| (self.possible[id.index()], self.ir.as_const(id));
        let possible = possible_bits(self.ir.xlen, node, of);
        self.possible.push(possible);
        self.ir.values.push(Value { node, inst: self.inst });
        id
    }
}
