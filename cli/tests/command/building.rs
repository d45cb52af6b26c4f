//! `build`, `run` and `show`: what is built does what the original does, and is a function of what
//! it was built from.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Desk, EXAMPLES, Ran, expected, numbers};

fn build(desk: &Desk, example: &str, options: &str) -> Ran {
    desk.succeeds(&format!("build {example}.elf --input {example}.bin {options}"))
}

#[track_caller]
fn same_files(desk: &Desk, one: &str, other: &str) {
    let (one, other) = (desk.files(one), desk.files(other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(*bytes == other[name], "{name} differs");
    }
}

#[test]
fn patched_guests_do_what_the_originals_do() {
    let desk = Desk::new();
    for (example, instructions) in EXAMPLES {
        build(&desk, example, &format!("--out {example} --lock {example}.lock"));
        let run = |guest: &str| {
            desk.succeeds(&format!("run {guest} --input {example}.bin --json")).json()
        };
        let (original, patched) =
            (run(&format!("{example}.elf")), run(&format!("{example}/guest.elf")));
        for key in ["exit_code", "public_values", "stdout", "instructions", "misaligned"] {
            assert_eq!(original[key], patched[key], "{example}: {key}");
        }
        assert_eq!(original["exit_code"], 0);
        assert_eq!(original["public_values"], expected(example), "{example}");
        assert_eq!(original["instructions"], instructions, "{example}");
        assert_eq!(original["vm_instructions"], instructions, "{example}");
        assert_eq!(original["precompile_calls"], serde_json::json!({}));

        // The report foretells the run.
        let report = desk.report(example);
        assert_eq!(report["totals"]["instructions"], instructions);
        assert_eq!(report["totals"]["instructions_patched"], patched["vm_instructions"]);
        let calls: BTreeMap<String, Value> = report["precompiles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p["id"].to_string(), p["calls"].clone()))
            .collect();
        assert_eq!(serde_json::to_value(calls).unwrap(), patched["precompile_calls"]);

        let text = desk.succeeds(&format!("run {example}/guest.elf --input {example}.bin"));
        assert_eq!(text.stdout, format!("public values {}\n", expected(example)));
        let verified = desk.succeeds(&format!("verify-link {example}.elf {example}/guest.elf"));
        assert!(verified.stdout.ends_with("link verified\n"), "{}", verified.stdout);
    }
}

#[test]
fn reports_say_what_is_saved() {
    let desk = Desk::new();
    for (example, ratio) in [("keccak", 3), ("sha256", 3), ("sort-vm", 3), ("self-read", 3)] {
        let summary = build(&desk, example, &format!("--out {example} --lock {example}.lock"));
        assert!(summary.stdout.contains("VM instructions"), "{}", summary.stdout);
        assert_eq!(summary.stderr, "");
        let report = desk.report(example);
        let totals = &report["totals"];
        let (before, after) = (&totals["cost"], &totals["cost_patched"]);
        assert!(before.as_u64().unwrap() >= ratio * after.as_u64().unwrap(), "{example}: {totals}");

        let precompiles = report["precompiles"].as_array().unwrap();
        assert!(precompiles.len() >= 10, "{example}: {}", precompiles.len());
        for (position, p) in precompiles.iter().enumerate() {
            assert_eq!(p["id"], 10000 + position as u64);
            assert!(p["saved"].as_i64().unwrap() > 0, "{example}: {p}");
            let system = &p["systems"][0];
            let columns = |size: &Value| size["columns"].as_u64().unwrap();
            assert!(columns(&system["size"]) < columns(&p["before"]), "{example}: {p}");
            for what in ["honest", "recorded", "rejected"] {
                assert!(system["check"][what].as_u64().unwrap() > 0, "{example}: {p}");
            }
            // Every table pays for what it costs.
            assert!(p["calls"].as_u64().unwrap() > 0, "{example}: {p}");
        }
        for region in report["regions"].as_array().unwrap() {
            assert_ne!(region["reason"], "", "{example}: {region}");
        }
        let json = build(&desk, example, &format!("--out {example} --lock {example}.lock --json"));
        assert_eq!(json.json(), report, "{example}");
    }
}

#[test]
fn show_prints_every_precompile() {
    let desk = Desk::new();
    build(&desk, "self-read", "--out out");
    let ids: Vec<u64> = numbers(&desk.report("out")).into_values().collect();
    for id in &ids {
        let text = String::from_utf8(desk.read(&format!("out/precompiles/{id}.txt"))).unwrap();
        assert_eq!(desk.succeeds(&format!("show out {id}")).stdout, text);
        for part in ["region 0x", "\nir rv32\n", "\nsystem babybear\n", "; openvm: columns "] {
            assert!(text.contains(part), "{id}: {part}");
        }
    }
    let texts = desk.files("out/precompiles");
    assert_eq!(texts.len(), ids.len());
    desk.refuses("show out 9999", &["out", "9999", "report.json"]);
    desk.refuses(&format!("show out {}", 10000 + ids.len()), &["out", "report.json"]);
    desk.refuses("show keccak.elf 10000", &["keccak.elf", "autoprec build"]);
    desk.refuses("show nowhere 10000", &["nowhere", "autoprec build"]);
}

#[test]
fn builds_are_the_same_every_time() {
    let desk = Desk::new();
    for (example, _) in EXAMPLES {
        let copy = format!("elsewhere/{example}.elf");
        std::fs::create_dir_all(desk.path("elsewhere")).unwrap();
        std::fs::copy(desk.path(&format!("{example}.elf")), desk.path(&copy)).unwrap();
        let at = |name: &str| format!("{example}-{name}");
        let out = |name: &str| format!("--out {} --lock {}.lock", at(name), at(name));
        let one = build(&desk, example, &format!("{} --threads 1", out("one")));
        let two = build(&desk, example, &format!("{} --threads 2", out("two")));
        assert_eq!(
            one.stdout.replace(&at("one"), ""),
            two.stdout.replace(&at("two"), ""),
            "{example}"
        );
        desk.succeeds(&format!(
            "build {copy} --input {example}.bin --out {} --lock {}.lock",
            at("copy"),
            at("one")
        ));
        same_files(&desk, &at("one"), &at("two"));
        // From another folder, and with the lock of the first build.
        same_files(&desk, &at("one"), &at("copy"));
        assert_eq!(
            desk.read(&format!("{}.lock", at("one"))),
            desk.read(&format!("{}.lock", at("two")))
        );
        assert_eq!(
            desk.read(&format!("{}.lock", at("one"))),
            desk.read(&format!("{}/autoprec.lock", at("one")))
        );
    }
}

#[test]
fn a_folder_is_replaced_as_a_whole() {
    let desk = Desk::new();
    build(&desk, "keccak", "--out out");
    build(&desk, "self-read", "--out again --lock again.lock");
    // The lock inside the folder, where it is easily put.
    build(&desk, "self-read", "--out out --lock out/autoprec.lock --max-precompiles 5");
    assert_eq!(desk.files("out/precompiles").len(), 5);
    build(&desk, "self-read", "--out deep/er/out --lock again.lock");
    same_files(&desk, "again", "deep/er/out");
    let hidden: Vec<String> =
        desk.files("").into_keys().filter(|name| name.starts_with(".autoprec-")).collect();
    assert_eq!(hidden, Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn folders_go_by_many_names() {
    let desk = Desk::new();
    let options = |out: &str| format!("--max-precompiles 2 --out {out}");
    build(&desk, "self-read", &options("out"));
    let first = desk.files("out");
    std::os::unix::fs::symlink("out", desk.path("link")).unwrap();
    for name in ["out/", "out/../out", "./out", "link"] {
        build(&desk, "self-read", &options(name));
        assert!(desk.files("out") == first, "{name}");
        assert!(desk.path("link").is_symlink(), "{name}");
    }
    build(&desk, "self-read", &options(desk.path("absolute").to_str().unwrap()));
    assert!(desk.files("absolute") == first);
    let line = format!("build self-read.elf --input self-read.bin {}", options("../"));
    desk.refuses(&line, &["../"]);
    std::fs::create_dir(desk.path("here")).unwrap();
    let here = desk.within("here");
    here.refuses("build ../self-read.elf --input ../self-read.bin --out .", &["folder you are in"]);
}

#[test]
fn numbers_are_stable() {
    let desk = Desk::new();
    build(&desk, "sort-vm", "--out all --lock sort.lock");
    let all = numbers(&desk.report("all"));
    let ids = || -> Vec<String> {
        let text = String::from_utf8(desk.read("sort.lock")).unwrap();
        text.lines().filter(|line| line.starts_with("id = ")).map(str::to_owned).collect()
    };
    let (lock, locked) = (desk.read("sort.lock"), ids());

    build(&desk, "sort-vm", "--out few --lock sort.lock --max-precompiles 5");
    let few = numbers(&desk.report("few"));
    assert_eq!(few.len(), 5);
    assert!(few.iter().all(|(entry, id)| all[entry] == *id));
    // What is not linked now keeps its number for later.
    assert_eq!(ids(), locked);
    build(&desk, "sort-vm", "--out all-again --lock sort.lock");
    assert_eq!(desk.read("sort.lock"), lock);
    same_files(&desk, "all", "all-again");

    // The other way round: those that were first keep the first numbers.
    build(&desk, "sort-vm", "--out first --lock grown.lock --max-precompiles 3");
    build(&desk, "sort-vm", "--out grown --lock grown.lock --max-precompiles 30");
    let (first, grown) = (numbers(&desk.report("first")), numbers(&desk.report("grown")));
    assert!(first.iter().all(|(entry, id)| grown[entry] == *id));
    assert_eq!(grown.len(), 30);
}

#[test]
fn a_profile_does_as_well_as_an_input() {
    let desk = Desk::new();
    for (example, _) in [EXAMPLES[0], EXAMPLES[2]] {
        let at = |name: &str| format!("{example}-{name}");
        build(&desk, example, &format!("--out {} --lock {}.lock", at("run"), at("run")));
        desk.succeeds(&format!("profile {example}.elf --input {example}.bin --out {}", at("p")));
        let ran = desk.succeeds(&format!(
            "build {example}.elf --profile {}/profile.json --out {} --lock {}.lock",
            at("p"),
            at("profile"),
            at("profile")
        ));
        assert!(ran.stderr.starts_with("warning: without input"), "{}", ran.stderr);
        let (run, profile) = (desk.files(&at("run")), desk.files(&at("profile")));
        for (name, bytes) in &run {
            // The report also says how many recorded states were checked, which are none without an
            // input, and the lock what the run was on, which is not known then.
            let differs = ["report.json", "autoprec.lock"].contains(&name.as_str());
            assert!(differs || *bytes == profile[name], "{example}: {name}");
        }
        assert_eq!(numbers(&desk.report(&at("run"))), numbers(&desk.report(&at("profile"))));
    }
}
