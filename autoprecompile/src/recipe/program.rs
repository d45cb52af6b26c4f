//! The flat form of a recipe: fixed-size operations that read earlier results by position.
//!
//! What is not needed is left out. The result of an operation is kept for [`Program::run`]'s lanes
//! at once, so that each operation on words is a loop that becomes a few vector instructions.
//!
//! Invariants:
//! - an operation uses only positions of earlier operations;
//! - no sum of a [`Op::Linear`] overflows: see [`Linear`].

use std::ops::Range;

use autoprec_circuits::{BabyBear, Field};
use autoprec_isa::Alu;

use super::{Slot, Step};

/// The position of an operation, hence of its result.
pub(super) type Position = u32;

/// One operation; `O` is what the owner of the program does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op<O> {
    Outside(O),
    Const(u32),
    Alu(Alu, Position, Position),
    Select(Position, Position, Position),
    Bits { of: Position, low: u8, mask: u32 },
    Linear(Linear),
    Product(Position, Position),
    Inverse(Position),
}

/// `constant + Σ coefficient·word`, reduced once.
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
pub(super) struct Program<O> {
    ops: Vec<Op<O>>,
    /// The terms of all [`Op::Linear`].
    terms: Vec<Term>,
    /// Where the results are.
    results: Vec<Position>,
}

impl<O: Copy> Program<O> {
    /// Compiles the steps that are `needed`, which must include what these use and `results`.
    ///
    /// `outside` is given the place and the step and says whether it is the owner's.
    pub(super) fn compile(
        steps: &[Step],
        needed: &[bool],
        results: &[Slot],
        outside: impl Fn(usize, &Step, &dyn Fn(Slot) -> Position) -> Option<O>,
    ) -> Self {
        let mut program = Self { ops: Vec::new(), terms: Vec::new(), results: Vec::new() };
        let mut positions = vec![Position::MAX; steps.len()];
        for (index, step) in steps.iter().enumerate().filter(|(index, _)| needed[*index]) {
            let at = |slot: Slot| positions[slot.index()];
            let position = match (outside(index, step, &at), step) {
                (Some(own), _) => program.push(Op::Outside(own)),
                (None, Step::Linear(terms, constant)) => program.push_linear(terms, *constant, at),
                (None, _) => program.push(pure(step, at)),
            };
            positions[index] = position;
        }
        program.results.extend(results.iter().map(|slot| positions[slot.index()]));
        program
    }

    fn push(&mut self, op: Op<O>) -> Position {
        self.ops.push(op);
        Position::try_from(self.ops.len() - 1).expect("a region has few steps")
    }

    /// A linear form, in as many operations as [`MAX_MAGNITUDE`] asks for.
    fn push_linear(
        &mut self,
        terms: &[(BabyBear, Slot)],
        constant: BabyBear,
        at: impl Fn(Slot) -> Position,
    ) -> Position {
        let mut first = self.terms.len();
        let (mut constant, mut magnitude) = (constant, 0);
        for &(coefficient, slot) in terms {
            let coefficient =
                i32::try_from(coefficient.to_i64()).expect("half of the order is below 2^30");
            let own = u64::from(coefficient.unsigned_abs());
            if magnitude + own >= MAX_MAGNITUDE {
                let part = self.finish_linear(first, constant);
                first = self.terms.len();
                self.terms.push(Term { coefficient: 1, word: part });
                (constant, magnitude) = (BabyBear::ZERO, 1);
            }
            magnitude += own;
            self.terms.push(Term { coefficient, word: at(slot) });
        }
        self.finish_linear(first, constant)
    }

    fn finish_linear(&mut self, first: usize, constant: BabyBear) -> Position {
        let negative = self.terms[first..].iter().filter(|term| term.coefficient < 0);
        let least: u64 =
            negative.map(|term| u64::from(term.coefficient.unsigned_abs()) << 32).sum();
        let order = u64::from(BabyBear::ORDER);
        let constant = constant.to_u64() + least.div_ceil(order) * order;
        let place = |index: usize| u32::try_from(index).expect("a region has few terms");
        let (first, end) = (place(first), place(self.terms.len()));
        self.push(Op::Linear(Linear { first, end, constant }))
    }

    /// Runs the program on `L` calls at once; `words` receives the results of all operations.
    ///
    /// `outside` does the owner's operations, given what has been computed so far.
    ///
    /// # Errors
    /// Those of `outside`.
    #[inline]
    pub(super) fn run<const L: usize, E>(
        &self,
        words: &mut Vec<[u32; L]>,
        mut outside: impl FnMut(O, &[[u32; L]]) -> Result<[u32; L], E>,
    ) -> Result<(), E> {
        words.clear();
        words.reserve(self.ops.len());
        for op in &self.ops {
            let at = |position: Position| words[position as usize];
            let word = match *op {
                Op::Outside(own) => outside(own, words)?,
                Op::Const(value) => [value; L],
                Op::Alu(op, a, b) => alu(op, at(a), at(b)),
                Op::Select(condition, then, otherwise) => {
                    let (condition, then, otherwise) = (at(condition), at(then), at(otherwise));
                    lanes(|l| if condition[l] == 0 { otherwise[l] } else { then[l] })
                }
                Op::Bits { of, low, mask } => at(of).map(|word| word >> low & mask),
                Op::Linear(linear) => {
                    let terms = &self.terms[linear.range()];
                    linear_form(linear.constant, terms, words)
                }
                Op::Product(a, b) => {
                    let (a, b) = (at(a), at(b));
                    lanes(|l| reduce(u64::from(a[l]) * u64::from(b[l])))
                }
                Op::Inverse(a) => inverses(at(a)),
            };
            words.push(word);
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

/// A step that is the same for everyone and not linear.
fn pure<O>(step: &Step, at: impl Fn(Slot) -> Position) -> Op<O> {
    match *step {
        Step::Const(value) => Op::Const(value),
        Step::Alu(op, a, b) => Op::Alu(op, at(a), at(b)),
        Step::Select(condition, then, otherwise) => {
            Op::Select(at(condition), at(then), at(otherwise))
        }
        Step::Bits { of, low, len } => Op::Bits { of: at(of), low, mask: u32::MAX >> (32 - len) },
        Step::Product(a, b) => Op::Product(at(a), at(b)),
        Step::Inverse(a) => Op::Inverse(at(a)),
        _ => unreachable!("the owner handles steps that ask for something from outside"),
    }
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
fn linear_form<const L: usize>(constant: u64, terms: &[Term], words: &[[u32; L]]) -> [u32; L] {
    let mut sums = [constant; L];
    for term in terms {
        let coefficient = i64::from(term.coefficient).cast_unsigned();
        for (sum, word) in sums.iter_mut().zip(words[term.word as usize]) {
            *sum = sum.wrapping_add(coefficient.wrapping_mul(u64::from(word)));
        }
    }
    sums.map(reduce)
}

#[inline]
fn reduce(value: u64) -> u32 {
    BabyBear::from_u64(value).canonical()
}

/// The inverses of all lanes, 0 of 0, with one inversion: that of their product.
fn inverses<const L: usize>(words: [u32; L]) -> [u32; L] {
    let elements = words.map(|word| BabyBear::from_u64(u64::from(word)));
    let mut product = BabyBear::ONE;
    let before = elements.map(|element| {
        let before = product;
        if element != BabyBear::ZERO {
            product = product * element;
        }
        before
    });
    let mut inverse = product.inverse().expect("no factor is 0");
    let mut inverses = [0; L];
    for lane in (0..L).rev().filter(|&lane| elements[lane] != BabyBear::ZERO) {
        inverses[lane] = (inverse * before[lane]).canonical();
        inverse = inverse * elements[lane];
    }
    inverses
}
