//! Guests from assembly.

use autoprec_executor::Environment;
use autoprec_guest_elf::Program;
use autoprec_isa::{Inst, Xlen};
use autoprec_machine::Guest;

/// Where the guests of tests begin.
pub(crate) const ENTRY: u64 = 0x1000;

/// The bytes of a line: an instruction, or `.word` and a number.
fn assemble(xlen: Xlen, line: &str) -> Vec<u8> {
    let word = match line.strip_prefix(".word ") {
        Some(number) => {
            let digits = number.strip_prefix("0x").expect("hexadecimal");
            u32::from_str_radix(digits, 16).expect("hexadecimal")
        }
        None => {
            let inst = Inst::parse(xlen, line).unwrap_or_else(|error| panic!("{line}: {error}"));
            inst.encode(xlen).expect("parsed instructions encode")
        }
    };
    word.to_le_bytes().to_vec()
}

/// The program of these lines, from [`ENTRY`] on.
pub(crate) fn program(xlen: Xlen, lines: &str) -> Program {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let code: Vec<u8> = lines.flat_map(|line| assemble(xlen, line)).collect();
    Program::from_code(xlen, ENTRY, &code)
}

/// The guest of these lines.
pub(crate) fn guest(xlen: Xlen, environment: Environment, lines: &str) -> Guest {
    Guest::of_program(program(xlen, lines), Some(environment)).expect("the environment has tables")
}
