//! Tables of runs, on programs small enough to count by hand.

use std::collections::BTreeMap;

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::Patches;
use autoprec_isa::Xlen;
use autoprec_profile::{Accesses, Profile, Section};
use autoprec_profiler::cost::Model;
use autoprec_profiler::{accesses, misaligned, opcodes, report};

use crate::common::{execute, program};
use crate::programs::{CALLS, PRINTS, WORK};

/// Runs [`WORK`] and notes touched words.
fn work() -> (autoprec_guest_elf::Program, BTreeMap<String, u64>, Profile) {
    let (program, at) = program(Xlen::Rv32, WORK);
    let limits = Limits { touched: true, ..Limits::none() };
    let none = Patches::none();
    let run = run(&program, &none, Environment::Bare, &Input::default(), &limits).unwrap();
    (program, at, run.profile)
}

#[test]
fn calls_have_rows_of_their_own() {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        let (program, _) = program(xlen, PRINTS);
        let profile = execute(&program, Environment::Bare).unwrap().profile;
        assert_eq!(
            report::folded(&program, &profile),
            crate::common::folded(&program, &profile),
            "paths by name, however they are rendered"
        );
        assert_eq!(
            report::call_table(&profile),
            "          count  call\n              3  write\n              1  exit\n"
        );
        let functions: Vec<_> = report::functions(&program, &profile)
            .into_iter()
            .map(|f| (f.name, f.instructions))
            .collect();
        let expected = [("print", 15), ("_start", 10), ("[write]", 3), ("other", 3), ("[exit]", 1)];
        assert_eq!(functions, expected.map(|(name, count)| (name.to_owned(), count)));
        let opcodes = opcodes(&program, &profile);
        assert_eq!(opcodes["[write]"].iter().collect::<Vec<_>>(), [(&"ecall", &3)]);
        assert!(!opcodes["print"].contains_key("ecall"));
    }
}

#[test]
fn histograms_name_the_instructions() {
    let text = "guest:\n fadd.d fa0, fa0, fa0\n fcvt.lu.d a0, fa0\n addi a7, zero, 93\n ecall";
    let (program, _) = program(Xlen::Rv64, text);
    let run = execute(&program, Environment::Linux).unwrap();
    let all = opcodes(&program, &run.profile);
    let expected = [("addi", 1), ("fadd.d", 1), ("fcvt.lu.d", 1)];
    assert_eq!(all["guest"].clone().into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_table_adds_up() {
    let (program, _) = program(Xlen::Rv32, CALLS);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    assert_eq!(
        report::table(&program, &profile, 2),
        " share     instructions  blocks  function
 65.5%               36       3  work
 21.8%               12       4  _start
 12.7%                7       2  (2 more)
100.0%               55       9  (all)
"
    );
}

#[test]
fn reports_are_deterministic() {
    let (program, _) = program(Xlen::Rv32, CALLS);
    let [first, second] = [(), ()].map(|()| execute(&program, Environment::Bare).unwrap().profile);
    let draw = |profile| report::flamegraph(&program, profile, "calls").unwrap();
    assert_eq!(draw(&first), draw(&second));
    let svg = draw(&first);
    assert!(svg.contains("<svg") && svg.contains("work (36 instructions"), "{svg}");
}

#[test]
fn the_table_of_markers_says_what_is_missing() {
    let section = |name: &str| Section { name: name.to_owned(), ..Section::default() };
    let markers = vec![
        Section { count: 2, total: 150, min: 50, max: 100, ..section("a") },
        Section { unclosed: 1, ..section("b") },
        Section { unopened: 1, ..section("c") },
    ];
    let profile = Profile { instructions: 181, markers, ..Profile::empty() };
    assert_eq!(
        report::marker_table(&profile),
        " share     instructions      count            min           mean            max  between markers
 82.9%              150          2             50             75            100  a
markers `b`: starts without an end: 1
markers `c`: ends without a start: 1
"
    );
    assert_eq!(report::marker_table(&Profile::empty()), "");
}

#[test]
fn accesses_are_told_by_function() {
    let (program, at, profile) = work();
    let functions = accesses(&program, &profile);
    assert_eq!(functions["across"], Accesses { loads: [0, 2, 2, 0], stores: [0, 0, 2, 0] });
    assert_eq!(functions["[exit]"], Accesses::default());
    assert_eq!(misaligned(&program, &profile), BTreeMap::from([("across".to_owned(), 6)]));
    assert_eq!(profile.memory.misaligned[0].0, at["across"]);
}

#[test]
fn tables_and_functions_add_up() {
    let (program, _, profile) = work();
    assert_eq!(
        report::memory_table(&program, &profile, 5),
        "          loads           stores  memory
              1                0  of width 1
              3                0  of width 2
              2              102  of width 4
             15              408  bytes
              6  misaligned
              6  misaligned in across
              3  pages of 4096 bytes hold something
              2  pages touched
            103  words of 4 bytes touched
"
    );
    let model = Model::built_in().remove(1);
    let text = report::functions_json(&program, &profile, &model);
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&file["version"], &file["unit"]), (&1.into(), &"cells".into()));
    let functions = file["functions"].as_array().unwrap();
    let sum = |key: &str| functions.iter().map(|row| row[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("instructions"), profile.instructions);
    assert_eq!(sum("misaligned"), 6);
    let names: Vec<&str> = functions.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["_start", "across", "[exit]"]);
    assert_eq!(functions[1]["loads"], serde_json::json!({"2": 2, "4": 2}));
    assert_eq!(functions[1]["opcodes"], serde_json::json!({"jalr": 2, "lhu": 2, "lw": 2, "sw": 2}));
    assert_eq!(file["opcodes"]["sw"], 102);
}
