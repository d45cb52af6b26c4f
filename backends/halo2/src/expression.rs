//! Polynomials of a row as expressions of the library.
//!
//! The library evaluates an expression node by node on whole columns, without remembering what it has
//! evaluated before, and a sum costs a quarter of a product by a constant. So columns of a linear form
//! that have one coefficient are summed first.

use std::collections::BTreeMap;

use autoprec_circuits::{ColumnId, Expr, Field as _, Linear, Pasta};
use halo2_proofs::plonk::Expression;
use pasta_curves::Fp;
use pasta_curves::group::ff::Field as _;

/// The expression of a polynomial; `columns` are the queries of the table's columns, in order.
pub(crate) fn lower(expr: &Expr<Pasta>, columns: &[Expression<Fp>]) -> Expression<Fp> {
    match expr {
        Expr::Linear(linear) => lower_linear(linear, columns),
        Expr::Sum(parts) => sum(parts.iter().map(|part| lower(part, columns)).collect()),
        Expr::Product(factors) => {
            let factors = factors.iter().map(|factor| lower(factor, columns));
            factors.reduce(|a, b| a * b).expect("a product has factors")
        }
    }
}

fn lower_linear(linear: &Linear<Pasta>, columns: &[Expression<Fp>]) -> Expression<Fp> {
    let mut by_coefficient: BTreeMap<Pasta, Vec<ColumnId>> = BTreeMap::new();
    for &(column, coefficient) in linear.terms() {
        by_coefficient.entry(coefficient).or_default().push(column);
    }
    let terms = by_coefficient.into_iter().map(|(coefficient, of)| {
        let columns = of.iter().map(|column| columns[column.index()].clone());
        scaled(sum(columns.collect()), coefficient.inner())
    });
    let constant = linear.constant();
    let constant = (constant != Pasta::ZERO).then(|| Expression::Constant(constant.inner()));
    sum(terms.chain(constant).collect())
}

/// A sum as a tree whose depth is the logarithm of its length: the library recurses.
pub(crate) fn sum(mut parts: Vec<Expression<Fp>>) -> Expression<Fp> {
    let half = parts.len() / 2;
    if half == 0 {
        return parts.pop().unwrap_or(Expression::Constant(Fp::ZERO));
    }
    let right = parts.split_off(half);
    sum(parts) + sum(right)
}

fn scaled(expression: Expression<Fp>, factor: Fp) -> Expression<Fp> {
    let is_column = matches!(expression, Expression::Advice(_) | Expression::Fixed(_));
    if factor == Fp::ONE {
        expression
    } else if is_column && factor == Fp::from(2) {
        expression.clone() + expression
    } else {
        expression * factor
    }
}

/// What evaluating the expression of a polynomial costs: its nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nodes {
    /// Products of columns, or of a column by a constant.
    pub(crate) products: u64,
    pub(crate) sums: u64,
    /// Columns and constants.
    pub(crate) leaves: u64,
}

impl Nodes {
    /// The nodes of what [`lower`] makes of a polynomial.
    pub(crate) fn of(expr: &Expr<Pasta>) -> Self {
        match expr {
            Expr::Linear(linear) => Self::of_linear(linear),
            Expr::Sum(parts) => {
                let nodes = parts.iter().map(Self::of).fold(Self::default(), Self::plus);
                Self { sums: nodes.sums + parts.len() as u64 - 1, ..nodes }
            }
            Expr::Product(factors) => {
                let nodes = factors.iter().map(Self::of).fold(Self::default(), Self::plus);
                Self { products: nodes.products + factors.len() as u64 - 1, ..nodes }
            }
        }
    }

    fn of_linear(linear: &Linear<Pasta>) -> Self {
        let mut coefficients: Vec<Pasta> = linear.terms().iter().map(|&(_, c)| c).collect();
        coefficients.sort_unstable();
        coefficients.dedup();
        let scaled = coefficients.iter().filter(|c| **c != Pasta::ONE).count() as u64;
        let constant = u64::from(linear.constant() != Pasta::ZERO);
        let leaves = (linear.terms().len() as u64 + constant).max(1);
        Self { products: scaled, sums: leaves - 1, leaves }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            products: self.products + other.products,
            sums: self.sums + other.sums,
            leaves: self.leaves + other.leaves,
        }
    }

    pub(crate) fn times(self, count: u64) -> Self {
        Self {
            products: self.products * count,
            sums: self.sums * count,
            leaves: self.leaves * count,
        }
    }
}
