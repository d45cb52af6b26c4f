//! Bits: functions of a few columns that are 0 or 1, by their tables.
//!
//! Two bits are combined by combining their tables, so whatever cancels does, and what a bit costs as
//! a polynomial ([`Plan`]) is known before it is written down.

use std::collections::BTreeMap;
use std::sync::Arc;

use autoprec_circuits::{ColumnId, Field};

use super::builder::{Ex, Lin, TableBuilder};
use crate::recipe::Slot;

/// The most columns that a bit is a function of, unless it is their parity.
const ATOMS: usize = 6;

/// The most columns that a bit is the parity of.
const PARITY_ATOMS: usize = 7;

/// A function of columns that are 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Function {
    /// The columns it depends on, ascending.
    pub(super) atoms: Vec<ColumnId>,
    /// Bit `Σ 2^i·atom i` of it is the value.
    table: u128,
}

/// A bit: what it is, and where it is when rows are filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bit {
    pub(super) function: Function,
    /// The integer and which bit of it.
    pub(super) source: (Slot, u32),
}

impl Function {
    pub(super) fn constant(value: bool) -> Self {
        Self { atoms: Vec::new(), table: value.into() }
    }

    pub(super) fn atom(column: ColumnId) -> Self {
        Self { atoms: vec![column], table: 0b10 }
    }

    /// Whether it is one column or its negation.
    pub(super) fn is_literal(&self) -> bool {
        self.atoms.len() <= 1
    }

    pub(super) fn negated(&self) -> Self {
        Self { atoms: self.atoms.clone(), table: !self.table & mask(self.atoms.len()) }
    }

    /// `op`, which works bit by bit, of two; nothing if that depends on too many columns.
    pub(super) fn combine(&self, other: &Self, op: impl Fn(u128, u128) -> u128) -> Option<Self> {
        let mut atoms = [&self.atoms[..], &other.atoms].concat();
        atoms.sort_unstable();
        atoms.dedup();
        if atoms.len() > PARITY_ATOMS {
            return None;
        }
        let table = op(self.over(&atoms), other.over(&atoms)) & mask(atoms.len());
        Self { atoms, table }.reduced().if_small()
    }

    /// The first of two if this is 1, else the second; nothing if that depends on too many columns.
    pub(super) fn mux(&self, then: &Self, otherwise: &Self) -> Option<Self> {
        let mut atoms = [&self.atoms[..], &then.atoms, &otherwise.atoms].concat();
        atoms.sort_unstable();
        atoms.dedup();
        if atoms.len() > PARITY_ATOMS {
            return None;
        }
        let [c, x, y] = [self, then, otherwise].map(|function| function.over(&atoms));
        let table = (c & x | !c & y) & mask(atoms.len());
        Self { atoms, table }.reduced().if_small()
    }

    fn if_small(self) -> Option<Self> {
        (self.atoms.len() <= ATOMS || self.parity().is_some()).then_some(self)
    }

    /// Its value where all columns are 0.
    pub(super) fn at_zero(&self) -> bool {
        self.table & 1 == 1
    }

    /// The table over more columns.
    fn over(&self, atoms: &[ColumnId]) -> u128 {
        let places: Vec<usize> = self.atoms.iter().map(|atom| position(atoms, *atom)).collect();
        (0..1_usize << atoms.len()).fold(0, |table, row| {
            let own = places.iter().enumerate().map(|(i, place)| (row >> place & 1) << i);
            table | (self.table >> own.sum::<usize>() & 1) << row
        })
    }

    /// Without columns it does not depend on.
    fn reduced(mut self) -> Self {
        for index in (0..self.atoms.len()).rev() {
            let rows = || (0..1_usize << self.atoms.len()).filter(|row| row >> index & 1 == 0);
            let at = |row: usize| self.table >> row & 1;
            if rows().all(|row| at(row) == at(row | 1 << index)) {
                let table = rows().enumerate().map(|(new, row)| at(row) << new).sum();
                self.atoms.remove(index);
                self.table = table;
            }
        }
        self
    }

    /// Whether it is the exclusive or of its columns, or the negation of that.
    pub(super) fn parity(&self) -> Option<bool> {
        let parity = (0..1_usize << self.atoms.len())
            .fold(0_u128, |table, row| table | u128::from(row.count_ones() & 1) << row);
        if self.table == parity {
            return Some(false);
        }
        (self.table == !parity & mask(self.atoms.len())).then_some(true)
    }

    /// This or its negation: the one that is 0 where all columns are.
    fn vanishing(&self) -> Self {
        if self.at_zero() { self.negated() } else { self.clone() }
    }

    fn values(&self) -> Vec<i64> {
        (0..1 << self.atoms.len()).map(|row| i64::from(self.table >> row & 1 == 1)).collect()
    }
}

fn position(atoms: &[ColumnId], atom: ColumnId) -> usize {
    atoms.iter().position(|other| *other == atom).expect("a union has the atoms of its parts")
}

fn mask(atoms: usize) -> u128 {
    u128::MAX >> (128 - (1_u32 << atoms))
}

/// A polynomial that equals a function of columns that are 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plan {
    shape: Shape,
    degree: u32,
    terms: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// `Σ factor · atom + constant`.
    Affine(Vec<i64>, i64),
    /// `(c + d·atom) · inner + (a + b·atom)`.
    Times { atom: usize, factor: (i64, i64), inner: Arc<Plan>, plus: (i64, i64) },
    /// `low + atom · difference`.
    Split { atom: usize, low: Arc<Plan>, difference: Arc<Plan> },
}

/// Plans that were made, by the values of the function.
#[derive(Clone, Debug, Default)]
pub(super) struct Plans(BTreeMap<Vec<i64>, Arc<Plan>>);

impl Plans {
    /// The degree of the polynomial of a function.
    pub(super) fn degree(&mut self, function: &Function) -> u32 {
        self.of(&function.vanishing()).degree
    }

    /// The polynomial of a function, which vanishes on padding.
    pub(super) fn expr<F: Field>(&mut self, function: &Function) -> Ex<F> {
        let expr = self.of(&function.vanishing()).expr(&function.atoms);
        if function.at_zero() { Ex::from(TableBuilder::is_valid()) - expr } else { expr }
    }

    /// A polynomial of a function, of low degree, then of few terms.
    fn of(&mut self, function: &Function) -> Arc<Plan> {
        self.plan(&function.values())
    }

    fn plan(&mut self, values: &[i64]) -> Arc<Plan> {
        if let Some(plan) = self.0.get(values) {
            return Arc::clone(plan);
        }
        let atoms = values.len().trailing_zeros() as usize;
        let plan = affine(values, atoms).unwrap_or_else(|| {
            let depends =
                |atom: &usize| (0..values.len()).any(|row| values[row] != values[row ^ 1 << *atom]);
            (0..atoms)
                .filter(depends)
                .map(|atom| self.expanded(values, atom))
                .min_by_key(|plan| (plan.degree, plan.terms))
                .expect("a function of no columns is constant")
        });
        let plan = Arc::new(plan);
        self.0.insert(values.to_vec(), Arc::clone(&plan));
        plan
    }

    /// A polynomial in one atom whose coefficients are polynomials in the others.
    fn expanded(&mut self, values: &[i64], atom: usize) -> Plan {
        let side = |one: usize| -> Vec<i64> {
            let rows = (0..values.len()).map(|row| row & !(1 << atom) | one << atom);
            rows.map(|row| values[row]).collect()
        };
        let (low, high) = (side(0), side(1));
        let zip = |f: fn(i64, i64) -> i64| -> Vec<i64> {
            low.iter().zip(&high).map(|(l, h)| f(*l, *h)).collect()
        };
        let (sum, difference) = (zip(|l, h| l + h), zip(|l, h| h - l));
        let constant = |of: &[i64]| of.iter().all(|value| *value == of[0]).then(|| of[0]);
        let mut times = |inner: &[i64], factor: (i64, i64), plus: (i64, i64)| {
            let inner = self.plan(inner);
            let (degree, terms) = (inner.degree + 1, inner.terms + 2);
            Plan { shape: Shape::Times { atom, factor, inner, plus }, degree, terms }
        };
        if let Some(c) = constant(&difference) {
            let inner = self.plan(&low);
            let (degree, terms) = (inner.degree.max(1), inner.terms + 1);
            let shape = Shape::Times { atom, factor: (1, 0), inner, plus: (0, c) };
            return Plan { shape, degree, terms };
        }
        if let Some(c) = constant(&sum) {
            return times(&low, (1, -2), (0, c));
        }
        if let Some(c) = constant(&low) {
            return times(&high, (0, 1), (c, -c));
        }
        if let Some(c) = constant(&high) {
            return times(&low, (1, -1), (0, c));
        }
        let (low, difference) = (self.plan(&low), self.plan(&difference));
        let degree = low.degree.max(difference.degree + 1);
        let terms = low.terms + difference.terms + 1;
        Plan { shape: Shape::Split { atom, low, difference }, degree, terms }
    }
}

fn affine(values: &[i64], atoms: usize) -> Option<Plan> {
    let constant = values[0];
    let factors: Vec<i64> = (0..atoms).map(|atom| values[1 << atom] - constant).collect();
    let form = |row: usize| {
        constant + (0..atoms).filter(|atom| row >> atom & 1 == 1).map(|a| factors[a]).sum::<i64>()
    };
    if (0..values.len()).any(|row| form(row) != values[row]) {
        return None;
    }
    let terms = factors.iter().filter(|factor| **factor != 0).count();
    Some(Plan { degree: u32::from(terms > 0), terms, shape: Shape::Affine(factors, constant) })
}

impl Plan {
    /// The polynomial of these columns: where all are 0, it is what the function is there.
    fn expr<F: Field>(&self, atoms: &[ColumnId]) -> Ex<F> {
        let int = |value: i64| TableBuilder::<F>::plain(value.into());
        let line =
            |atom: usize, (c, d): (i64, i64)| Ex::from(int(c) + Lin::column(atoms[atom]).times(d));
        match &self.shape {
            Shape::Affine(factors, constant) => {
                let terms = factors.iter().zip(atoms).map(|(f, atom)| Lin::column(*atom).times(*f));
                terms.fold(int(*constant), |sum, term| sum + term).into()
            }
            Shape::Times { atom, factor: (1, 0), inner, plus } => {
                inner.expr(atoms) + line(*atom, *plus)
            }
            Shape::Times { atom, factor, inner, plus } => {
                line(*atom, *factor) * inner.expr(atoms) + line(*atom, *plus)
            }
            Shape::Split { atom, low, difference } => {
                low.expr(atoms) + line(*atom, (0, 1)) * difference.expr(atoms)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoprec_circuits::Pasta;
    use proptest::prelude::*;

    fn columns(count: u32) -> Vec<ColumnId> {
        (1..=count).map(ColumnId).collect()
    }

    proptest! {
        #[test]
        fn plans_equal_their_functions(table: u128, count in 0_u32..=4) {
            let atoms = columns(count);
            let function = Function { table: table & mask(atoms.len()), atoms }.reduced();
            let expr: Ex<Pasta> = Plans::default().expr(&function);
            for row in 0..32_u32 {
                let bit = |i: u32| u64::from(i == 0 || row >> (i - 1) & 1 == 1);
                let cells: Vec<Pasta> = (0..6).map(|i| Pasta::from_u64(bit(i))).collect();
                let index: usize = (0..).zip(&function.atoms)
                    .map(|(i, atom)| (row as usize >> (atom.0 - 1) & 1) << i).sum();
                let expected = function.table >> index & 1;
                prop_assert_eq!(expr.eval(&cells).to_u64(), u64::try_from(expected).unwrap());
            }
            prop_assert_eq!(expr.eval(&[Pasta::ZERO; 8]), Pasta::ZERO);
        }
    }

    #[test]
    fn common_functions_have_low_degree() {
        let of = |table, count| {
            let function = Function { table, atoms: columns(count) };
            Plans::default().degree(&function)
        };
        assert_eq!(of(0b1100_1010, 3), 2, "choose");
        assert_eq!(of(0b1110_1000, 3), 3, "majority");
        assert_eq!(of(0x6996, 4), 4, "parity");
    }
}
