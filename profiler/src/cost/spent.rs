//! Rows per table: what a run, or a part of it, takes from the prover.

use autoprec_guest_elf::Program;
use autoprec_profile::{Profile, Span};

use super::Model;

/// Rows per table of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// By table.
    pub rows: Vec<u64>,
    /// Executed instructions of which the model says nothing; they cost nothing here.
    pub unknown: u64,
}

impl Spent {
    /// A whole run.
    pub fn of(model: &Model, program: &Program, profile: &Profile) -> Self {
        let mut all = Self { rows: vec![0; model.tables.len()], unknown: 0 };
        for span in &profile.spans {
            let one = Self::of_span(model, program, span);
            for (sum, rows) in all.rows.iter_mut().zip(one.rows) {
                *sum += rows * span.count;
            }
            all.unknown += one.unknown * span.count;
        }
        for call in &profile.calls {
            for &(table, rows) in model.calls.get(&call.name).into_iter().flatten() {
                all.rows[table] += rows * call.count;
            }
        }
        all
    }

    /// What the environment does itself in a call, beside the instruction that calls; `None` if this
    /// is not how tables and views show a call of which the model knows.
    pub(super) fn of_call(model: &Model, label: &str) -> Option<Self> {
        let name = label.strip_prefix('[')?.strip_suffix(']')?;
        let mut spent = Self { rows: vec![0; model.tables.len()], unknown: 0 };
        for &(table, rows) in model.calls.get(name)? {
            spent.rows[table] += rows;
        }
        Some(spent)
    }

    /// One execution of a span.
    pub(super) fn of_span(model: &Model, program: &Program, span: &Span) -> Self {
        let mut spent = Self { rows: vec![0; model.tables.len()], unknown: 0 };
        for (_, inst) in program.insts(span.start..span.end) {
            match model.table_of(inst) {
                Some(table) => spent.rows[table] += 1,
                None => spent.unknown += 1,
            }
        }
        spent
    }

    /// The linear cost, by unit.
    pub fn profiled(&self, model: &Model) -> Vec<u64> {
        cost(model, self.rows.iter().copied())
    }

    /// The cost with each table filled up, by unit. A table without rows costs nothing. This takes
    /// the run for one segment; a prover that cuts it pads each.
    pub fn padded(&self, model: &Model) -> Vec<u64> {
        cost(model, self.rows.iter().map(|&rows| model.padding.of(rows)))
    }
}

fn cost(model: &Model, rows: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut cost = vec![0u64; model.units.len()];
    for (rows, table) in rows.zip(&model.tables) {
        for (sum, one) in cost.iter_mut().zip(&table.row) {
            *sum = sum.saturating_add(rows.saturating_mul(*one));
        }
    }
    cost
}
