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

    /// What a column is multiplied by; 0 if it does not occur.
    pub fn coefficient(&self, column: ColumnId) -> F {
        match self.terms.binary_search_by_key(&column, |&(column, _)| column) {
            Ok(index) => self.terms[index].1,
            Err(_) => F::ZERO,
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
        let products = self.terms.iter().map(|&(column, c)| (c, row[column.index()]));
        F::plus_products(self.constant, products)
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
            Self::Product(factors) => {
                let mut product = F::ONE;
                for factor in factors {
                    product = product * factor.eval(row);
                    // Most products are of constraints that hold.
                    if product == F::ZERO {
                        break;
                    }
                }
                product
            }
        }
    }

    /// What a column must be for this to be 0, if this is linear in it with a constant coefficient.
    ///
    /// The column does not occur in what it must be.
    pub fn solved_for(&self, column: ColumnId) -> Option<Self> {
        let (products, linear) = match self {
            Self::Linear(linear) => (&[][..], linear),
            Self::Sum(parts) => match parts.split_last() {
                Some((Self::Linear(linear), products)) => (products, linear),
                _ => return None,
            },
            Self::Product(_) => return None,
        };
        let factor = linear.coefficient(column);
        let inverse = factor.inverse()?;
        if products.iter().any(|product| product.mentions(column)) {
            return None;
        }
        let rest = linear.clone() - Linear::column(column).scale(factor);
        let mut parts = products.to_vec();
        parts.push(Self::Linear(rest));
        Some(Self::sum(parts).scale(-inverse))
    }

    /// This with an expression in the place of a column.
    #[must_use]
    pub fn with_replaced(&self, column: ColumnId, by: &Self) -> Self {
        match self {
            Self::Linear(linear) => {
                let factor = linear.coefficient(column);
                if factor == F::ZERO {
                    return self.clone();
                }
                let rest = linear.clone() - Linear::column(column).scale(factor);
                by.clone().scale(factor) + rest.into()
            }
            Self::Sum(parts) => {
                Self::sum(parts.iter().map(|part| part.with_replaced(column, by)).collect())
            }
            Self::Product(factors) => {
                let factors = factors.iter().map(|factor| factor.with_replaced(column, by));
                factors.reduce(|a, b| a * b).expect("a product has factors")
            }
        }
    }

    /// This with other numbers for its columns, in the same order.
    #[must_use]
    pub fn renumbered(&self, number: &impl Fn(ColumnId) -> ColumnId) -> Self {
        let all = |parts: &[Self]| parts.iter().map(|part| part.renumbered(number)).collect();
        match self {
            Self::Linear(Linear { terms, constant }) => {
                let terms = terms.iter().map(|&(column, c)| (number(column), c)).collect();
                Self::Linear(Linear { terms, constant: *constant })
            }
            Self::Sum(parts) => Self::Sum(all(parts)),
            Self::Product(factors) => Self::Product(all(factors)),
        }
    }

    /// Whether a column occurs.
    pub fn mentions(&self, column: ColumnId) -> bool {
        match self {
            Self::Linear(linear) => linear.coefficient(column) != F::ZERO,
            Self::Sum(parts) | Self::Product(parts) => {
                parts.iter().any(|part| part.mentions(column))
            }
        }
    }

    /// Columns with their coefficients and constants that are written down: what evaluating costs.
    pub fn terms(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.terms.len() + usize::from(linear.constant != F::ZERO),
            Self::Sum(parts) | Self::Product(parts) => parts.iter().map(Self::terms).sum(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::BabyBear;
    use proptest::prelude::*;

    const COLUMNS: u32 = 4;

    fn linear() -> impl Strategy<Value = Linear<BabyBear>> {
        (proptest::collection::vec(-3..4_i64, COLUMNS as usize), -3..4_i64).prop_map(
            |(terms, k)| {
                let form = Linear::constant_of(BabyBear::from_i64(k));
                (0..)
                    .zip(terms)
                    .fold(form, |sum, (id, k)| sum + Linear::column(ColumnId(id)).times(k))
            },
        )
    }

    fn expr() -> impl Strategy<Value = Expr<BabyBear>> {
        linear().prop_map(Expr::from).prop_recursive(3, 12, 2, |inner| {
            (inner.clone(), inner, any::<bool>())
                .prop_map(|(a, b, is_sum)| if is_sum { a + b } else { a * b })
        })
    }

    fn row() -> impl Strategy<Value = Vec<BabyBear>> {
        proptest::collection::vec(any::<u32>(), COLUMNS as usize).prop_map(|words| {
            words.into_iter().map(|word| BabyBear::from_u64(u64::from(word))).collect()
        })
    }

    proptest! {
        /// What a column must be makes the expression 0, and does not mention the column.
        #[test]
        fn the_solution_for_a_column_is_a_root(
            expr in expr(),
            id in (0..COLUMNS).prop_map(ColumnId),
            mut row in row(),
        ) {
            if let Some(solution) = expr.solved_for(id) {
                prop_assert!(!solution.mentions(id));
                row[id.index()] = solution.eval(&row);
                prop_assert_eq!(expr.eval(&row), BabyBear::ZERO);
            }
        }

        /// Replacing a column is evaluating with the other value in its cell.
        #[test]
        fn replacing_a_column_is_changing_its_cell(
            expr in expr(),
            by in expr(),
            id in (0..COLUMNS).prop_map(ColumnId),
            row in row(),
        ) {
            let mut changed = row.clone();
            changed[id.index()] = by.eval(&row);
            prop_assert_eq!(expr.with_replaced(id, &by).eval(&row), expr.eval(&changed));
        }

        /// A linear equation can be solved for each column that it mentions.
        #[test]
        fn linear_equations_are_solved(form in linear(), id in (0..COLUMNS).prop_map(ColumnId)) {
            let expr = Expr::from(form);
            prop_assert_eq!(expr.solved_for(id).is_some(), expr.mentions(id));
        }
    }
}
