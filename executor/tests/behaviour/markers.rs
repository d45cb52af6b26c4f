//! What lies between markers that a guest prints.

use std::fmt::Write as _;

use autoprec_executor::{Environment, Run};
use autoprec_guest_elf::Symbol;
use autoprec_isa::Xlen;
use autoprec_profile::{Profile, Section};

use crate::common::{BASE, adds_up, execute, program};

/// Instructions of [`printing`] for one text, the call included: how many the environment takes.
const OPENVM: u64 = 5;
const BARE: u64 = 7;

/// Runs a program that prints texts, each by one call, and does nothing for some instructions after
/// each.
fn printing(environment: Environment, texts: &[(&str, usize)]) -> Run {
    let (mut code, mut data) = (String::from("_start:\n"), String::new());
    for (index, (text, idle)) in texts.iter().enumerate() {
        let call = match environment {
            Environment::OpenVm => ".word 0x0016358b ; print_str",
            _ => "addi a0, zero, 1\naddi a7, zero, 64\necall",
        };
        let len = text.len();
        writeln!(code, "auipc a1, 0\naddi a1, a1, @.text{index}\naddi a1, a1, 4").unwrap();
        writeln!(code, "addi a2, zero, {len}\n{call}").unwrap();
        code += &"addi zero, zero, 0\n".repeat(*idle);
        writeln!(data, ".text{index}:").unwrap();
        let padded: Vec<u8> = text.bytes().chain([0; 3]).collect();
        for word in padded.chunks_exact(4) {
            writeln!(data, ".word {:#x}", u32::from_le_bytes(word.try_into().unwrap())).unwrap();
        }
    }
    code += match environment {
        Environment::OpenVm => ".word 0x0000000b\n",
        _ => "addi a0, zero, 0\naddi a7, zero, 93\necall\n",
    };
    execute(&program(Xlen::Rv32, &(code + &data)).0, environment).unwrap()
}

fn section(name: &str, [count, total, min, max]: [u64; 4]) -> Section {
    Section { name: name.to_owned(), count, total, min, max, unclosed: 0, unopened: 0 }
}

#[test]
fn sections_are_counted_in_every_environment() {
    for (environment, print) in [(Environment::OpenVm, OPENVM), (Environment::Bare, BARE)] {
        let texts = [
            ("cycle-tracker-report-start: all\n", 5),
            ("cycle-tracker-start: part\n", 10),
            ("cycle-tracker-end: part\n", 0),
            ("nothing of note\n", 0),
            ("cycle-tracker-start: ", 2),
            ("part", 3),
            ("\n", 4),
            ("cycle-tracker-end: part\n", 0),
            ("cycle-tracker-report-end: all\n", 100),
        ];
        let profile = printing(environment, &texts).profile;
        let all = 24 + 8 * print;
        let expected = [
            section("all", [1, all, all, all]),
            section("part", [2, 14 + 2 * print, 4 + print, 10 + print]),
        ];
        assert_eq!(profile.markers, expected, "{environment}");
    }
}

/// `addi zero, ra, 7` starts a section and `addi zero, sp, 7` ends it, if a symbol says so.
#[test]
fn tags_are_instructions_with_symbols() {
    let (program, _) = program(
        Xlen::Rv64,
        "
_start:
    addi s0, zero, 3
.again:
    addi zero, ra, 7
    addi zero, ra, 8
    addi s0, s0, -1
    addi zero, sp, 7
    bne s0, zero, @.again
    addi a7, zero, 93
    ecall
",
    );
    let plain = execute(&program, Environment::Bare).unwrap().profile;
    assert_eq!((plain.instructions, &plain.markers[..]), (1 + 3 * 5 + 2, &[][..]));
    let name = |name: &str| Symbol {
        name: format!("__ZISKOS_PROFILE_ID_{name}"),
        addr: 0,
        size: 2,
        is_function: false,
    };
    let mut symbols = program.symbols.clone();
    symbols.extend([name("7_decode_block"), name("9_other"), name("x"), name("x_y")]);
    let program = program.with_symbols(symbols);
    let tagged = execute(&program, Environment::Bare).unwrap().profile;
    assert_eq!(tagged.markers, [section("decode_block", [3, 9, 3, 3])]);
    for pc in (BASE..BASE + 32).step_by(4) {
        assert_eq!(tagged.count_at(pc), plain.count_at(pc));
    }
    assert_eq!(tagged.stacks, plain.stacks);
    adds_up(&tagged);
}

#[test]
fn markers_without_a_partner_are_noted() {
    let texts = [
        ("cycle-tracker-start: a\n", 50 - 7),
        ("cycle-tracker-end: a\n", 0),
        ("cycle-tracker-start: a\n", 100 - 7),
        ("cycle-tracker-end: a\n", 0),
        ("cycle-tracker-start: b\n", 0),
        ("cycle-tracker-end: c\n", 0),
    ];
    let profile = printing(Environment::Bare, &texts).profile;
    assert_eq!(profile.instructions, 136 + 6 * BARE + 3);
    let names: Vec<&str> = profile.markers.iter().map(|section| &section.name[..]).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(profile.markers[0], section("a", [2, 150, 50, 100]));
    assert_eq!((profile.markers[1].unclosed, profile.markers[2].unopened), (1, 1));
    assert_eq!(Profile::from_json(&profile.to_json()).unwrap(), profile);
    let double = Profile::merge(&[profile.clone(), profile]).unwrap();
    assert_eq!(double.markers[0], section("a", [4, 300, 50, 100]));
    assert_eq!((double.markers[1].unclosed, double.markers[2].unopened), (2, 2));
}
