//! Whatever loads can be run.

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Xlen;

use crate::common::execute;
use crate::elf::{BASE, Elf, LOAD, RW, look_at_damaged};

/// A few hundred bytes that ask for a gibibyte get it only where they touch it.
#[test]
fn memory_that_is_only_announced_costs_nothing() {
    let exit = [0x0070_0513_u32, 0x05d0_0893, 0x0000_0073].map(u32::to_le_bytes).concat();
    for (xlen, far) in [(Xlen::Rv32, 0xa000_0000), (Xlen::Rv64, 1 << 60)] {
        for segment in [0, 1] {
            let mut elf = Elf::of(xlen, &exit);
            elf.segments.push((LOAD, RW, far, vec![1], 1));
            elf.segments[segment].4 = 1 << 29;
            let program = Program::load(&elf.build()).unwrap();
            let environment = Environment::detect(&program);
            let run = execute(&program, environment).unwrap();
            assert_eq!((run.exit_code, run.instructions), (7, 3));
        }
    }
}

#[test]
fn mutated_and_truncated_files_run_or_stop() {
    look_at_damaged(|file| {
        let Ok(program) = Program::load(file) else { return false };
        // Whatever loaded can be looked at and run.
        let _ = program.function_at(BASE);
        for environment in Environment::ALL {
            let limits = Limits::instructions(1000);
            let (patches, input) = (Patches::none(), Input::default());
            drop(run(&program, &patches, environment, &input, &limits));
        }
        true
    });
}
