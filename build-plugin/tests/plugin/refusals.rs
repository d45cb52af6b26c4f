//! Guests of zkVMs whose provers take no foreign precompiles, and options that mean nothing.

use std::fs;

use autoprec_build::{Outcome, Target, patch};

use crate::world::{OPENVM, RISC0, SP1, World, ZISK, variable, warnings};

#[test]
fn guests_of_other_zkvms_are_reported_and_left() {
    for (elf, name, input) in [(SP1, "sp1", true), (ZISK, "zisk", false), (RISC0, "risc0", false)] {
        let world = World::new();
        let guest = world.copy(elf, "guest.elf");
        // ZisK's inputs begin with their length.
        let length = if name == "zisk" { 100u64.to_le_bytes().to_vec() } else { Vec::new() };
        world.write("input.bin", [length, vec![7; 100]].concat());
        let patch = patch("../guest.elf").report("report");
        let patch = if input { patch.input("../input.bin") } else { patch.stdin("../input.bin") };
        let (done, said) = world.run(&patch);
        let Outcome::Reported { reason } = &done.outcome else { panic!("{done:?}") };
        assert_eq!(fs::read(variable(&said, "AUTOPREC_ELF")).unwrap(), fs::read(guest).unwrap());
        let warnings = warnings(&said);
        assert!(warnings.contains(reason) && warnings.contains("vendors.md"), "{warnings}");
        assert!(!said.iter().any(|line| line.contains("SP1_ELF")), "{said:#?}");
        assert!(!world.path("host/autoprec.lock").exists());
        let report = fs::read_to_string(world.path("host/report/report.json")).unwrap();
        let report = autoprec_dashboards::Report::from_json(&report).unwrap();
        assert_eq!(report.target.name, name);
        assert!(report.target.refused.is_some() && !report.regions.is_empty());
        for target in Target::all() {
            let error = world.refused(&patch.clone().target(target));
            assert!(error.contains(reason) && error.contains("vendors.md"), "{error}");
        }
    }
}

#[test]
fn what_cannot_be_is_told_with_the_file() {
    let world = World::new();
    world.copy(OPENVM, "guest.elf");
    world.write("text.elf", "no ELF");
    world.write("openvm.toml", "[x]");
    let guest = || patch("../guest.elf");
    for (patch, parts) in [
        (patch("../nowhere/guest.elf"), &["nowhere/guest.elf", "no such file"][..]),
        (patch("../text.elf"), &["text.elf"][..]),
        (guest().input("../none.bin"), &["none.bin", "cannot read"][..]),
        (guest().stdin("../guest.elf"), &["guest.elf", "no standard input"][..]),
        (guest().arg("x"), &["only guests for Linux"][..]),
        (guest().max_precompiles(0), &["at least 1"][..]),
        (guest().max_precompiles(78), &["78", "77"][..]),
        (guest().config("../openvm.toml"), &["openvm.toml", "not understood"][..]),
        (guest().profile("../openvm.toml"), &["openvm.toml"][..]),
        (guest().lock("../openvm.toml"), &["openvm.toml"][..]),
    ] {
        let error = world.refused(&patch);
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
    assert!(!world.path("host/autoprec.lock").exists());
}

#[test]
fn outside_of_cargo_it_says_so() {
    let environment = autoprec_build::Environment::from_variables([("PATH", "/bin")]);
    let result = patch("guest").run_in(&environment, &mut Vec::new());
    assert!(result.unwrap_err().to_string().contains("OUT_DIR"));
}
