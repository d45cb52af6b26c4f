//! What a finished run gives.

use std::collections::BTreeMap;

use autoprec_guest_elf::PrecompileId;
use autoprec_profile::Profile;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What the guest exited with; 0 is success.
    pub exit_code: u32,
    /// Standard output; of OpenVM, what the guest printed.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// OpenVM: the public values.
    pub public_values: Vec<u8>,
    /// Executed guest instructions; a precompile call counts those that it replaces.
    pub instructions: u64,
    /// The same with a precompile call as one instruction.
    pub vm_instructions: u64,
    /// Calls of each precompile, 0 included.
    pub calls: BTreeMap<PrecompileId, u64>,
    /// Where the instructions were executed.
    pub profile: Profile,
    /// Registers at the end, zero-extended, by number.
    pub registers: [u64; 32],
    /// SHA-256 of final registers and memory: equal for equal results.
    pub memory_digest: [u8; 32],
    /// Misaligned loads and stores.
    pub misaligned: u64,
}
