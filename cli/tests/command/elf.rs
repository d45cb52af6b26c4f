//! Small ELF files, written byte by byte.

use autoprec_isa::{Inst, Xlen};

/// Machine number of RISC-V.
pub(crate) const RISC_V: u16 = 243;
/// Machine number of x86-64.
pub(crate) const X86_64: u16 = 62;

/// An ELF of 32 bits with one executable segment, entered at its start.
pub(crate) fn elf(machine: u16, code: &[u32]) -> Vec<u8> {
    const HEADERS: u32 = 52 + 32;
    const BASE: u32 = 0x1_0000;
    let code: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    let size = u32::try_from(code.len()).unwrap();
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    half(&mut file, 2); // executable
    half(&mut file, machine);
    for value in [1, BASE + HEADERS, 52, 0, 0] {
        word(&mut file, value); // version, entry, program headers, no sections, flags
    }
    for value in [52, 32, 1, 40, 0, 0] {
        half(&mut file, value); // sizes and counts of headers
    }
    for value in [1, HEADERS, BASE + HEADERS, BASE + HEADERS, size, size, 5, 4] {
        word(&mut file, value); // a loaded segment, readable and executable
    }
    file.extend(code);
    file
}

/// An RV32 guest from assembly.
pub(crate) fn guest(assembly: &[&str]) -> Vec<u8> {
    let encode = |text: &&str| {
        let inst = Inst::parse(Xlen::Rv32, text).unwrap();
        inst.encode(Xlen::Rv32).unwrap()
    };
    elf(RISC_V, &assembly.iter().map(encode).collect::<Vec<_>>())
}
