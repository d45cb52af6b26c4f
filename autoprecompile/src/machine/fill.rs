//! Filling rows: a program over integers from the record of a row to its cells.
//!
//! Invariants:
//! - a step uses earlier steps only;
//! - integers do not overflow: whoever adds a step knows bounds of what it gives;
//! - filling depends on the record alone, which has one word per [`Step::Input`], in order.

use std::collections::BTreeMap;

use autoprec_circuits::Field;
use autoprec_isa::{Alu, Xlen};

/// The number of a step: where the integer is that it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(crate) u32);

impl Slot {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How an integer is computed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The word of the record with this number.
    Input(u32),
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
    /// `Σ coefficient · slot + constant`.
    Linear(Vec<(i128, Slot)>, i128),
    /// A product.
    Product(Slot, Slot),
}

impl Step {
    /// The steps whose results this uses.
    pub(crate) fn operands(&self) -> Vec<Slot> {
        match self {
            Self::Input(_) | Self::Const(_) => Vec::new(),
            Self::Alu(_, a, b) | Self::Product(a, b) => vec![*a, *b],
            Self::Select(c, a, b) => vec![*c, *a, *b],
            Self::Bits { of, .. } | Self::Shift { of, .. } => vec![*of],
            Self::Linear(terms, _) => terms.iter().map(|(_, slot)| *slot).collect(),
        }
    }

    /// What the step gives, for a step that is no input.
    #[inline]
    pub(crate) fn eval(&self, xlen: Xlen, slots: &[i128]) -> i128 {
        let at = |slot: &Slot| slots[slot.index()];
        match self {
            Self::Input(_) => unreachable!("the callers handle inputs"),
            Self::Const(value) => *value,
            Self::Alu(op, a, b) => i128::from(op.eval_u64(xlen, word(at(a)), word(at(b)))),
            Self::Select(c, a, b) => at(if at(c) == 0 { b } else { a }),
            Self::Bits { of, low, len } => at(of) >> low & ((1 << len) - 1),
            Self::Shift { of, by } => at(of) >> by,
            Self::Linear(terms, constant) => terms.iter().fold(*constant, |sum, (factor, slot)| {
                sum.wrapping_add(factor.wrapping_mul(at(slot)))
            }),
            Self::Product(a, b) => at(a).wrapping_mul(at(b)),
        }
    }
}

/// The low 64 bits.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "words are in range")]
pub(crate) fn word(value: i128) -> u64 {
    value as u64
}

/// What a cell is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The integer.
    Int(Slot),
    /// One bit of it.
    Bit(Slot, u32),
    /// Its inverse in the field; 0 if it is 0.
    Inverse(Slot),
}

impl Source {
    /// The slot that it is made from.
    pub(crate) fn slot(self) -> Slot {
        match self {
            Self::Int(slot) | Self::Bit(slot, _) | Self::Inverse(slot) => slot,
        }
    }
}

/// Fills the rows of a table from their records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filler {
    xlen: Xlen,
    /// All steps that columns need; the others are constants that nothing reads.
    steps: Vec<Step>,
    columns: Vec<Source>,
    inputs: usize,
}

impl Filler {
    pub(crate) fn new(xlen: Xlen, mut steps: Vec<Step>, columns: Vec<Source>) -> Self {
        let inputs = steps.iter().filter(|step| matches!(step, Step::Input(_))).count();
        let mut needed = vec![false; steps.len()];
        columns.iter().for_each(|source| needed[source.slot().index()] = true);
        mark_operands(&steps, &mut needed);
        for (step, needed) in steps.iter_mut().zip(needed) {
            if !needed {
                *step = Step::Const(0);
            }
        }
        Self { xlen, steps, columns, inputs }
    }

    /// Words of a record.
    pub fn record_words(&self) -> usize {
        self.inputs
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Fills a row of [`Self::width`] cells from a record of [`Self::record_words`] words.
    pub fn fill<F: Field>(&self, record: &[u64], row: &mut [F]) {
        self.fill_altered(record, row, |_, value| value);
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The same with other integers than steps give: the row of a prover that does not keep to them.
    ///
    /// `alter` is given a step's number and what it gives, and says what is used instead.
    pub fn fill_altered<F: Field>(
        &self,
        record: &[u64],
        row: &mut [F],
        alter: impl Fn(usize, i128) -> i128,
    ) {
        let mut slots: Vec<i128> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let value = match step {
                Step::Input(index) => i128::from(record[*index as usize]),
                other => other.eval(self.xlen, &slots),
            };
            slots.push(alter(slots.len(), value));
        }
        for (cell, source) in row.iter_mut().zip(&self.columns) {
            *cell = match *source {
                Source::Int(slot) => element(slots[slot.index()]),
                Source::Bit(slot, bit) => {
                    if slots[slot.index()] >> bit & 1 == 0 {
                        F::ZERO
                    } else {
                        F::ONE
                    }
                }
                Source::Inverse(slot) => {
                    element::<F>(slots[slot.index()]).inverse().unwrap_or(F::ZERO)
                }
            };
        }
    }
}

/// Marks whatever marked steps use.
pub(crate) fn mark_operands(steps: &[Step], needed: &mut [bool]) {
    for (index, step) in steps.iter().enumerate().rev() {
        if needed[index] {
            step.operands().iter().for_each(|slot| needed[slot.index()] = true);
        }
    }
}

/// The element of a field that an integer is.
#[inline]
fn element<F: Field>(value: i128) -> F {
    match u64::try_from(value) {
        Ok(0) => F::ZERO,
        Ok(1) => F::ONE,
        Ok(small) => F::from_u64(small),
        Err(_) => F::from_i128(value),
    }
}

/// Steps under construction: equal ones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) list: Vec<Step>,
    numbers: BTreeMap<Step, Slot>,
    inputs: u32,
}

impl Steps {
    pub(crate) fn push(&mut self, step: Step) -> Slot {
        if let Some(&slot) = self.numbers.get(&step) {
            return slot;
        }
        let slot = Slot(u32::try_from(self.list.len()).expect("a row has few steps"));
        self.numbers.insert(step.clone(), slot);
        self.list.push(step);
        slot
    }

    pub(crate) fn input(&mut self) -> Slot {
        self.inputs += 1;
        self.push(Step::Input(self.inputs - 1))
    }
}
