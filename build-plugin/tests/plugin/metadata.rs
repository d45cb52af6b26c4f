//! `[package.metadata.autoprec]`, and how packages are found.

use std::path::{Path, PathBuf};

use autoprec_build::{PLONKY3, Package, Project, Settings, Zkvm};
use serde_json::json;

use crate::world::World;

fn read(value: &serde_json::Value) -> Result<Settings, String> {
    Settings::read(Path::new("/g/Cargo.toml"), value).map_err(|error| error.to_string())
}

#[test]
fn paths_are_those_of_the_package() {
    let settings = read(&json!({
        "pipeline": "sp1", "command": ["make"], "elf": "a.elf", "input": "1.bin", "inputs": ["2.bin"],
        "args": ["x"], "variables": ["A=1"], "env": "linux", "target": "plonky3",
        "max-precompiles": 20, "lock": "../l", "config": "/abs/openvm.toml", "out": "o"
    }));
    let path = PathBuf::from;
    let expected = Settings {
        pipeline: Some(Zkvm::Sp1),
        command: Some(vec!["make".to_owned()]),
        elf: Some(path("/g/a.elf")),
        inputs: vec![path("/g/1.bin"), path("/g/2.bin")],
        stdin: None,
        args: vec!["x".to_owned()],
        variables: vec!["A=1".to_owned()],
        env: Some("linux".to_owned()),
        target: Some((&PLONKY3).into()),
        max_precompiles: Some(20),
        lock: Some(path("/g/../l")),
        config: Some(path("/abs/openvm.toml")),
        out: Some(path("/g/o")),
    };
    assert_eq!(settings, Ok(expected));
    assert_eq!(read(&json!(null)), Ok(Settings::default()));
}

#[test]
fn mistakes_name_file_key_and_what_there_is() {
    for (value, parts) in [
        (json!({"imput": "x"}), &["imput", "input", "max-precompiles"][..]),
        (json!({"input": 3}), &["input", "3", "a string"][..]),
        (json!({"inputs": "x"}), &["inputs", "a list of strings"][..]),
        (json!({"args": [1]}), &["args", "a list of strings"][..]),
        (json!({"command": []}), &["command", "a program"][..]),
        (json!({"pipeline": "jolt"}), &["jolt", "openvm, sp1, zisk, risc0"][..]),
        (json!({"target": "sp1"}), &["target", "openvm, halo2, plonky3"][..]),
        (json!({"max-precompiles": -1}), &["max-precompiles", "-1"][..]),
        (json!(7), &["autoprec", "a table"][..]),
    ] {
        let error = read(&value).unwrap_err();
        assert!(error.contains("/g/Cargo.toml"), "{error}");
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
}

#[test]
fn the_pipeline_is_guessed_from_dependencies() {
    for vm in Zkvm::ALL {
        let name = match vm {
            Zkvm::OpenVm => "openvm",
            Zkvm::Sp1 => "sp1-zkvm",
            Zkvm::Zisk => "ziskos",
            Zkvm::Risc0 => "risc0-zkvm",
        };
        let world = World::new();
        let guest = world.package(name, "");
        let project = Project::find(&guest, &world.environment(&[])).unwrap();
        let Project::Package(package) = project else { panic!("{project:?}") };
        assert_eq!(package.zkvm, Some(vm));
        assert_eq!(
            (package.name.as_str(), &package.programs[..]),
            ("guest", &["guest".to_owned()][..])
        );
        assert_eq!(package.lock(), guest.join("autoprec.lock"));
        assert_eq!(package.config(), None);
        world.write("guest/openvm.toml", "");
        assert_eq!(package.config(), Some(guest.join("openvm.toml")));
    }
    let world = World::new();
    world.package("", "");
    let error = world.refused(&autoprec_build::patch("../guest"));
    assert!(error.contains("sp1-zkvm") && error.contains("`pipeline`"), "{error}");
}

/// A workspace of packages, each with what its Cargo.toml ends with.
fn workspace(members: &[(&str, &str)]) -> World {
    let world = World::new();
    let names: Vec<String> = members.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let names = names.join(", ");
    world.write(
        "Cargo.toml",
        format!("[workspace]\nresolver = \"2\"\nmembers = [{names}]\nexclude = [\"far\"]\n"),
    );
    for (name, more) in members {
        world.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
        let head =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        world.write(&format!("{name}/Cargo.toml"), format!("{head}{more}"));
    }
    world
}

#[test]
fn a_package_of_a_workspace_is_found() {
    let table = "[package.metadata.autoprec]\npipeline = \"openvm\"\n";
    let world = workspace(&[("first", ""), ("guest", table), ("third", "")]);
    let environment = world.environment(&[]);
    let find = |folder: &str, name| Package::around(&world.path(folder), name, &environment);
    let name = |folder, name| find(folder, name).map(|package| package.name).unwrap();
    assert_eq!(name("", None), "guest");
    assert_eq!(name("first", None), "first");
    assert_eq!(name("first/src", Some("third")), "third");
    let error = find("", Some("fourth")).unwrap_err().to_string();
    assert!(error.contains("fourth") && error.contains("first, guest, third"), "{error}");
    let world = workspace(&[("first", ""), ("guest", "")]);
    let error = Package::around(&world.path(""), None, &environment).unwrap_err().to_string();
    assert!(error.contains("first, guest") && error.contains("-p"), "{error}");
}

#[test]
fn what_a_package_needs_by_path_is_part_of_it() {
    let world = workspace(&[
        ("guest", "[dependencies]\nnear = { path = \"../near\" }\nfar = { path = \"../far\" }\n"),
        ("near", "[dependencies]\nnext = { path = \"../next\" }\n"),
        ("next", ""),
        ("other", ""),
    ]);
    let far = "[package]\nname = \"far\"\nversion = \"0.1.0\"\n";
    world.write("far/Cargo.toml", far);
    world.write("far/src/lib.rs", "");
    let environment = world.environment(&[]);
    let package = Package::around(&world.path("guest"), None, &environment).unwrap();
    for name in ["Cargo.toml", "guest/src", "near/src", "next/Cargo.toml", "far/src"] {
        assert!(package.sources.contains(&world.path(name)), "{name}: {:?}", package.sources);
    }
    assert!(!package.sources.contains(&world.path("other/src")));
}

#[test]
fn what_cargo_cannot_read_is_told_with_its_words() {
    let world = World::new();
    world.write("guest/Cargo.toml", "[package\n");
    let error = world.refused(&autoprec_build::patch("../guest"));
    assert!(error.contains("guest/Cargo.toml") && error.contains("error"), "{error}");
}
