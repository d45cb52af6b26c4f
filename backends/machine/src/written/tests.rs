//! The lemmas of the tables, by machine: rows of records are accepted, and a row with one cell changed is
//! rejected, does the same, or differs in what the prover may choose.

use autoprec_circuits::{
    BabyBear, BusKind as _, Check, ColumnId, Field, MachineBus, MachineSystem, Pasta,
};
use autoprec_isa::Xlen;
use autoprec_synth::{HALO2, PLONKY3, Target};
use proptest::prelude::*;

use super::lower;
use crate::table::Written;

/// A record of a table, and the names of the columns that are the prover's to choose.
/// The carry of a copy is: only the next row shows that the next pointer is in range.
type Case = (Written, Vec<u64>, &'static [&'static str]);

/// The beginning of each request: pc, time, next.
const BEGIN: [u64; 3] = [0x2_0800, 0x1234, 0x2_0804];

fn openvm(word: u64, new: u64, place: u64) -> Vec<Case> {
    let at = |rest: &[u64]| [&BEGIN[..], rest].concat();
    let address = 4 * (word >> 2);
    let next = Xlen::Rv32.mask(address + 4);
    let offset = Xlen::Rv32.mask((4 * place).wrapping_sub(word));
    vec![
        (Written::Terminate, at(&[7]), &[]),
        (Written::HintStore, at(&[11, address, 0x1233, word, new, 0]), &["new"]),
        (Written::HintBuffer, at(&[11, address, 3, 12, 1000, 4, address]), &["last"]),
        (Written::CopyHint, vec![77, address, 10, word, new, 5], &["new", "carry"]),
        (Written::CopyHint, vec![77, 0xffff_fffc, 10, word, new, 5], &["new", "carry"]),
        (Written::Reveal, at(&[5, word, 3, 6, new, 4, offset, word, 0]), &[]),
        (Written::CopyHint, vec![77, next, 1, new, word, 5], &["new", "carry"]),
    ]
}

fn linux(xlen: Xlen, word: u64, other: u64, count: u64) -> Vec<Case> {
    let at = |rest: &[u64]| [&BEGIN[..], rest].concat();
    let (word, other) = (xlen.mask(word), xlen.mask(other));
    let shift = 8 * (other % u64::from(xlen.bytes()));
    let byte = word >> shift & 0xff;
    let new = word & !(0xff << shift) | 0x5a << shift;
    let limit = count.max(word);
    vec![
        (Written::Exit, at(&[93, 5, word, 6]), &[]),
        (Written::Exit, at(&[94, 5, word, 6]), &[]),
        (Written::Read, at(&[5, count, 6, word, 7, limit, 8, other]), &["count", "last"]),
        (Written::Write, at(&[5, 6, word, 7, count, 8, 1000, 9, other]), &["last"]),
        (Written::WriteError, at(&[5, 6, word, 7]), &[]),
        (Written::CopyIn, vec![88, other, 3, word, 0x5a, new, 7], &["value", "carry"]),
        (Written::CopyOut, vec![88, other, 3, 12, word, byte, 7], &["carry"]),
    ]
}

fn memory(xlen: Xlen, word: u64, other: u64) -> Vec<Case> {
    let bytes = u64::from(xlen.bytes());
    let align = |word: u64| xlen.mask(word) - xlen.mask(word) % bytes;
    let (a, b) = (align(word).min(align(other)), align(word).max(align(other)));
    let (before, address) = if a == b { (0, bytes) } else { (a, b) };
    let top = align(u64::MAX);
    vec![
        (Written::Registers, vec![7, 5, xlen.mask(word), 99], &["time", "first", "last", "number"]),
        (Written::MemoryImage, vec![address, before, 0, 5, 99, 6], &["time", "last", "before"]),
        (Written::MemoryImage, vec![address, 0, 1, 5, 99, 6], &["time", "last"]),
        (Written::MemoryZeros, vec![address, before, 0, 5, 99, before, top], &["time", "last"]),
        (Written::MemoryZeros, vec![address, 0, 1, 5, 99, 0, address], &["time", "last"]),
    ]
}

/// What a row says that is not for the table itself to decide: what it receives, and what it asks of
/// fixed tables.
fn given<F: Field>(system: &MachineSystem<F>, row: &[F]) -> Vec<(MachineBus, Vec<F>)> {
    let received = system.interactions.iter().filter(|interaction| {
        let lookup = !interaction.bus.is_stateful() && interaction.bus != MachineBus::Range;
        lookup || interaction.multiplicity.eval(row) == -F::ONE
    });
    received.map(|i| (i.bus, i.message.iter().map(|field| field.eval(row)).collect())).collect()
}

fn check<F: Field>(target: &Target, xlen: Xlen, (table, record, free): &Case) {
    let (system, rows) = lower::<F>(*table, target, xlen);
    assert_eq!(rows.record_words(), record.len(), "{table:?}");
    assert_eq!(system.padding_violations(), Vec::<String>::new(), "{table:?}");
    assert!(system.degree() <= target.limits.degree, "{table:?}");
    let mut row = vec![F::ZERO; rows.width()];
    rows.generate(record, &mut row);
    if let Some(violation) = system.violations(&row).first() {
        panic!("{table:?} {record:x?}: {}", system.explain(violation, &row));
    }
    let check = Check::new(&system);
    let changes = [F::ONE, -F::ONE, F::from_u64(1 << 16), F::from_u64(12345)];
    for (index, column) in (0..).map(ColumnId).zip(&system.columns) {
        let named = free.iter().any(|name| column.name.starts_with(name));
        for change in changes {
            let mut other = row.clone();
            other[index.index()] = other[index.index()] + change;
            let harmless = check.rejects_change(&other, index)
                || named
                || given(&system, &row) != given(&system, &other)
                || check.same_effect(&row, &other, index);
            assert!(harmless, "{table:?} {record:x?}: {} can be changed", column.name);
        }
    }
}

fn check_all(xlen: Xlen, cases: &[Case]) {
    for case in cases {
        check::<Pasta>(&HALO2, xlen, case);
        check::<BabyBear>(&PLONKY3, xlen, case);
    }
}

/// Words with many edges.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        any::<u16>().prop_map(u64::from),
        any::<u16>().prop_map(|w| !u64::from(w))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn requests_of_openvm(word in word(), new in word(), place in 0..8_u64) {
        check_all(Xlen::Rv32, &openvm(Xlen::Rv32.mask(word), Xlen::Rv32.mask(new), place));
    }

    #[test]
    fn calls_of_linux(word in word(), other in word(), count in 0..0x90_0000_u64) {
        for xlen in [Xlen::Rv32, Xlen::Rv64] {
            check_all(xlen, &linux(xlen, word, other, count));
        }
    }

    #[test]
    fn first_and_last_values(word in word(), other in word()) {
        for xlen in [Xlen::Rv32, Xlen::Rv64] {
            check_all(xlen, &memory(xlen, word, other));
        }
    }
}

/// A record whose row must not be accepted.
fn refused<F: Field>(target: &Target, xlen: Xlen, table: Written, record: &[u64]) {
    let (system, rows) = lower::<F>(table, target, xlen);
    let mut row = vec![F::ZERO; rows.width()];
    rows.generate(record, &mut row);
    assert!(!system.violations(&row).is_empty(), "{table:?} {record:x?}");
}

#[test]
fn what_cannot_be_has_no_row() {
    let at = |rest: &[u64]| [&BEGIN[..], rest].concat();
    let cases = [
        (Written::HintStore, at(&[11, 0x1002, 0x1233, 0, 0, 0])),
        (Written::HintStore, at(&[11, 0x1000, 0x1234, 0, 0, 0])),
        (Written::HintStore, at(&[11, 0x1000, 3, 0, 0, 0x1235])),
        (Written::HintBuffer, at(&[11, 0x1000, 3, 12, 1024, 4, 0])),
        (Written::HintBuffer, at(&[11, 0x1000, 3, 12, 1 << 16, 4, 0])),
        (Written::CopyHint, vec![77, 0x1001, 10, 0, 0, 5]),
        (Written::Reveal, at(&[5, 0, 3, 6, 0, 4, 32, 0, 0])),
        (Written::Reveal, at(&[5, 0, 3, 6, 0, 4, 0xffff_fffc, 0, 0])),
        (Written::Reveal, at(&[5, 1, 3, 6, 0, 4, 4, 0, 0])),
        (Written::Exit, at(&[95, 5, 0, 6])),
        (Written::Read, at(&[5, 10, 6, 0, 7, 9, 8, 0])),
        (Written::Read, at(&[5, 1 << 30, 6, 0, 7, 1 << 31, 8, 0])),
        (Written::Write, at(&[5, 6, 0, 7, 1 << 30, 8, 0, 9, 0])),
        (Written::MemoryImage, vec![0x1000, 0x1000, 0, 0, 0, 0]),
        (Written::MemoryImage, vec![0x1000, 0xffff_fffc, 0, 0, 0, 0]),
        (Written::MemoryImage, vec![0x1002, 0x1000, 0, 0, 0, 0]),
        (Written::MemoryZeros, vec![0x1000, 0, 0, 0, 0, 0x1004, 0x2000]),
        (Written::MemoryZeros, vec![0x3000, 0, 0, 0, 0, 0x1004, 0x2000]),
    ];
    for (table, record) in cases {
        refused::<Pasta>(&HALO2, Xlen::Rv32, table, &record);
        refused::<BabyBear>(&PLONKY3, Xlen::Rv32, table, &record);
    }
}
