//! Guests that are patched: what the host is told, and what a second run does.

use std::fs;

use autoprec_build::{OPENVM as OPENVM_TARGET, Outcome, PLONKY3, Patch, patch};
use autoprec_linker::Manifest;
use autoprec_linker::lock::Lock;

use crate::world::{LINUX, OPENVM, World, variable, warnings};

/// A guest and what it runs on.
fn world() -> (World, Patch) {
    let world = World::new();
    world.copy(OPENVM, "guest.elf");
    world.write("input.bin", [7; 500]);
    (world, patch("../guest.elf").input("../input.bin").elf_variable("GUEST"))
}

fn is_patched(path: &std::path::Path) -> bool {
    Manifest::read(&fs::read(path).unwrap()).unwrap().is_some()
}

#[test]
fn the_host_gets_the_patched_guest() {
    let (world, patch) = world();
    let (done, said) = world.run(&patch.config_variable("CONFIG").report("report"));
    let Outcome::Patched { precompiles: 1.., profiled: true } = done.outcome else {
        panic!("{:?}", done.outcome);
    };
    assert!(is_patched(&done.elf));
    assert_eq!(variable(&said, "GUEST"), done.elf);
    assert!(done.elf.starts_with(world.path("out")), "{}", done.elf.display());
    let config = fs::read_to_string(variable(&said, "CONFIG")).unwrap();
    assert!(config.contains("app_vm_config.rv32m"), "{config}");
    assert_eq!(warnings(&said), "");
    for name in ["guest.elf", "report.json", "profile.json", "precompiles/10000.txt"] {
        assert!(world.path("host/report").join(name).is_file(), "{name}");
        assert!(done.folder.as_ref().unwrap().join(name).is_file(), "{name}");
    }
    let lock = Lock::parse(&fs::read_to_string(world.path("host/autoprec.lock")).unwrap()).unwrap();
    assert!(lock.build().is_some());
    for line in [
        format!("cargo:rerun-if-changed={}", world.path("host/../guest.elf").display()),
        format!("cargo:rerun-if-changed={}", world.path("host/../input.bin").display()),
        format!("cargo:rerun-if-changed={}", world.path("host/autoprec.lock").display()),
        "cargo:rerun-if-env-changed=AUTOPREC_SKIP".to_owned(),
        "cargo:rerun-if-env-changed=RUSTC_WORKSPACE_WRAPPER".to_owned(),
    ] {
        assert!(said.contains(&line), "{line} is not in {said:#?}");
    }
}

#[test]
fn with_the_lock_nothing_is_run_and_nothing_written() {
    let (world, patch) = world();
    let patch = patch.report("report");
    let (first, _) = world.run(&patch);
    let (host, out) = (world.files("host"), world.files("out"));
    // Without it the guest cannot be run.
    fs::remove_file(world.path("input.bin")).unwrap();
    let (again, said) = world.run(&patch);
    assert_eq!((&again.elf, world.files("host"), world.files("out")), (&first.elf, host, out));
    assert!(matches!(again.outcome, Outcome::Patched { profiled: false, .. }), "{again:?}");
    assert!(said.iter().any(|line| line.contains("without a run")), "{said:#?}");
    assert!(!said.iter().any(|line| line.contains("input.bin")), "a missing file is always new");
}

#[test]
fn a_lock_gives_the_same_guest_elsewhere() {
    let (world, patch) = world();
    let elf = fs::read(world.run(&patch).0.elf).unwrap();
    let other = World::new();
    other.copy(OPENVM, "guest.elf");
    let lock = fs::read(world.path("host/autoprec.lock")).unwrap();
    other.write("host/autoprec.lock", &lock);
    let (done, _) = other.run(&patch.locked(true));
    assert!(matches!(done.outcome, Outcome::Patched { profiled: false, .. }), "{done:?}");
    assert_eq!(fs::read(done.elf).unwrap(), elf);
    assert_eq!(fs::read(other.path("host/autoprec.lock")).unwrap(), lock);
}

#[test]
fn a_locked_build_says_what_would_change() {
    let (world, patch) = world();
    world.run(&patch);
    let lock = fs::read(world.path("host/autoprec.lock")).unwrap();
    // Another file, the same code.
    let mut elf = fs::read(world.path("guest.elf")).unwrap();
    elf.push(0);
    fs::write(world.path("guest.elf"), elf).unwrap();
    let patch = patch.max_precompiles(1);
    let (result, _) = world.run_with(&patch, &[("AUTOPREC_LOCKED", "1")]);
    let error = result.unwrap_err().to_string();
    assert!(error.contains("AUTOPREC_LOCKED") && error.contains("autoprec.lock"), "{error}");
    assert!(error.contains("ELF") || error.contains("guest"), "{error}");
    assert!(error.contains("none → 1"), "the limit is a change: {error}");
    assert_eq!(fs::read(world.path("host/autoprec.lock")).unwrap(), lock);
    // The same, where the change cannot be followed to its end.
    fs::remove_file(world.path("input.bin")).unwrap();
    let error = world.refused(&patch.clone().locked(true));
    assert!(error.contains("none → 1"), "{error}");
    let error = world.refused(&patch);
    assert!(error.contains("input.bin"), "{error}");
}

#[test]
fn another_input_or_profile_is_a_change() {
    let (world, patch) = world();
    world.run(&patch);
    let lock = || fs::read_to_string(world.path("host/autoprec.lock")).unwrap();
    let first = lock();
    world.write("input.bin", [7; 501]);
    let (done, _) = world.run(&patch);
    assert!(matches!(done.outcome, Outcome::Patched { profiled: true, .. }), "{done:?}");
    assert_ne!(lock(), first);
    fs::copy(done.folder.unwrap().join("profile.json"), world.path("profile.json")).unwrap();
    world.write("host/autoprec.lock", &first);
    let patch = autoprec_build::patch("../guest.elf").profile("../profile.json");
    let error = world.refused(&patch.clone().locked(true));
    assert!(error.contains("profile"), "{error}");
    let (done, _) = world.run(&patch);
    assert!(matches!(done.outcome, Outcome::Patched { profiled: true, .. }), "{done:?}");
    let (done, _) = world.run(&patch);
    assert!(matches!(done.outcome, Outcome::Patched { profiled: false, .. }), "{done:?}");
}

#[test]
fn a_script_may_patch_several_guests() {
    let (world, first) = world();
    world.copy(OPENVM, "other.elf");
    let second = patch("../other.elf").input("../input.bin").lock("../other.lock");
    let (first, second) = (world.run(&first).0, world.run(&second.max_precompiles(1)).0);
    assert_ne!(first.elf, second.elf);
    assert!(is_patched(&first.elf) && is_patched(&second.elf));
    assert!(world.path("other.lock").is_file());
}

#[test]
fn tables_of_our_own_take_programs_for_linux() {
    let world = World::new();
    world.copy(LINUX, "guest.elf");
    world.write("input.bin", [7; 500]);
    let patch = patch("../guest.elf").stdin("../input.bin");
    let error = world.refused(&patch);
    assert!(error.contains("halo2") && error.contains("plonky3"), "{error}");
    let error = world.refused(&patch.clone().target(&OPENVM_TARGET));
    let expected = ["guest.elf", "`openvm` takes guests for `openvm`", "use `halo2` or `plonky3`"];
    assert!(expected.iter().all(|part| error.contains(part)), "{error}");
    let (done, _) = world.run(&patch.target(&PLONKY3));
    assert!(is_patched(&done.elf));
}
