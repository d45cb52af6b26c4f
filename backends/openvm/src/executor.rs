//! Runs a precompile inside OpenVM's three interpreters: pure, metered and preflight.
//!
//! All three call [`WitnessRecipe::execute`] and differ only in the [`Host`] they give it, so they
//! cannot disagree. Invariants:
//!
//! - one access through [`Host`] is one access of OpenVM's memory and one tick of its clock;
//! - the metered interpreter reports one row per call, which sizes the arena for preflight;
//! - registers and memory are read untraced by the `look` functions only.

#![expect(unsafe_code, reason = "OpenVM's executors exchange data through raw buffers")]

use std::sync::Arc;

use autoprec_isa::Reg;
use autoprec_synth::{Host, Precompile, WitnessRecipe};
use openvm_circuit::{
    arch::{
        ExecuteFunc, ExecutionError, InterpreterExecutor, InterpreterMeteredExecutor,
        PreflightExecutor, StaticProgramError, VmExecState, VmStateMut,
        execution_mode::{ExecutionCtxTrait, MeteredExecutionCtxTrait},
    },
    system::memory::online::{GuestMemory, TracingMemory},
};
use openvm_instructions::{
    instruction::Instruction,
    riscv::{RV32_MEMORY_AS, RV32_REGISTER_AS},
};

use crate::types::{Arena, F};

/// What a call reports when the region would access an address that OpenVM cannot.
const BAD_ADDRESS: &str =
    "a precompile accesses an address that is misaligned, or is 2^29 or higher";

/// The executor of one precompile.
#[derive(Clone, Debug)]
pub(crate) struct PrecompileExecutor(pub(crate) Arc<Precompile>);

/// The byte address of a register in the register address space.
fn register_pointer(register: Reg) -> u32 {
    let index = u32::try_from(register.index()).expect("there are 32 registers");
    4 * index
}

/// The region would access an address that OpenVM cannot.
#[derive(Clone, Copy, Debug)]
struct BadAddress;

// ------------------------------------------------------------------ pure and metered

/// What the interpreter hands back to a handler at each call.
#[repr(C)]
#[derive(Clone, Copy)]
struct PreCompute {
    /// Borrowed from the executor, which outlives every interpreter made from it.
    recipe: *const WitnessRecipe,
    /// The AIR whose height grows by one at each call; unused by the pure interpreter.
    air: usize,
}

/// The state of the pure and of the metered interpreter.
struct InterpreterHost<'a, Ctx>(&'a mut VmExecState<F, GuestMemory, Ctx>);

impl<Ctx: ExecutionCtxTrait> Host for InterpreterHost<'_, Ctx> {
    type Fault = BadAddress;

    #[inline]
    fn timestamp(&self) -> u32 {
        0 // neither interpreter keeps time
    }

    #[inline]
    fn look_reg(&mut self, register: Reg) -> u32 {
        u32::from_le_bytes(self.0.host_read::<u8, 4>(RV32_REGISTER_AS, register_pointer(register)))
    }

    #[inline]
    fn look(&mut self, address: u32) -> u32 {
        u32::from_le_bytes(self.0.host_read::<u8, 4>(RV32_MEMORY_AS, address))
    }

    #[inline]
    fn read(&mut self, address: u32) -> (u32, u32) {
        (0, u32::from_le_bytes(self.0.vm_read::<u8, 4>(RV32_MEMORY_AS, address)))
    }

    #[inline]
    fn write(&mut self, address: u32, value: u32) -> (u32, u32) {
        let previous = self.look(address);
        self.0.vm_write::<u8, 4>(RV32_MEMORY_AS, address, &value.to_le_bytes());
        (0, previous)
    }

    #[inline]
    fn read_reg(&mut self, register: Reg) -> u32 {
        let _word: [u8; 4] = self.0.vm_read(RV32_REGISTER_AS, register_pointer(register));
        0
    }

    #[inline]
    fn write_reg(&mut self, register: Reg, value: u32) -> u32 {
        let pointer = register_pointer(register);
        self.0.vm_write::<u8, 4>(RV32_REGISTER_AS, pointer, &value.to_le_bytes());
        0
    }

    #[cold]
    fn bad_address(&self, _address: u32) -> BadAddress {
        BadAddress
    }
}

#[inline]
fn call<Ctx: ExecutionCtxTrait>(
    recipe: &WitnessRecipe,
    state: &mut VmExecState<F, GuestMemory, Ctx>,
) {
    match recipe.execute(&mut InterpreterHost(state), None) {
        Ok(next) => state.set_pc(next),
        Err(BadAddress) => {
            state.exit_code = Err(ExecutionError::Fail { pc: state.pc(), msg: BAD_ADDRESS });
        }
    }
}

/// # Safety
///
/// `data` points to a [`PreCompute`] whose recipe is alive.
unsafe fn pure_handler<Ctx: ExecutionCtxTrait>(
    data: *const u8,
    state: &mut VmExecState<F, GuestMemory, Ctx>,
) {
    // SAFETY: the interpreter passes the buffer that `pre_compute` filled.
    let (recipe, _) = unsafe { read_pre_compute(data) };
    call(recipe, state);
}

/// # Safety
///
/// `data` points to a [`PreCompute`] whose recipe is alive.
unsafe fn metered_handler<Ctx: MeteredExecutionCtxTrait>(
    data: *const u8,
    state: &mut VmExecState<F, GuestMemory, Ctx>,
) {
    // SAFETY: the interpreter passes the buffer that `metered_pre_compute` filled.
    let (recipe, air) = unsafe { read_pre_compute(data) };
    state.ctx.on_height_change(air, 1);
    call(recipe, state);
}

/// # Safety
///
/// `data` points to a [`PreCompute`] whose recipe is alive for `'a`.
#[inline]
unsafe fn read_pre_compute<'a>(data: *const u8) -> (&'a WitnessRecipe, usize) {
    // SAFETY: by the caller; the buffer has no particular alignment.
    let PreCompute { recipe, air } = unsafe { data.cast::<PreCompute>().read_unaligned() };
    // SAFETY: the recipe belongs to an `Arc` in the executor inventory, which the interpreter
    // borrows for as long as it runs.
    (unsafe { &*recipe }, air)
}

impl PrecompileExecutor {
    fn write_pre_compute(&self, data: &mut [u8], air: usize) {
        assert!(data.len() >= size_of::<PreCompute>(), "the interpreter asked for the size");
        let value = PreCompute { recipe: &raw const self.0.recipe, air };
        // SAFETY: the buffer is long enough, and the write is unaligned.
        unsafe { data.as_mut_ptr().cast::<PreCompute>().write_unaligned(value) }
    }
}

impl InterpreterExecutor<F> for PrecompileExecutor {
    fn pre_compute_size(&self) -> usize {
        size_of::<PreCompute>()
    }

    fn pre_compute<Ctx: ExecutionCtxTrait>(
        &self,
        _pc: u32,
        _instruction: &Instruction<F>,
        data: &mut [u8],
    ) -> Result<ExecuteFunc<F, Ctx>, StaticProgramError> {
        self.write_pre_compute(data, 0);
        Ok(pure_handler::<Ctx>)
    }
}

impl InterpreterMeteredExecutor<F> for PrecompileExecutor {
    fn metered_pre_compute_size(&self) -> usize {
        size_of::<PreCompute>()
    }

    fn metered_pre_compute<Ctx: MeteredExecutionCtxTrait>(
        &self,
        air: usize,
        _pc: u32,
        _instruction: &Instruction<F>,
        data: &mut [u8],
    ) -> Result<ExecuteFunc<F, Ctx>, StaticProgramError> {
        self.write_pre_compute(data, air);
        Ok(metered_handler::<Ctx>)
    }
}

// ------------------------------------------------------------------ preflight

/// The memory of the preflight interpreter, which records who accessed a word last.
struct PreflightHost<'a>(&'a mut TracingMemory);

impl Host for PreflightHost<'_> {
    type Fault = BadAddress;

    #[inline]
    fn timestamp(&self) -> u32 {
        self.0.timestamp
    }

    #[inline]
    fn look_reg(&mut self, register: Reg) -> u32 {
        // SAFETY: registers are bytes, and every register pointer is inside their space.
        let word =
            unsafe { self.0.data().read::<u8, 4>(RV32_REGISTER_AS, register_pointer(register)) };
        u32::from_le_bytes(word)
    }

    #[inline]
    fn look(&mut self, address: u32) -> u32 {
        // SAFETY: memory is bytes; the recipe checks every address before it is used.
        u32::from_le_bytes(unsafe { self.0.data().read::<u8, 4>(RV32_MEMORY_AS, address) })
    }

    #[inline]
    fn read(&mut self, address: u32) -> (u32, u32) {
        // SAFETY: as in `look`.
        let (previous, word) = unsafe { self.0.read::<u8, 4>(RV32_MEMORY_AS, address) };
        (previous, u32::from_le_bytes(word))
    }

    #[inline]
    fn write(&mut self, address: u32, value: u32) -> (u32, u32) {
        // SAFETY: as in `look`.
        let (previous, word) =
            unsafe { self.0.write::<u8, 4>(RV32_MEMORY_AS, address, value.to_le_bytes()) };
        (previous, u32::from_le_bytes(word))
    }

    #[inline]
    fn read_reg(&mut self, register: Reg) -> u32 {
        // SAFETY: as in `look_reg`.
        unsafe { self.0.read::<u8, 4>(RV32_REGISTER_AS, register_pointer(register)).0 }
    }

    #[inline]
    fn write_reg(&mut self, register: Reg, value: u32) -> u32 {
        let pointer = register_pointer(register);
        // SAFETY: as in `look_reg`.
        unsafe { self.0.write::<u8, 4>(RV32_REGISTER_AS, pointer, value.to_le_bytes()).0 }
    }

    #[cold]
    fn bad_address(&self, _address: u32) -> BadAddress {
        BadAddress
    }
}

impl PreflightExecutor<F, Arena> for PrecompileExecutor {
    fn execute(
        &self,
        state: VmStateMut<'_, F, TracingMemory, Arena>,
        _instruction: &Instruction<F>,
    ) -> Result<(), ExecutionError> {
        let recipe = &self.0.recipe;
        let VmStateMut { pc, memory, ctx, .. } = state;
        // SAFETY: any bit pattern is a `u32`; a row of field elements, which are transparent `u32`s,
        // is aligned for them.
        let (head, record, _) = unsafe { ctx.alloc_single_row().align_to_mut::<u32>() };
        debug_assert!(head.is_empty(), "rows are aligned for field elements");
        let start = memory.timestamp;
        let record = &mut record[..recipe.record_words()];
        *pc = recipe
            .execute(&mut PreflightHost(memory), Some(record))
            .map_err(|BadAddress| ExecutionError::Fail { pc: *pc, msg: BAD_ADDRESS })?;
        debug_assert_eq!(memory.timestamp, start + recipe.ticks(), "an access is a tick");
        Ok(())
    }

    fn get_opcode_name(&self, opcode: usize) -> String {
        format!("AUTOPREC_{opcode}")
    }
}

/// The record that preflight left in a row, as the words it wrote.
pub(crate) fn record_words(row: &[F]) -> &[u32] {
    // SAFETY: any bit pattern is a `u32`, and field elements are transparent `u32`s.
    let (head, words, tail) = unsafe { row.align_to::<u32>() };
    debug_assert!(head.is_empty() && tail.is_empty(), "field elements are `u32`s");
    words
}
