//! Where the messages of a precompile go: bus numbers, resolved from the AIRs of the base VM.

use autoprec_circuits::{Bus, TUPLE_SIZES};
use openvm_circuit::arch::AirInventory;
use openvm_circuit_primitives::{
    bitwise_op_lookup::BitwiseOperationLookupAir, range_tuple::RangeTupleCheckerAir,
};

use crate::types::Sc;

/// The number of a bus in the verifying key.
pub(crate) type BusIndex = u16;

/// The buses of one base VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buses {
    execution: BusIndex,
    program: BusIndex,
    memory: BusIndex,
    range: BusIndex,
    /// Every VM with RV32I has this table.
    bitwise: Option<BusIndex>,
    tuple: Option<BusIndex>,
}

impl Buses {
    /// Looks the buses up in the AIRs of the base VM.
    pub(crate) fn resolve(airs: &AirInventory<Sc>) -> Self {
        let port = airs.system().port();
        Self {
            execution: port.execution_bus.index(),
            program: port.program_bus.index(),
            memory: port.memory_bridge.memory_bus().index(),
            range: port.memory_bridge.range_bus().index(),
            bitwise: airs
                .find_air::<BitwiseOperationLookupAir<8>>()
                .next()
                .map(|air| air.bus.inner.index),
            tuple: airs
                .find_air::<RangeTupleCheckerAir<2>>()
                .find(|air| is_our_tuple(air.bus.sizes))
                .map(|air| air.bus.inner.index),
        }
    }

    /// The number of a bus; `None` if the base VM has no table for it.
    ///
    /// A table of range tuples counts only if its sizes are exactly those that precompiles are
    /// synthesised for: with a larger table the lookup would show less.
    pub(crate) fn index(&self, bus: Bus) -> Option<BusIndex> {
        match bus {
            Bus::Execution => Some(self.execution),
            Bus::Program => Some(self.program),
            Bus::Memory => Some(self.memory),
            Bus::Range => Some(self.range),
            Bus::Bitwise => self.bitwise,
            Bus::TupleRange => self.tuple,
        }
    }
}

/// Whether a table of range tuples with these sizes is the one precompiles look up in.
pub(crate) fn is_our_tuple(sizes: [u32; 2]) -> bool {
    sizes.map(u64::from) == TUPLE_SIZES
}
