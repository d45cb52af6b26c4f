//! What synthesis makes of regions, whatever the target: candidates with prices, and precompiles.
//!
//! Two families of targets share the pipeline: OpenVM, whose tables are fixed, and whole runs with
//! tables of our own. Everything that differs between them is in this file.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_circuits::{BusKind, ConstraintSystem, Field, Size};
use autoprec_dashboards::{self as dashboards, Check};
use autoprec_guest_elf::PrecompileId;
use autoprec_linker::{Backend, Form, Item};
use autoprec_synth::bits::{MachineLowered, row_cost};
use autoprec_synth::{
    Bounds, Budget, Candidate, Effort, HALO2, MachinePrecompile, OPENVM, PLONKY3, Precompile,
    Price, RecordedState, RowCost, SynthError, Target, Validation, ValidationError, Vocabulary,
    candidates, machine_candidates, select, synthesise,
};

/// What precompiles are for, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whose prices decide what is worth a precompile. What is built is proved by its whole family.
    pub target: &'static Target,
    /// The form of the calls. What no target runs in this form is for the executor.
    pub form: Form,
    /// What there is room for.
    pub budget: Budget,
}

impl Options {
    /// For a target that does not limit the columns of precompiles: at most so many, or as many as are
    /// usual for the target.
    pub fn unlimited(target: &'static Target, most: Option<usize>) -> Self {
        let precompiles = most.unwrap_or(target.precompiles);
        let budget = Budget { precompiles, columns: usize::MAX };
        Self { target, form: Form::Insn, budget }
    }

    /// Synthesises regions, in parts where they have to be cut.
    pub(crate) fn candidates(&self, regions: &[Region]) -> Candidates {
        let target = self.target;
        Candidates(match target.vocabulary {
            Vocabulary::Host => {
                let boxed = |precompile| Made::OpenVm(Box::new(precompile));
                let all = candidates(regions, target).into_iter();
                all.map(|candidate| candidate.map(boxed)).collect()
            }
            Vocabulary::Own => {
                let boxed = |precompile| Made::Machine(Box::new(precompile));
                let all = machine_candidates(regions, target).into_iter();
                all.map(|candidate| candidate.map(boxed)).collect()
            }
        })
    }

    /// What the checker needs of the machine when it enters a region.
    pub(crate) fn state(
        &self,
        region: &Region,
        machine: &dyn autoprec_executor::MachineState,
    ) -> Option<RecordedState> {
        let bounds = Bounds::of(self.target, region.xlen);
        recorded_state(region, bounds, machine)
    }
}

/// What became of the regions.
pub(crate) struct Candidates(Vec<Candidate<Made>>);

impl Candidates {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn region(&self, index: usize) -> &Region {
        &self.0[index].region
    }

    pub(crate) fn price(&self, index: usize) -> Price {
        self.0[index].price
    }

    /// What a precompile saves, or would save, in the profiled run.
    pub(crate) fn saved(&self, index: usize) -> i64 {
        self.0[index].saved
    }

    /// Why a region can have no precompile.
    pub(crate) fn error(&self, index: usize) -> Option<&SynthError> {
        self.0[index].outcome.as_ref().err()
    }

    /// The positions to keep of those that are allowed, largest savings first.
    pub(crate) fn choose(&self, options: &Options, allowed: &[usize]) -> Vec<usize> {
        let chosen = select(allowed.iter().map(|&index| &self.0[index]), options.budget);
        chosen.into_iter().map(|position| allowed[position]).collect()
    }

    /// The precompile of a region with its number.
    pub(crate) fn numbered(&self, index: usize, id: PrecompileId) -> Result<Made, SynthError> {
        match &self.0[index].outcome {
            Ok(made) => made.renumbered(id),
            Err(error) => Err(error.clone()),
        }
    }
}

/// What a region touches of a state.
pub fn recorded_state(
    region: &Region,
    bounds: Bounds,
    machine: &dyn autoprec_executor::MachineState,
) -> Option<RecordedState> {
    let mut registers = [0; 32];
    for reg in autoprec_isa::Reg::all() {
        registers[reg.index()] = machine.reg(reg);
    }
    let length = region.xlen.bytes() as usize;
    RecordedState::record(region, bounds, registers, |address| {
        let bytes = machine.read(address, length)?;
        let mut word = [0; 8];
        word.get_mut(..bytes.len())?.copy_from_slice(&bytes);
        Some(u64::from_le_bytes(word))
    })
}

/// A precompile, for either family.
#[derive(Clone, Debug)]
pub enum Made {
    /// For OpenVM.
    OpenVm(Box<Precompile>),
    /// For tables of our own, over both fields.
    Machine(Box<MachinePrecompile>),
}

impl Made {
    /// Synthesises for OpenVM.
    ///
    /// # Errors
    /// What synthesis says.
    pub fn openvm(region: &Region, id: PrecompileId) -> Result<Self, SynthError> {
        let made = synthesise(region, id, &OPENVM)?;
        Ok(Self::OpenVm(Box::new(made)))
    }

    /// Synthesises for tables of our own.
    ///
    /// # Errors
    /// What synthesis says.
    pub fn machine(region: &Region, id: PrecompileId) -> Result<Self, SynthError> {
        let made = MachinePrecompile::synthesise(region, id)?;
        Ok(Self::Machine(Box::new(made)))
    }

    /// The same under another number.
    fn renumbered(&self, id: PrecompileId) -> Result<Self, SynthError> {
        match self {
            Self::OpenVm(made) => Ok(Self::OpenVm(Box::new(made.as_ref().clone().renumbered(id)))),
            Self::Machine(made) => Self::machine(&made.region, id),
        }
    }

    /// The number that it is called by.
    pub fn id(&self) -> PrecompileId {
        match self {
            Self::OpenVm(made) => made.id,
            Self::Machine(made) => made.id,
        }
    }

    /// The code that it replaces.
    pub fn region(&self) -> &Region {
        match self {
            Self::OpenVm(made) => &made.region,
            Self::Machine(made) => &made.region,
        }
    }

    /// Identifies its systems, addresses and number included.
    pub fn system_digest(&self) -> [u8; 32] {
        match self {
            Self::OpenVm(made) => made.system_digest(),
            Self::Machine(made) => made.system_digest(),
        }
    }

    /// Identifies its code wherever it lies.
    pub fn shape_digest(&self) -> [u8; 32] {
        self.region().shape_digest()
    }

    /// What the linker takes, for these back ends.
    pub(crate) fn item(&self, backends: &[Backend]) -> Item {
        Item {
            id: self.id(),
            region: self.region().clone(),
            system_digest: self.system_digest(),
            shape_digest: self.shape_digest(),
            backends: backends.to_vec(),
        }
    }

    /// Ticks of the memory clock per call.
    pub fn ticks(&self) -> u32 {
        match self {
            Self::OpenVm(made) => made.recipe.ticks(),
            Self::Machine(made) => made.wide.recipe.ticks(),
        }
    }

    /// Everything about it as one text: assembly, dataflow, systems, cost.
    pub fn text(&self) -> String {
        match self {
            Self::OpenVm(made) => made.report(),
            Self::Machine(made) => machine_text(made),
        }
    }

    /// How often each rewrite fired.
    pub(crate) fn rewrites(&self) -> BTreeMap<String, usize> {
        let fired = match self {
            Self::OpenVm(made) => &made.fired,
            Self::Machine(made) => &made.fired,
        };
        fired.iter().map(|(rule, insts)| ((*rule).to_owned(), insts.len())).collect()
    }

    /// The size of its instructions' tables, where the target has such tables.
    pub(crate) fn size_before(&self) -> Option<dashboards::Size> {
        match self {
            Self::OpenVm(made) => Some(size_of(made.cost.before)),
            Self::Machine(_) => None,
        }
    }

    /// Checks its systems on random states and on recorded ones; gives each system with what was
    /// checked of it.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn check(
        &self,
        states: &[RecordedState],
    ) -> Result<Vec<dashboards::System>, ValidationError> {
        match self {
            Self::OpenVm(made) => {
                let done = made.check(&OPENVM, states, Effort::STANDARD)?;
                Ok(vec![system_of(OPENVM.field, &made.system, None, check_of(&done, states))])
            }
            Self::Machine(made) => {
                let done = made.check(states, Effort::STANDARD)?;
                let [wide, narrow] = done.map(|done| check_of(&done, states));
                Ok(vec![
                    machine_system(HALO2.field, &made.wide, wide),
                    machine_system(PLONKY3.field, &made.narrow, narrow),
                ])
            }
        }
    }
}

/// What was checked, for the report.
fn check_of(done: &Validation, states: &[RecordedState]) -> Check {
    Check {
        honest: done.honest,
        recorded: u32::try_from(states.len()).unwrap_or(u32::MAX),
        rejected: done.rejected,
        unchanged: done.unchanged,
        other_state: done.other_state,
    }
}

fn size_of(size: Size) -> dashboards::Size {
    dashboards::Size {
        columns: size.columns,
        interactions: size.interactions,
        constraints: size.constraints,
    }
}

fn machine_system<F: Field>(
    field: &str,
    lowered: &MachineLowered<F>,
    check: Check,
) -> dashboards::System {
    let ranges = row_cost(&lowered.system).ranges;
    system_of(field, &lowered.system, Some(ranges), check)
}

fn system_of<F: Field, B: BusKind>(
    field: &str,
    system: &ConstraintSystem<F, B>,
    ranges: Option<usize>,
    check: Check,
) -> dashboards::System {
    let columns = system.columns_by_kind().into_iter();
    let messages = system.interactions_by_bus().into_iter();
    dashboards::System {
        field: field.to_owned(),
        size: size_of(system.size()),
        ranges,
        columns: columns.map(|(kind, count)| (kind.name().to_owned(), count)).collect(),
        messages: messages.map(|(bus, count)| (bus.name().to_owned(), count)).collect(),
        check,
    }
}

/// Everything about a precompile for tables of our own.
fn machine_text(made: &MachinePrecompile) -> String {
    use std::fmt::Write as _;
    let MachinePrecompile { id, region, ir, fired, wide, narrow } = made;
    let function = region.function.as_deref().unwrap_or("(no symbol)");
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "; {text}").expect("writing to a string");
    line(format!("precompile {id} at {:#x} in {function}", region.entry()));
    line(size_line(HALO2.name, wide));
    line(size_line(PLONKY3.name, narrow));
    for (rule, insts) in fired {
        line(format!("rewrites: {} {rule}", insts.len()));
    }
    format!("{out}\n{region}\n{ir}\n{}\n{}", wide.system, narrow.system)
}

fn size_line<F: Field>(target: &str, lowered: &MachineLowered<F>) -> String {
    let RowCost { size, ranges } = row_cost(&lowered.system);
    format!(
        "{target}: {} columns, {} messages and {ranges} ranges, {} constraints, {} ticks",
        size.columns,
        size.interactions - ranges,
        size.constraints,
        lowered.recipe.ticks()
    )
}
