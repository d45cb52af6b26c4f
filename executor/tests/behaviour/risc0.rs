//! RISC Zero's calls, from assembly.

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::{LoadError, Patches, Program};
use autoprec_isa::Xlen;

use crate::common::{BASE, program};
use crate::elf::Elf;
use crate::vectors::{SHA256_ABC, SHA256_START, abc_block, small};

/// Where data goes.
const DATA: u32 = 0x40_0000;
/// The name of a software call is the first thing in the text.
const NAME: u32 = 0x20_0804;

fn li(register: &str, value: u32) -> String {
    let high = value.wrapping_add(0x800) >> 12;
    let low = (value & 0xfff).cast_signed();
    let low = if low < 0x800 { low } else { low - 0x1000 };
    format!("lui {register}, {high:#x}\naddi {register}, {register}, {low}\n")
}

/// Loads registers, then calls.
fn call(selector: u32, registers: &[(&str, u32)]) -> String {
    let loads: String = registers.iter().map(|(register, value)| li(register, *value)).collect();
    loads + &li("t0", selector) + "ecall\n"
}

/// A program whose software calls have one name.
fn guest(name: &str, text: &str) -> Program {
    let mut bytes = format!("risc0_zkvm_platform::syscall::nr::{name}\0").into_bytes();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let words = bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    let name = words.fold(String::new(), |text, word| text + &format!(".word {word:#010x}\n"));
    let end = call(0, &[("a0", 0x0300)]);
    let text = format!("guest:\njal zero, @.start\n{name}.start:\n{text}\n{end}");
    program(Xlen::Rv32, &text).0
}

fn execute(name: &str, text: &str, stdin: &[u8]) -> Result<Run, RunError> {
    let args = vec!["guest".to_owned(), "second".to_owned()];
    let input = Input { stdin: stdin.to_vec(), args, ..Input::default() };
    run(&guest(name, text), &Patches::none(), Environment::Risc0, &input, &Limits::none())
}

/// A software call of the program's name, with a place for its answer.
fn software(room: u32, args: &[u32]) -> String {
    let mut registers = vec![("a0", DATA), ("a1", room), ("a2", NAME)];
    registers.extend(["a3", "a4", "a5"].into_iter().zip(args.iter().copied()));
    call(2, &registers)
}

const KEEP: &str = "addi s2, a0, 0\naddi s3, a1, 0\n";

#[test]
fn standard_input_is_read_as_either_version_asks() {
    // Whole words, and the rest in a register.
    let old = software(1, &[0, 6]) + KEEP;
    let run = execute("SYS_READ", &old, b"abcdefgh").unwrap();
    assert_eq!((run.exit_code, run.registers[18]), (3, 6));
    assert_eq!(run.registers[19], u64::from(u32::from_le_bytes(*b"ef\0\0")));
    let short = execute("SYS_READ", &old, b"ab").unwrap();
    assert_eq!(short.registers[18..20], [2, 0]);
    // All bytes to memory.
    let new = software(6, &[0, 6]) + KEEP + &li("a4", DATA) + "lw s4, 2(a4)\nlbu s4, 5(a4)\n";
    let new = new.replace("lw s4, 2(a4)\n", "");
    let run = execute("SYS_READ", &new, b"abcdefgh").unwrap();
    assert_eq!(run.registers[18..=20], [6, 0, u64::from(b'f')]);
    let error = execute("SYS_READ", &software(1, &[5, 4]), b"").unwrap_err().to_string();
    assert!(error.contains("descriptor 5"), "{error}");
}

#[test]
fn output_journal_and_log() {
    let text =
        software(0, &[1, NAME, 5]) + &software(0, &[2, NAME, 3]) + &software(0, &[3, NAME, 4]);
    let run = execute("SYS_WRITE", &text, b"").unwrap();
    assert_eq!((run.stdout, run.stderr), (b"risc0".to_vec(), b"ris".to_vec()));
    assert_eq!(run.public_values, b"risc");
    assert!(run.profile.calls.iter().any(|call| call.name == "sys_write" && call.count == 3));
    let run = execute("SYS_LOG", &software(0, &[NAME, 5]), b"").unwrap();
    assert_eq!(run.stdout, b"risc0\n");
    let error = execute("SYS_PANIC", &software(0, &[NAME, 5]), b"").unwrap_err().to_string();
    assert!(error.contains("panicked: risc0"), "{error}");
}

#[test]
fn arguments_environment_cycles_and_random_words() {
    let value = |name: &str, text: String| execute(name, &(text + KEEP), b"").unwrap().registers;
    assert_eq!(value("SYS_ARGC", software(0, &[]))[18], 2);
    let text = software(2, &[1]) + KEEP + &li("a4", DATA) + "lbu s4, 5(a4)\n";
    let run = execute("SYS_ARGV", &text, b"").unwrap();
    assert_eq!((run.registers[18], run.registers[20]), (6, u64::from(b'd')));
    assert_eq!(value("SYS_GETENV", software(0, &[]))[18], 0xffff_ffff);
    assert!(value("SYS_CYCLE_COUNT", software(0, &[]))[19] >= 9);
    let text = software(2, &[]) + &li("a4", DATA) + "lw a0, 4(a4)\n";
    assert_ne!(value("SYS_RANDOM", text)[18], 0);
    assert_eq!(value("SYS_VERIFY_INTEGRITY2", software(0, &[DATA, 64]))[18], 0);
    let error = execute("SYS_FORK", &software(0, &[]), b"").unwrap_err().to_string();
    assert!(error.contains("`sys_fork`") && error.contains("a2=0x200804"), "{error}");
}

/// Reads so many bytes of input to the data, then continues.
fn with_data(len: usize, text: &str) -> String {
    let len = u32::try_from(len).unwrap();
    software(len, &[0, len]) + text
}

/// The first words of the data at the end.
fn data_after(text: &str, stdin: &[u8], words: usize) -> Vec<u32> {
    let show: String =
        (0..words).map(|i| li("a4", DATA) + &format!("lw s{}, {}(a4)\n", i + 2, 4 * i)).collect();
    let run = execute("SYS_READ", &(with_data(stdin.len(), text) + &show), stdin).unwrap();
    run.registers[18..18 + words].iter().map(|&w| u32::try_from(w).unwrap()).collect()
}

#[test]
fn hashes_and_products() {
    let big = |words: &[u32]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<u8>>();
    let stdin = [big(&SHA256_START), big(&abc_block())].concat();
    let sha =
        call(3, &[("a0", DATA), ("a1", DATA), ("a2", DATA + 32), ("a3", DATA + 64), ("a4", 1)]);
    let expected: Vec<u32> = SHA256_ABC.iter().map(|w| w.swap_bytes()).collect();
    assert_eq!(data_after(&sha, &stdin, 8), expected);
    let stdin = [small(6, 32), small(9, 32), small(11, 32)].concat();
    let multiply =
        call(4, &[("a0", DATA), ("a1", 0), ("a2", DATA), ("a3", DATA + 32), ("a4", DATA + 64)]);
    assert_eq!(data_after(&multiply, &stdin, 2), [54 % 11, 0]);
}

/// A program for big numbers: (x · y) mod m and its inverse, from `a1` on, to the place of x and y.
fn big_program() -> Vec<u8> {
    let operation = |code: u64, a: u64, b: u64| code | a << 16 | b << 40;
    let operand = |distance: u64| 11 << 16 | distance;
    let operations = [
        operation(3, operand(0), 0),
        operation(3, operand(1), 0),
        operation(3, operand(2), 0),
        operation(0xa, 0, 1),
        operation(0xb, 3, 2),
        operation(0xe, 4, 2),
        // A constant, 5, and the inverse less 5 plus 5.
        operation(2, 0, 1),
        operation(9, 5, 6),
        operation(8, 7, 6),
        operation(4, operand(0), 4),
        operation(4, operand(1), 8),
    ];
    let mut bytes = b"bibc".to_vec();
    let counts = [1, 0, 1, 1, u32::try_from(operations.len()).unwrap()];
    bytes.extend(counts.iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([16_u64, 0, 0, 0, 5].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend(operations.iter().flat_map(|n| n.to_le_bytes()));
    bytes
}

#[test]
fn programs_for_big_numbers_run() {
    let code = big_program();
    let size = u32::try_from(code.len() / 4).unwrap();
    let blob = [&size.to_le_bytes()[..], &[0; 12], &code].concat();
    let stdin = [small(6, 16), small(9, 16), small(11, 16), blob].concat();
    let blob = DATA + 48;
    let text = call(6, &[("a0", blob), ("t1", blob + 16), ("a1", DATA)]);
    // 54 is 10 modulo 11, which is its own inverse.
    assert_eq!(data_after(&text, &stdin, 8), [10, 0, 0, 0, 10, 0, 0, 0]);
    let mut broken = stdin.clone();
    broken[64] ^= 1;
    let error = execute("SYS_READ", &with_data(stdin.len(), &text), &broken).unwrap_err();
    assert!(error.to_string().contains("bigint2"), "{error}");
}

#[test]
fn other_calls_are_named() {
    let error = execute("SYS_LOG", &call(9, &[("a0", 4)]), b"").unwrap_err();
    assert!(matches!(error, RunError::UnknownCall { number: 9, .. }), "{error}");
    let error = execute("SYS_LOG", &call(7, &[("a0", 4)]), b"").unwrap_err().to_string();
    assert!(error.contains("Poseidon2"), "{error}");
}

#[test]
fn guests_are_recognised_and_taken_out_of_program_binaries() {
    let guest = guest("SYS_LOG", &software(0, &[NAME, 5]));
    assert_eq!(Environment::detect(&guest), Environment::Risc0);
    let elf = Elf::of(Xlen::Rv32, &guest.segments[0].data).build();
    let number = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let header = [7; 12];
    let mut binary = [b"R0BF".to_vec(), number(1).to_vec(), number(12).to_vec()].concat();
    binary.extend([&header[..], &number(elf.len()), &elf, b"\x7fELF kernel"].concat());
    let loaded = Program::load(&binary).unwrap();
    assert_eq!((loaded.entry, loaded.segments), (BASE, guest.segments));
    for len in 0..binary.len() - 11 {
        assert!(Program::load(&binary[..len]).is_err());
    }
    let error = Program::load(&binary[..40]).unwrap_err();
    assert!(matches!(error, LoadError::Malformed { part, .. } if part.contains("RISC Zero")));
}
