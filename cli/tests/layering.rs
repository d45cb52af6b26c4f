//! The layers of the workspace: who may use whom, asserted on what `cargo metadata` says.
//!
//! The table is that of `docs/architecture.md`. Dependencies point up it only, those of tests and
//! build scripts included.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Folder and crate, from the bottom layer on.
const LAYERS: &[(&str, &str)] = &[
    ("testing", "autoprec-testing"),
    ("isa", "autoprec-isa"),
    ("guest", "autoprec-guest-elf"),
    ("profile", "autoprec-profile"),
    ("executor", "autoprec-executor"),
    ("profiler", "autoprec-profiler"),
    ("block-extractor", "autoprec-blocks"),
    ("circuits", "autoprec-circuits"),
    ("autoprecompile", "autoprec-synth"),
    ("linker", "autoprec-linker"),
    ("backends/openvm-config", "autoprec-openvm-config"),
    ("backends/machine", "autoprec-machine"),
    ("backends/openvm", "autoprec-openvm"),
    ("backends/halo2", "autoprec-halo2"),
    ("backends/plonky3", "autoprec-plonky3"),
    ("backends/verify", "autoprec-verify"),
    ("dashboards", "autoprec-dashboards"),
    ("pipeline", "autoprec-pipeline"),
    ("dashboards/pages", "autoprec-pages"),
    ("build-plugin", "autoprec-build"),
    ("bench", "autoprec-bench"),
    ("cli", "autoprec"),
    ("examples/openvm-host", "openvm-host"),
];

/// The example of a host: it proves, so it needs a prover.
const HOST: &str = "openvm-host";

/// Crates that bring a prover: only the last layer needs one to build.
const PROVERS: &[&str] =
    &["autoprec-openvm", "autoprec-halo2", "autoprec-plonky3", "autoprec-verify"];

/// The verifier of whole runs: a command without OpenVM.
const VERIFIER: &str = "autoprec-verify";

/// Crates that do not use each other although the layers would allow it, and why.
const APART: &[(&str, &str, &str)] = &[(
    "autoprec-linker",
    "autoprec-synth",
    "the linker patches regions; what identifies their code is theirs, and synthesis is not its business",
)];

/// What shows profiles, and who may use it: the others count, compile, link and prove without.
const VIEWS: &str = "autoprec-profiler";
const SHOW_PROFILES: &[&str] =
    &["autoprec-pipeline", "autoprec-pages", "autoprec-build", "autoprec"];

/// Crates of others that belong to the one crate named, by the beginning of their names; what belongs to
/// the command line, the verifier's command and the host may use too.
const OWNED: &[(&str, &str)] = &[
    ("openvm-", "autoprec-openvm"),
    ("halo2_proofs", "autoprec-halo2"),
    ("p3-", "autoprec-plonky3"),
    ("powdr-", "autoprec-bench"),
    ("anyhow", "autoprec"),
    ("clap", "autoprec"),
    ("indicatif", "autoprec"),
    ("cpu-time", "autoprec"),
    ("tracing-subscriber", "autoprec"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// The packages of the workspace by name.
fn packages() -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages.iter().map(|package| (text(&package["name"]).to_owned(), package.clone())).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// Names of what a package depends on, in whatever way.
fn dependencies(package: &Value) -> Vec<&str> {
    let dependencies = package["dependencies"].as_array().expect("there is a list");
    dependencies.iter().map(|dependency| text(&dependency["name"])).collect()
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, other)| *other == name)
}

#[test]
fn every_crate_has_its_layer_and_its_folder() {
    let packages = packages();
    let names: Vec<&str> = packages.keys().map(String::as_str).collect();
    let mut expected: Vec<&str> = LAYERS.iter().map(|(_, name)| *name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "the workspace and the table of layers differ");
    for (folder, name) in LAYERS {
        let manifest = root().join(folder).join("Cargo.toml");
        assert_eq!(Path::new(text(&packages[*name]["manifest_path"])), manifest, "{name}");
    }
}

#[test]
fn the_document_has_each_crate_once_and_in_order() {
    let document = root().join("docs/architecture.md");
    let document = std::fs::read_to_string(document).expect("there is a document");
    let named: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("### `") && line.contains("/`: `autoprec"))
        .collect();
    let crates = LAYERS.iter().filter(|(_, name)| *name != HOST);
    let expected: Vec<String> =
        crates.map(|(folder, name)| format!("### `{folder}/`: `{name}`")).collect();
    assert_eq!(named, expected);
}

#[test]
fn dependencies_point_up_the_table() {
    for (name, package) in packages() {
        let own = layer(&name).expect("every crate has a layer");
        for used in dependencies(&package) {
            if let Some(other) = layer(used) {
                assert!(other < own, "{name} must not depend on {used}, a layer above it");
            }
        }
    }
}

#[test]
fn crates_that_are_kept_apart_do_not_use_each_other() {
    let packages = packages();
    for (name, used, why) in APART {
        assert!(!dependencies(&packages[*name]).contains(used), "{name} uses {used}: {why}");
        assert!(packages.contains_key(*used), "{used} is a crate of the workspace");
    }
}

#[test]
fn what_is_for_tests_is_in_no_product() {
    for (name, package) in packages() {
        let dependencies = package["dependencies"].as_array().expect("there is a list");
        let tests = dependencies.iter().filter(|used| text(&used["name"]) == "autoprec-testing");
        for used in tests {
            assert_eq!(used["kind"], "dev", "{name} must use autoprec-testing in tests only");
        }
    }
}

#[test]
fn profiles_are_shown_by_few() {
    for (name, package) in packages() {
        let dependencies = package["dependencies"].as_array().expect("there is a list");
        // Its cost models are compared in tests with those of targets.
        let uses = dependencies.iter().any(|used| used["name"] == VIEWS && used["kind"].is_null());
        assert_eq!(uses, SHOW_PROFILES.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn provers_are_used_by_the_command_line_only() {
    for (name, package) in packages() {
        for used in dependencies(&package) {
            let is_verifier = name == VERIFIER && used != "autoprec-openvm";
            let top = [HOST, "autoprec"].contains(&name.as_str());
            let allowed = !PROVERS.contains(&used) || top || is_verifier;
            assert!(allowed, "{name} must build without the prover {used}");
        }
    }
}

#[test]
fn crates_of_others_stay_where_they_belong() {
    for (name, package) in packages() {
        for used in dependencies(&package) {
            for (prefix, owner) in OWNED {
                let is_command = *owner == "autoprec" && [VERIFIER, HOST].contains(&name.as_str());
                let foreign = used.starts_with(prefix) && name != *owner && !is_command;
                assert!(!foreign, "{name} must not depend on {used}; that is for {owner}");
            }
        }
    }
}

#[test]
fn the_guests_are_a_workspace_of_their_own() {
    let manifest = root().join("examples/Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).expect("the guests have a manifest");
    assert!(manifest.contains("[workspace]"), "guests are built by another compiler");
    assert!(root().join("examples/Cargo.lock").exists(), "and have a lock file of their own");
}
