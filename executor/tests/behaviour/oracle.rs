//! What is counted equals what qemu-user counted: `tests/oracle/record.sh` says how.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use autoprec_executor::{Environment, Run};
use autoprec_guest_elf::Program;
use autoprec_profile::Profile;

use crate::common::execute;

type Guest = (&'static str, &'static [u8], &'static str);

macro_rules! guest {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../oracle/", $name, ".elf")),
            include_str!(concat!("../oracle/", $name, ".txt")),
        )
    };
}

/// Name, file, what the oracle recorded.
pub(crate) const GUESTS: [Guest; 8] = [
    guest!("calls-rv32imac"),
    guest!("calls-rv64imac"),
    guest!("sort-rv32im"),
    guest!("sort-rv64imac"),
    guest!("mix-rv32imac"),
    guest!("mix-rv64im"),
    guest!("floats-rv32imafdc"),
    guest!("floats-rv64imafdc"),
];

/// The one of those with the calls of the guests that has floating point.
pub(crate) const ENVIRONMENT: Environment = Environment::Linux;

/// Executed instructions and how often.
fn executed(program: &Program, profile: &Profile) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for span in &profile.spans {
        let mut pc = span.start;
        while pc < span.end {
            *counts.entry(pc).or_default() += span.count;
            pc += u64::from(program.decode_at(pc).unwrap().len);
        }
    }
    counts
}

fn name(program: &Program, pc: u64) -> &str {
    &program.function_at(pc).unwrap().name
}

/// A run in the form of the oracle's records, functions in order of address.
fn record(program: &Program, run: &Run) -> String {
    let counts = executed(program, &run.profile);
    let mut functions: BTreeMap<u64, u64> = BTreeMap::new();
    for (&pc, count) in &counts {
        *functions.entry(program.function_at(pc).unwrap().addr).or_default() += count;
    }
    let output = String::from_utf8_lossy(&run.stdout);
    let mut text = format!("output {output}instructions {}\n", run.instructions);
    for (&pc, count) in &functions {
        writeln!(text, "function {} {count}", name(program, pc)).unwrap();
    }
    let mut last = 0;
    for (pc, count) in counts {
        if count != last {
            writeln!(text, "at {pc:#x} {count}").unwrap();
        }
        last = count;
    }
    text
}

#[test]
fn every_instruction_is_counted_as_often_as_the_oracle_saw_it() {
    for (guest, file, recorded) in GUESTS {
        let program = Program::load(file).unwrap();
        let built = format!("{}  ./{guest}.elf", program.digest);
        assert!(include_str!("../oracle/SHA256SUMS").lines().any(|line| line == built), "{guest}");
        let run = execute(&program, ENVIRONMENT).unwrap();
        assert_eq!(record(&program, &run), recorded, "{guest}");
    }
}

#[test]
fn call_paths_end_in_the_function_that_was_executed() {
    for (guest, file, recorded) in GUESTS {
        let program = Program::load(file).unwrap();
        let profile = execute(&program, ENVIRONMENT).unwrap().profile;
        let mut functions: BTreeMap<&str, u64> = BTreeMap::new();
        for stack in &profile.stacks {
            let innermost = *stack.frames.last().unwrap();
            *functions.entry(name(&program, innermost)).or_default() += stack.count;
        }
        let recorded: BTreeMap<&str, u64> = recorded
            .lines()
            .filter_map(|line| line.strip_prefix("function ")?.split_once(' '))
            .map(|(function, count)| (function, count.parse().unwrap()))
            .collect();
        assert_eq!(functions, recorded, "{guest}");
        // However deep the recursion.
        let deepest = profile.stacks.iter().map(|stack| stack.frames.len()).max();
        assert!(deepest <= Some(256) && profile.stacks.len() < 2000, "{guest}: {deepest:?}");
    }
}
