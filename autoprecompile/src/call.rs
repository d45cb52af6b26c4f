//! How calls of precompiles talk to the buses: one implementation per set of buses.

use autoprec_circuits::{Bus, BusKind, MachineBus};
use autoprec_isa::Xlen;

use crate::target::Target;

/// Buses that calls of precompiles talk to.
pub trait CallBus: BusKind {
    /// The bus on which a call is looked up in the program.
    const PROGRAM: Self;

    /// The bus on which control is received and passed on: its fields are those of the address, then the
    /// time.
    const EXECUTION: Self;

    /// The fields of a code address.
    fn code_address(target: &Target, xlen: Xlen, address: u64) -> Vec<u64>;

    /// The fields of the lookup of the call at `entry` of precompile `id`.
    fn call(target: &Target, xlen: Xlen, entry: u64, id: u32) -> Vec<u64>;
}

impl CallBus for Bus {
    const PROGRAM: Self = Self::Program;
    const EXECUTION: Self = Self::Execution;

    /// One field, other than words.
    fn code_address(_: &Target, _: Xlen, address: u64) -> Vec<u64> {
        vec![address]
    }

    fn call(_: &Target, _: Xlen, entry: u64, id: u32) -> Vec<u64> {
        let mut fields = vec![entry, id.into()];
        fields.resize(Self::Program.fields(), 0);
        fields
    }
}

impl CallBus for MachineBus {
    const PROGRAM: Self = Self::Program;
    const EXECUTION: Self = Self::Execution;

    fn code_address(target: &Target, xlen: Xlen, address: u64) -> Vec<u64> {
        target.split(xlen, address)
    }

    fn call(target: &Target, xlen: Xlen, entry: u64, id: u32) -> Vec<u64> {
        let mut fields = target.split(xlen, entry);
        fields.push(id.into());
        // rd, rs1, rs2, writes; constant and next.
        fields.resize(fields.len() + 4 + 2 * target.limbs(xlen), 0);
        fields
    }
}
