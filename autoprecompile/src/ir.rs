//! The intermediate form of a region: SSA values over words, with explicit memory accesses, register
//! outputs and guarded exits.
//!
//! Invariants, checked by [`Ir::verify`]:
//! - operands precede their users;
//! - every load is exactly once in [`Ir::effects`], in the order of the values;
//! - the last exit is unguarded and no other is;
//! - the exits lead to places in the code, or all of them to addresses that are values;
//! - `x0` is neither read nor an output.
//!
//! Where the region lies is not said: it is the same for all regions with the same instructions,
//! unless one of these puts its own address into a register.

mod bits;
mod bounds;
mod builder;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use autoprec_isa::{Alu, Reg, Width, Xlen};

pub use bits::possible_bits;
pub use builder::Builder;
pub use text::IrTextError;

/// The number of a value; displays as in the text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

impl ValueId {
    /// The position in [`Ir::values`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// A known word.
    Const(u64),
    /// The value of a register at the entry of the region.
    Reg(Reg),
    /// A word operation of two values.
    Alu(Alu, ValueId, ValueId),
    /// `then` if the condition, which is 0 or 1, is 1; else `otherwise`.
    Select {
        /// 0 or 1.
        condition: ValueId,
        /// Chosen by 1.
        then: ValueId,
        /// Chosen by 0.
        otherwise: ValueId,
    },
    /// What memory holds at an address when the load's turn comes.
    Load {
        /// How many bytes.
        width: Width,
        /// Whether the value is sign-extended rather than zero-extended.
        signed: bool,
        /// The address of the first byte.
        addr: ValueId,
    },
}

impl Node {
    /// The values it is computed from.
    pub fn operands(self) -> impl Iterator<Item = ValueId> {
        let operands = match self {
            Self::Const(_) | Self::Reg(_) => [None; 3],
            Self::Alu(_, a, b) => [Some(a), Some(b), None],
            Self::Select { condition, then, otherwise } => {
                [Some(condition), Some(then), Some(otherwise)]
            }
            Self::Load { addr, .. } => [Some(addr), None, None],
        };
        operands.into_iter().flatten()
    }

    /// The same with other operands.
    #[must_use]
    pub fn map(self, mut f: impl FnMut(ValueId) -> ValueId) -> Self {
        match self {
            Self::Const(_) | Self::Reg(_) => self,
            Self::Alu(op, a, b) => Self::Alu(op, f(a), f(b)),
            Self::Select { condition, then, otherwise } => {
                Self::Select { condition: f(condition), then: f(then), otherwise: f(otherwise) }
            }
            Self::Load { width, signed, addr } => Self::Load { width, signed, addr: f(addr) },
        }
    }
}

/// A value and the instruction of the region that gave it, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// What it is.
    pub node: Node,
    /// The instruction it comes from.
    pub inst: u32,
}

/// Something that happens to memory, in program order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A [`Node::Load`] takes place.
    Load(ValueId),
    /// The low bytes of `value` are stored.
    Store {
        /// How many bytes.
        width: Width,
        /// The address of the first byte.
        addr: ValueId,
        /// What is stored.
        value: ValueId,
        /// The instruction it comes from.
        inst: u32,
    },
}

impl Effect {
    /// The instruction that it comes from.
    pub fn inst(self, ir: &Ir) -> u32 {
        match self {
            Self::Load(id) => ir.values[id.index()].inst,
            Self::Store { inst, .. } => inst,
        }
    }

    /// The address that is accessed.
    pub fn address(self, ir: &Ir) -> ValueId {
        self.place(ir).0
    }

    /// The address that is accessed, and how much is.
    pub fn place(self, ir: &Ir) -> (ValueId, Width) {
        match self {
            Self::Store { addr, width, .. } => (addr, width),
            Self::Load(id) => match ir.node(id) {
                Node::Load { addr, width, .. } => (addr, width),
                _ => unreachable!("the effects of a verified IR name loads"),
            },
        }
    }
}

/// A way out of the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Taken if the value, which is 0 or 1, equals the flag; `None` if always.
    pub guard: Option<(ValueId, bool)>,
    /// The next instruction.
    pub target: ExitTarget,
}

/// Where an exit leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitTarget {
    /// To the instruction that lies so many bytes behind the region's entry.
    Code(i64),
    /// To the address that is this value, constant or not.
    Value(ValueId),
}

impl ExitTarget {
    /// The value, if the address is one.
    pub fn value(self) -> Option<ValueId> {
        match self {
            Self::Code(_) => None,
            Self::Value(id) => Some(id),
        }
    }
}

/// A region as dataflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ir {
    /// Word width.
    pub xlen: Xlen,
    /// All values; a [`ValueId`] is a position here.
    pub values: Vec<Value>,
    /// Loads and stores in program order.
    pub effects: Vec<Effect>,
    /// Every register the region writes, with its final value.
    pub outputs: BTreeMap<Reg, ValueId>,
    /// The exits; the first whose guard holds is taken.
    pub exits: Vec<Exit>,
}

/// What an [`Ir`] is evaluated on.
pub trait State {
    /// Why a memory access failed.
    type Fault;
    /// A register at entry; never `x0`.
    fn reg(&mut self, reg: Reg) -> u64;
    /// Loads, zero-extending, for the load that is value `id`.
    ///
    /// # Errors
    /// The address cannot be read.
    fn load(&mut self, id: ValueId, width: Width, addr: u64) -> Result<u64, Self::Fault>;
    /// Stores the low bytes.
    ///
    /// # Errors
    /// The address cannot be written.
    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Self::Fault>;
}

/// The result of evaluating an [`Ir`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The value of each [`ValueId`].
    pub values: Vec<u64>,
    /// The final values of the registers that are written.
    pub outputs: BTreeMap<Reg, u64>,
    /// The address of the next instruction.
    pub next_pc: u64,
}

/// A broken invariant of an [`Ir`]: a fault of the pass that made it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed IR: {0}")]
pub struct MalformedIr(pub String);

impl Ir {
    /// What a value is.
    pub fn node(&self, id: ValueId) -> Node {
        self.values[id.index()].node
    }

    /// The value if it is known.
    pub fn as_const(&self, id: ValueId) -> Option<u64> {
        match self.node(id) {
            Node::Const(value) => Some(value),
            _ => None,
        }
    }

    /// Every value, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ValueId> + use<> {
        (0..u32::try_from(self.values.len()).expect("a region has few values")).map(ValueId)
    }

    /// An address as a base value and a constant distance from it; no base if it is constant.
    pub fn split_address(&self, addr: ValueId) -> (Option<ValueId>, u64) {
        match self.node(addr) {
            Node::Const(value) => (None, value),
            Node::Alu(Alu::Add, base, offset) => match self.as_const(offset) {
                Some(offset) => (Some(base), offset),
                None => (Some(addr), 0),
            },
            _ => (Some(addr), 0),
        }
    }

    /// Checks the invariants of the module.
    ///
    /// # Errors
    /// The first one that does not hold.
    pub fn verify(&self) -> Result<(), MalformedIr> {
        let fail = |what: String| Err(MalformedIr(what));
        for (id, value) in self.ids().zip(&self.values) {
            if let Some(operand) = value.node.operands().find(|operand| *operand >= id) {
                return fail(format!("{id} uses {operand}, which does not precede it"));
            }
            if value.node == Node::Reg(Reg::ZERO) {
                return fail(format!("{id} reads the zero register"));
            }
        }
        let is_load = |id: &ValueId| matches!(self.node(*id), Node::Load { .. });
        let loads = self.ids().filter(is_load);
        let listed = self.effects.iter().filter_map(|effect| match effect {
            Effect::Load(id) => Some(*id),
            Effect::Store { .. } => None,
        });
        if !loads.eq(listed) {
            return fail("the loads among the effects are not the loads among the values".into());
        }
        if self.outputs.contains_key(&Reg::ZERO) {
            return fail("the zero register is an output".into());
        }
        match self.exits.split_last() {
            Some((last, rest))
                if last.guard.is_none() && rest.iter().all(|e| e.guard.is_some()) => {}
            _ => return fail("the last exit, and only it, must be unguarded".into()),
        }
        let values = self.exits.iter().filter(|exit| exit.target.value().is_some()).count();
        if values != 0 && values != self.exits.len() {
            return fail("some exits lead to places in the code and some to values".into());
        }
        Ok(())
    }

    /// The address of the code so many bytes behind the entry.
    pub fn code_address(&self, entry: u64, offset: i64) -> u64 {
        self.xlen.mask(entry.wrapping_add_signed(offset))
    }

    /// The last instruction that a value comes from.
    pub(crate) fn last_inst(&self) -> u32 {
        self.values.iter().map(|value| value.inst).max().unwrap_or(0)
    }

    /// Runs the region, which lies at `entry`, on a state.
    ///
    /// # Errors
    /// The state's own, from a load or store.
    pub fn eval<S: State>(&self, entry: u64, state: &mut S) -> Result<Evaluated, S::Fault> {
        let mut values: Vec<u64> = Vec::with_capacity(self.values.len());
        let mut effects = self.effects.iter().peekable();
        let store = |effect: &Effect, values: &[u64], state: &mut S| match *effect {
            Effect::Store { width, addr, value, .. } => {
                state.store(width, values[addr.index()], values[value.index()])
            }
            Effect::Load(_) => Ok(()),
        };
        for (id, value) in self.ids().zip(&self.values) {
            let at = |id: ValueId| values[id.index()];
            let word = match value.node {
                Node::Const(word) => word,
                Node::Reg(reg) => state.reg(reg),
                Node::Alu(op, a, b) => op.eval_u64(self.xlen, at(a), at(b)),
                Node::Select { condition, then, otherwise } => {
                    if at(condition) == 0 {
                        at(otherwise)
                    } else {
                        at(then)
                    }
                }
                Node::Load { width, signed, addr } => {
                    while let Some(effect) = effects.next_if(|effect| **effect != Effect::Load(id))
                    {
                        store(effect, &values, state)?;
                    }
                    effects.next();
                    let word = state.load(id, width, at(addr))?;
                    if signed { sign_extend(self.xlen, width, word) } else { word }
                }
            };
            values.push(word);
        }
        for effect in effects {
            store(effect, &values, state)?;
        }
        let taken =
            |exit: &&Exit| exit.guard.is_none_or(|(id, flag)| (values[id.index()] != 0) == flag);
        let exit = self.exits.iter().find(taken).expect("the last exit is unguarded");
        let next_pc = match exit.target {
            ExitTarget::Code(offset) => self.code_address(entry, offset),
            ExitTarget::Value(id) => values[id.index()],
        };
        let outputs = self.outputs.iter().map(|(&reg, id)| (reg, values[id.index()])).collect();
        Ok(Evaluated { values, outputs, next_pc })
    }
}

/// Extends a zero-extended value of `width` to a word of `xlen`, zero-extended in turn.
pub fn sign_extend(xlen: Xlen, width: Width, value: u64) -> u64 {
    let unused = 64 - 8 * width.bytes();
    xlen.mask(((value << unused).cast_signed() >> unused).cast_unsigned())
}
