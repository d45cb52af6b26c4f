//! Polynomials over the cells of one row, in the prover's field.
//!
//! The same [`Expr`], compiled: its cells are told apart into fixed and committed ones, and its
//! coefficients are the prover's. Sums are added up as balanced trees, for the prover walks what it
//! records by recursion.

use std::ops::Mul;

use autoprec_circuits::{BabyBear, ColumnId, Expr, Field as _, Linear};
use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::config::Val;

/// An element in the prover's representation.
pub(crate) fn element(value: BabyBear) -> Val {
    Val::new(value.canonical())
}

/// A cell of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell {
    /// Of the verifier's columns.
    Fixed(usize),
    /// Of the prover's.
    Main(usize),
}

/// A coefficient; the two frequent ones cost no multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Coefficient {
    One,
    MinusOne,
    Times(Val),
}

/// A polynomial over the cells of a row.
#[derive(Clone, Debug)]
pub(crate) enum Polynomial {
    Linear { terms: Vec<(Cell, Coefficient)>, constant: Val },
    Sum(Vec<Polynomial>),
    Product(Vec<Polynomial>),
}

/// The cells of a row, as the prover or the verifier sees them.
#[derive(Debug)]
pub(crate) struct Row<'a, V> {
    pub(crate) fixed: &'a [V],
    pub(crate) main: &'a [V],
}

impl<V: Copy> Row<'_, V> {
    fn cell(&self, cell: Cell) -> V {
        match cell {
            Cell::Fixed(index) => self.fixed[index],
            Cell::Main(index) => self.main[index],
        }
    }
}

impl Polynomial {
    /// Compiles an expression of a table whose first `fixed` columns are the verifier's.
    pub(crate) fn compile(expr: &Expr<BabyBear>, fixed: usize) -> Self {
        let all = |parts: &[Expr<BabyBear>]| {
            parts.iter().map(|part| Self::compile(part, fixed)).collect::<Vec<_>>()
        };
        match expr {
            Expr::Linear(linear) => Self::linear(linear, fixed),
            Expr::Sum(parts) => Self::Sum(all(parts)),
            Expr::Product(factors) => Self::Product(all(factors)),
        }
    }

    fn linear(linear: &Linear<BabyBear>, fixed: usize) -> Self {
        let cell = |column: ColumnId| match column.index() {
            index if index < fixed => Cell::Fixed(index),
            index => Cell::Main(index - fixed),
        };
        let coefficient = |value: BabyBear| match value {
            BabyBear::ONE => Coefficient::One,
            value if -value == BabyBear::ONE => Coefficient::MinusOne,
            value => Coefficient::Times(element(value)),
        };
        let terms = linear.terms().iter().map(|&(column, c)| (cell(column), coefficient(c)));
        Self::Linear { terms: terms.collect(), constant: element(linear.constant()) }
    }

    /// One cell.
    pub(crate) fn cell(cell: Cell) -> Self {
        Self::Linear { terms: vec![(cell, Coefficient::One)], constant: Val::ZERO }
    }

    /// One cell, negated or not, plus a constant.
    pub(crate) fn one_minus(cell: Cell) -> Self {
        Self::Linear { terms: vec![(cell, Coefficient::MinusOne)], constant: Val::ONE }
    }

    /// Cells that are written down: what evaluating costs.
    pub(crate) fn terms(&self) -> usize {
        match self {
            Self::Linear { terms, .. } => terms.len(),
            Self::Sum(parts) | Self::Product(parts) => parts.iter().map(Self::terms).sum(),
        }
    }

    /// What the polynomial is on a row.
    pub(crate) fn eval<V, E>(&self, row: &Row<'_, V>) -> E
    where
        V: Copy + Into<E> + Mul<Val, Output = E>,
        E: Algebra<Val>,
    {
        match self {
            Self::Linear { terms, constant } => {
                let sum = balanced(terms, &|&(cell, c)| term(row.cell(cell), c));
                match sum {
                    None => E::from(*constant),
                    Some(sum) if *constant == Val::ZERO => sum,
                    Some(sum) => sum + *constant,
                }
            }
            Self::Sum(parts) => balanced(parts, &|part| part.eval(row)).unwrap_or(E::ZERO),
            Self::Product(factors) => factors
                .iter()
                .map(|factor| factor.eval(row))
                .reduce(|a: E, b| a * b)
                .unwrap_or(E::ONE),
        }
    }
}

fn term<V, E>(value: V, coefficient: Coefficient) -> E
where
    V: Into<E> + Mul<Val, Output = E>,
    E: Algebra<Val>,
{
    match coefficient {
        Coefficient::One => value.into(),
        Coefficient::MinusOne => -value.into(),
        Coefficient::Times(factor) => value * factor,
    }
}

/// The sum over `parts`, of depth logarithmic in their number; `None` if there are none.
fn balanced<T, E: PrimeCharacteristicRing>(parts: &[T], value: &impl Fn(&T) -> E) -> Option<E> {
    if parts.len() <= 16 {
        return parts.iter().map(value).reduce(|a, b| a + b);
    }
    let (left, right) = parts.split_at(parts.len() / 2);
    let left = balanced(left, value)?;
    Some(left + balanced(right, value)?)
}
