//! The examples, original and with their hottest region as a precompile.

use std::path::Path;

use autoprec_blocks::{Cfg, Region};
use autoprec_circuits::{BabyBear, Field, Pasta};
use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, PrecompileId, Program};
use autoprec_isa::{Reg, Xlen};
use autoprec_linker::{Backend, Form, Item, link};
use autoprec_machine::{Guest, GuestError, Run, execute};
use autoprec_synth::{HALO2, PLONKY3, Target};

use crate::runs::{checked, input};

fn elf(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../examples/elf/{name}.elf"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A number and a message, as the examples take them.
fn example_input(number: u32, rest: &[u8]) -> Input {
    input(&[&number.to_le_bytes()[..], rest].concat())
}

/// What the executor says of a run: output and exit code.
fn expected(elf: &[u8], guest: &Guest, input: &Input) -> (Vec<u8>, u32) {
    let program = Program::load(elf).expect("it is an ELF");
    let environment = guest.environment();
    let run = run(&program, &Patches::none(), environment, input, &Limits::none()).expect("runs");
    let output = if environment == Environment::OpenVm { run.public_values } else { run.stdout };
    (output, run.exit_code)
}

fn original<F: Field>(name: &str, target: &Target, input: &Input) {
    let elf = elf(name);
    let guest = Guest::load(&elf, None).expect("it is a guest");
    let run = checked::<F>(&guest, target, input);
    assert_eq!((run.output, run.exit_code), expected(&elf, &guest, input));
}

#[test]
fn keccak_rv64() {
    original::<Pasta>("keccak-rv64", &HALO2, &example_input(1, b"abc"));
}

#[test]
fn keccak_rv64_in_a_small_field() {
    original::<BabyBear>("keccak-rv64", &PLONKY3, &example_input(1, b"abc"));
}

#[test]
fn keccak() {
    original::<BabyBear>("keccak", &PLONKY3, &example_input(1, b"abc"));
}

#[test]
fn sha256() {
    original::<BabyBear>("sha256", &PLONKY3, &example_input(1, b"abc"));
}

#[test]
fn sha256_rv64() {
    original::<Pasta>("sha256-rv64", &HALO2, &example_input(1, b"abc"));
}

#[test]
fn sort_vm() {
    let words: Vec<u8> = (0..16_u32).flat_map(|k| (k * 0x9e37_79b9).to_le_bytes()).collect();
    original::<Pasta>("sort-vm", &HALO2, &example_input(20, &words));
    original::<BabyBear>("sort-vm", &PLONKY3, &example_input(20, &words));
}

/// The guest with its hottest regions as precompiles.
fn linked(elf: &[u8], input: &Input, form: Form, count: usize) -> Vec<u8> {
    let program = Program::load(elf).expect("it is an ELF");
    let environment = Environment::detect(&program);
    let run = run(&program, &Patches::none(), environment, input, &Limits::none()).expect("runs");
    let cfg = Cfg::build(&program, Some(&run.profile));
    let mut regions: Vec<Region> = cfg.regions().iter().filter_map(|r| form.region(r)).collect();
    regions.sort_by_key(|r| (std::cmp::Reverse(r.count * r.insts.len() as u64), r.entry()));
    let item = |(region, index): (Region, u32)| Item {
        id: PrecompileId::from_index(index),
        system_digest: [0; 32],
        shape_digest: region.shape_digest(),
        backends: vec![Backend::new(HALO2.name, HALO2.linkage)],
        region,
    };
    let items: Vec<Item> = regions.into_iter().take(count).zip(0..).map(item).collect();
    let linked = link(elf, &program, &cfg, &items, form).expect("it can be linked");
    assert!(!linked.manifest.calls.is_empty());
    linked.elf
}

/// The patched guest does what the original does, in fewer rows.
fn patched<F: Field>(
    name: &str,
    target: &Target,
    input: &Input,
    (form, count): (Form, usize),
) -> Run<F> {
    let original = elf(name);
    let plain = Guest::load(&original, None).expect("it is a guest");
    let patched = linked(&original, input, form, count);
    let guest = Guest::load(&patched, None).expect("it is a guest");
    assert_ne!(guest.digest(), plain.digest());
    let run = checked::<F>(&guest, target, input);
    let before = execute::<F>(&plain, target, input).expect("it runs");
    assert_eq!((&run.output, run.exit_code), (&before.output, before.exit_code));
    assert!(run.instructions < before.instructions);
    assert!(run.claims.rows.iter().any(|(table, _)| *table >= PrecompileId::FIRST));
    run
}

#[test]
fn keccak_rv64_patched() {
    let input = example_input(2, b"abc");
    patched::<Pasta>("keccak-rv64", &HALO2, &input, (Form::Insn, 4));
    patched::<BabyBear>("keccak-rv64", &PLONKY3, &input, (Form::Insn, 4));
    let form = Form::Ecall { number: Reg::T0 };
    patched::<Pasta>("keccak-rv64", &HALO2, &input, (form, 60));
}

#[test]
fn branchy_guests_patched() {
    let words: Vec<u8> = (0..16_u32).flat_map(|k| (k * 0x9e37_79b9).to_le_bytes()).collect();
    let input = example_input(20, &words);
    patched::<BabyBear>("sort-vm", &PLONKY3, &input, (Form::Insn, 12));
    patched::<Pasta>("sort-vm-rv64", &HALO2, &input, (Form::Insn, 12));
}

/// It reads its own text, and sees the original.
#[test]
fn self_read_patched() {
    let input = input(&[3_u32.to_le_bytes(), 5_u32.to_le_bytes()].concat());
    patched::<BabyBear>("self-read", &PLONKY3, &input, (Form::Insn, 6));
}

#[test]
fn files_that_are_no_guests_are_refused() {
    assert!(matches!(Guest::load(b"no ELF", None), Err(GuestError::Load(_))));
    let elf = elf("keccak-rv64");
    for environment in [Environment::OpenVm, Environment::Sp1] {
        let error = Guest::load(&elf, Some(environment)).expect_err("it is for Linux");
        assert!(error.to_string().contains("openvm"), "{error}");
    }
    let input = example_input(1, b"abc");
    let patched = linked(&elf, &input, Form::Insn, 1);
    let call = Guest::load(&patched, None).expect("it is a guest");
    // The call is gone from the text, but not from the manifest.
    let (from, to) = (0x5b_u32.to_le_bytes(), 0x13_u32.to_le_bytes());
    let at = patched.windows(4).position(|word| word == from).expect("the file has the call");
    let mut without = patched;
    without[at..at + 4].copy_from_slice(&to);
    let error = Guest::load(&without, None).expect_err("there is no call");
    assert!(error.to_string().contains("no call there"), "{error}");
    assert_eq!(call.environment(), Environment::Bare);
}

/// The registry says which environments and words there are tables for.
#[test]
fn the_targets_say_which_guests_have_tables() {
    let mut taken = 0;
    for (name, xlen) in [("keccak", Xlen::Rv32), ("keccak-rv64", Xlen::Rv64)] {
        for environment in Environment::ALL {
            let loads = Guest::load(&elf(name), Some(environment)).is_ok();
            // OpenVM has no guests of 64 bits.
            let exists = environment != Environment::OpenVm || xlen == Xlen::Rv32;
            for target in [HALO2, PLONKY3] {
                let takes =
                    target.takes(environment.name()).is_ok() && target.xlens.contains(&xlen);
                assert_eq!(loads, takes && exists, "{} {name} {environment}", target.name);
            }
            taken += usize::from(loads);
        }
    }
    assert_eq!(taken, 5);
}

#[test]
fn guests_without_tables_say_why() {
    let elf = elf("keccak-rv64");
    let guest = Guest::load(&elf, None).expect("it is a guest");
    let error = execute::<Pasta>(&guest, &Target { time_bits: 8, ..HALO2 }, &input(b""))
        .expect_err("256 ticks are not enough");
    assert!(error.to_string().contains("smaller input"), "{error}");
}
