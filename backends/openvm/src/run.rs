//! Runs a guest in OpenVM's interpreter, without keys and without recording anything: what OpenVM
//! itself makes of a guest, to compare other executors with.

use openvm_circuit::{
    arch::{ExecutionError, VmExecutor},
    system::memory::{
        merkle::public_values::extract_public_values,
        online::{AddressMap, LinearMemory},
    },
};
use openvm_instructions::riscv::RV32_REGISTER_AS;

use crate::{
    base::BaseVm,
    guest::GuestImage,
    machine::{configure, guarded, streams},
    prove::ProveError,
    segments::RunError,
    transpile::transpile,
    types::F,
};

/// The result of a run that ended with exit code 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The public values, padded with zeros to the size of their address space.
    pub public_values: Vec<u8>,
    /// The registers at the end.
    pub registers: [u32; 32],
}

/// Runs `guest` on `hints`.
///
/// # Errors
///
/// If the guest is not a program for the VM, fails, or ends with another exit code than 0.
pub fn execute(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    hints: &[Vec<u8>],
) -> Result<Execution, ProveError> {
    interpreter(base, guest, |run| run(hints))?
}

/// Runs a guest on hints.
pub type Interpret<'a> = &'a dyn Fn(&[Vec<u8>]) -> Result<Execution, ProveError>;

/// Prepares the interpreter for `guest`, and hands what runs it to `then`: to run it often, or to
/// measure runs alone.
///
/// # Errors
///
/// If the guest is not a program for the VM.
pub fn interpreter<T>(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    then: impl FnOnce(Interpret<'_>) -> T,
) -> Result<T, ProveError> {
    let exe = transpile(base, guest)?;
    let config = configure(base, guest)?;
    let executor =
        VmExecutor::<F, _>::new(config).map_err(|error| RunError::Execution(error.to_string()))?;
    let instance =
        executor.instance(&exe).map_err(|error| RunError::Execution(error.to_string()))?;
    let count = executor.config.base.system.num_public_values;
    Ok(then(&|hints| {
        let state = guarded(|| instance.execute(streams(hints), None))
            .map_err(RunError::Execution)?
            .map_err(|error| match error {
                ExecutionError::FailedWithExitCode(code) => RunError::ExitCode { code },
                error => RunError::Execution(error.to_string()),
            })?;
        Ok(result(&state.memory.memory, count))
    }))
}

/// What a run left in memory.
fn result(memory: &AddressMap, public_values: usize) -> Execution {
    let mut registers = [0; 32];
    let words = memory.mem[RV32_REGISTER_AS as usize].as_slice().chunks_exact(4);
    for (register, word) in registers.iter_mut().zip(words) {
        *register = u32::from_le_bytes(word.try_into().expect("chunks of four bytes"));
    }
    Execution { public_values: extract_public_values(public_values, memory), registers }
}
