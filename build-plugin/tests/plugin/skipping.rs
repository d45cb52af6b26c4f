//! Builds that do not patch.

use std::fs;

use autoprec_build::{Outcome, Skip, patch};

use crate::world::{OPENVM, World, variable, warnings};

const CLIPPY: (&str, &str) = ("RUSTC_WORKSPACE_WRAPPER", "/toolchain/bin/clippy-driver");
const EDITOR: (&str, &str) = ("RUSTC_WRAPPER", "/usr/bin/rust-analyzer");
const DOCS: (&str, &str) = ("DOCS_RS", "1");
const ASKED: (&str, &str) = ("AUTOPREC_SKIP", "1");

#[test]
fn the_original_is_left_where_nobody_runs_it() {
    for (variable_set, skip) in
        [(CLIPPY, Skip::Lints), (EDITOR, Skip::Lints), (DOCS, Skip::Docs), (ASKED, Skip::Asked)]
    {
        let world = World::new();
        world.copy(OPENVM, "guest.elf");
        let patch = patch("../guest.elf").input("../none.bin").config_variable("CONFIG");
        let (result, said) = world.run_with(&patch, &[variable_set]);
        assert_eq!(result.unwrap().outcome, Outcome::Skipped(skip));
        let elf = fs::read(variable(&said, "AUTOPREC_ELF")).unwrap();
        assert_eq!(elf, fs::read(world.path("guest.elf")).unwrap());
        assert!(variable(&said, "CONFIG").is_file());
        assert!(warnings(&said).contains(skip.reason()), "{said:#?}");
        assert!(!world.path("host/autoprec.lock").exists());
    }
}

#[test]
fn without_a_guest_there_is_an_empty_file() {
    for (variable_set, parts) in [(CLIPPY, "lints"), (DOCS, "documentation")] {
        let world = World::new();
        world.package("openvm", "");
        let (result, said) = world.run_with(&patch("../guest"), &[variable_set]);
        assert!(result.unwrap().folder.is_none());
        assert_eq!(fs::read(variable(&said, "AUTOPREC_ELF")).unwrap(), b"");
        assert!(warnings(&said).contains("empty file") && warnings(&said).contains(parts));
    }
}

#[test]
fn a_skipped_package_is_still_built() {
    let world = World::new();
    world.package("openvm", "");
    world.copy(OPENVM, "made.elf");
    crate::tools::install(&world, "cargo-openvm", "riscv32im-risc0-zkvm-elf/release/guest");
    let (result, said) = world.run_with(&patch("../guest"), &[ASKED]);
    assert_eq!(result.unwrap().outcome, Outcome::Skipped(Skip::Asked));
    assert!(fs::read(variable(&said, "AUTOPREC_ELF")).unwrap().starts_with(b"\x7fELF"));
    // Lints find it then.
    let (_, said) = world.run_with(&patch("../guest"), &[CLIPPY]);
    assert!(fs::read(variable(&said, "AUTOPREC_ELF")).unwrap().starts_with(b"\x7fELF"));
}

#[test]
fn off_is_off() {
    let world = World::new();
    for (name, value) in [("AUTOPREC_SKIP", "0"), ("AUTOPREC_SKIP", ""), ("DOCS_RS", "0")] {
        assert_eq!(world.environment(&[(name, value)]).skip(), None);
    }
    assert_eq!(world.environment(&[("RUSTC_WRAPPER", "/usr/bin/sccache")]).skip(), None);
    assert!(!world.environment(&[("AUTOPREC_LOCKED", "0")]).locked());
    assert!(world.environment(&[("AUTOPREC_LOCKED", "1")]).locked());
}
