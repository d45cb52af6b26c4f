//! The steps of a recipe and what each gives.

use std::collections::BTreeMap;

use autoprec_circuits::Field;
use autoprec_isa::{Alu, Xlen};

use super::host::{OperandField, RegisterRef};

/// The number of a step: where its result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

impl Slot {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a step asks of the machine: one word of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// A word that whoever writes the record puts there. Such a recipe cannot be executed.
    Given,
    /// The time of the call.
    Time,
    /// What the program says.
    Operand(OperandField),
    /// A register at entry, without access.
    Register(RegisterRef),
    /// The word of memory at `line`, without access. Faults if `line` is no word's address; the fault
    /// names `address`, that of the instruction's access.
    Word {
        /// The address of the word.
        line: Slot,
        /// What the fault names.
        address: Slot,
    },
    /// The time before an access to a word of memory.
    AccessWord {
        /// The address of the word.
        address: Slot,
        /// What is written, if something is.
        value: Option<Slot>,
    },
    /// The time before an access to a register.
    AccessRegister {
        /// Which.
        register: RegisterRef,
        /// What is written, if something is.
        value: Option<Slot>,
    },
}

impl Query {
    /// Whether it is one tick.
    pub fn is_access(&self) -> bool {
        matches!(self, Self::AccessWord { .. } | Self::AccessRegister { .. })
    }

    /// Whether two of a kind in a row give the same.
    fn is_shared(&self) -> bool {
        matches!(self, Self::Time | Self::Operand(_) | Self::Register(RegisterRef::Fixed(_)))
    }

    fn operands(&self) -> Vec<Slot> {
        match *self {
            Self::Given | Self::Time | Self::Operand(_) | Self::Register(_) => vec![],
            Self::Word { line, address } => vec![line, address],
            Self::AccessWord { address, value } => {
                [Some(address), value].into_iter().flatten().collect()
            }
            Self::AccessRegister { value, .. } => value.into_iter().collect(),
        }
    }

    /// The same with other slots.
    pub(super) fn mapped(self, at: impl Fn(Slot) -> Slot) -> Self {
        match self {
            Self::Given | Self::Time | Self::Operand(_) | Self::Register(_) => self,
            Self::Word { line, address } => Self::Word { line: at(line), address: at(address) },
            Self::AccessWord { address, value } => {
                Self::AccessWord { address: at(address), value: value.map(at) }
            }
            Self::AccessRegister { register, value } => {
                Self::AccessRegister { register, value: value.map(at) }
            }
        }
    }
}

/// How a number is computed. Numbers are integers; elements of the field stand as their
/// representatives in `0..p`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step<F> {
    /// What comes from outside.
    Query(Query),
    /// The code address that lies so many bytes behind the entry of the region, as a word.
    Code(i64),
    /// Always the same.
    Const(i128),
    /// A word operation on two words, which gives a word.
    Alu(Alu, Slot, Slot),
    /// The second if the first is not 0, else the third.
    Select(Slot, Slot, Slot),
    /// `len` bits from bit `low` on; of a negative number, as in two's complement.
    Bits {
        /// Of what.
        of: Slot,
        /// The lowest bit.
        low: u32,
        /// How many: 127 at most.
        len: u32,
    },
    /// The number divided by 2^`by`, rounded down.
    Shift {
        /// What is divided.
        of: Slot,
        /// The power: 127 at most.
        by: u32,
    },
    /// `Σ coefficient · slot + constant` of integers.
    Linear(Vec<(i128, Slot)>, i128),
    /// A product of integers.
    Product(Slot, Slot),
    /// `Σ coefficient · slot + constant` in the field, whose order is below 2^64.
    FieldLinear(Vec<(F, Slot)>, F),
    /// A product in the field, whose order is below 2^64.
    FieldProduct(Slot, Slot),
}

impl<F: Field> Step<F> {
    /// What it asks of the machine, if anything.
    pub fn query(&self) -> Option<&Query> {
        if let Self::Query(query) = self { Some(query) } else { None }
    }

    /// The steps whose results this uses when a call runs.
    pub(super) fn operands(&self) -> Vec<Slot> {
        match self {
            Self::Query(query) => query.operands(),
            other => other.pure_operands(),
        }
    }

    /// The steps whose results this uses when a row is made.
    pub(super) fn pure_operands(&self) -> Vec<Slot> {
        match self {
            Self::Query(_) | Self::Code(_) | Self::Const(_) => vec![],
            Self::Alu(_, a, b) | Self::Product(a, b) | Self::FieldProduct(a, b) => vec![*a, *b],
            Self::Select(c, a, b) => vec![*c, *a, *b],
            Self::Bits { of, .. } | Self::Shift { of, .. } => vec![*of],
            Self::Linear(terms, _) => terms.iter().map(|(_, slot)| *slot).collect(),
            Self::FieldLinear(terms, _) => terms.iter().map(|(_, slot)| *slot).collect(),
        }
    }

    /// The same with other slots; queries are for the caller to map.
    pub(super) fn mapped(&self, at: impl Fn(Slot) -> Slot) -> Self {
        match self {
            Self::Query(query) => Self::Query(query.mapped(at)),
            Self::Code(_) | Self::Const(_) => self.clone(),
            Self::Alu(op, a, b) => Self::Alu(*op, at(*a), at(*b)),
            Self::Select(c, a, b) => Self::Select(at(*c), at(*a), at(*b)),
            Self::Bits { of, low, len } => Self::Bits { of: at(*of), low: *low, len: *len },
            Self::Shift { of, by } => Self::Shift { of: at(*of), by: *by },
            Self::Linear(terms, constant) => {
                Self::Linear(terms.iter().map(|(k, slot)| (*k, at(*slot))).collect(), *constant)
            }
            Self::Product(a, b) => Self::Product(at(*a), at(*b)),
            Self::FieldLinear(terms, constant) => Self::FieldLinear(
                terms.iter().map(|(k, slot)| (*k, at(*slot))).collect(),
                *constant,
            ),
            Self::FieldProduct(a, b) => Self::FieldProduct(at(*a), at(*b)),
        }
    }

    /// What the step gives, unless it is a query. `entry` is where the region begins.
    #[inline]
    pub(super) fn eval(&self, xlen: Xlen, entry: u64, slots: &[i128]) -> i128 {
        let at = |slot: &Slot| slots[slot.index()];
        let field = |slot: &Slot| element::<F>(at(slot));
        let canonical = |element: F| i128::from(element.to_u64());
        match self {
            Self::Query(_) => unreachable!("the callers answer queries"),
            Self::Code(offset) => i128::from(xlen.mask(entry.wrapping_add_signed(*offset))),
            Self::Const(value) => *value,
            Self::Alu(op, a, b) => i128::from(op.eval_u64(xlen, word(at(a)), word(at(b)))),
            Self::Select(c, a, b) => at(if at(c) == 0 { b } else { a }),
            Self::Bits { of, low, len } => at(of) >> low & ((1 << len) - 1),
            Self::Shift { of, by } => at(of) >> by,
            Self::Linear(terms, constant) => terms.iter().fold(*constant, |sum, (factor, slot)| {
                sum.wrapping_add(factor.wrapping_mul(at(slot)))
            }),
            Self::Product(a, b) => at(a).wrapping_mul(at(b)),
            Self::FieldLinear(terms, constant) => {
                canonical(terms.iter().fold(*constant, |sum, (k, slot)| sum + *k * field(slot)))
            }
            Self::FieldProduct(a, b) => canonical(field(a) * field(b)),
        }
    }
}

/// The low 64 bits.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "words are in range")]
pub(super) fn word(value: i128) -> u64 {
    value as u64
}

/// The element of a field that an integer is.
#[inline]
pub(super) fn element<F: Field>(value: i128) -> F {
    match u64::try_from(value) {
        Ok(0) => F::ZERO,
        Ok(1) => F::ONE,
        Ok(small) => F::from_u64(small),
        Err(_) => F::from_i128(value),
    }
}

/// What a cell is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The number.
    Int(Slot),
    /// One bit of it.
    Bit(Slot, u32),
    /// Its inverse in the field; 0 if it is 0.
    Inverse(Slot),
}

impl Source {
    /// The slot that it is made from.
    pub fn slot(self) -> Slot {
        match self {
            Self::Int(slot) | Self::Bit(slot, _) | Self::Inverse(slot) => slot,
        }
    }

    /// The same with another slot.
    pub(super) fn mapped(self, at: impl Fn(Slot) -> Slot) -> Self {
        match self {
            Self::Int(slot) => Self::Int(at(slot)),
            Self::Bit(slot, bit) => Self::Bit(at(slot), bit),
            Self::Inverse(slot) => Self::Inverse(at(slot)),
        }
    }

    /// The cell, given the results of the steps.
    #[inline]
    pub(super) fn cell<F: Field>(self, slots: &[i128]) -> F {
        let value = slots[self.slot().index()];
        match self {
            Self::Int(_) => element(value),
            Self::Bit(_, bit) => {
                if value >> bit & 1 == 0 {
                    F::ZERO
                } else {
                    F::ONE
                }
            }
            Self::Inverse(_) => element::<F>(value).inverse().unwrap_or(F::ZERO),
        }
    }
}

/// Steps under construction: equal ones are one, if they give the same.
#[derive(Clone, Debug)]
pub(crate) struct Steps<F> {
    list: Vec<Step<F>>,
    numbers: BTreeMap<Step<F>, Slot>,
}

impl<F> Default for Steps<F> {
    fn default() -> Self {
        Self { list: Vec::new(), numbers: BTreeMap::new() }
    }
}

impl<F: Field> Steps<F> {
    pub(crate) fn push(&mut self, step: Step<F>) -> Slot {
        let is_shared = step.query().is_none_or(Query::is_shared);
        if is_shared && let Some(&slot) = self.numbers.get(&step) {
            return slot;
        }
        let slot = Slot(u32::try_from(self.list.len()).expect("a row has few steps"));
        if is_shared {
            self.numbers.insert(step.clone(), slot);
        }
        self.list.push(step);
        slot
    }

    /// All steps, in order.
    pub(crate) fn finish(self) -> Vec<Step<F>> {
        self.list
    }
}
