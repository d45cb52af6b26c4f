//! What precompiles are built for, and what the checker has to know of the machine when a region is entered.

use autoprec_blocks::Region;
use autoprec_executor::MachineState;
use autoprec_linker::Form;
use autoprec_synth::{Bounds, Budget, RecordedState, Target};

/// What precompiles are for, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The target whose prices decide what is worth a precompile. What is built is proved by its whole family.
    pub target: &'static Target,
    /// The form of the calls. What no target runs in this form is for the executor.
    pub form: Form,
    /// The room for precompiles.
    pub budget: Budget,
}

impl Options {
    /// For a target that does not limit the columns of precompiles: at most `most` of them, or as many as are
    /// usual for the target.
    pub fn unlimited(target: &'static Target, most: Option<usize>) -> Self {
        let precompiles = most.unwrap_or(target.precompiles);
        let budget = Budget { precompiles, columns: usize::MAX };
        Self { target, form: Form::Insn, budget }
    }

    /// What the checker needs of the machine when it enters a region.
    pub(crate) fn state(
        &self,
        region: &Region,
        machine: &dyn MachineState,
    ) -> Option<RecordedState> {
        recorded_state(region, Bounds::of(self.target, region.xlen), machine)
    }
}

/// What a region touches of a state.
pub fn recorded_state(
    region: &Region,
    bounds: Bounds,
    machine: &dyn MachineState,
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
