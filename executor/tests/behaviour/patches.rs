//! A linked guest runs as the original does, and its calls are counted.

use autoprec_executor::{Environment, Input, Limits, RunError, run};
use autoprec_guest_elf::{Patch, Patches, PrecompileId, Program};
use autoprec_isa::Xlen;

use crate::common::{BASE, execute, program};

/// Loops five times; sums into a0 and reads its own text into a1.
const LOOP: &str = "
_start:
    addi s0, zero, 5
    auipc a2, 0
.region:
    add a0, a0, s0
    lw a1, 4(a2)
    addi s0, s0, -1
    bne s0, zero, @.region
    addi a7, zero, 93
    ecall
";

/// The region is the loop body, entered at its label.
fn patched(insts: u32) -> (Program, Program, Patches) {
    let (original, at) = program(Xlen::Rv32, LOOP);
    let entry = at[".region"];
    let saved = original.bytes(entry, 4).unwrap().to_vec();
    let mut linked = original.clone();
    let offset = usize::try_from(entry - BASE).unwrap();
    linked.segments[0].data[offset..offset + 4].copy_from_slice(&0x5bu32.to_le_bytes());
    let id = PrecompileId::from_index(0);
    let patches = [Patch { id, entry, saved, region_len: 4 * insts, insts }].into_iter().collect();
    (original, linked, patches)
}

fn go(program: &Program, patches: &Patches) -> Result<autoprec_executor::Run, RunError> {
    run(program, patches, Environment::Bare, &Input::default(), &Limits::none())
}

#[test]
fn calls_are_counted_and_nothing_else_changes() {
    for (insts, vm_instructions) in [(4, 4 + 5), (3, 4 + 5 * 2), (2, 4 + 5 * 3), (1, 4 + 5 * 4)] {
        let (original, linked, patches) = patched(insts);
        let plain = execute(&original, Environment::Bare).unwrap();
        let run = go(&linked, &patches).unwrap();
        assert_eq!(run.instructions, plain.instructions);
        assert_eq!((run.exit_code, run.memory_digest), (plain.exit_code, plain.memory_digest));
        assert_eq!(run.registers, plain.registers);
        assert_eq!(run.calls.into_iter().collect::<Vec<_>>(), [(PrecompileId::from_index(0), 5)]);
        assert_eq!(run.vm_instructions, vm_instructions, "{insts} instructions");
        assert_eq!(run.profile.count_at(BASE + 8), 5);
        assert!(matches!(
            execute(&linked, Environment::Bare),
            Err(RunError::IllegalInstruction { .. })
        ));
    }
}

#[test]
fn the_text_reads_as_before() {
    let (original, linked, patches) = patched(4);
    let run = go(&linked, &patches).unwrap();
    assert_eq!(run.registers[11], u64::from(original.word_at(BASE + 8).unwrap()));
    assert_eq!(linked.with_patches_undone(&patches).segments, original.segments);
}

#[test]
fn entering_the_middle_is_no_call() {
    let (original, at) = program(
        Xlen::Rv32,
        "
_start:
    addi s0, zero, 4
    jal zero, @.middle
.entry:
    addi a0, a0, 1
.middle:
    addi s0, s0, -1
    bne s0, zero, @.entry
    addi a7, zero, 93
    ecall",
    );
    let entry = at[".entry"];
    let saved = original.bytes(entry, 4).unwrap().to_vec();
    let patch = Patch { id: PrecompileId::from_index(2), entry, saved, region_len: 12, insts: 3 };
    let run = go(&original, &[patch].into_iter().collect()).unwrap();
    assert_eq!(run.calls[&PrecompileId::new(10_002).unwrap()], 3);
    assert_eq!((run.instructions, run.vm_instructions), (2 + 2 + 9 + 2, 2 + 2 + 3 + 2));
}

#[test]
fn a_store_to_patched_text_is_a_fault() {
    for environment in [Environment::OpenVm, Environment::Bare] {
        let (mut original, _) = program(
            Xlen::Rv32,
            "
    auipc a0, 0
    sw a1, 12(a0)
    sb a1, 9(a0)
    addi a0, zero, 0",
        );
        original.segments[0].writable = true;
        let saved = original.bytes(BASE + 8, 4).unwrap().to_vec();
        let id = PrecompileId::from_index(0);
        let patch = Patch { id, entry: BASE + 8, saved, region_len: 4, insts: 1 };
        let patches = [patch].into_iter().collect();
        let error = run(&original, &patches, environment, &Input::default(), &Limits::none());
        let Err(RunError::StoreToCode { addr, patched: true, site }) = error else {
            panic!("{error:?}")
        };
        assert_eq!((addr, site.pc), (BASE + 9, BASE + 8));
    }
}

#[test]
fn a_manifest_of_another_program_is_refused() {
    let (original, _, _) = patched(4);
    for entry in [0x1000, BASE + 30] {
        let id = PrecompileId::from_index(0);
        let patch = Patch { id, entry, saved: vec![0; 4], region_len: 4, insts: 1 };
        let error = go(&original, &[patch].into_iter().collect()).unwrap_err();
        assert_eq!(error, RunError::BadPatch { entry, bytes: 4 });
    }
}
