//! The page of a report whose guest is not there, such as one that was read from powdr's candidates:
//! what the report says, as blocks; no code, no control flow, no call paths.

use std::collections::BTreeMap;

use autoprec_dashboards::{
    Blocks, Code, Edges, Frames, Function, Limits, PAGE_VERSION, Page, Report,
};

use crate::PageData;

/// A region of the report, chosen or not.
struct Row<'a> {
    entry: u64,
    instructions: usize,
    function: Option<&'a str>,
    calls: u64,
    cost: u64,
    saved: i64,
    /// Its position among the precompiles, or why it has none.
    precompile: Result<usize, &'a str>,
}

/// The page of a report alone.
pub fn page_of_report(report: &Report, limits: Option<Limits>) -> PageData {
    let rows = rows(report);
    let (functions, numbers) = functions(&rows);
    let page = Page {
        version: PAGE_VERSION,
        report: report.clone(),
        blocks: blocks(&rows, &numbers),
        functions,
        edges: Edges::default(),
        frames: Frames::default(),
        tables: Vec::new(),
        measured_before: Vec::new(),
        measured_after: Vec::new(),
        limits,
        history: Vec::new(),
    };
    PageData { page, details: Vec::new(), code: Code::default() }
}

/// Everything that the report lists, by address.
fn rows(report: &Report) -> Vec<Row<'_>> {
    let precompiles = report.precompiles.iter().enumerate().map(|(index, p)| Row {
        entry: p.entry,
        instructions: p.instructions,
        function: p.function.as_deref(),
        calls: p.calls,
        cost: p.cost_before,
        saved: p.saved,
        precompile: Ok(index),
    });
    let regions = report.regions.iter().map(|r| Row {
        entry: r.entry,
        instructions: r.instructions,
        function: r.function.as_deref(),
        calls: r.calls,
        cost: r.cost,
        saved: r.saved,
        precompile: Err(&r.reason),
    });
    let mut rows: Vec<Row<'_>> = precompiles.chain(regions).collect();
    rows.sort_by_key(|row| row.entry);
    rows
}

/// The functions that are named, each from the first address that is known of it, and their positions.
fn functions<'a>(rows: &[Row<'a>]) -> (Vec<Function>, BTreeMap<&'a str, i32>) {
    let mut functions: Vec<Function> = Vec::new();
    let mut numbers = BTreeMap::new();
    for row in rows {
        let Some(name) = row.function else { continue };
        numbers.entry(name).or_insert_with(|| {
            functions.push(Function { name: name.to_owned(), entry: row.entry, place: None });
            index(functions.len() - 1)
        });
    }
    (functions, numbers)
}

fn blocks(rows: &[Row<'_>], functions: &BTreeMap<&str, i32>) -> Blocks {
    let mut blocks = Blocks::default();
    let mut reasons: BTreeMap<&str, i32> = BTreeMap::new();
    for row in rows {
        blocks.entry.push(row.entry);
        blocks.instructions.push(u32::try_from(row.instructions).unwrap_or(u32::MAX));
        let function = row.function.and_then(|name| functions.get(name).copied());
        blocks.function.push(function.unwrap_or(-1));
        blocks.count.push(row.calls);
        blocks.cost.push(row.cost);
        blocks.saved.push(row.saved);
        let reason = row.precompile.err().map(|reason| {
            *reasons.entry(reason).or_insert_with(|| {
                blocks.reasons.push(reason.to_owned());
                index(blocks.reasons.len() - 1)
            })
        });
        blocks.precompile.push(row.precompile.map_or(-1, index));
        blocks.reason.push(reason.unwrap_or(-1));
    }
    blocks
}

fn index(position: usize) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}
