//! Runs a precompile inside OpenVM's three interpreters: pure, metered and preflight.
//!
//! All three call [`WitnessRecipe::execute`] and differ only in the [`Host`] they give it, so they
//! cannot disagree. Invariants:
//!
//! - one access through [`Host`] is one access of OpenVM's memory and one tick of its clock;
//! - the metered interpreter reports one row per call, which sizes the arena for preflight;
//! - registers and memory are read untraced by `register` and `word` only.

#![expect(unsafe_code, reason = "OpenVM's executors exchange data through raw buffers")]

use std::sync::Arc;

use autoprec_circuits::BabyBear;
use autoprec_synth::{Host, OperandValues, RecordWord, WitnessRecipe};
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
pub(crate) struct PrecompileExecutor(pub(crate) Arc<WitnessRecipe<BabyBear>>);

/// The byte address of a register in the register address space.
fn register_pointer(number: u8) -> u32 {
    4 * u32::from(number)
}

/// A word of the machine, for a recipe.
fn word(bytes: [u8; 4]) -> u64 {
    u32::from_le_bytes(bytes).into()
}

/// A word of a recipe, for the machine.
fn bytes(word: u64) -> [u8; 4] {
    u32::from_word(word).to_le_bytes()
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
    recipe: *const WitnessRecipe<BabyBear>,
    /// The AIR whose height grows by one at each call; unused by the pure interpreter.
    air: usize,
}

/// The state of the pure and of the metered interpreter.
struct InterpreterHost<'a, Ctx>(&'a mut VmExecState<F, GuestMemory, Ctx>);

impl<Ctx: ExecutionCtxTrait> Host for InterpreterHost<'_, Ctx> {
    type Fault = BadAddress;

    #[inline]
    fn time(&self) -> u64 {
        0 // neither interpreter keeps time
    }

    #[inline]
    fn register(&mut self, number: u8) -> u64 {
        word(self.0.host_read::<u8, 4>(RV32_REGISTER_AS, register_pointer(number)))
    }

    #[inline]
    fn word(&mut self, address: u64) -> Result<u64, BadAddress> {
        Ok(word(self.0.host_read::<u8, 4>(RV32_MEMORY_AS, u32::from_word(address))))
    }

    #[inline]
    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let pointer = register_pointer(number);
        match new {
            Some(new) => self.0.vm_write::<u8, 4>(RV32_REGISTER_AS, pointer, &bytes(new)),
            None => drop::<[u8; 4]>(self.0.vm_read(RV32_REGISTER_AS, pointer)),
        }
        0
    }

    #[inline]
    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64 {
        let address = u32::from_word(address);
        match new {
            Some(new) => self.0.vm_write::<u8, 4>(RV32_MEMORY_AS, address, &bytes(new)),
            None => drop::<[u8; 4]>(self.0.vm_read(RV32_MEMORY_AS, address)),
        }
        0
    }

    #[cold]
    fn bad_address(&self, _address: u64) -> BadAddress {
        BadAddress
    }
}

#[inline]
fn call<Ctx: ExecutionCtxTrait>(
    recipe: &WitnessRecipe<BabyBear>,
    state: &mut VmExecState<F, GuestMemory, Ctx>,
) {
    let operands = OperandValues::default();
    match recipe.execute::<_, u32>(&mut InterpreterHost(state), &operands, None) {
        Ok(next) => state.set_pc(u32::from_word(next)),
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
unsafe fn read_pre_compute<'a>(data: *const u8) -> (&'a WitnessRecipe<BabyBear>, usize) {
    // SAFETY: by the caller; the buffer has no particular alignment.
    let PreCompute { recipe, air } = unsafe { data.cast::<PreCompute>().read_unaligned() };
    // SAFETY: the recipe belongs to an `Arc` in the executor inventory, which the interpreter
    // borrows for as long as it runs.
    (unsafe { &*recipe }, air)
}

impl PrecompileExecutor {
    fn write_pre_compute(&self, data: &mut [u8], air: usize) {
        assert!(data.len() >= size_of::<PreCompute>(), "the interpreter asked for the size");
        let value = PreCompute { recipe: &raw const *self.0, air };
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
    fn time(&self) -> u64 {
        self.0.timestamp.into()
    }

    #[inline]
    fn register(&mut self, number: u8) -> u64 {
        // SAFETY: registers are bytes, and every register pointer is inside their space.
        word(unsafe { self.0.data().read::<u8, 4>(RV32_REGISTER_AS, register_pointer(number)) })
    }

    #[inline]
    fn word(&mut self, address: u64) -> Result<u64, BadAddress> {
        let address = u32::from_word(address);
        // SAFETY: memory is bytes; the recipe checks every address before it is used.
        Ok(word(unsafe { self.0.data().read::<u8, 4>(RV32_MEMORY_AS, address) }))
    }

    #[inline]
    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let pointer = register_pointer(number);
        // SAFETY: as in `register`.
        let (previous, _) = unsafe {
            match new {
                Some(new) => self.0.write::<u8, 4>(RV32_REGISTER_AS, pointer, bytes(new)),
                None => self.0.read::<u8, 4>(RV32_REGISTER_AS, pointer),
            }
        };
        previous.into()
    }

    #[inline]
    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64 {
        let address = u32::from_word(address);
        // SAFETY: as in `word`.
        let (previous, _) = unsafe {
            match new {
                Some(new) => self.0.write::<u8, 4>(RV32_MEMORY_AS, address, bytes(new)),
                None => self.0.read::<u8, 4>(RV32_MEMORY_AS, address),
            }
        };
        previous.into()
    }

    #[cold]
    fn bad_address(&self, _address: u64) -> BadAddress {
        BadAddress
    }
}

impl PreflightExecutor<F, Arena> for PrecompileExecutor {
    fn execute(
        &self,
        state: VmStateMut<'_, F, TracingMemory, Arena>,
        _instruction: &Instruction<F>,
    ) -> Result<(), ExecutionError> {
        let recipe = &*self.0;
        let VmStateMut { pc, memory, ctx, .. } = state;
        // SAFETY: any bit pattern is a `u32`; a row of field elements, which are transparent `u32`s,
        // is aligned for them.
        let (head, record, _) = unsafe { ctx.alloc_single_row().align_to_mut::<u32>() };
        debug_assert!(head.is_empty(), "rows are aligned for field elements");
        let start = memory.timestamp;
        let record = &mut record[..recipe.record_words()];
        let next = recipe
            .execute(&mut PreflightHost(memory), &OperandValues::default(), Some(record))
            .map_err(|BadAddress| ExecutionError::Fail { pc: *pc, msg: BAD_ADDRESS })?;
        *pc = u32::from_word(next);
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
