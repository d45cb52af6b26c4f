//! The flat form of a recipe whose numbers are words of 32 bits: fixed-size operations that read earlier
//! results by position.
//!
//! What is not needed is left out. The result of an operation is kept for [`Program::run`]'s lanes
//! at once, so that each operation on words is a loop that becomes a few vector instructions.
//!
//! Invariants:
//! - an operation uses only positions of earlier operations;
//! - no sum of a [`Op::Linear`] overflows: see [`Linear`].

use std::marker::PhantomData;
use std::ops::Range;

use autoprec_circuits::Field;
use autoprec_isa::{Alu, Xlen};

use super::steps::{Query, Slot, Source, Step};

/// The position of an operation, hence of its result.
pub(super) type Position = u32;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    /// What comes from outside, and its place in the record. Slots in it are positions.
    Query(Query, u32),
    Code(i64),
    Const(u32),
    Alu(Alu, Position, Position),
    Select(Position, Position, Position),
    Bits {
        of: Position,
        low: u32,
        mask: u32,
    },
    Linear(Linear),
    Product(Position, Position),
    Inverse(Position),
}

/// `constant + Σ coefficient·word` in the field, reduced once.
///
/// Coefficients are the representatives of least magnitude, and the sum of the magnitudes is below
/// 2^31; a sum with more is several operations. `constant` includes a multiple of the order that
/// keeps the sum from being negative. Lemma: the terms together are within ±2^31·2^32 = ±2^63, so
/// the sum is below 2^63 + 2·order < 2^64, and wrapping arithmetic gives it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Linear {
    first: u32,
    end: u32,
    constant: u64,
}

/// The magnitudes of the coefficients of one operation are together below this.
const MAX_MAGNITUDE: u64 = 1 << 31;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    coefficient: i32,
    word: Position,
}

/// A compiled recipe, for one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program<F> {
    ops: Vec<Op>,
    /// The terms of all [`Op::Linear`].
    terms: Vec<Term>,
    /// Where the results are.
    results: Vec<Position>,
    field: PhantomData<F>,
}

/// The order of a field, if it is below 2^64.
fn order<F: Field>() -> Option<u64> {
    (-F::ONE).to_u64().checked_add(1)
}

/// Whether these steps compute with words of 32 bits only, and make the cells from them.
pub(super) fn is_narrow<'a, F: Field>(
    xlen: Xlen,
    mut steps: impl Iterator<Item = &'a Step<F>>,
    results: &[Source],
) -> bool {
    let fits = |step: &Step<F>| match step {
        Step::Query(query) => *query != Query::Given,
        Step::Const(value) => u32::try_from(*value).is_ok(),
        Step::Bits { low, len, .. } => (1..=32).contains(len) && low + len <= 32,
        Step::Code(_)
        | Step::Alu(..)
        | Step::Select(..)
        | Step::FieldLinear(..)
        | Step::FieldProduct(..) => true,
        Step::Shift { .. } | Step::Linear(..) | Step::Product(..) => false,
    };
    let has_bits = |source: &Source| !matches!(source, Source::Bit(_, bit) if *bit >= 32);
    xlen == Xlen::Rv32
        && order::<F>().is_some_and(|order| order <= 1 << 31)
        && steps.all(fits)
        && results.iter().all(has_bits)
}

impl<F: Field> Program<F> {
    /// Compiles the steps that are `needed`, which must include what these use and what `results` are
    /// made from, and be narrow.
    ///
    /// `queried` says whether slots of queries are needed, too: whether they are asked, or answered
    /// from a record.
    pub(super) fn compile(
        steps: &[Step<F>],
        needed: &[bool],
        results: &[Source],
        queried: bool,
    ) -> Self {
        let mut program =
            Self { ops: Vec::new(), terms: Vec::new(), results: Vec::new(), field: PhantomData };
        let mut positions = vec![Position::MAX; steps.len()];
        let mut queries = 0..;
        for (index, step) in steps.iter().enumerate() {
            let query = step.query().and_then(|_| queries.next());
            if !needed[index] {
                continue;
            }
            let at = |slot: Slot| positions[slot.index()];
            positions[index] = match step {
                Step::Query(query_step) => {
                    let place = query.expect("it was counted");
                    let asked =
                        if queried { query_step.mapped(|s| Slot(at(s))) } else { *query_step };
                    program.push(Op::Query(asked, place))
                }
                Step::FieldLinear(terms, constant) => program.push_linear(terms, *constant, at),
                _ => program.push(pure(step, at)),
            };
        }
        for source in results {
            let of = positions[source.slot().index()];
            let position = match *source {
                Source::Int(_) => of,
                Source::Bit(_, low) => program.push(Op::Bits { of, low, mask: 1 }),
                Source::Inverse(_) => program.push(Op::Inverse(of)),
            };
            program.results.push(position);
        }
        program
    }

    fn push(&mut self, op: Op) -> Position {
        self.ops.push(op);
        Position::try_from(self.ops.len() - 1).expect("a region has few steps")
    }

    /// A linear form, in as many operations as [`MAX_MAGNITUDE`] asks for.
    fn push_linear(
        &mut self,
        terms: &[(F, Slot)],
        constant: F,
        at: impl Fn(Slot) -> Position,
    ) -> Position {
        let mut first = self.terms.len();
        let (mut constant, mut magnitude) = (constant, 0);
        for &(coefficient, slot) in terms {
            let signed = coefficient.to_signed().and_then(|signed| i32::try_from(signed).ok());
            let coefficient = signed.expect("half of the order is below 2^30");
            let own = u64::from(coefficient.unsigned_abs());
            if magnitude + own >= MAX_MAGNITUDE {
                let part = self.finish_linear(first, constant);
                first = self.terms.len();
                self.terms.push(Term { coefficient: 1, word: part });
                (constant, magnitude) = (F::ZERO, 1);
            }
            magnitude += own;
            self.terms.push(Term { coefficient, word: at(slot) });
        }
        self.finish_linear(first, constant)
    }

    fn finish_linear(&mut self, first: usize, constant: F) -> Position {
        let negative = self.terms[first..].iter().filter(|term| term.coefficient < 0);
        let least: u64 =
            negative.map(|term| u64::from(term.coefficient.unsigned_abs()) << 32).sum();
        let order = order::<F>().expect("a narrow field");
        let constant = constant.to_u64() + least.div_ceil(order) * order;
        let place = |index: usize| u32::try_from(index).expect("a region has few terms");
        let (first, end) = (place(first), place(self.terms.len()));
        self.push(Op::Linear(Linear { first, end, constant }))
    }

    /// How many operations there are, hence results.
    pub(super) fn len(&self) -> usize {
        self.ops.len()
    }

    /// Runs the program on `L` calls at once; `words`, which has [`Self::len`] places, receives the
    /// results of all operations.
    ///
    /// `answer` gives what comes from outside, given the query, its place in the record, and what has
    /// been computed so far. `entry` is where the region begins.
    ///
    /// # Errors
    /// Those of `answer`.
    #[inline]
    pub(super) fn run<const L: usize, E>(
        &self,
        entry: u64,
        words: &mut [[u32; L]],
        mut answer: impl FnMut(Query, u32, &[[u32; L]]) -> Result<[u32; L], E>,
    ) -> Result<(), E> {
        let words = &mut words[..self.ops.len()];
        for (position, op) in self.ops.iter().enumerate() {
            let at = |position: Position| words[position as usize];
            let word = match *op {
                Op::Query(query, place) => answer(query, place, words)?,
                Op::Code(offset) => [code(entry, offset); L],
                Op::Const(value) => [value; L],
                Op::Alu(op, a, b) => alu(op, at(a), at(b)),
                Op::Select(condition, then, otherwise) => {
                    let (condition, then, otherwise) = (at(condition), at(then), at(otherwise));
                    lanes(|l| if condition[l] == 0 { otherwise[l] } else { then[l] })
                }
                Op::Bits { of, low, mask } => at(of).map(|word| word >> low & mask),
                Op::Linear(linear) => {
                    let terms = &self.terms[linear.range()];
                    linear_form::<L, F>(linear.constant, terms, words)
                }
                Op::Product(a, b) => {
                    let (a, b) = (at(a), at(b));
                    lanes(|l| reduce::<F>(u64::from(a[l]) * u64::from(b[l])))
                }
                Op::Inverse(a) => inverses::<L, F>(at(a)),
            };
            words[position] = word;
        }
        Ok(())
    }

    /// Where [`Self::run`] leaves the results, in the order in which they were asked for.
    pub(super) fn results(&self) -> &[Position] {
        &self.results
    }
}

impl Linear {
    fn range(self) -> Range<usize> {
        self.first as usize..self.end as usize
    }
}

/// A step that is no query and not linear.
fn pure<F: Field>(step: &Step<F>, at: impl Fn(Slot) -> Position) -> Op {
    match *step {
        Step::Code(offset) => Op::Code(offset),
        Step::Const(value) => Op::Const(u32::try_from(value).expect("the steps are narrow")),
        Step::Alu(op, a, b) => Op::Alu(op, at(a), at(b)),
        Step::Select(condition, then, otherwise) => {
            Op::Select(at(condition), at(then), at(otherwise))
        }
        Step::Bits { of, low, len } => Op::Bits { of: at(of), low, mask: u32::MAX >> (32 - len) },
        Step::FieldProduct(a, b) => Op::Product(at(a), at(b)),
        Step::Query(_)
        | Step::FieldLinear(..)
        | Step::Shift { .. }
        | Step::Linear(..)
        | Step::Product(..) => {
            unreachable!("the caller handles these, or the steps are not narrow")
        }
    }
}

/// A code address, modulo 2^32.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "words have 32 bits here")]
fn code(entry: u64, offset: i64) -> u32 {
    entry.wrapping_add_signed(offset) as u32
}

#[inline]
fn lanes<const L: usize>(word: impl FnMut(usize) -> u32) -> [u32; L] {
    std::array::from_fn(word)
}

/// Applies an operation to every lane.
#[inline]
fn alu<const L: usize>(op: Alu, a: [u32; L], b: [u32; L]) -> [u32; L] {
    // With the operation known, the loop over the lanes becomes vector instructions.
    macro_rules! known {
        ($($known:ident)*) => {
            match op {
                $(Alu::$known => lanes(|l| Alu::$known.eval(a[l], b[l])),)*
                _ => lanes(|l| op.eval(a[l], b[l])),
            }
        };
    }
    known!(Add Sub And Or Xor Sll Srl Sra Slt Sltu Eq Mul)
}

#[inline]
fn linear_form<const L: usize, F: Field>(
    constant: u64,
    terms: &[Term],
    words: &[[u32; L]],
) -> [u32; L] {
    let mut sums = [constant; L];
    for term in terms {
        let coefficient = i64::from(term.coefficient).cast_unsigned();
        for (sum, word) in sums.iter_mut().zip(words[term.word as usize]) {
            *sum = sum.wrapping_add(coefficient.wrapping_mul(u64::from(word)));
        }
    }
    sums.map(reduce::<F>)
}

#[inline]
fn reduce<F: Field>(value: u64) -> u32 {
    canonical(F::from_u64(value))
}

/// The representative of an element of a narrow field.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the order is at most 2^31")]
fn canonical<F: Field>(element: F) -> u32 {
    element.to_u64() as u32
}

/// The inverses of all lanes, 0 of 0, with one inversion: that of their product.
fn inverses<const L: usize, F: Field>(words: [u32; L]) -> [u32; L] {
    let elements = words.map(|word| F::from_u64(u64::from(word)));
    let mut product = F::ONE;
    let before = elements.map(|element| {
        let before = product;
        if element != F::ZERO {
            product = product * element;
        }
        before
    });
    let mut inverse = product.inverse().expect("no factor is 0");
    let mut inverses = [0; L];
    for lane in (0..L).rev().filter(|&lane| elements[lane] != F::ZERO) {
        inverses[lane] = canonical(inverse * before[lane]);
        inverse = inverse * elements[lane];
    }
    inverses
}
