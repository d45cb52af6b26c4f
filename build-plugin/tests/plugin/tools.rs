//! Guests that a zkVM's own tool builds.

use std::fs;

use autoprec_build::{Outcome, Package, build_guest, patch};

use crate::world::{OPENVM, SP1, World};

/// A stub of a tool: it notes how it was called, and copies `made.elf` to where the real one would leave
/// it.
pub(crate) fn install(world: &World, name: &str, place: &str) {
    let root = world.path("");
    let root = root.display();
    world.tool(
        name,
        &format!(
            "echo \"$0 $*\" >{root}/called\npwd >{root}/where\nenv >{root}/environment\n\
             target=${{CARGO_TARGET_DIR:-target}}\nmkdir -p \"$(dirname \"$target/{place}\")\"\n\
             cp {root}/made.elf \"$target/{place}\"\n"
        ),
    );
}

fn noted(world: &World, name: &str) -> String {
    fs::read_to_string(world.path(name)).unwrap()
}

#[test]
fn each_zkvm_has_its_tool() {
    for (dependency, tool, called, place) in [
        (
            "openvm",
            "cargo-openvm",
            "cargo-openvm openvm build",
            "riscv32im-risc0-zkvm-elf/release/guest",
        ),
        (
            "sp1-zkvm",
            "cargo-prove",
            "cargo-prove prove build",
            "elf-compilation/riscv64im-succinct-zkvm-elf/release/guest",
        ),
        (
            "ziskos",
            "cargo-zisk",
            "cargo-zisk build --release",
            "elf-compilation/riscv64ima-zisk-zkvm-elf/release/guest",
        ),
        (
            "risc0-zkvm",
            "cargo-risczero",
            "cargo-risczero risczero build",
            "riscv32im-risc0-zkvm-elf/docker/guest.bin",
        ),
    ] {
        let world = World::new();
        let guest = world.package(dependency, "");
        world.copy(SP1, "made.elf");
        install(&world, tool, place);
        let environment = world.environment(&[]);
        let package = Package::around(&guest, None, &environment).unwrap();
        let elf = build_guest(&package, &environment).unwrap_or_else(|error| panic!("{error}"));
        assert!(elf.ends_with(place), "{}", elf.display());
        assert!(noted(&world, "called").trim().ends_with(called));
        assert_eq!(noted(&world, "where").trim(), guest.display().to_string());
    }
}

#[test]
fn a_tool_sees_nothing_of_the_host() {
    let world = World::new();
    world.package("openvm", "");
    world.copy(OPENVM, "made.elf");
    install(&world, "cargo-openvm", "riscv32im-risc0-zkvm-elf/release/guest");
    world.write("input.bin", [1; 300]);
    let host = [
        ("RUSTFLAGS", "-Ctarget-cpu=native"),
        ("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-cpu=native"),
        ("RUSTC", "/toolchain/bin/rustc"),
        ("RUSTUP_TOOLCHAIN", "stable"),
        ("CARGO_FEATURE_X", "1"),
        ("CARGO_CFG_UNIX", ""),
        ("CARGO_MAKEFLAGS", "-j2"),
        ("DEP_Z_ROOT", "/z"),
        ("PROFILE", "debug"),
        ("CARGO_NET_OFFLINE", "true"),
        ("OPENVM_RUST_TOOLCHAIN", "nightly"),
    ];
    let (result, said) = world.run_with(&patch("../guest").input("../input.bin"), &host);
    let done = result.unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(done.outcome, Outcome::Patched { .. }));
    let text = noted(&world, "environment");
    let seen: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let kept = ["CARGO_HOME", "CARGO_NET_OFFLINE", "OPENVM_RUST_TOOLCHAIN", "HOME", "PATH"];
    assert!(kept.iter().all(|name| seen.contains(name)), "{seen:?}");
    let ours = kept.into_iter().chain(["CARGO_TARGET_DIR", "PWD", "SHLVL", "_", "OLDPWD"]);
    let ours: Vec<&str> = ours.collect();
    let left: Vec<&&str> = seen.iter().filter(|name| !ours.contains(name)).collect();
    assert!(left.is_empty(), "{left:?}");
    // Lock beside the guest, and the script runs again when its sources change.
    assert!(world.path("guest/autoprec.lock").is_file());
    for source in ["Cargo.toml", "src"] {
        let line = format!("cargo:rerun-if-changed={}", world.path("guest").join(source).display());
        assert!(said.contains(&line), "{line} is not in {said:#?}");
    }
}

#[test]
fn missing_and_failing_tools_are_told() {
    let world = World::new();
    world.package("openvm", "");
    let error = world.refused(&patch("../guest"));
    for part in ["cargo openvm build", "cargo-openvm", "not installed", "docs.openvm.dev"] {
        assert!(error.contains(part), "{error}");
    }
    world.tool(
        "cargo-openvm",
        "echo first >&2\nfor i in $(seq 100); do echo line $i >&2; done\nexit 3\n",
    );
    let error = world.refused(&patch("../guest"));
    for part in ["cargo openvm build", "exit status: 3", "line 100"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!error.contains("first") && error.lines().count() < 40, "{error}");
    world.tool("cargo-openvm", "exit 0\n");
    let error = world.refused(&patch("../guest"));
    for part in ["there is no guest", "riscv32im-risc0-zkvm-elf/release/guest", "`elf`"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_command_of_ones_own() {
    let world = World::new();
    let guest = world.package(
        "",
        "[package.metadata.autoprec]\ncommand = [\"make-guest\", \"now\"]\nelf = \"made/guest.elf\"\n\
         input = \"input.bin\"\nlock = \"../the.lock\"\nmax-precompiles = 1\n",
    );
    let error = world.refused(&patch("../guest"));
    assert!(error.contains("make-guest") && error.contains("not installed"), "{error}");
    world.copy(OPENVM, "made.elf");
    world.write("guest/input.bin", [3; 400]);
    let root = world.path("");
    let script = format!(
        "echo $1 >{0}/called\nmkdir -p made\ncp {0}/made.elf made/guest.elf\n",
        root.display()
    );
    world.tool("make-guest", &script);
    let (done, _) = world.run(&patch(guest));
    assert_eq!(done.outcome, Outcome::Patched { precompiles: 1, profiled: true });
    assert_eq!(noted(&world, "called"), "now\n");
    assert!(world.path("the.lock").is_file());
}
