//! What loads, what does not, and that nothing panics.
#![expect(clippy::unwrap_used, reason = "tests and their helpers")]

mod elf;

use autoprec_guest_elf::{LoadError, Program};
use autoprec_isa::Xlen;

use crate::elf::{BASE, CODE, Elf, INTERP, RW, RX, look_at_damaged, valid};

#[test]
fn segments_symbols_relocations_and_attributes() {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        let program = Program::load(&valid(xlen).build()).unwrap();
        assert_eq!((program.xlen, program.entry), (xlen, BASE));
        let segments: Vec<_> = program
            .segments
            .iter()
            .map(|s| (s.addr, s.data.clone(), s.file_size, s.executable, s.writable))
            .collect();
        assert_eq!(
            segments,
            [
                (BASE, CODE.to_vec(), 16, true, false),
                (0x30_0000, vec![1, 2, 3, 0, 0, 0, 0, 0], 3, false, true)
            ]
        );
        let names: Vec<_> =
            program.symbols.iter().map(|s| (s.name.as_str(), s.is_function)).collect();
        assert_eq!(
            names,
            [
                ("guest::main", true),
                ("autoprec_10000", false),
                ("asm_label", true),
                ("TABLE", false)
            ]
        );
        // Those that point to code.
        assert_eq!(program.relocations, [BASE + 4, BASE + 12]);
        assert_eq!(program.isa.as_deref(), Some("rv32i2p1_m2p0"));
        let function = |pc| program.function_at(pc).map(|f| f.name.as_str());
        assert_eq!(function(BASE + 4), Some("guest::main"));
        assert_eq!(function(BASE + 12), Some("asm_label"));
        assert_eq!(function(BASE - 4), None);
        assert_eq!(function(BASE + 16), None);
        assert_eq!(program.word_at(BASE + 14), Some(1), "the upper half is missing");
        assert_eq!(program.word_at(0x30_0000), None, "not executable");
        assert_eq!(program.decode_at(BASE + 8).unwrap().len, 2);
    }
}

fn error(change: impl FnOnce(&mut Elf)) -> LoadError {
    let mut elf = valid(Xlen::Rv32);
    change(&mut elf);
    Program::load(&elf.build()).unwrap_err()
}

#[test]
fn every_refusal_says_what_is_wrong() {
    assert!(matches!(Program::load(b"#!/bin/sh"), Err(LoadError::NotElf { len: 9, .. })));
    assert!(matches!(Program::load(b""), Err(LoadError::NotElf { len: 0, .. })));
    assert_eq!(error(|e| e.machine = 62), LoadError::OtherArchitecture { machine: 62 });
    assert_eq!(error(|e| e.endian = 2), LoadError::BigEndian);
    assert_eq!(error(|e| e.kind = 3), LoadError::NotExecutable { kind: 3 });
    assert_eq!(error(|e| e.entry = 0x30_0000), LoadError::EntryOutsideText { entry: 0x30_0000 });
    assert_eq!(error(|e| e.entry = BASE + 1), LoadError::EntryOutsideText { entry: BASE + 1 });
    assert_eq!(error(|e| e.segments[0].1 = RW), LoadError::NoExecutableSegment);
    assert_eq!(
        error(|e| e.segments[1].2 = BASE + 8),
        LoadError::OverlappingSegments { first: BASE, first_end: BASE + 16, second: BASE + 8 }
    );
    let interpreter = b"/lib/ld.so\0".to_vec();
    assert_eq!(
        error(|e| e.segments.push((INTERP, RX, 0, interpreter, 11))),
        LoadError::Dynamic { interpreter: "/lib/ld.so".to_owned() }
    );
    assert!(matches!(error(|e| e.segments[1].4 = 1 << 31), LoadError::TooLarge { .. }));
    assert!(matches!(error(|e| e.segments[1].4 = 2), LoadError::Malformed { .. }));
    assert!(matches!(
        error(|e| e.segments[1].2 = 0xffff_fffe),
        LoadError::OutsideAddressSpace { addr: 0xffff_fffe, size: 8 }
    ));
    let file = valid(Xlen::Rv64).build();
    assert!(matches!(Program::load(&file[..40]), Err(LoadError::Truncated { .. })));
    assert!(matches!(Program::load(&file[..70]), Err(LoadError::Truncated { .. })));
    assert!(matches!(Program::load(&file[..180]), Err(LoadError::Truncated { .. })));
}

#[test]
fn a_file_without_section_table_still_loads() {
    let mut file = valid(Xlen::Rv32).build();
    let sections = file.len() - 6 * 40;
    file.truncate(sections);
    let program = Program::load(&file).unwrap();
    assert!(program.symbols.is_empty() && program.isa.is_none());
}

/// Refusals of files that engineers really pass say what to do.
#[test]
fn refusals_come_with_a_remedy() {
    let text = |change: fn(&mut Elf)| error(change).to_string();
    let cases = [
        (text(|e| e.machine = 62), "machine 62, expected 243", "build the guest for a riscv32"),
        (text(|e| e.endian = 2), "big-endian", "build it for a riscv32"),
        (text(|e| e.kind = 3), "ELF type 3", "-static -no-pie"),
        (text(|e| e.kind = 1), "ELF type 1", "link with"),
        (
            text(|e| e.segments.push((INTERP, RX, 0, b"/lib/ld.so\0".to_vec(), 11))),
            "/lib/ld.so",
            "link it with -static",
        ),
        (text(|e| e.entry = 0), "0x0", "set the entry symbol (-e)"),
        (text(|e| e.segments[1].2 = BASE), "0x200800", "check the linker script"),
        (text(|e| e.segments[1].2 = 0xffff_fffe), "0xfffffffe", "check the linker script"),
        (text(|e| e.segments[1].4 = 1 << 31), "0x300000", "shrink static arrays"),
        (text(|e| e.segments[1].4 = 2), "0x300000", "build the guest or copy it again"),
        (text(|e| e.class = 3), "class", "build the guest or copy it again"),
    ];
    for (message, what, remedy) in cases {
        assert!(message.contains(what) && message.contains(remedy), "{message}");
    }
}

/// A file that is cut is refused as cut, or lacks only what the cut took: the names.
#[test]
fn files_cut_anywhere_are_refused_or_run() {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        let file = valid(xlen).build();
        let whole = Program::load(&file).unwrap();
        let mut last = None;
        for len in 0..file.len() {
            match Program::load(&file[..len]) {
                Ok(program) => {
                    assert_eq!((program.entry, &program.segments), (whole.entry, &whole.segments));
                    last = last.or(Some(len));
                }
                Err(LoadError::NotElf { len: got, .. }) => assert!(len < 4 && got == len),
                // The byte of the class.
                Err(LoadError::Malformed { part, .. }) => {
                    assert_eq!((part, len), ("file header", 4));
                }
                Err(LoadError::Truncated { need, len: got, .. }) => {
                    assert!(need > got && got == len as u64, "{need}, {len}");
                }
                Err(error) => panic!("{len}: {error}"),
            }
            assert!(last.is_none() || Program::load(&file[..len]).is_ok(), "{len}");
        }
        let headers = if xlen == Xlen::Rv32 { 52 + 2 * 32 } else { 64 + 2 * 56 };
        assert_eq!(last, Some(headers + CODE.len() + 3), "what is in the segments is needed");
    }
}

/// Compilers set `e_flags` as they like; what a guest needs is seen when it is decoded.
#[test]
fn flags_are_ignored() {
    let file = valid(Xlen::Rv32).build();
    let whole = Program::load(&file).unwrap();
    // Compressed, floating-point conventions, 16 registers, total store order, and unknown ones.
    for flags in [1u32, 2, 4, 6, 8, 9, 16, u32::MAX] {
        let mut file = file.clone();
        file[36..40].copy_from_slice(&flags.to_le_bytes());
        let mut program = Program::load(&file).unwrap();
        program.digest.clone_from(&whole.digest);
        assert_eq!(program, whole);
    }
}

#[test]
fn mutated_and_truncated_files_do_not_panic() {
    look_at_damaged(|file| {
        let Ok(program) = Program::load(file) else { return false };
        // Whatever loaded can be looked at.
        let _ = program.function_at(BASE);
        true
    });
}
