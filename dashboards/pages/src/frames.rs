//! The tree of call paths, before and after.

use std::collections::BTreeMap;

use autoprec_dashboards::{FrameName, Frames};
use autoprec_profiler::cost::Model;
use autoprec_profiler::{Executed, Kind, Subject, View};

use crate::functions::Functions;
use crate::prices::Source;
use crate::{Guest, Run};

/// The units of the view: the columns of [`Frames`].
const UNITS: [&str; 4] = ["instructions", "instructions_patched", "cost", "cost_patched"];

pub(crate) fn frames(guest: &Guest<'_>, functions: &Functions) -> Frames {
    let Some(run) = &guest.run else { return Frames::default() };
    let subject =
        Subject { program: &guest.program, profile: run.profile, sources: Some(&guest.sources) };
    let units = UNITS.map(str::to_owned).to_vec();
    let weigh = |at: Executed| cost(guest, run, at).to_vec();
    let mut view = View::weighted(subject, "", units, &weigh).by_function();
    if let Source::Model(model) = guest.prices.source {
        add_calls(&mut view, model);
    }
    let mut tree = tree(&view);
    tree.names = view.functions.iter().map(|f| name(guest, functions, f)).collect();
    tree
}

/// What an instruction costs by [`UNITS`].
fn cost(guest: &Guest<'_>, run: &Run<'_>, at: Executed) -> [u64; 4] {
    let price = guest.prices.of_inst(at.inst);
    match run.spans.replaced(at.span, at.pc, &guest.linked) {
        None => [1, 1, price, price],
        Some((region, 0)) => [1, 1, price, guest.linked.regions[region].after],
        Some(_) => [1, 0, price, 0],
    }
}

/// Adds what the environment does itself, by a model, to the paths that end with a call of it. Such a
/// path has an instruction per call.
fn add_calls(view: &mut View, model: &Model) {
    for path in &mut view.paths {
        let Some(function) = path.frames.last().map(|&frame| &view.functions[frame]) else {
            continue;
        };
        if function.kind != Kind::Outside {
            continue;
        }
        let called = function.name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let rows = called.and_then(|name| model.calls.get(name)).into_iter().flatten();
        let price = rows.fold(0u64, |sum, &(table, rows)| {
            let row = model.tables.get(table).and_then(|table| table.row.first());
            sum.saturating_add(row.copied().unwrap_or(0).saturating_mul(rows))
        });
        let cost = price.saturating_mul(path.values[0]);
        path.values[2] = path.values[2].saturating_add(cost);
        path.values[3] = path.values[3].saturating_add(cost);
    }
}

/// The tree, without names. Frames of the view are functions.
fn tree(view: &View) -> Frames {
    let mut frames = Frames::default();
    let mut known: BTreeMap<(i32, usize), usize> = BTreeMap::new();
    for path in &view.paths {
        let mut parent = -1;
        let mut last = None;
        for &function in &path.frames {
            let at = *known.entry((parent, function)).or_insert_with(|| {
                frames.parent.push(parent);
                frames.name.push(u32::try_from(function).expect("there are fewer functions"));
                for values in columns(&mut frames) {
                    values.push(0);
                }
                frames.parent.len() - 1
            });
            parent = crate::signed(at);
            last = Some(at);
        }
        let Some(last) = last else { continue };
        for (values, value) in columns(&mut frames).into_iter().zip(&path.values) {
            values[last] = values[last].saturating_add(*value);
        }
    }
    frames
}

fn columns(frames: &mut Frames) -> [&mut Vec<u64>; 4] {
    let Frames { instructions, instructions_patched, cost, cost_patched, .. } = frames;
    [instructions, instructions_patched, cost, cost_patched]
}

fn name(
    guest: &Guest<'_>,
    functions: &Functions,
    function: &autoprec_profiler::Function,
) -> FrameName {
    let index = match function.kind {
        Kind::Called => functions.index(&guest.program, function.addr),
        Kind::Inlined | Kind::Outside => -1,
    };
    let inlined = function.kind == Kind::Inlined;
    FrameName { name: function.name.clone(), function: index, inlined }
}
