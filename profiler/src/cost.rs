//! What instructions cost a prover: models as data, and profiles weighed by them.
//!
//! An instruction is a row of a table (an AIR), and a call of the environment may be rows of others;
//! a row costs a fixed number in each unit. *Profiled* cost is linear in rows; *final* cost pads the
//! rows of each table as the prover does. Invariants: a model has a unit, its tables a number per
//! unit, and no instruction is in two tables.

mod file;
mod spent;

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_isa::{Inst, Op};
use autoprec_profile::Profile;

use crate::view::{Executed, Subject, View};

pub use file::ModelError;
pub use spent::Spent;

/// The models that come with this crate.
const BUILT_IN: [&str; 4] = [
    include_str!("../models/instructions.json"),
    include_str!("../models/openvm-2.0.2.json"),
    include_str!("../models/sp1-6.json"),
    include_str!("../models/halo2.json"),
];

/// What instructions cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name on the command line.
    pub name: String,
    /// What it covers, and what it leaves out.
    pub about: String,
    /// Where its numbers are from.
    pub source: String,
    /// What is counted, such as `cells`; the first is what views show if nothing else is asked for.
    pub units: Vec<String>,
    /// How the prover fills up its tables.
    pub padding: Padding,
    /// Where instructions land.
    pub tables: Vec<Table>,
    /// The tables in which a call of the environment has rows beside that of its instruction, and how
    /// many rows, by name of the call.
    pub calls: BTreeMap<String, Vec<(usize, u64)>>,
    by_op: BTreeMap<Op, usize>,
    /// Where computations go whose result is discarded (a destination of `x0`).
    discarded: Option<usize>,
    /// Where all others go.
    otherwise: Option<usize>,
}

/// To what number of rows a prover fills up a table that has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// The next power of two.
    PowerOfTwo,
    /// The next multiple of this number, which is not 0.
    Multiple(u64),
}

impl Padding {
    /// The rows of a table, filled up.
    pub fn of(self, rows: u64) -> u64 {
        match self {
            Self::PowerOfTwo if rows == 0 => 0,
            Self::PowerOfTwo => rows.next_power_of_two(),
            Self::Multiple(step) => rows.next_multiple_of(step),
        }
    }
}

/// A table of the prover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What a row costs, by unit.
    pub row: Vec<u64>,
}

impl Model {
    /// The models that come with this crate, the one that counts instructions first.
    pub fn built_in() -> Vec<Self> {
        let read = |text| Self::from_json(text).expect("a test reads them all");
        BUILT_IN.into_iter().map(read).collect()
    }

    /// The table of an instruction, or of one that is not RISC-V's; `None` if the model says
    /// nothing of it.
    pub fn table_of(&self, inst: Option<Inst>) -> Option<usize> {
        let table = inst.and_then(|inst| {
            let computes = matches!(inst.op, Op::Alu(_) | Op::AluImm(_) | Op::Lui | Op::Auipc);
            let discards = computes && inst.def().is_none();
            self.discarded.filter(|_| discards).or_else(|| self.by_op.get(&inst.op).copied())
        });
        table.or(self.otherwise)
    }

    /// The call paths of a run, by instructions and by the units of this model.
    pub fn view(&self, subject: Subject<'_>, title: &str) -> View {
        let mut units = self.units.clone();
        let adds = !units.iter().any(|unit| unit == INSTRUCTIONS);
        if adds {
            units.insert(0, INSTRUCTIONS.to_owned());
        }
        let cost = |at: Executed| {
            let row =
                self.row_of(at.inst).map_or_else(|| vec![0; self.units.len()], <[u64]>::to_vec);
            if adds { [vec![1], row].concat() } else { row }
        };
        let mut view = View::weighted(subject, title, units, &cost);
        if adds {
            self.add_calls(&mut view);
        }
        view
    }

    /// Adds what the environment does itself to the paths that end with a call. Such a path has an
    /// instruction per call, and the first unit counts instructions.
    fn add_calls(&self, view: &mut View) {
        let View { functions, frames, paths, .. } = view;
        for path in paths {
            let callee =
                path.frames.last().map_or("", |&frame| &functions[frames[frame].function].name);
            let Some(spent) = Spent::of_call(self, callee) else { continue };
            let calls = path.values[0];
            for (value, cost) in path.values[1..].iter_mut().zip(spent.profiled(self)) {
                *value = value.saturating_add(cost.saturating_mul(calls));
            }
        }
    }

    /// What an instruction costs, by unit; `None` if the model says nothing of it.
    pub fn row_of(&self, inst: Option<Inst>) -> Option<&[u64]> {
        Some(&self.tables[self.table_of(inst)?].row)
    }

    /// What one execution of each span of a profile costs in the first unit, in their order.
    pub(crate) fn span_costs(&self, program: &Program, profile: &Profile) -> Vec<u64> {
        let cost = |span| Spent::of_span(self, program, span).profiled(self)[0];
        profile.spans.iter().map(cost).collect()
    }

    /// What the environment does itself in a call, in the first unit; nothing if this is not how
    /// tables show a call of which the model knows.
    pub(crate) fn call_cost(&self, label: &str) -> u64 {
        Spent::of_call(self, label).map_or(0, |spent| spent.profiled(self)[0])
    }
}

/// The unit that every view has.
const INSTRUCTIONS: &str = "instructions";
