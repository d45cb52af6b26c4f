//! Tables of a profile: by function, by inlined function, by line, by block.

use std::cmp::Reverse;

use autoprec_blocks::{Block, Cfg};
use autoprec_profile::Profile;
use autoprec_profiler::cost::Model;
use autoprec_profiler::report::{self, By};
use autoprec_profiler::{Sources, Subject, annotate, opcodes};

use crate::args::{ProfileArgs, Rows};
use crate::sources::Texts;
use crate::terminal;

/// What `profile` prints.
pub(super) fn text(args: &ProfileArgs, subject: Subject<'_>, model: &Model) -> String {
    let Subject { program, profile, .. } = subject;
    let top = args.top.unwrap_or(if args.by == Rows::Block { 5 } else { 20 });
    let mut text = partial(profile);
    text.push_str(&match args.by {
        Rows::Function => report::weighted_table(program, profile, model, top),
        Rows::Inlined => places(subject, model, By::Inlined, top),
        Rows::Line => places(subject, model, By::Line, top),
        Rows::Block => blocks(subject, model, top),
    });
    let mut append = |table: String| {
        if !table.is_empty() {
            text.push('\n');
            text.push_str(&table);
        }
    };
    append(report::call_table(profile));
    append(report::marker_table(profile));
    if args.more.memory || args.more.touched {
        append(report::memory_table(program, profile, top));
    }
    if args.more.opcodes {
        append(report::opcode_table(&opcodes(program, profile), top));
    }
    text
}

/// A line that says that a profile is partial; nothing if it is whole.
pub(super) fn partial(profile: &Profile) -> String {
    if !profile.partial {
        return String::new();
    }
    let executed = terminal::grouped(profile.instructions);
    format!("partial: the run was stopped after {executed} instructions\n")
}

/// Functions as they are written, or lines.
pub(super) fn places(subject: Subject<'_>, model: &Model, by: By, top: usize) -> String {
    let texts = Texts::default();
    let source = |path: &str, line: u32| texts.line(path, line);
    report::place_table(&report::places(subject, model, by), &model.units[0], top, &source)
}

/// The basic blocks that cost most, instruction by instruction.
fn blocks(subject: Subject<'_>, model: &Model, top: usize) -> String {
    let Subject { program, profile, sources } = subject;
    let cfg = Cfg::build(program, Some(profile));
    let cost = |block: &Block| {
        let insts = program.insts(block.start..block.end());
        let one: u64 = insts.filter_map(|(_, inst)| Some(model.row_of(inst)?[0])).sum();
        one.saturating_mul(block.count)
    };
    let mut blocks: Vec<(u64, &Block)> =
        cfg.blocks.iter().map(|block| (cost(block), block)).collect();
    let total = blocks.iter().map(|(cost, _)| cost).sum();
    // Stable, so blocks of equal cost stay in order of address.
    blocks.sort_by_key(|(cost, _)| Reverse(*cost));
    let none = Sources::none();
    let texts = Texts::default();
    let source = |path: &str, line: u32| texts.line(path, line);
    let unit = &model.units[0];
    let mut listed = Vec::new();
    for (cost, block) in blocks.into_iter().take(top).filter(|(cost, _)| *cost > 0) {
        let code = block.start..block.end();
        let lines = annotate::lines(
            (program, profile),
            std::slice::from_ref(&code),
            model,
            sources.unwrap_or(&none),
        );
        let share = report::share(cost, total);
        let function = block.function.as_deref().unwrap_or("(no symbol)");
        let head = format!("{share} of all {unit}: {cost} at {:#x} in {function}", code.start);
        let listing = annotate::text(&lines, unit, &source);
        listed.push(format!("{head}\n{listing}\n"));
    }
    listed.concat()
}
