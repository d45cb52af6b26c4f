//! Columns that a constraint gives are left out: where they were used stands what they are.
//!
//! Lemma: let a constraint be k·c + e = 0 with k ≠ 0 constant and c not in e. The rows of the system
//! are those of the system with −e/k for c, without the constraint and the column: each row of one
//! has exactly one in the other, with the same messages. Padding stays padding, as e is 0 on a row of
//! zeros.
//!
//! Invariant: no constraint, message field or multiplicity exceeds the degree of the target.

use std::collections::BTreeSet;

use autoprec_circuits::{BabyBear, ColumnId, ColumnKind, ConstraintSystem, Expr};

use super::builder::Ex;
use crate::recipe::Source;

/// Terms by which what is left may grow for a column less. A cell costs a prover about as much as
/// evaluating so many terms.
const GROWTH: usize = 128;

/// Leaves out the columns that constraints give; `exits`, the flags of exits, become parts of fields later.
pub(super) fn inline(
    system: ConstraintSystem<BabyBear>,
    exits: &mut [Ex],
    sources: Vec<Source>,
    degree: u32,
) -> (ConstraintSystem<BabyBear>, Vec<Source>) {
    let mut inliner = Inliner::new(system, exits, degree);
    for index in 0..inliner.system.constraints.len() {
        inliner.try_constraint(index);
    }
    inliner.finish(sources)
}

/// A place where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Constraint(usize),
    /// A field of a message.
    Field(usize, usize),
    Multiplicity(usize),
    /// The flag of an exit.
    Exit(usize),
}

struct Inliner<'a> {
    system: ConstraintSystem<BabyBear>,
    exits: &'a mut [Ex],
    degree: u32,
    /// Per column, where it occurs.
    places: Vec<BTreeSet<Place>>,
    /// Per constraint, whether a column was left out by it.
    is_used: Vec<bool>,
    /// Per column, whether it was left out.
    is_gone: Vec<bool>,
}

impl<'a> Inliner<'a> {
    fn new(system: ConstraintSystem<BabyBear>, exits: &'a mut [Ex], degree: u32) -> Self {
        let mut places = vec![BTreeSet::new(); system.columns.len()];
        let mut note = |place: Place, expr: &Ex| {
            for column in columns(expr) {
                places[column.index()].insert(place);
            }
        };
        for (index, constraint) in system.constraints.iter().enumerate() {
            note(Place::Constraint(index), &constraint.expr);
        }
        for (index, interaction) in system.interactions.iter().enumerate() {
            note(Place::Multiplicity(index), &interaction.multiplicity);
            for (field, expr) in interaction.message.iter().enumerate() {
                note(Place::Field(index, field), expr);
            }
        }
        for (index, flag) in exits.iter().enumerate() {
            note(Place::Exit(index), flag);
        }
        let is_used = vec![false; system.constraints.len()];
        let is_gone = vec![false; system.columns.len()];
        Self { system, exits, degree, places, is_used, is_gone }
    }

    fn at(&mut self, place: Place) -> &mut Ex {
        match place {
            Place::Constraint(index) => &mut self.system.constraints[index].expr,
            Place::Field(index, field) => &mut self.system.interactions[index].message[field],
            Place::Multiplicity(index) => &mut self.system.interactions[index].multiplicity,
            Place::Exit(index) => &mut self.exits[index],
        }
    }

    /// Leaves out the youngest column that this constraint gives, if there is one.
    fn try_constraint(&mut self, index: usize) {
        let expr = self.system.constraints[index].expr.clone();
        for column in columns(&expr).into_iter().rev() {
            let kind = self.system.columns[column.index()].kind;
            if !matches!(kind, ColumnKind::Result | ColumnKind::Helper | ColumnKind::Pointer) {
                continue;
            }
            if let Some(value) = expr.solved_for(column)
                && let Some(replaced) = self.replaced(index, column, &value)
            {
                self.replace(index, column, &value, replaced);
                return;
            }
        }
    }

    /// What becomes of the places of a column; `None` if that is not worth it or of too high degree.
    fn replaced(&mut self, index: usize, column: ColumnId, value: &Ex) -> Option<Vec<(Place, Ex)>> {
        let places: Vec<Place> = self.places[column.index()]
            .iter()
            .copied()
            .filter(|place| *place != Place::Constraint(index))
            .collect();
        let terms = value.terms();
        if places.len().saturating_sub(1) * terms > GROWTH {
            return None;
        }
        let degree = self.degree;
        places
            .into_iter()
            .map(|place| {
                let replaced = self.at(place).with_replaced(column, value);
                (replaced.degree() <= degree).then_some((place, replaced))
            })
            .collect()
    }

    fn replace(&mut self, index: usize, column: ColumnId, value: &Ex, new: Vec<(Place, Ex)>) {
        let inner = columns(value);
        for column in &inner {
            self.places[column.index()].remove(&Place::Constraint(index));
        }
        for (place, expr) in new {
            for column in &inner {
                self.places[column.index()].insert(place);
            }
            *self.at(place) = expr;
        }
        self.is_used[index] = true;
        self.is_gone[column.index()] = true;
    }

    /// The system without what is not needed any more, its columns numbered anew.
    fn finish(self, sources: Vec<Source>) -> (ConstraintSystem<BabyBear>, Vec<Source>) {
        let Self { mut system, exits, is_used, is_gone, .. } = self;
        let numbers: Vec<u32> = is_gone
            .iter()
            .scan(0, |next, is_gone| {
                let number = *next;
                *next += u32::from(!is_gone);
                Some(number)
            })
            .collect();
        let number = |id: ColumnId| ColumnId(numbers[id.index()]);
        system.columns = without(system.columns, &is_gone);
        system.constraints = without(system.constraints, &is_used);
        for constraint in &mut system.constraints {
            constraint.expr = constraint.expr.renumbered(&number);
        }
        for interaction in &mut system.interactions {
            interaction.multiplicity = interaction.multiplicity.renumbered(&number);
            for field in &mut interaction.message {
                *field = field.renumbered(&number);
            }
        }
        for flag in exits {
            *flag = flag.renumbered(&number);
        }
        (system, without(sources, &is_gone))
    }
}

/// The items that are not marked.
fn without<T>(items: Vec<T>, marks: &[bool]) -> Vec<T> {
    items.into_iter().zip(marks).filter(|(_, mark)| !**mark).map(|(item, _)| item).collect()
}

fn columns(expr: &Expr<BabyBear>) -> BTreeSet<ColumnId> {
    let mut columns = BTreeSet::new();
    expr.collect_columns(&mut columns);
    columns
}
