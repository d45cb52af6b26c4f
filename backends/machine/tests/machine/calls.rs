//! Calls of a precompile that stands alone, and guests that call one.

use autoprec_blocks::{Region, RegionInst};
use autoprec_circuits::{BabyBear, Field, Pasta};
use autoprec_executor::Environment;
use autoprec_guest_elf::{PrecompileId, Program};
use autoprec_isa::Xlen;
use autoprec_machine::{CallState, CallTable, CallsError, Cell, parse_calls};
use autoprec_synth::{HALO2, PLONKY3, Target};

use crate::assembly::{ENTRY, guest, program};
use crate::runs::{LINUX, checked, input};

/// The body of the loop of [`LINUX`]: its first instruction, and the one behind it.
const BODY: (u64, u64) = (ENTRY + 4 * 10, ENTRY + 4 * 15);

fn id(index: u32) -> PrecompileId {
    PrecompileId::from_index(index)
}

fn region(program: &Program, (entry, end): (u64, u64)) -> Region {
    let insts = (entry..end).step_by(4).map(|pc| {
        let decoded = program.decode_at(pc).expect("it is code");
        RegionInst { pc, inst: decoded.inst, len: decoded.len }
    });
    Region::from_insts(program.xlen, insts.collect(), 0)
}

fn runs_with_calls<F: Field>(target: &Target, xlen: Xlen) {
    let plain = guest(xlen, Environment::Bare, LINUX);
    let calls = [(id(3), BODY.0, BODY.1), (id(0), ENTRY, ENTRY + 8)];
    let patched = plain.clone().with_calls(calls).expect("they are regions");
    let input = input(b"some bytes");
    let (before, after) =
        (checked::<F>(&plain, target, &input), checked::<F>(&patched, target, &input));
    assert_eq!((before.output, before.exit_code), (after.output, after.exit_code));
    assert_eq!(before.instructions - after.instructions, 10 * 4 + 1);
    assert!(after.claims.rows.contains(&(10_003, 10)), "{:?}", after.claims.rows);
}

#[test]
fn precompiles_do_what_they_replace() {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        runs_with_calls::<Pasta>(&HALO2, xlen);
        runs_with_calls::<BabyBear>(&PLONKY3, xlen);
    }
}

/// Two calls of the body of the loop, on bytes of two words.
const CALLS: &str = r#"[
    {"time": 10, "registers": [{"at": 5, "value": 8193, "time": 3}],
     "memory": [{"at": 8192, "value": 4660, "time": 0}]},
    {"time": 20, "registers": [{"at": 5, "value": 8207, "time": 14}, {"at": 7, "value": 9, "time": 1}],
     "memory": [{"at": 8200, "value": 0, "time": 12}, {"at": 8204, "value": 255, "time": 12}]}
]"#;

fn calls_stand_alone<F: Field>(target: &Target, xlen: Xlen) {
    let program = program(xlen, LINUX);
    let table: CallTable<F> =
        CallTable::new(&region(&program, BODY), id(7), target).expect("it has a table");
    let mut states = parse_calls(CALLS.as_bytes()).expect("they are calls");
    for state in &mut states {
        state.memory.retain(|cell| cell.at.is_multiple_of(xlen.bytes().into()));
    }
    let calls = table.run(&states).expect("they run");
    calls.statement.check(&calls.trace).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(table.statement(&calls.interface), Ok(calls.statement.clone()));
    for index in 0..calls.interface.messages.len() {
        for field in 0..calls.interface.messages[index].fields.len() {
            let mut other = calls.interface.clone();
            other.messages[index].fields[field] += 1;
            let statement = table.statement(&other);
            assert!(statement.map_or(true, |statement| statement.check(&calls.trace).is_err()));
        }
        let mut other = calls.interface.clone();
        other.messages.remove(index);
        let statement = table.statement(&other).expect("it is an interface");
        assert!(statement.check(&calls.trace).is_err());
        assert_ne!(statement.binding, calls.statement.binding);
    }
    let mut other = calls.interface.clone();
    other.calls += 1;
    let statement = table.statement(&other).expect("it is an interface");
    assert!(statement.check(&calls.trace).is_err());
}

#[test]
fn calls_are_stated_alone() {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        calls_stand_alone::<Pasta>(&HALO2, xlen);
        calls_stand_alone::<BabyBear>(&PLONKY3, xlen);
    }
}

#[test]
fn states_that_are_none_are_refused() {
    let program = program(Xlen::Rv32, LINUX);
    let table: CallTable<Pasta> =
        CallTable::new(&region(&program, BODY), id(7), &HALO2).expect("it has a table");
    let cell = |at, value, time| Cell { at, value, time };
    let state = |registers, memory| CallState { time: 10, registers, memory };
    let cases = [
        (state(vec![cell(5, 0x2001, 3)], vec![]), "of which its state says nothing"),
        (state(vec![cell(5, 0x2001, 10)], vec![]), "not before"),
        (state(vec![cell(0, 1, 1)], vec![]), "no register"),
        (state(vec![cell(5, 1 << 32, 1)], vec![]), "no word"),
        (state(vec![], vec![cell(2, 1, 1)]), "aligned"),
        (state(vec![], vec![cell(4, 1, 1), cell(4, 1, 2)]), "twice"),
    ];
    for (state, part) in cases {
        let error = table.run(&[state]).expect_err(part).to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(matches!(parse_calls(b"[{}]"), Err(CallsError::Form(_))));
}
