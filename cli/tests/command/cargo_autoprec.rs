//! `cargo autoprec`: a guest's package is found, built by its tool, and what its Cargo.toml says is done.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Desk, examples};

/// A package of a guest for OpenVM whose tool is a stub that puts the committed ELF where it belongs.
fn package(desk: &Desk) {
    let folder = desk.path("guest");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let metadata = "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[package.metadata.autoprec]\npipeline = \"openvm\"\ncommand = [\"sh\", \
         \"tool.sh\"]\nelf = \"built/guest.elf\"\ninput = \"input.bin\"\nmax-precompiles = 5\n";
    std::fs::write(folder.join("Cargo.toml"), metadata).unwrap();
    std::fs::write(folder.join("src/main.rs"), "fn main() {}\n").unwrap();
    std::fs::write(folder.join("tool.sh"), "mkdir -p built && cp ../sort-vm.elf built/guest.elf\n")
        .unwrap();
    std::fs::copy(desk.path("sort-vm.bin"), folder.join("input.bin")).unwrap();
}

fn cargo_autoprec(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-autoprec"))
        .arg("autoprec")
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(folder: &Path, words: &[&str]) -> String {
    let ran = cargo_autoprec(folder, words);
    assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn a_package_is_built_checked_and_compared() {
    let desk = Desk::new();
    package(&desk);
    let folder = desk.path("guest");
    succeeds(&folder, &["profile"]);
    let summary = succeeds(&folder, &["build"]);
    assert!(summary.contains("10004") && !summary.contains("10005"), "five: {summary}");
    let lock = std::fs::read_to_string(folder.join("autoprec.lock")).unwrap();
    assert_eq!(lock.matches("linked = true").count(), 5);
    // From the folder above, by the manifest.
    let manifest = folder.join("Cargo.toml").display().to_string();
    let checked = succeeds(&desk.path(""), &["check", "--manifest-path", &manifest]);
    assert!(checked.contains("link verified"), "{checked}");
    assert_eq!(std::fs::read_to_string(folder.join("autoprec.lock")).unwrap(), lock);
    succeeds(&folder, &["diff"]);

    // Another guest than the lock's is noticed by `check`.
    std::fs::copy(examples().join("elf/sort-vm-talk.elf"), desk.path("sort-vm.elf")).unwrap();
    let ran = cargo_autoprec(&folder, &["check"]);
    assert_eq!(ran.status.code(), Some(1));
    let error = String::from_utf8(ran.stderr).unwrap();
    assert!(error.contains("the lock does not fit"), "{error}");
}

#[test]
fn what_is_wrong_is_said() {
    let desk = Desk::new();
    package(&desk);
    let folder = desk.path("guest");
    let fails = |words: &[&str], named: &[&str]| {
        let ran = cargo_autoprec(&folder, words);
        assert!(!ran.status.success(), "{words:?}");
        let error = String::from_utf8(ran.stderr).unwrap();
        for name in named {
            assert!(error.contains(name), "{name}: {error}");
        }
    };
    fails(&["fly"], &["fly"]);
    std::fs::write(folder.join("tool.sh"), "echo no linker here >&2; exit 3\n").unwrap();
    fails(&["build"], &["no linker here"]);
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    std::fs::write(folder.join("Cargo.toml"), manifest.replace("max-precompiles", "most")).unwrap();
    fails(&["build"], &["most", "Cargo.toml"]);
}
