//! Guests that use OpenVM's extensions: the profiler executes them as OpenVM does.

use autoprec_blocks::Cfg;
use autoprec_executor::{Environment, Input, Limits, Run, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_openvm::{BaseVm, GuestImage, execute};
use autoprec_openvm_config::OpenVmConfig;

use crate::support::{START, assemble, elf, patch};

/// Moduli that OpenVM has code of its own for, of both sizes, and one that it has not.
const OPENVM_TOML: &str = r#"
[app_vm_config.rv32i]
[app_vm_config.rv32m]
[app_vm_config.io]
[app_vm_config.keccak]
[app_vm_config.sha2]
[app_vm_config.bigint]

[app_vm_config.modular]
supported_moduli = [
    "52435875175126190479447740508185965837690552500527637822603658699938581184513",
    "115792089237316195423570985008687907853269984665640564039457584007908834671663",
    "4002409555221667393417789825735904156556882819939007885332058136124031650490837864442687629129015664037894272559787",
    "57896044618658097711785492504343953926634992332820282019728792003956564819949",
]

[app_vm_config.fp2]
supported_moduli = [
    ["A", "21888242871839275222246405745257275088696311157297823662689037894645226208583"],
    ["B", "115792089237316195423570985008687907853269984665640564039457584007908834671663"],
]

[[app_vm_config.ecc.supported_curves]]
struct_name = "A"
modulus = "115792089237316195423570985008687907853269984665640564039457584007908834671663"
scalar = "115792089237316195423570985008687907852837564279074904382605163141518161494337"
a = "0"
b = "7"

[[app_vm_config.ecc.supported_curves]]
struct_name = "B"
modulus = "57896044618658097711785492504343953926634992332820282019728792003956564819949"
scalar = "3"
a = "5"
b = "7"
"#;

const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;

/// Copies the input to 0x300000; then a0 to a2 are 0x300000, 0x300100 and 0x300200.
fn prologue(words: usize) -> String {
    format!(
        ".word 0x0000300b
        lui a0, 0x300
        .word 0x0000150b
        addi a1, x0, {words}
        .word 0x0015950b
        addi a1, a0, 0x100
        addi a2, a0, 0x200
        "
    )
}

fn word(opcode: u32, funct3: u32, funct7: u32, [rd, rs1, rs2]: [u32; 3]) -> String {
    let word = funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
    format!(".word {word:#010x}\n")
}

/// Bytes without a pattern.
fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| byte()).collect()
}

fn profiled(elf: &[u8], input: &[u8]) -> Run {
    let program = Program::load(elf).unwrap();
    let algebra = OpenVmConfig::read(OPENVM_TOML).unwrap().algebra().unwrap();
    let input = Input { hints: vec![input.to_vec()], algebra, ..Input::default() };
    run(&program, &Patches::none(), Environment::OpenVm, &input, &Limits::none())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Both executors end with the same 96 bytes from 0x300200 on, and the same registers.
fn agree(base: &BaseVm, code: &str, input: &[u8]) {
    let loaded = (5..10).chain(13..32).zip((0x200..).step_by(4));
    let loads: Vec<_> = loaded.map(|(reg, at)| format!("lw x{reg}, {at}(a0)")).collect();
    let loads = loads.join("\n");
    let text = prologue(input.len() / 4) + code + &loads + "\nreveal x5, 0\n terminate 0";
    let elf = elf(&assemble(&text));
    let ours = profiled(&elf, input);
    let theirs = execute(base, &GuestImage::unpatched(&elf), &[input.to_vec()])
        .unwrap_or_else(|error| panic!("{code}: {error}"));
    assert_eq!(ours.registers, theirs.registers.map(u64::from), "{code}");
    assert_eq!(ours.public_values, theirs.public_values, "{code}");
    // Something was computed.
    assert_ne!(ours.registers[5..10], [0; 5], "{code}");
}

#[test]
fn hashes() {
    let base = BaseVm::from_toml(OPENVM_TOML).unwrap();
    let input = noise(1, 256);
    // xorin a2, a0, t0; keccakf a2; xorin a2, a1, t0
    let keccak = "addi t0, x0, 136\n addi a1, a0, 100\n".to_owned()
        + &word(0x0b, 4, 1, [A2, A0, 5])
        + &word(0x0b, 4, 0, [A2, 0, 0])
        + "addi t0, x0, 60\n"
        + &word(0x0b, 4, 1, [A2, A1, 5]);
    agree(&base, &keccak, &input);
    for funct7 in [2, 3] {
        let sha2 = "addi a1, a0, 64\n".to_owned() + &word(0x0b, 4, funct7, [A2, A0, A1]);
        agree(&base, &sha2, &input);
    }
}

#[test]
fn integers() {
    let base = BaseVm::from_toml(OPENVM_TOML).unwrap();
    for seed in 1..4 {
        for funct7 in 0..11 {
            // The flags of comparisons may be 0: a word behind them is not.
            let code = "addi a1, a0, 32\n lw t0, 0(a0)\n sw t0, 32(a2)\n sw t0, 4(a2)\n".to_owned()
                + &word(0x0b, 5, funct7, [A2, A0, A1])
                + "lw t0, 0(a2)\n addi t0, t0, 1\n sw t0, 0(a2)\n";
            agree(&base, &code, &noise(seed, 64));
        }
    }
    // Branches on what is equal, and is not, to the instruction after next.
    for (rs2, offset) in [(A0, 8), (A1, 8), (A0, 12)] {
        let branch = 0x0b | 6 << 12 | offset << 7 | A0 << 15 | rs2 << 20;
        let code = format!(
            "addi a1, a0, 32\n addi t0, x0, 1\n .word {branch:#010x}\n addi t0, t0, 2\n \
             addi t0, t0, 4\n addi t0, t0, 8\n sw t0, 0(a2)\n"
        );
        agree(&base, &code, &noise(5, 64));
    }
}

#[test]
fn fields_and_curves() {
    let base = BaseVm::from_toml(OPENVM_TOML).unwrap();
    let input = noise(9, 192);
    let binary = |funct3: u32, funct7: u32| {
        "addi a1, a0, 96\n".to_owned() + &word(0x2b, funct3, funct7, [A2, A0, A1])
    };
    for index in 0..4 {
        for operation in 0..4 {
            agree(&base, &binary(0, 8 * index + operation), &input);
        }
        for hint in [word(0x2b, 0, 8 * index + 6, [0; 3]), word(0x2b, 0, 8 * index + 7, [0, A0, 0])]
        {
            let code = hint + "addi a1, x0, 8\n .word 0x0015960b\n";
            agree(&base, &code, &input);
        }
        // Of two sums, which are reduced.
        let equal = binary(0, 8 * index)
            + &word(0x2b, 0, 8 * index + 4, [5, A2, A2])
            + &word(0x2b, 0, 8 * index + 4, [6, A2, 0])
            + "slli t0, t0, 1\n add t0, t0, t1\n sw t0, 64(a2)\n";
        agree(&base, &equal, &input);
    }
    for index in 0..2 {
        for operation in 0..4 {
            agree(&base, &binary(2, 8 * index + operation), &input);
        }
        agree(&base, &binary(1, 8 * index), &input);
        agree(&base, &word(0x2b, 1, 8 * index + 1, [A2, A0, 0]), &input);
    }
}

#[test]
fn setups() {
    let base = BaseVm::from_toml(OPENVM_TOML).unwrap();
    let modulus = |low: u8| [vec![low], vec![0xff; 30], vec![0x7f]].concat();
    let number = |low: u8| [vec![low], vec![0; 31]].concat();
    let input = [modulus(0xed), number(5), noise(3, 64)].concat();
    let mark = "lw t0, 64(a0)\n sw t0, 0(a2)\n sw t0, 64(a2)\n addi a1, a0, 64\n";
    for code in [
        word(0x2b, 0, 24 + 5, [A2, A0, 0]) + "sw t0, 4(a2)\n",
        word(0x2b, 0, 24 + 5, [A2, A0, 1]) + "sw t0, 4(a2)\n",
        word(0x2b, 0, 24 + 5, [5, A0, 2]) + "sw t0, 4(a2)\n",
        word(0x2b, 1, 8 + 2, [A2, A0, 0]),
        word(0x2b, 1, 8 + 2, [A2, A0, A1]),
    ] {
        agree(&base, &(mark.to_owned() + &code), &input);
    }
}

/// An addition of 256 bits between two parts of a hot loop.
const LOOP: &str = "
    addi t3, x0, 5
    addi t0, t0, 3
    xor  t1, t1, t0
    slli t1, t1, 1
    sw   t1, 0(a0)
    .word 0x00b5560b
    lw   t2, 0(a2)
    add  t4, t4, t2
    addi t3, t3, -1
    bne  t3, x0, -32
    reveal t4, 0
    terminate 0
";

#[test]
fn regions_lie_around_an_instruction_of_an_extension() {
    let base = BaseVm::from_toml(OPENVM_TOML).unwrap();
    let input = noise(7, 64);
    let words = assemble(&(prologue(16) + LOOP));
    let original = elf(&words);
    let profile = profiled(&original, &input).profile;
    let cfg = Cfg::build(&Program::load(&original).unwrap(), Some(&profile));
    let position = |pc: u64| usize::try_from((pc - u64::from(START)) / 4).unwrap();
    let hot: Vec<_> = cfg
        .regions()
        .iter()
        .filter(|region| region.count > 1)
        .map(|region| position(region.entry())..position(region.end()))
        .collect();
    assert_eq!(hot, [8..12, 13..17]);

    let patched = patch(&words, &hot);
    let before = execute(&base, &patched.unpatched(), std::slice::from_ref(&input)).unwrap();
    let after = execute(&base, &patched.guest(), &[input]).unwrap();
    assert_ne!(before.public_values[..4], [0; 4]);
    assert_eq!(before, after);
}
