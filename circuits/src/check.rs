//! Evaluation of rows against a system.
//!
//! [`Check`] knows which constraints and messages a column occurs in, so trying other values for
//! one cell costs what that cell touches, not the whole system.

use std::collections::BTreeSet;

use crate::bus::{Bus, BusKind};
use crate::column::ColumnId;
use crate::expr::Expr;
use crate::field::Field;
use crate::system::ConstraintSystem;

/// Something in a row that the system does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation<F> {
    /// A constraint that is not zero.
    Constraint {
        /// Position in [`ConstraintSystem::constraints`].
        index: usize,
        /// What it evaluates to.
        value: F,
    },
    /// A lookup of something that its table does not hold.
    Lookup {
        /// Position in [`ConstraintSystem::interactions`].
        index: usize,
        /// The message.
        message: Vec<F>,
    },
}

/// A message on a stateful bus, evaluated.
pub type StatefulMessage<F, B = Bus> = (B, F, Vec<F>);

impl<F: Field, B: BusKind> ConstraintSystem<F, B> {
    /// Everything that is wrong with a row.
    pub fn violations(&self, row: &[F]) -> Vec<Violation<F>> {
        let constraints = (0..self.constraints.len()).filter_map(|i| self.constraint(i, row));
        let lookups = (0..self.interactions.len()).filter_map(|i| self.lookup(i, row));
        constraints.chain(lookups).collect()
    }

    /// Constraints and multiplicities that do not vanish on a row of zeros, described.
    pub fn padding_violations(&self) -> Vec<String> {
        let row = vec![F::ZERO; self.columns.len()];
        let bad = |expr: &Expr<F>| expr.eval(&row) != F::ZERO;
        let constraints = self.constraints.iter().filter(|c| bad(&c.expr));
        let multiplicities = self.interactions.iter().filter(|i| bad(&i.multiplicity));
        constraints
            .map(|c| format!("constraint {}", c.origin))
            .chain(multiplicities.map(|i| format!("multiplicity of {} {}", i.bus.name(), i.origin)))
            .collect()
    }

    /// What a row does to the machine: its non-zero messages on stateful buses, in order.
    pub fn stateful_messages(&self, row: &[F]) -> Vec<StatefulMessage<F, B>> {
        self.interactions
            .iter()
            .filter(|i| i.bus.is_stateful())
            .map(|i| {
                let message = i.message.iter().map(|e| e.eval(row)).collect();
                (i.bus, i.multiplicity.eval(row), message)
            })
            .filter(|(_, multiplicity, _)| *multiplicity != F::ZERO)
            .collect()
    }

    fn constraint(&self, index: usize, row: &[F]) -> Option<Violation<F>> {
        let value = self.constraints[index].expr.eval(row);
        (value != F::ZERO).then_some(Violation::Constraint { index, value })
    }

    fn lookup(&self, index: usize, row: &[F]) -> Option<Violation<F>> {
        let interaction = &self.interactions[index];
        if interaction.bus.is_stateful() || interaction.multiplicity.eval(row) == F::ZERO {
            return None;
        }
        let message: Vec<F> = interaction.message.iter().map(|e| e.eval(row)).collect();
        (!interaction.bus.accepts(&message)).then_some(Violation::Lookup { index, message })
    }

    /// A violation in words: what, where from, and the values of the columns involved.
    pub fn explain(&self, violation: &Violation<F>, row: &[F]) -> String {
        let mut columns = BTreeSet::new();
        let head = match violation {
            Violation::Constraint { index, value } => {
                let constraint = &self.constraints[*index];
                constraint.expr.collect_columns(&mut columns);
                format!("constraint {index} ({}) is {value}, not 0", constraint.origin)
            }
            Violation::Lookup { index, message } => {
                let interaction = &self.interactions[*index];
                interaction.message.iter().for_each(|e| e.collect_columns(&mut columns));
                let fields: Vec<String> = message.iter().map(F::to_string).collect();
                let (bus, origin) = (interaction.bus.name(), &interaction.origin);
                format!("message {index} ({origin}): {bus} table lacks [{}]", fields.join(", "))
            }
        };
        let values: Vec<String> = columns
            .into_iter()
            .map(|c| format!("{} = {}", self.columns[c.index()].name, row[c.index()]))
            .collect();
        format!("{head}; {}", values.join(", "))
    }
}

/// A system indexed by column.
#[derive(Debug)]
pub struct Check<'a, F, B = Bus> {
    system: &'a ConstraintSystem<F, B>,
    constraints_of: Vec<Vec<usize>>,
    interactions_of: Vec<Vec<usize>>,
}

impl<'a, F: Field, B: BusKind> Check<'a, F, B> {
    /// Indexes a system.
    pub fn new(system: &'a ConstraintSystem<F, B>) -> Self {
        let mut constraints_of = vec![Vec::new(); system.columns.len()];
        for (index, constraint) in system.constraints.iter().enumerate() {
            note(index, std::iter::once(&constraint.expr), &mut constraints_of);
        }
        let mut interactions_of = vec![Vec::new(); system.columns.len()];
        for (index, interaction) in system.interactions.iter().enumerate() {
            let parts = interaction.message.iter().chain([&interaction.multiplicity]);
            note(index, parts, &mut interactions_of);
        }
        Self { system, constraints_of, interactions_of }
    }

    /// Whether `row`, an accepted row but for its cell `column`, is rejected.
    pub fn rejects_change(&self, row: &[F], column: ColumnId) -> bool {
        let constraints = &self.constraints_of[column.index()];
        let interactions = &self.interactions_of[column.index()];
        constraints.iter().any(|&i| self.system.constraint(i, row).is_some())
            || interactions.iter().any(|&i| self.system.lookup(i, row).is_some())
    }

    /// Whether two rows that differ only in `column` send the same stateful messages.
    pub fn same_effect(&self, a: &[F], b: &[F], column: ColumnId) -> bool {
        let interactions = self.interactions_of[column.index()].iter();
        interactions.map(|&i| &self.system.interactions[i]).filter(|i| i.bus.is_stateful()).all(
            |i| {
                let mut parts = i.message.iter().chain([&i.multiplicity]);
                parts.all(|e| e.eval(a) == e.eval(b))
            },
        )
    }

    /// Whether any constraint or message mentions this column.
    pub fn is_used(&self, column: ColumnId) -> bool {
        !self.constraints_of[column.index()].is_empty()
            || !self.interactions_of[column.index()].is_empty()
    }
}

fn note<'e, F: Field>(
    index: usize,
    parts: impl Iterator<Item = &'e Expr<F>>,
    of: &mut [Vec<usize>],
) {
    let mut columns = BTreeSet::new();
    for part in parts {
        part.collect_columns(&mut columns);
    }
    for column in columns {
        of[column.index()].push(index);
    }
}
