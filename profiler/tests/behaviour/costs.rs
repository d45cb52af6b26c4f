//! Cost models, and runs weighed by them.

use autoprec_isa::{Inst, Op, Xlen, encoding::TABLE};
use autoprec_profiler::cost::{Model, ModelError, Spent};
use autoprec_profiler::{Environment, Subject, export, opcodes};

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
    assert_eq!(names, ["instructions", "openvm-2.0.2"]);
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
        .filter(|row| !row.name.starts_with("csr"))
        .map(|row| row.name)
        .filter(|name| {
            let covers = |text: &str| text.contains(&format!("\"{name}\""));
            !covers(include_str!("../../models/openvm-2.0.2.json"))
        })
        .collect();
    assert_eq!(unknown, ["ecall", "ebreak"]);
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
    assert_eq!(Spent::of(&plain, &program, &profile).profiled(&plain), [profile.instructions]);

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
    let refused = |from, to| {
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
}
