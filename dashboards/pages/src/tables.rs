//! Rows of the prover's tables, before and after.

use std::collections::BTreeMap;

use autoprec_dashboards::Table;
use autoprec_isa::encoding::TABLE;
use autoprec_isa::{Inst, Op};
use autoprec_profiler::cost::{Model, Padding};

use crate::prices::{Key, Source};
use crate::{Guest, Run};

/// Tables of instructions.
struct Tables {
    /// Names, and the prices of a row.
    rows: Vec<(String, u64)>,
    find: Find,
    padding: Padding,
}

/// How the table of an instruction is found.
enum Find {
    Model(Model),
    Kinds(BTreeMap<Op, usize>),
}

/// The tables that have rows in the run, those of precompiles last and in the order of the report.
pub(crate) fn tables(guest: &Guest<'_>) -> Vec<Table> {
    let Some(run) = &guest.run else { return Vec::new() };
    let tables = Tables::of(&guest.prices.source);
    let [before, after] = rows(guest, run, &tables);
    let padding = tables.padding;
    let mut list = Vec::new();
    for ((name, row), (before, after)) in tables.rows.into_iter().zip(before.into_iter().zip(after))
    {
        if before > 0 {
            list.push(table(name, row, [before, after], padding));
        }
    }
    let calls = run.spans.calls_of_run(run.profile, &guest.linked);
    for (region, calls) in guest.linked.regions.iter().zip(calls) {
        let name = format!("precompile {}", region.id);
        let precompile = Some(region.id.number());
        list.push(Table { precompile, ..table(name, region.after, [0, calls], padding) });
    }
    list
}

fn table(name: String, row: u64, [rows_before, rows_after]: [u64; 2], padding: Padding) -> Table {
    Table {
        name,
        precompile: None,
        row,
        rows_before,
        rows_after,
        padded_before: padded(padding, rows_before),
        padded_after: padded(padding, rows_after),
    }
}

fn padded(padding: Padding, rows: u64) -> u64 {
    let padded = match padding {
        Padding::PowerOfTwo if rows == 0 => Some(0),
        Padding::PowerOfTwo => rows.checked_next_power_of_two(),
        Padding::Multiple(step) => rows.checked_next_multiple_of(step),
    };
    padded.unwrap_or(u64::MAX)
}

impl Tables {
    fn of(source: &Source<'_>) -> Self {
        match source {
            Source::Model(model) => Self::of_model((*model).clone()),
            Source::Target(target, prices) => match target.cost_model {
                Some(name) => {
                    let models = Model::built_in().into_iter();
                    let model = models.into_iter().find(|model| model.name == name);
                    Self::of_model(model.expect("the model comes with the profiler"))
                }
                None => Self::of_operations(prices),
            },
        }
    }

    /// One for each operation that has a price.
    fn of_operations(prices: &BTreeMap<Key, u64>) -> Self {
        let mut tables = Vec::new();
        let mut kinds = BTreeMap::new();
        for row in TABLE {
            let price = [true, false].iter().find_map(|writes| prices.get(&(row.op, *writes)));
            if let Some(&price) = price {
                kinds.insert(row.op, tables.len());
                tables.push((row.name.to_owned(), price));
            }
        }
        Self { rows: tables, find: Find::Kinds(kinds), padding: Padding::PowerOfTwo }
    }

    fn of_model(model: Model) -> Self {
        let tables = model.tables.iter();
        let tables =
            tables.map(|t| (t.name.clone(), t.row.first().copied().unwrap_or(0))).collect();
        Self { rows: tables, padding: model.padding, find: Find::Model(model) }
    }

    fn of_inst(&self, inst: Option<Inst>) -> Option<usize> {
        match &self.find {
            Find::Model(model) => model.table_of(inst),
            Find::Kinds(kinds) => kinds.get(&inst?.op).copied(),
        }
    }
}

/// Rows per table of the original and of the patched run, those of precompiles apart.
fn rows(guest: &Guest<'_>, run: &Run<'_>, tables: &Tables) -> [Vec<u64>; 2] {
    let mut before = vec![0u64; tables.rows.len()];
    let mut after = before.clone();
    let add = |rows: &mut Vec<u64>, table: usize, count: u64| {
        if let Some(rows) = rows.get_mut(table) {
            *rows = rows.saturating_add(count);
        }
    };
    for (index, span) in run.profile.spans.iter().enumerate() {
        for (pc, inst) in guest.program.insts(span.start..span.end) {
            let Some(table) = tables.of_inst(inst) else { continue };
            add(&mut before, table, span.count);
            if run.spans.replaced(index, pc, &guest.linked).is_none() {
                add(&mut after, table, span.count);
            }
        }
    }
    if let Find::Model(model) = &tables.find {
        for call in &run.profile.calls {
            for &(table, rows) in model.calls.get(&call.name).into_iter().flatten() {
                let count = rows.saturating_mul(call.count);
                add(&mut before, table, count);
                add(&mut after, table, count);
            }
        }
    }
    [before, after]
}
