//! Call paths with inlined functions and lines, and what was spent on each.
//!
//! Each execution of an instruction counts for one path: the functions that were called, each with
//! those inlined where it calls the next, and at the end where the instruction itself comes from.

use std::collections::BTreeMap;

use autoprec_profile::{Span, Stack};

use super::names::{Names, OriginId};
use super::sites::Sites;
use super::{Executed, Path, Subject, add};

/// Values per unit, by where instructions come from.
type Spent = BTreeMap<OriginId, Vec<u64>>;

/// The paths of a run, and the names they are made of.
pub(super) fn paths<'a>(
    subject: Subject<'a>,
    units: usize,
    cost: &dyn Fn(Executed) -> Vec<u64>,
) -> (Names<'a>, Vec<Path>) {
    let mut names = Names::new(subject);
    let profile = subject.profile;
    let spent = spent(subject, &mut names, cost);
    let sites = if names.has_sources() { Sites::of(subject) } else { Sites::default() };
    let mut callers = Callers { names, sites, above: BTreeMap::new() };
    let mut paths: BTreeMap<Vec<usize>, Vec<u64>> = BTreeMap::new();
    for (stack, spent) in profile.stacks.iter().zip(spent) {
        for (frames, values) in callers.paths(stack, spent) {
            debug_assert_eq!(values.len(), units);
            add(paths.entry(frames).or_default(), &values, 1);
        }
    }
    let paths = paths.into_iter().map(|(frames, values)| Path { frames, values }).collect();
    (callers.names, paths)
}

/// What each call path spent.
fn spent(
    subject: Subject<'_>,
    names: &mut Names<'_>,
    cost: &dyn Fn(Executed) -> Vec<u64>,
) -> Vec<Spent> {
    let profile = subject.profile;
    let of_span = |(index, span): (usize, &Span)| {
        let mut spent = Spent::new();
        for (pc, inst) in subject.program.insts(span.start..span.end) {
            let values = cost(Executed { span: index, pc, inst });
            add(spent.entry(names.origin(pc)).or_default(), &values, 1);
        }
        spent
    };
    let spans: Vec<Spent> = profile.spans.iter().enumerate().map(of_span).collect();
    let mut stacks = vec![Spent::new(); profile.stacks.len()];
    for visit in &profile.visits {
        for (&origin, values) in &spans[visit.span] {
            add(stacks[visit.stack].entry(origin).or_default(), values, visit.count);
        }
    }
    stacks
}

struct Callers<'a> {
    names: Names<'a>,
    sites: Sites<'a>,
    /// Frames above the innermost function of a path.
    above: BTreeMap<&'a [u64], Vec<usize>>,
}

impl<'a> Callers<'a> {
    /// The paths that a call path becomes.
    fn paths(&mut self, stack: &'a Stack, spent: Spent) -> Vec<(Vec<usize>, Vec<u64>)> {
        let Some(&entry) = stack.frames.last() else {
            let label = stack.call_label().unwrap_or_else(|| "(other paths)".to_owned());
            return sum(spent)
                .map(|sum| (vec![self.names.outside(&label)], sum))
                .into_iter()
                .collect();
        };
        let above = self.above(&stack.frames);
        if let Some(label) = stack.call_label() {
            let origins: Vec<OriginId> = spent.keys().copied().collect();
            let own = self.names.common(entry, &origins);
            let frames = [above, own, vec![self.names.outside(&label)]].concat();
            return sum(spent).map(|sum| (frames, sum)).into_iter().collect();
        }
        let path =
            |(origin, values)| ([above.clone(), self.names.place(entry, origin)].concat(), values);
        spent.into_iter().map(path).collect()
    }

    /// The frames above the innermost function of a path.
    fn above(&mut self, path: &'a [u64]) -> Vec<usize> {
        let Some((&callee, callers)) = path.split_last() else { return Vec::new() };
        let Some(&caller) = callers.last() else { return Vec::new() };
        if let Some(known) = self.above.get(path) {
            return known.clone();
        }
        let sites = self.sites.to(callers, callee);
        let origins: Vec<OriginId> = sites.iter().map(|&pc| self.names.origin(pc)).collect();
        let mut frames = self.above(callers);
        frames.extend(self.names.common(caller, &origins));
        self.above.insert(path, frames.clone());
        frames
    }
}

fn sum(spent: Spent) -> Option<Vec<u64>> {
    spent.into_values().reduce(|mut sum, values| {
        add(&mut sum, &values, 1);
        sum
    })
}
