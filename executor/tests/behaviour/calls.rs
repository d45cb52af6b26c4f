//! Calls of the environment and of precompiles are frames of their own.

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patch, Patches, PrecompileId};
use autoprec_isa::Xlen;
use autoprec_profile::{Called, Profile};

use crate::common::{BASE, adds_up, execute, folded, program};
use crate::programs::PRINTS;

fn called(name: &str, count: u64) -> Called {
    Called { name: name.to_owned(), count }
}

#[test]
fn system_calls_are_leaves_of_those_who_make_them() {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        let (program, at) = program(xlen, PRINTS);
        let run = execute(&program, Environment::Bare).unwrap();
        assert_eq!(run.instructions, 1 + 2 * 3 + 1 + 3 + 3 + 3 * 6);
        assert_eq!(run.stdout.len(), 9);
        let profile = run.profile;
        adds_up(&profile);
        assert_eq!(
            folded(&program, &profile),
            "\
_start 10
_start;[exit] 1
_start;other 3
_start;other;print 5
_start;other;print;[write] 1
_start;print 10
_start;print;[write] 2
"
        );
        assert_eq!(profile.calls, [called("exit", 1), called("write", 3)]);
        // The calling instruction keeps its count in the code.
        assert_eq!(profile.counts().at(at["print"] + 16), 3);
    }
}

#[test]
fn instructions_of_the_environment_are_calls() {
    let (program, _) = program(
        Xlen::Rv32,
        "
_start:
    addi s0, zero, 3
.again:
    .word 0x0000300b ; hint_input
    addi s0, s0, -1
    bne s0, zero, @.again
    .word 0x0000000b ; terminate
",
    );
    let input = Input { hints: vec![Vec::new(); 3], ..Input::default() };
    let none = Patches::none();
    let run = run(&program, &none, Environment::OpenVm, &input, &Limits::none()).unwrap();
    adds_up(&run.profile);
    assert_eq!(run.profile.calls, [called("hint_input", 3), called("terminate", 1)]);
    assert_eq!(
        folded(&program, &run.profile),
        "_start 7\n_start;[hint_input] 3\n_start;[terminate] 1\n"
    );
}

/// `work`'s loop is a precompile; it is entered at its start four times and in the middle once.
#[test]
fn precompiles_are_frames_with_what_they_replace() {
    let (original, at) = program(
        Xlen::Rv64,
        "
_start:
    jal ra, @work
    addi a0, zero, 0
    addi a7, zero, 93
    ecall
work:
    addi t0, zero, 5
    jal zero, @.middle
.loop:
    addi a1, a1, 1
    addi a1, a1, 2
.middle:
    addi t0, t0, -1
    bne t0, zero, @.loop
    jalr zero, 0(ra)
",
    );
    let entry = at[".loop"];
    let saved = original.bytes(entry, 4).unwrap().to_vec();
    let patch = Patch { id: PrecompileId::from_index(7), entry, saved, region_len: 16, insts: 4 };
    let patches: Patches = [patch].into_iter().collect();
    let (input, limits) = (Input::default(), Limits::none());
    let run = run(&original, &patches, Environment::Bare, &input, &limits).unwrap();
    adds_up(&run.profile);
    assert_eq!((run.instructions, run.vm_instructions), (4 + 2 + 4 * 4 + 2 + 1, 4 + 2 + 4 + 2 + 1));
    assert_eq!(run.profile.calls, [called("exit", 1), called("precompile 10007", 4)]);
    assert_eq!(
        folded(&original, &run.profile),
        "_start 3\n_start;[exit] 1\n_start;work 5\n_start;work;[precompile 10007] 16\n"
    );
    assert_eq!(run.profile.counts().at(entry), 4);
    assert_eq!(entry, BASE + 24);
}

#[test]
fn calls_survive_file_and_merge() {
    let (program, _) = program(Xlen::Rv32, PRINTS);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    let text = profile.to_json();
    assert!(text.contains("\"[write]\"") && text.contains("\"write\":3"), "{text}");
    assert_eq!(Profile::from_json(&text).unwrap(), profile);
    let double = Profile::merge(&[profile.clone(), profile.clone()]).unwrap();
    adds_up(&double);
    assert_eq!(double.calls, [called("exit", 2), called("write", 6)]);
    assert_eq!(double.stacks.len(), profile.stacks.len());
}
