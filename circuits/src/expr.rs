//! Polynomials over the columns of one row.
//!
//! Invariants, established by the constructors:
//! - a [`Linear`]'s terms are sorted by column and have non-zero coefficients;
//! - a product has at least two factors, none of them constant and none itself a product;
//! - a sum has at least two summands, of which only the last may be linear (and is then not zero),
//!   and none is itself a sum.

use std::collections::BTreeSet;
use std::ops::{Add, Mul, Neg, Sub};

use crate::column::ColumnId;
use crate::field::Field;

/// A linear form: Σ coefficient·column + constant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Linear<F> {
    terms: Vec<(ColumnId, F)>,
    constant: F,
}

impl<F: Field> Linear<F> {
    /// The form that is 0.
    pub const fn zero() -> Self {
        Self { terms: Vec::new(), constant: F::ZERO }
    }

    /// A constant.
    pub const fn constant_of(constant: F) -> Self {
        Self { terms: Vec::new(), constant }
    }

    /// The value of one column.
    pub fn column(column: ColumnId) -> Self {
        Self { terms: vec![(column, F::ONE)], constant: F::ZERO }
    }

    /// Columns with their coefficients, sorted by column.
    pub fn terms(&self) -> &[(ColumnId, F)] {
        &self.terms
    }

    /// The constant part.
    pub fn constant(&self) -> F {
        self.constant
    }

    /// Whether this is the zero form.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty() && self.constant == F::ZERO
    }

    /// The value if there are no columns in it.
    pub fn as_constant(&self) -> Option<F> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// The column if the form is just that column.
    pub fn as_column(&self) -> Option<ColumnId> {
        match self.terms[..] {
            [(column, one)] if one == F::ONE && self.constant == F::ZERO => Some(column),
            _ => None,
        }
    }

    /// This form times a constant.
    #[must_use]
    pub fn scale(&self, factor: F) -> Self {
        if factor == F::ZERO {
            return Self::zero();
        }
        let terms = self.terms.iter().map(|&(column, c)| (column, c * factor)).collect();
        Self { terms, constant: self.constant * factor }
    }

    /// This form times a small signed integer.
    #[must_use]
    pub fn times(&self, factor: i64) -> Self {
        self.scale(F::from_i64(factor))
    }

    /// The value on a row.
    pub fn eval(&self, row: &[F]) -> F {
        self.terms.iter().fold(self.constant, |acc, &(column, c)| acc + c * row[column.index()])
    }

    fn merge(self, other: &Self, sign: F) -> Self {
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        let (mut left, mut right) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        loop {
            let (column, coefficient) = match (left.peek(), right.peek()) {
                (Some(&&(a, x)), Some(&&(b, y))) if a == b => {
                    left.next();
                    right.next();
                    (a, x + sign * y)
                }
                (Some(&&(a, x)), Some(&&(b, _))) if a < b => {
                    left.next();
                    (a, x)
                }
                (Some(&&(a, x)), None) => {
                    left.next();
                    (a, x)
                }
                (_, Some(&&(b, y))) => {
                    right.next();
                    (b, sign * y)
                }
                (None, None) => break,
            };
            if coefficient != F::ZERO {
                terms.push((column, coefficient));
            }
        }
        Self { terms, constant: self.constant + sign * other.constant }
    }
}

impl<F: Field> Add for Linear<F> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.merge(&other, F::ONE)
    }
}

impl<F: Field> Sub for Linear<F> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.merge(&other, -F::ONE)
    }
}

impl<F: Field> Neg for Linear<F> {
    type Output = Self;
    fn neg(self) -> Self {
        self.scale(-F::ONE)
    }
}

/// A polynomial in normal form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expr<F> {
    /// Of degree at most 1.
    Linear(Linear<F>),
    /// A sum of products, and at most one linear form, which comes last.
    Sum(Vec<Expr<F>>),
    /// A product of sums and linear forms.
    Product(Vec<Expr<F>>),
}

impl<F: Field> Expr<F> {
    /// A constant.
    pub const fn constant(value: F) -> Self {
        Self::Linear(Linear::constant_of(value))
    }

    /// A small signed integer.
    pub fn int(value: i64) -> Self {
        Self::constant(F::from_i64(value))
    }

    /// The polynomial `self · (self − 1)`, zero exactly when this is 0 or 1.
    #[must_use]
    pub fn boolean(self) -> Self {
        self.clone() * (self - Self::int(1))
    }

    /// The linear form if the degree is at most 1.
    pub fn as_linear(&self) -> Option<&Linear<F>> {
        match self {
            Self::Linear(linear) => Some(linear),
            Self::Sum(_) | Self::Product(_) => None,
        }
    }

    /// The total degree of the normal form (an upper bound of the polynomial's degree).
    pub fn degree(&self) -> u32 {
        match self {
            Self::Linear(linear) => u32::from(!linear.terms.is_empty()),
            Self::Sum(summands) => summands.iter().map(Self::degree).max().unwrap_or(0),
            Self::Product(factors) => factors.iter().map(Self::degree).sum(),
        }
    }

    /// The value on a row.
    pub fn eval(&self, row: &[F]) -> F {
        match self {
            Self::Linear(linear) => linear.eval(row),
            Self::Sum(summands) => summands.iter().fold(F::ZERO, |acc, e| acc + e.eval(row)),
            Self::Product(factors) => factors.iter().fold(F::ONE, |acc, e| acc * e.eval(row)),
        }
    }

    /// Adds the columns that occur to `columns`.
    pub fn collect_columns(&self, columns: &mut BTreeSet<ColumnId>) {
        match self {
            Self::Linear(linear) => columns.extend(linear.terms.iter().map(|&(column, _)| column)),
            Self::Sum(parts) | Self::Product(parts) => {
                for part in parts {
                    part.collect_columns(columns);
                }
            }
        }
    }

    /// The normal form of a sum whose summands are in normal form.
    fn sum(parts: Vec<Self>) -> Self {
        let (mut linear, mut rest) = (Linear::zero(), Vec::new());
        for part in parts {
            match part {
                Self::Linear(l) => linear = linear + l,
                Self::Product(_) => rest.push(part),
                Self::Sum(inner) => {
                    for part in inner {
                        match part {
                            Self::Linear(l) => linear = linear + l,
                            other => rest.push(other),
                        }
                    }
                }
            }
        }
        if !linear.is_zero() || rest.is_empty() {
            rest.push(Self::Linear(linear));
        }
        if rest.len() == 1 { rest.remove(0) } else { Self::Sum(rest) }
    }

    fn scale(self, factor: F) -> Self {
        if factor == F::ZERO {
            return Self::constant(F::ZERO);
        }
        match self {
            Self::Linear(linear) => Self::Linear(linear.scale(factor)),
            Self::Sum(parts) => {
                Self::Sum(parts.into_iter().map(|part| part.scale(factor)).collect())
            }
            Self::Product(mut factors) => {
                let first = factors.remove(0).scale(factor);
                factors.insert(0, first);
                Self::Product(factors)
            }
        }
    }
}

impl<F: Field> From<Linear<F>> for Expr<F> {
    fn from(linear: Linear<F>) -> Self {
        Self::Linear(linear)
    }
}

impl<F: Field> Add for Expr<F> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::sum(vec![self, other])
    }
}

impl<F: Field> Sub for Expr<F> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::sum(vec![self, -other])
    }
}

impl<F: Field> Neg for Expr<F> {
    type Output = Self;
    fn neg(self) -> Self {
        self.scale(-F::ONE)
    }
}

impl<F: Field> Mul for Expr<F> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        for (a, b) in [(&self, &other), (&other, &self)] {
            if let Self::Linear(linear) = a
                && let Some(factor) = linear.as_constant()
            {
                return b.clone().scale(factor);
            }
        }
        let factors = [self, other]
            .into_iter()
            .flat_map(|part| match part {
                Self::Product(factors) => factors,
                other => vec![other],
            })
            .collect();
        Self::Product(factors)
    }
}
