//! Columns that a constraint gives are left out: where they were used stands what they are.
//!
//! Lemma: let a constraint be k·c + e = 0 with k ≠ 0 constant and c not in e. The rows of the system
//! are those of the system with −e/k for c, without the constraint and the column: each row of one
//! has exactly one in the other, with the same messages. Padding stays padding, as e is 0 on a row of
//! zeros.
//!
//! Invariant: no constraint, message field or multiplicity exceeds the degree of the target.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_circuits::{BabyBear, ColumnId, ColumnKind, ConstraintSystem, Expr};

use super::builder::Ex;
use crate::recipe::Slot;

/// Terms by which what is left may grow for a column less. A cell costs a prover about as much as
/// evaluating so many terms.
const GROWTH: usize = 128;

/// Leaves out the columns that constraints give.
pub(super) fn inline(
    system: ConstraintSystem<BabyBear>,
    slots: Vec<Slot>,
    degree: u32,
) -> (ConstraintSystem<BabyBear>, Vec<Slot>) {
    let mut inliner = Inliner::new(system, degree);
    for index in 0..inliner.system.constraints.len() {
        inliner.try_constraint(index);
    }
    inliner.finish(slots)
}

/// A place where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Constraint(usize),
    /// A field of a message.
    Field(usize, usize),
    Multiplicity(usize),
}

struct Inliner {
    system: ConstraintSystem<BabyBear>,
    degree: u32,
    /// Per column, where it occurs.
    places: Vec<BTreeSet<Place>>,
    /// Constraints that are not needed any more.
    used: BTreeSet<usize>,
    gone: BTreeSet<ColumnId>,
}

impl Inliner {
    fn new(system: ConstraintSystem<BabyBear>, degree: u32) -> Self {
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
        Self { system, degree, places, used: BTreeSet::new(), gone: BTreeSet::new() }
    }

    fn at(&mut self, place: Place) -> &mut Ex {
        match place {
            Place::Constraint(index) => &mut self.system.constraints[index].expr,
            Place::Field(index, field) => &mut self.system.interactions[index].message[field],
            Place::Multiplicity(index) => &mut self.system.interactions[index].multiplicity,
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
        self.used.insert(index);
        self.gone.insert(column);
    }

    fn finish(self, slots: Vec<Slot>) -> (ConstraintSystem<BabyBear>, Vec<Slot>) {
        let Self { mut system, used, gone, .. } = self;
        let mut numbers = BTreeMap::new();
        for id in (0..system.columns.len()).map(|i| ColumnId(u32::try_from(i).expect("few"))) {
            if !gone.contains(&id) {
                numbers.insert(id, ColumnId(u32::try_from(numbers.len()).expect("few")));
            }
        }
        let number = |id: ColumnId| numbers[&id];
        let mut index = 0;
        system.constraints.retain(|_| {
            index += 1;
            !used.contains(&(index - 1))
        });
        for constraint in &mut system.constraints {
            constraint.expr = constraint.expr.renumbered(&number);
        }
        for interaction in &mut system.interactions {
            interaction.multiplicity = interaction.multiplicity.renumbered(&number);
            for field in &mut interaction.message {
                *field = field.renumbered(&number);
            }
        }
        let kept = |index: usize| !gone.contains(&ColumnId(u32::try_from(index).expect("few")));
        let mut index = 0;
        system.columns.retain(|_| {
            index += 1;
            kept(index - 1)
        });
        let slots =
            slots.into_iter().enumerate().filter(|(i, _)| kept(*i)).map(|(_, s)| s).collect();
        (system, slots)
    }
}

fn columns(expr: &Expr<BabyBear>) -> BTreeSet<ColumnId> {
    let mut columns = BTreeSet::new();
    expr.collect_columns(&mut columns);
    columns
}
