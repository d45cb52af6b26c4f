//! What all reports of call paths are made of: named functions, and what each path costs in units.
//!
//! Invariants: the names of units are distinct and there is at least one; frames are distinct by
//! address, those without one by name; every path has a value per unit and names frames that exist; paths are distinct.

use std::collections::BTreeMap;

use crate::profile::{Profile, Stack};
use crate::program::Program;

/// A function on a call path, or what it calls outside the guest: `[write]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// Its name, or the address that stands for code without symbols.
    pub name: String,
    /// Its entry address; 0 for what is no function.
    pub addr: u64,
}

/// A call path and what was spent in its innermost function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Indices of [`View::frames`], outermost first; never empty.
    pub frames: Vec<usize>,
    /// One per unit of [`View::units`], callees excluded.
    pub values: Vec<u64>,
}

/// Weighted call paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What was profiled.
    pub title: String,
    /// What is counted, such as `instructions`.
    pub units: Vec<String>,
    /// The functions.
    pub frames: Vec<Frame>,
    /// The call paths.
    pub paths: Vec<Path>,
}

impl View {
    /// The call paths of a run, by instructions.
    pub fn instructions(program: &Program, profile: &Profile, title: &str) -> Self {
        let insts = |span: usize| vec![u64::from(profile.spans[span].insts)];
        Self::weighted(program, profile, title, (vec!["instructions".to_owned()], &insts))
    }

    /// The call paths of a run, by what one execution of a span costs in each unit.
    pub(crate) fn weighted(
        program: &Program,
        profile: &Profile,
        title: &str,
        (units, cost): (Vec<String>, &dyn Fn(usize) -> Vec<u64>),
    ) -> Self {
        let costs: Vec<Vec<u64>> = (0..profile.spans.len()).map(cost).collect();
        let mut values = vec![vec![0u64; units.len()]; profile.stacks.len()];
        for visit in &profile.visits {
            for (value, cost) in values[visit.stack].iter_mut().zip(&costs[visit.span]) {
                *value = value.saturating_add(cost.saturating_mul(visit.count));
            }
        }
        let mut frames =
            Frames { program, all: Vec::new(), by_addr: BTreeMap::new(), calls: BTreeMap::new() };
        let paths = profile.stacks.iter().zip(values).map(|(stack, values)| {
            let frames = frames.path(stack);
            Path { frames, values }
        });
        let paths = paths.collect();
        Self { title: title.to_owned(), units, frames: frames.all, paths }
    }

    /// The sum of all paths, by unit.
    pub fn totals(&self) -> Vec<u64> {
        let mut totals = vec![0u64; self.units.len()];
        for path in &self.paths {
            for (total, value) in totals.iter_mut().zip(&path.values) {
                *total = total.saturating_add(*value);
            }
        }
        totals
    }

    /// The index of a unit.
    pub fn unit(&self, name: &str) -> Option<usize> {
        self.units.iter().position(|unit| unit == name)
    }
}

/// Functions by address, named once.
struct Frames<'a> {
    program: &'a Program,
    all: Vec<Frame>,
    by_addr: BTreeMap<u64, usize>,
    calls: BTreeMap<String, usize>,
}

impl Frames<'_> {
    fn path(&mut self, stack: &Stack) -> Vec<usize> {
        let program = self.program;
        let name = |addr| move || name(program, addr);
        let functions = stack.frames.iter();
        let mut path: Vec<usize> = functions.map(|&addr| self.index(addr, name(addr))).collect();
        path.extend(stack.call_label().map(|label| self.call(label)));
        if path.is_empty() {
            // No function starts at 0: guests do not map it.
            path.push(self.index(0, || "(other paths)".to_owned()));
        }
        path
    }

    fn call(&mut self, label: String) -> usize {
        *self.calls.entry(label).or_insert_with_key(|label| {
            self.all.push(Frame { name: label.clone(), addr: 0 });
            self.all.len() - 1
        })
    }

    fn index(&mut self, addr: u64, name: impl FnOnce() -> String) -> usize {
        *self.by_addr.entry(addr).or_insert_with(|| {
            self.all.push(Frame { name: name(), addr });
            self.all.len() - 1
        })
    }
}

/// The name of the function at an address.
fn name(program: &Program, addr: u64) -> String {
    program.function_at(addr).map_or_else(|| format!("{addr:#x}"), |f| f.name.clone())
}
