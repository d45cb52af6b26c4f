//! Tables of machines of our own: rows of random calls are accepted and do what the instructions do;
//! no altered row that is accepted does anything else.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests, of which some show sizes")]

#[path = "../common/assembly.rs"]
mod assembly;
mod check;
mod judge;
mod kinds;
#[path = "../common/parts.rs"]
mod parts;
mod precompiles;
#[path = "../common/random.rs"]
mod random;
mod regions;
mod sizes;
#[path = "../common/system.rs"]
mod system;
mod teeth;
mod world;

use autoprec_circuits::{BabyBear, Field, Pasta};
use autoprec_isa::Xlen;
use autoprec_synth::{HALO2, PLONKY3, Target};
use autoprec_testing::{expect_file, fixture};
use check::check_region;

fn check_regions<F: Field>(target: &Target, states: u64) {
    for text in [
        "add a0, a1, a2",
        "xor a0, a1, a2",
        "add a0, a1, a2; xor a3, a0, a1; sub a0, a3, a2; and a1, a0, a3; or a4, a1, a2",
        "addi a0, a0, -5; xori a1, a0, 0x7f; add a0, a0, a1; slli a1, a1, 3; srai a2, a1, 7",
        "beq a0, a1, 16",
        "sltu a0, a1, a2; slt a1, a2, a0; add a0, a0, a1; bltu a0, a2, -8",
        "xor a0, a1, a2; xor a0, a0, a3; xor a0, a0, a4; xor a0, a0, a5; xor a0, a0, a6; and a1, a0, a1",
        "lw a0, 0(sp); lw a1, 4(sp); add a0, a0, a1; sw a0, 8(sp); lw a2, 8(sp); sw a2, 0(s0)",
        "lbu a0, 0(a1); lb a2, 1(a1); sb a0, 3(a1); lhu a3, 4(a1)",
        "lw a0, 0(s1); lbu a2, 1(s1); lb a3, 3(s1); sb a3, 0(s1); lhu a4, 2(s1)",
        "add a0, a1, a2; add a0, a0, a3; add a0, a0, a4; add a0, a0, a5; slli a0, a0, 9; add a0, a0, a0",
        "andi a0, a1, 0xf0; srli a2, a1, 4; slli a3, a1, 28; or a2, a2, a3; add a0, a0, a2",
    ] {
        for xlen in ["rv32", "rv64"] {
            let counts = check_region::<F>(&assembly::region(xlen, text), target, states);
            assert_eq!(u64::from(counts.honest + counts.faults), states, "{xlen} {text}");
            assert!(counts.honest > 0, "{xlen} {text}: {counts:?}");
            assert!(counts.rejected > 0, "{xlen} {text}: {counts:?}");
        }
    }
}

#[test]
fn small_regions_in_the_wide_field() {
    check_regions::<Pasta>(&HALO2, 8);
}

#[test]
fn small_regions_in_the_small_field() {
    check_regions::<BabyBear>(&PLONKY3, 8);
}

#[test]
fn small_regions_with_other_sizes() {
    check_regions::<Pasta>(&Target { range_bits: 9, time_bits: 30, ..HALO2 }, 8);
    check_regions::<BabyBear>(&Target { range_bits: 10, time_bits: 25, ..PLONKY3 }, 8);
}

#[test]
fn random_regions_in_the_wide_field() {
    regions::check::<Pasta>(&HALO2, 60);
}

#[test]
fn random_regions_in_the_small_field() {
    regions::check::<BabyBear>(&PLONKY3, 60);
}

#[test]
fn heavy_regions_of_the_examples() {
    for name in ["keccak", "keccak-rv64", "sha256", "sha256-rv64"] {
        for region in sizes::regions(name).iter().take(2) {
            let wide = check_region::<Pasta>(region, &HALO2, 1);
            let small = check_region::<BabyBear>(region, &PLONKY3, 1);
            println!("{name} {:#x}: {wide:?} {small:?}", region.entry());
            assert!(wide.honest > 0 && small.honest > 0, "{name}: {region}");
        }
    }
}

fn check_kinds<F: Field>(target: &Target) {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        for op in kinds::kinds(xlen) {
            let (columns, interactions, counts) = kinds::check_kind::<F>(op, xlen, target, 6);
            println!(
                "{} {xlen} {op:?}: {columns} columns {interactions} messages {counts:?}",
                target.name
            );
        }
    }
}

#[test]
fn kinds_in_the_wide_field() {
    check_kinds::<Pasta>(&HALO2);
}

#[test]
fn kinds_in_the_small_field() {
    check_kinds::<BabyBear>(&PLONKY3);
}

#[test]
fn sizes_are_those_of_the_fixture() {
    let mut out = String::new();
    for name in ["keccak", "keccak-rv64", "sha256", "sha256-rv64"] {
        out += &sizes::sizes::<Pasta>(name, &HALO2, 4);
        out += &sizes::sizes::<BabyBear>(name, &PLONKY3, 4);
    }
    expect_file(&fixture!("machine/sizes.txt"), &out);
}

#[test]
fn systems_are_those_of_the_fixtures() {
    for (name, xlen, text) in [
        ("sum", "rv32", "add a0, a1, a2; sltu a1, a0, a1"),
        (
            "rotate",
            "rv64",
            "xor a0, a1, a2; slli a3, a0, 9; srli a0, a0, 55; or a0, a0, a3; and a4, a0, a3",
        ),
        ("composite", "rv64", "andn a3, a0, a1; rev8 a4, a0; min a5, a0, a1; sh2add a6, a0, a1"),
        ("words", "rv64", "ld a0, 0(sp); sd a0, 8(sp); lbu a1, 3(sp)"),
    ] {
        let region = assembly::region(xlen, text);
        for (field, text) in [
            ("pasta", sizes::system::<Pasta>(&region, &HALO2)),
            ("babybear", sizes::system::<BabyBear>(&region, &PLONKY3)),
        ] {
            let path = fixture!(&format!("machine/{name}-{xlen}-{field}.txt"));
            expect_file(&path, &text);
        }
    }
}

#[test]
fn no_part_is_missed_in_silence_in_the_small_field() {
    teeth::expect_teeth::<BabyBear>(&PLONKY3, (4, 7), &fixture!("teeth/babybear.txt"));
}

#[test]
fn no_part_is_missed_in_silence_in_the_wide_field() {
    teeth::expect_teeth::<Pasta>(&HALO2, (3, 0), &fixture!("teeth/pasta.txt"));
}
