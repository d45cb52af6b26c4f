//! Cost models, and runs weighed by them.

use autoprec_executor::Environment;
use autoprec_isa::{Inst, Op, Xlen, encoding::TABLE};
use autoprec_profiler::cost::{Model, ModelError, Padding, Spent};
use autoprec_profiler::{Subject, export, opcodes, report};

use crate::common::{execute, program};

const WORK: &str = "
_start:
    addi s0, zero, 3
.again:
    jal ra, @work
    addi s0, s0, -1
    bne s0, zero, @.again
    addi a0, zero, 0
    addi a7, zero, 93
    ecall
work:
    mul t0, s0, s0
    sw t0, -4(sp)
    addi zero, t0, 1
    jalr zero, 0(ra)
";

fn model(name: &str) -> Model {
    Model::built_in().into_iter().find(|model| model.name == name).unwrap()
}

#[test]
fn built_in_models_have_names_and_know_their_instructions() {
    let names: Vec<String> = Model::built_in().into_iter().map(|model| model.name).collect();
    assert_eq!(names, ["instructions", "openvm-2.0.2", "sp1-6", "halo2"]);
    assert!(Model::built_in().iter().all(|model| !model.source.is_empty()));
    let openvm = model("openvm-2.0.2");
    let parse = |text| Inst::parse(Xlen::Rv32, text).unwrap();
    let table = |text| openvm.table_of(Some(parse(text))).map(|t| &openvm.tables[t].name[..]);
    assert_eq!(table("add a0, a1, a2"), Some("BaseAlu"));
    assert_eq!(table("add zero, a1, a2"), Some("Phantom"));
    // These happen whether or not the register is written.
    assert_eq!(table("lw zero, 0(a1)"), Some("LoadStore"));
    assert_eq!(table("jal zero, 16"), Some("JalLui"));
    assert_eq!((table("ecall"), openvm.table_of(None)), (None, None));
    // All of RV32IM but the calls.
    let unknown: Vec<&str> = TABLE
        .iter()
        .filter(|row| row.since == Xlen::Rv32 && !row.name.contains('.'))
        .filter(|row| !matches!(row.op, Op::FloatLoad(_) | Op::FloatStore(_)))
        .filter(|row| !row.name.starts_with("csr") && !matches!(row.op, Op::Composite(_)))
        .map(|row| row.name)
        .filter(|name| {
            let covers = |text: &str| text.contains(&format!("\"{name}\""));
            !covers(include_str!("../../models/openvm-2.0.2.json"))
        })
        .collect();
    assert_eq!(unknown, ["ecall", "ebreak"]);
}

#[test]
fn sp1_weighs_rv64im_and_the_calls_of_its_precompiles() {
    let sp1 = model("sp1-6");
    // Gas is this over 191.
    for table in &sp1.tables {
        let [gas, cells, complexity] = table.row[..] else { panic!("three units") };
        assert_eq!(gas, 3 * cells + complexity, "{}", table.name);
    }
    let parse = |text| Inst::parse(Xlen::Rv64, text).unwrap();
    let table = |text| sp1.table_of(Some(parse(text))).map(|t| &sp1.tables[t].name[..]);
    assert_eq!(table("addiw a0, a1, 1"), Some("Addw"));
    assert_eq!(table("srliw a0, a1, 1"), Some("ShiftRight"));
    assert_eq!(table("ld zero, 0(a1)"), Some("LoadDouble"));
    assert_eq!((table("fence"), table("ebreak")), (None, None));
    let calls = |name: &str| -> Vec<(&str, u64)> {
        sp1.calls[name].iter().map(|&(t, rows)| (&sp1.tables[t].name[..], rows)).collect()
    };
    let keccak = [("Global", 1), ("KeccakPermute", 24), ("SyscallCore", 1)];
    assert_eq!(calls("keccak_permute"), keccak);
    assert_eq!(calls("sha_extend"), [("ShaExtend", 48)]);
}

#[test]
fn calls_are_rows_too() {
    let text = r#"{"version": 1, "name": "mine", "units": ["a"], "padding": 10,
        "tables": [{"name": "calls", "row": [1], "instructions": ["ecall"]}, {"name": "t", "row": [100]}],
        "calls": [{"name": "exit", "rows": {"t": 3}}, {"name": "read", "rows": {"t": 7}}]}"#;
    let mine = Model::from_json(text).unwrap();
    let (program, _) = program(Xlen::Rv32, WORK);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    let spent = Spent::of(&mine, &program, &profile);
    assert_eq!(spent.rows, [1, 3]);
    assert_eq!((spent.profiled(&mine), spent.padded(&mine)), (vec![301], vec![1010]));
    let subject = Subject { program: &program, profile: &profile, sources: None };
    let view = mine.view(subject, "work");
    assert_eq!(view.totals()[1..], spent.profiled(&mine));
    assert!(export::folded(&view, 1).contains("_start;[exit] 301\n"));
    let table = report::weighted_table(&program, &profile, &mine, 9);
    assert!(table.contains("             301       1  [exit]\n"), "{table}");
    assert!(table.contains("             301       6  (all)\n"), "{table}");
}

#[test]
fn tables_are_filled_up_as_the_prover_does() {
    let padded = |padding: Padding| [0, 1, 32, 33].map(|rows| padding.of(rows));
    assert_eq!(padded(Padding::PowerOfTwo), [0, 1, 32, 64]);
    assert_eq!(padded(Padding::Multiple(32)), [0, 32, 32, 64]);
    assert_eq!(padded(Padding::Multiple(1)), [0, 1, 32, 33]);
    let all = Model::built_in().into_iter().map(|model| model.padding);
    let two = Padding::PowerOfTwo;
    assert!(all.eq([Padding::Multiple(1), two, Padding::Multiple(32), two]));
}

#[test]
fn paths_and_tables_add_up() {
    let (program, _) = program(Xlen::Rv32, WORK);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    let openvm = model("openvm-2.0.2");
    let subject = Subject { program: &program, profile: &profile, sources: None };
    let view = openvm.view(subject, "work");
    assert_eq!(view.units, ["instructions", "cells", "interactions"]);
    // Of work: a mul, a store, a nop and a return, three times.
    assert_eq!(
        export::folded(&view, view.unit("cells").unwrap()),
        format!(
            "_start {}\n_start;work {}\n",
            36 + 3 * (18 + 36 + 26) + 2 * 36,
            3 * (31 + 41 + 6 + 28)
        )
    );
    assert_eq!(view.totals()[0], profile.instructions);
    let spent = Spent::of(&openvm, &program, &profile);
    assert_eq!(spent.unknown, 1, "the ecall");
    assert_eq!(spent.profiled(&openvm), view.totals()[1..]);
    // Six rows of BaseAlu become eight, three of each other table four.
    let padded = 8 * 36 + 4 * (18 + 26 + 31 + 41 + 6 + 28);
    assert_eq!(spent.padded(&openvm)[0], padded);

    let plain = model("instructions");
    assert_eq!(plain.view(subject, "").units, ["instructions"]);
    let spent = Spent::of(&plain, &program, &profile);
    assert_eq!(spent.profiled(&plain), [profile.instructions]);
    assert_eq!(spent.padded(&plain), [profile.instructions]);

    let histogram = opcodes(&program, &profile);
    let work: Vec<_> = histogram["work"].iter().map(|(&name, &count)| (name, count)).collect();
    assert_eq!(work, [("addi", 3), ("jalr", 3), ("mul", 3), ("sw", 3)]);
    let all = histogram.values().flat_map(|own| own.values()).sum::<u64>();
    assert_eq!(all, profile.instructions);
}

#[test]
fn bad_models_are_refused_with_the_reason() {
    let good = r#"{"version": 1, "name": "mine", "units": ["a", "b"], "otherwise": "t",
        "tables": [{"name": "t", "row": [1, 2], "instructions": ["add"]}]}"#;
    assert_eq!(Model::from_json(good).unwrap().tables[0].row, [1, 2]);
    let refused = |from: &str, to: &str| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        Model::from_json(&bad).unwrap_err()
    };
    assert!(matches!(refused("1,", "2,"), ModelError::Version { got: 2 }));
    assert!(matches!(refused("\"b\"", "\"a\""), ModelError::Units { .. }));
    assert!(matches!(refused("[1, 2]", "[1]"), ModelError::Row { got: 1, expected: 2, .. }));
    assert!(matches!(refused("\"add\"", "\"ad\""), ModelError::Instruction { .. }));
    assert!(matches!(refused("\"add\"", "\"add\", \"add\""), ModelError::Twice { .. }));
    assert!(matches!(refused(": \"t\",\n", ": \"u\",\n"), ModelError::NoTable { .. }));
    assert!(matches!(refused("name", "nom"), ModelError::Malformed(_)));
    let also = |more: &str| refused("\"otherwise\"", &format!("{more}, \"otherwise\""));
    assert!(matches!(also(r#""padding": 0"#), ModelError::Padding));
    assert!(matches!(also(r#""padding": "often""#), ModelError::Malformed(_)));
    let call = r#"{"name": "c", "rows": {"t": 1}}"#;
    let twice = also(&format!(r#""calls": [{call}, {call}]"#));
    assert!(matches!(twice, ModelError::CallTwice { name } if name == "c"));
    let nowhere = also(r#""calls": [{"name": "c", "rows": {"u": 1}}]"#);
    assert!(matches!(nowhere, ModelError::NoTable { name } if name == "u"));
}
