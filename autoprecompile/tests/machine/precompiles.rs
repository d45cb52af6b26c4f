//! Whole precompiles, over both fields, by the checker that builds use.

use std::collections::BTreeMap;

use autoprec_synth::{Effort, HALO2, PrecompileId, RecordedState, synthesise};

use crate::assembly::region;

/// Regions of many kinds, on RV32 and RV64.
const REGIONS: &[&str] = &[
    "add a0, a1, a2; sltu a3, a0, a1",
    "sub a0, a1, a2; xor a0, a0, a3; andi a0, a0, 255; addi a0, a0, -77",
    "slli a0, a1, 7; srli a2, a1, 25; or a0, a0, a2; srai a3, a1, 3",
    "slt a0, a1, a2; sltiu a3, a1, 100; beq a0, a3, 16",
    "mul a0, a1, a2; mulhu a3, a1, a2; mulh a4, a1, a2; mulhsu a5, a1, a2",
    "divu a0, a1, a2; remu a3, a1, a2; div a4, a1, a2; rem a5, a1, a2",
    "sll a0, a1, a2; srl a3, a1, a2; sra a4, a1, a2",
    "lw a0, 0(a1); lw a2, 4(a1); add a3, a0, a2; sw a3, 8(a1); addi a1, a1, 16",
    "lbu a0, 3(a1); lb a2, 2(a1); lh a3, 0(a4); sb a0, 1(a4); sh a2, 6(a4)",
    "sw a0, 0(a1); lw a2, 0(a3); sw a2, 4(a1)",
    "jalr ra, 4(a0)",
    "lui a0, 74565; auipc a1, 0; jal ra, 64",
];

/// Thorough, but for the number of attacks: the wide field is slow.
const EFFORT: Effort = Effort { attacks_per_column: 40, mutated_states: 6, ..Effort::THOROUGH };

fn check(xlen: &str, assembly: &str) {
    let region = region(xlen, assembly);
    let precompile = synthesise(&region, PrecompileId::from_index(3), &HALO2)
        .unwrap_or_else(|error| panic!("{xlen} {assembly}: {error}"));
    let checked = precompile.check(&[], EFFORT);
    let checked = checked.unwrap_or_else(|error| panic!("{xlen} {assembly}: {error}"));
    assert_eq!(checked.len(), 2, "a system over each field");
    for validation in checked {
        assert!(validation.honest >= 3 && validation.rejected > 0, "{xlen} {assembly}");
        assert!(validation.lies > 0 && validation.attacks > 0, "{xlen} {assembly}");
    }
}

#[test]
fn precompiles_pass_their_check() {
    for assembly in REGIONS {
        check("rv32", assembly);
        check("rv64", assembly);
    }
}

#[test]
fn those_of_rv64_alone_pass_too() {
    for assembly in [
        "addw a0, a1, a2; subw a3, a1, a2; sllw a4, a1, a2; sraw a5, a1, a2",
        "mulw a0, a1, a2; divw a3, a1, a2; remuw a4, a1, a2",
        "ld a0, 0(a1); ld a2, 8(a1); xor a0, a0, a2; sd a0, 16(a1); lwu a3, 4(a1)",
        "addiw a0, a1, -1; slliw a2, a1, 5; srliw a3, a1, 9",
    ] {
        check("rv64", assembly);
    }
}

/// The load of a word tells that its base is 3 more than a multiple of 4, so the word of the byte begins 3
/// bytes before a distance of −2^31. Random states hardly have such a base.
#[test]
fn a_word_may_begin_before_the_least_distance() {
    let region = region("rv32", "lui a1, 524288; add a2, a0, a1; lw a3, 5(a2); lbu a4, 0(a2)");
    let precompile =
        synthesise(&region, PrecompileId::from_index(3), &HALO2).expect("it can be lowered");
    let states = [0x8000_0003, 0x8000_0007, 0x8001_0003].map(|base| {
        let mut registers = [0; 32];
        registers[10] = base;
        RecordedState { registers, memory: BTreeMap::new() }
    });
    let checked = precompile.check(&states, EFFORT).expect("it has rows for these states");
    assert!(checked.iter().all(|validation| validation.honest >= 3 && validation.lies > 0));
}
