//! What all reports of call paths are made of: named functions, and what each path costs in units.
//!
//! Invariants: the names of units are distinct and there is at least one; functions are distinct,
//! those of the guest by address, inlined ones by name and file, calls by name; frames are distinct;
//! every path has a value per unit and names frames that exist; paths are distinct and begin with
//! what is not inlined.

mod build;
mod names;
mod sites;

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_isa::Inst;
use autoprec_profile::Profile;

use crate::sources::Sources;

/// A run, and what there is to name its instructions by.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The guest, with its original words.
    pub program: &'a Program,
    /// What was counted.
    pub profile: &'a Profile,
    /// Its debug information, if lines and inlined functions are to be shown.
    pub sources: Option<&'a Sources>,
}

/// An instruction as it is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Index of the span of [`Profile::spans`] that it is executed in.
    pub span: usize,
    /// The address of the instruction.
    pub pc: u64,
    /// The instruction; none if the word there is not RISC-V's.
    pub inst: Option<Inst>,
}

/// What a function is on a call path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One that was called.
    Called,
    /// One that the compiler put into the function before it on the path.
    Inlined,
    /// A call of the environment or of a precompile.
    Outside,
}

/// A function on a call path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// Its name, or the address that stands for code without symbols.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its entry address; 0 for what was not called.
    pub addr: u64,
    /// The file it stands in, if known.
    pub file: Option<String>,
    /// The line it begins at, from 1, if known.
    pub line: Option<u32>,
}

/// A place in a function: where it executes, or calls what is next on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// Index of [`View::functions`].
    pub function: usize,
    /// The line, from 1, if it is known and the same for all of the path's cost.
    pub line: Option<u32>,
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
    pub functions: Vec<Function>,
    /// Places in them.
    pub frames: Vec<Frame>,
    /// The call paths.
    pub paths: Vec<Path>,
}

impl View {
    /// The call paths of a run, by instructions.
    pub fn instructions(subject: Subject<'_>, title: &str) -> Self {
        Self::weighted(subject, title, vec!["instructions".to_owned()], &|_| vec![1])
    }

    /// The call paths of a run, by what an execution of an instruction costs: `cost` gives a value per
    /// unit.
    pub fn weighted(
        subject: Subject<'_>,
        title: &str,
        units: Vec<String>,
        cost: &dyn Fn(Executed) -> Vec<u64>,
    ) -> Self {
        let (names, paths) = build::paths(subject, units.len(), cost);
        let (functions, frames) = names.finish();
        Self { title: title.to_owned(), units, functions, frames, paths }
    }

    /// The same paths without lines: there is a frame per function, at its index.
    #[must_use]
    pub fn by_function(&self) -> Self {
        let mut paths: BTreeMap<Vec<usize>, Vec<u64>> = BTreeMap::new();
        for path in &self.paths {
            let frames = path.frames.iter().map(|&frame| self.frames[frame].function).collect();
            add(paths.entry(frames).or_default(), &path.values, 1);
        }
        let frame = |function| Frame { function, line: None };
        Self {
            frames: (0..self.functions.len()).map(frame).collect(),
            paths: paths.into_iter().map(|(frames, values)| Path { frames, values }).collect(),
            ..self.clone()
        }
    }

    /// The function of a frame.
    pub fn function(&self, frame: usize) -> &Function {
        &self.functions[self.frames[frame].function]
    }

    /// The sum of all paths, by unit.
    pub fn totals(&self) -> Vec<u64> {
        let mut totals = vec![0u64; self.units.len()];
        for path in &self.paths {
            add(&mut totals, &path.values, 1);
        }
        totals
    }

    /// The index of a unit.
    pub fn unit(&self, name: &str) -> Option<usize> {
        self.units.iter().position(|unit| unit == name)
    }
}

/// Adds values so many times.
fn add(sums: &mut Vec<u64>, values: &[u64], times: u64) {
    sums.resize(values.len(), 0);
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum = sum.saturating_add(value.saturating_mul(times));
    }
}
