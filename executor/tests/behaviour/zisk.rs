//! ZisK's memory layouts and control-register calls, from assembly.

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::{Patches, Program, Symbol};
use autoprec_isa::Xlen;

use crate::common::assemble;
use crate::vectors::{
    BLS12_381, BN254, Multiples, SECP256K1, SECP256R1, SHA256_ABC, SHA256_START, abc_block,
    keccak_of_nothing, little, point, small,
};

const ROM: u64 = 0x8000_0000;
const NEW_INPUT: u32 = 0x4000_0008;
const OLD_INPUT: u32 = 0x9000_0008;
const PUBLIC: u32 = 0xa001_0000;
const CONSOLE: u32 = 0xa000_0200;
/// Where the tests keep operands, and pointers to them.
const DATA: u32 = 0xa010_0000;
const TABLE: u32 = 0xa020_0000;

const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;

/// An address above 2^31, which `lui` would extend by its sign.
fn li(register: &str, value: u32) -> String {
    let [top, rest @ ..] = value.to_be_bytes();
    rest.iter().fold(format!("addi {register}, zero, {top}\n"), |text, byte| {
        text + &format!("slli {register}, {register}, 8\nori {register}, {register}, {byte}\n")
    })
}

/// `csrrs`, by register numbers.
fn set(rd: u32, csr: u32, rs1: u32) -> String {
    format!(".word {:#010x}\n", csr << 20 | rs1 << 15 | 2 << 12 | rd << 7 | 0x73)
}

/// `csrrwi` and `csrrsi` without a result.
fn immediate(funct3: u32, csr: u32, value: u32) -> String {
    format!(".word {:#010x}\n", csr << 20 | value << 15 | funct3 << 12 | 0x73)
}

fn copy(to: u32, from: u32, len: usize) -> String {
    let len = u32::try_from(len).unwrap();
    li("a0", to) + &li("a1", from) + &li("a2", len) + &set(0, 0x813, A1) + "add zero, a0, a2\n"
}

/// A call on pointers to operands.
fn call(csr: u32, pointers: &[u32]) -> String {
    let mut text = String::new();
    for (place, &pointer) in (TABLE..).step_by(8).zip(pointers) {
        text += &(li("t0", pointer) + &li("t1", place) + "sd t0, 0(t1)\n");
    }
    text + &li("a0", TABLE) + &set(A0, csr, A0)
}

fn guest(text: &str) -> Program {
    let end = "addi a0, zero, 7\naddi a7, zero, 93\necall\n";
    let (code, _) = assemble(Xlen::Rv64, ROM, &format!("{text}\n{end}"));
    Program::from_code(Xlen::Rv64, ROM, &code)
}

fn execute_program(program: &Program, input: Vec<u8>) -> Result<Run, RunError> {
    let input = Input { hints: vec![input], ..Input::default() };
    run(program, &Patches::none(), Environment::Zisk, &input, &Limits::none())
}

fn execute(text: &str, input: Vec<u8>) -> Result<Run, RunError> {
    execute_program(&guest(text), input)
}

/// So many bytes from `offset` of the data on, after a call on operands at offsets in the data.
fn result(csr: u32, offsets: &[u32], data: &[u8], out: (u32, usize)) -> Vec<u8> {
    let pointers: Vec<u32> = offsets.iter().map(|offset| DATA + offset).collect();
    let text = copy(DATA, NEW_INPUT, data.len())
        + &call(csr, &pointers)
        + &copy(PUBLIC, DATA + out.0, out.1);
    execute(&text, data.to_vec()).unwrap().public_values[..out.1].to_vec()
}

/// The same with an operand in the place of the table.
fn direct(csr: u32, data: &[u8], len: usize) -> Vec<u8> {
    let text = copy(DATA, NEW_INPUT, data.len())
        + &li("a0", DATA)
        + &set(0, csr, A0)
        + &copy(PUBLIC, DATA, len);
    execute(&text, data.to_vec()).unwrap().public_values[..len].to_vec()
}

#[test]
fn input_public_values_and_console() {
    let text = li("a0", NEW_INPUT)
        + "lbu s0, 1(a0)\n"
        + &li("a0", OLD_INPUT)
        + "ld s1, 0(a0)\nlbu s2, 9(a0)\n"
        + &li("a0", PUBLIC)
        + "sw s0, 4(a0)\n"
        + &li("a0", CONSOLE)
        + "addi a1, zero, 0x68\nsb a1, 0(a0)\naddi a1, zero, 0x69\nsb a1, 0(a0)\nsb a1, 1(a0)\n"
        + &set(19, 0xf12, 0);
    let program = guest(&text);
    assert_eq!(Environment::detect(&program), Environment::Zisk);
    let run = execute_program(&program, b"abc".to_vec()).unwrap();
    assert_eq!(run.registers[8..=9], [u64::from(b'b'), 3]);
    assert_eq!(run.registers[18..=19], [u64::from(b'b'), 0x0fff_eeee]);
    assert_eq!((run.public_values.len(), run.public_values[4]), (256, b'b'));
    assert_eq!(run.stdout, b"hi");
    assert_eq!(run.exit_code, 0, "older guests leave anything in a0");
    let symbol = Symbol {
        name: "__init_array_start".to_owned(),
        addr: 0xa010_0000,
        size: 0,
        is_function: false,
    };
    let newer = guest(&text).with_symbols(vec![symbol]);
    assert_eq!(execute_program(&newer, vec![0; 3]).unwrap().exit_code, 7);
}

#[test]
fn hashes() {
    let (state, hash) = keccak_of_nothing();
    assert_eq!(direct(0x800, &state, 32), hash);
    let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let block: Vec<u8> = abc_block().iter().flat_map(|w| w.to_be_bytes()).collect();
    let data = [words(&SHA256_START), block].concat();
    assert_eq!(result(0x805, &[0, 32], &data, (0, 32)), words(&SHA256_ABC));
}

#[test]
fn points() {
    let curves: [(Multiples, u32, u32); 4] = [
        (SECP256K1, 0x803, 0x804),
        (BN254, 0x806, 0x807),
        (BLS12_381, 0x80c, 0x80d),
        (SECP256R1, 0x817, 0x818),
    ];
    for (curve, add, double) in curves {
        let [one, two, three] = curve.map(point);
        let (size, offset) = (one.len(), u32::try_from(one.len()).unwrap());
        assert_eq!(direct(double, &one, size), two);
        let data = [one, two].concat();
        assert_eq!(result(add, &[0, offset], &data, (0, size)), three);
    }
}

#[test]
fn wide_and_complex_numbers() {
    for (first, size) in [(0x808, 32), (0x80e, 48)] {
        let offset = u32::try_from(2 * size).unwrap();
        let numbers = |n: [u8; 2]| n.map(|n| small(n, size)).concat();
        let data = [numbers([7, 5]), numbers([3, 1])].concat();
        let complex = |op: u32| result(first + op, &[0, offset], &data, (0, 2 * size));
        assert_eq!(complex(0), numbers([10, 6]));
        assert_eq!(complex(1), numbers([4, 4]));
        assert_eq!(complex(2), numbers([16, 22]));
    }
    let all = vec![0xff; 96];
    let product = result(0x801, &[0, 32, 64, 96, 128], &all, (96, 64));
    assert_eq!((product[0], product[32]), (0, 0xff));
    for (csr, size) in [(0x802, 32), (0x80b, 48)] {
        let offset = u32::try_from(size).unwrap();
        let data = [5, 6, 1, 7].map(|n| small(n, size)).concat();
        let offsets = [0, 1, 2, 3, 4].map(|i| i * offset);
        assert_eq!(result(csr, &offsets, &data, (4 * offset, size)), small(3, size));
    }
    // a + b + 1, with a carry in the instruction's register.
    let text = copy(DATA, NEW_INPUT, 64)
        + &call(0x811, &[DATA, DATA + 32, 1, DATA + 64])
        + "addi s0, a0, 0\n"
        + &copy(PUBLIC, DATA + 64, 32);
    let run = execute(&text, vec![0xff; 64]).unwrap();
    assert_eq!((run.registers[8], &run.public_values[..32]), (1, &[0xff; 32][..]));
}

#[test]
fn memory_is_copied_compared_and_filled() {
    // The older order of operands.
    let text = li("a0", PUBLIC)
        + &li("a1", NEW_INPUT)
        + "addi a2, zero, 6\n"
        + &set(0, 0x813, A2)
        + "add zero, a0, a1\n"
        // Both forms of a comparison: a0 - b0 is "f" - "e".
        + &li("a0", PUBLIC)
        + &li("a1", NEW_INPUT + 4)
        + "addi a2, zero, 2\n"
        + &set(0, 0x814, A1)
        + "add s0, a0, a2\n"
        + &set(9, 0x814, A1)
        + "add zero, a0, a2\n"
        + &li("a0", PUBLIC + 8)
        + &immediate(6, 0x816, 2)
        + "addi zero, a0, 3\naddi zero, a0, 0x61\n"
        + &li("a0", PUBLIC + 16)
        + "addi a2, zero, 2\n"
        + &set(0, 0x816, A0)
        + "addi zero, a2, 0x62\n";
    let run = execute(&text, b"fghiea".to_vec()).unwrap();
    assert_eq!(run.public_values[..6], *b"fghiea");
    assert_eq!(run.public_values[8..12], *b"aaa\0");
    assert_eq!(run.public_values[16..19], *b"bb\0");
    assert_eq!(run.registers[8..=9], [1, 1]);
}

/// Asks a function about the words of the input, of which a parameter has 2^`port`.
fn ask(function: u32, port: u32, input: &[u8], more: &str, answer: usize) -> Vec<u8> {
    let mut text = copy(DATA, NEW_INPUT, input.len())
        + &li("a0", DATA)
        + &set(0, 0x8f0 + port, A0)
        + more
        + &immediate(5, 0x8c0 + (function >> 5), function & 31);
    for word in 0..answer {
        text += &(li("a1", PUBLIC) + &set(A0, 0xffe, 0) + &format!("sd a0, {}(a1)\n", 8 * word));
    }
    execute(&text, input.to_vec()).unwrap().public_values[..8 * answer].to_vec()
}

#[test]
fn values_that_guests_check_themselves() {
    let half = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffff7ffffe18";
    assert_eq!(ask(1, 2, &small(2, 32), "", 4), little(half));
    assert_eq!(ask(2, 2, &small(1, 32), "", 4), small(1, 32));
    // Of 4, the odd root is -2; 3 · 3 is a square, and 3 is none.
    let parity = String::from("addi a0, zero, 1\n") + &set(0, 0x8f0, A0);
    let root = ask(3, 2, &small(4, 32), &parity, 5);
    assert_eq!((root[0], root[8], root[39]), (1, 0x2d, 0xff));
    assert_eq!(ask(3, 2, &small(3, 32), &parity, 5)[0], 0);
    let two = [small(2, 48), vec![0; 16]].concat();
    assert_eq!(ask(10, 3, &two, "", 6)[47], 0x0d);
    assert_eq!(ask(11, 3, &[small(4, 48), vec![0; 16]].concat(), "", 7)[0], 1);
    // The inverse of i is -i.
    let i = [small(0, 32), small(1, 32)].concat();
    let inverse = ask(7, 3, &i, "", 8);
    assert_eq!((&inverse[..32], inverse[32]), (&[0; 32][..], 0x46));
    assert!(ask(23, 0, &[0; 8], "", 0).is_empty());
    // Answers may be copied to memory, too.
    let text = copy(DATA, NEW_INPUT, 32)
        + &li("a0", DATA)
        + &set(0, 0x8f2, A0)
        + &immediate(5, 0x8c0, 1)
        + &li("a0", PUBLIC)
        + "addi a2, zero, 32\n"
        + &set(0, 0x815, A0)
        + "add zero, a0, a2\n";
    assert_eq!(execute(&text, small(2, 32)).unwrap().public_values[..32], little(half));
}

#[test]
fn what_is_not_known_is_named() {
    let error = execute(&(li("a0", DATA) + &set(0, 0x812, A0)), vec![]).unwrap_err().to_string();
    assert!(error.contains("poseidon2") && error.contains("a0=0xa0100000"), "{error}");
    let error = execute(&set(0, 0x84f, A0), vec![]).unwrap_err();
    assert!(matches!(error, RunError::UnknownCall { number: 0x84f, .. }), "{error}");
    let error = execute("addi a7, zero, 64\necall", vec![]).unwrap_err();
    assert!(matches!(error, RunError::UnknownCall { number: 64, .. }), "{error}");
    let error = execute(&immediate(5, 0x8c0, 4), vec![]).unwrap_err().to_string();
    assert!(error.contains("function 4"), "{error}");
    let error = execute(&set(A0, 0xffe, 0), vec![]).unwrap_err().to_string();
    assert!(error.contains("more values"), "{error}");
    let (code, _) = assemble(Xlen::Rv32, ROM, "addi a0, a0, 1");
    let narrow = Program::from_code(Xlen::Rv32, ROM, &code);
    assert!(matches!(execute_program(&narrow, vec![]), Err(RunError::Unsuitable { .. })));
}
