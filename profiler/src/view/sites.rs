//! From where the functions of a call path were called.
//!
//! A path knows which functions called each other, and which spans each executed, but not in which
//! of these the next one was called. The control transfers at their ends say which may have been.
//! Invariant: of those that did call, none is missing.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_isa::{Op, Reg};
use autoprec_profile::Span;

use super::Subject;

/// A call path, and a function that was entered from it.
type Entered<'a> = (&'a [u64], u64);

#[derive(Default)]
pub(super) struct Sites<'a> {
    /// Addresses of the call instructions.
    calls: BTreeMap<Entered<'a>, BTreeSet<u64>>,
    /// Functions in whose place another was entered, by a tail call.
    replaced: BTreeMap<Entered<'a>, BTreeSet<u64>>,
}

impl<'a> Sites<'a> {
    pub(super) fn of(subject: Subject<'a>) -> Self {
        let mut sites = Self::default();
        let profile = subject.profile;
        if profile.stacks.iter().any(|stack| stack.frames.is_empty()) {
            // Some paths have lost spans to the one that stands for too many.
            return sites;
        }
        let entries: BTreeSet<u64> =
            profile.stacks.iter().flat_map(|stack| stack.frames.iter().copied()).collect();
        let exits: Vec<Exit> =
            profile.spans.iter().map(|span| Exit::of(subject, span, &entries)).collect();
        for visit in &profile.visits {
            let frames = &profile.stacks[visit.stack].frames[..];
            let Exit { pc, calls, targets } = &exits[visit.span];
            for &target in targets {
                if *calls {
                    sites.calls.entry((frames, target)).or_default().insert(*pc);
                } else if let Some((function, above)) = frames.split_last() {
                    sites.replaced.entry((above, target)).or_default().insert(*function);
                }
            }
        }
        sites
    }

    /// The instructions by which `callee` may have been called on this path, directly or by way of
    /// functions that it took the place of. Empty if that is not known.
    pub(super) fn to(&self, path: &'a [u64], callee: u64) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::from([callee]);
        let mut open = vec![callee];
        while let Some(function) = open.pop() {
            found.extend(self.calls.get(&(path, function)).into_iter().flatten());
            let replaced = self.replaced.get(&(path, function)).into_iter().flatten();
            open.extend(replaced.filter(|&&other| seen.insert(other)));
        }
        found
    }
}

/// How control leaves a span for other functions.
struct Exit {
    /// Address of the last instruction.
    pc: u64,
    /// Whether that is a call.
    calls: bool,
    /// Entries of functions it went to.
    targets: Vec<u64>,
}

impl Exit {
    fn of(subject: Subject<'_>, span: &Span, entries: &BTreeSet<u64>) -> Self {
        let last = subject.program.insts(span.start..span.end).last();
        let (pc, inst) = last.unwrap_or((span.start, None));
        let links = |rd| [Reg::RA, Reg::T0].contains(&rd);
        let calls =
            inst.is_some_and(|inst| matches!(inst.op, Op::Jal | Op::Jalr) && links(inst.rd));
        let edges = &subject.profile.edges;
        let own = &edges[edges.partition_point(|edge| edge.from < pc)..];
        let own = own.iter().take_while(|edge| edge.from == pc);
        let targets = own.map(|edge| edge.to).filter(|to| entries.contains(to)).collect();
        Self { pc, calls, targets }
    }
}
