//! `bench exec`: executors beside each other. qemu-user may be missing where tests run: a script
//! stands for it.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::{Desk, Ran, examples};

/// A desk with a guest that hashes as often as `count.bin` says.
fn desk(count: u32) -> Desk {
    let desk = Desk::new();
    let guest = examples().join("../bench/guests/keccak-rv32im.elf");
    std::fs::copy(guest, desk.path("hash.elf")).unwrap();
    desk.write("count.bin", count.to_le_bytes());
    desk
}

fn report(desk: &Desk) -> Value {
    serde_json::from_slice(&desk.read("exec.json")).unwrap()
}

fn names(guest: &Value) -> Vec<&str> {
    let executors = guest["executors"].as_array().unwrap().iter();
    executors.map(|executor| executor["executor"].as_str().unwrap()).collect()
}

/// Compares with a qemu that is this script, or with none.
fn with_qemu(desk: &Desk, script: Option<&str>) -> Ran {
    std::fs::create_dir_all(desk.path("bin")).unwrap();
    if let Some(script) = script {
        desk.write("bin/qemu-riscv32", format!("#!/bin/sh\n{script}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(desk.path("bin/qemu-riscv32"), mode).unwrap();
    }
    let bin = desk.path("bin");
    let line = "bench exec hash.elf --stdin count.bin --repeat 2 --json exec.json";
    desk.run_with(line, &[("PATH", bin.to_str().unwrap())])
}

#[test]
fn openvm_runs_the_same_guest() {
    let desk = Desk::new();
    let line = "bench exec self-read.elf --input self-read.bin --repeat 3 --json exec.json";
    let ran = desk.succeeds(line);
    let report = report(&desk);
    assert_eq!((&report["version"], &report["repeats"]), (&1.into(), &3.into()));
    let guest = &report["guests"][0];
    assert_eq!(guest["guest"], "self-read.elf");
    assert_eq!((&guest["isa"], &guest["environment"]), (&"rv32".into(), &"openvm".into()));
    assert_eq!((&guest["instructions"], &guest["peak_bytes"]), (&166_459.into(), &Value::Null));
    assert_eq!(names(guest), ["autoprec", "openvm"]);
    for executor in guest["executors"].as_array().unwrap() {
        let [least, median, most] =
            ["least", "cpu_seconds", "most"].map(|field| executor[field].as_f64().unwrap());
        assert!(0.0 < least && least <= median && median <= most, "{executor}");
    }
    assert_eq!(guest["executors"][0]["ratio"], 1.0);
    assert_eq!(ran.stdout.lines().count(), 4, "{}", ran.stdout);
}

#[test]
fn qemu_has_to_come_to_the_same_result() {
    let desk = desk(2);
    let ran = with_qemu(&desk, Some("[ \"$1\" = --version ] || echo 2d5c954df96ecb3c"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(names(&report(&desk)["guests"][0]), ["autoprec", "qemu-user"]);
    for other in ["echo 2d5c954df96ecb3d", "echo 2d5c954df96ecb3c; exit 1"] {
        let ran = with_qemu(&desk, Some(other));
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr.contains("hash.elf: qemu-riscv32 and autoprec come to"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn an_executor_that_is_not_installed_is_named() {
    let desk = desk(1);
    let ran = with_qemu(&desk, None);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = report(&desk);
    assert_eq!(names(&report["guests"][0]), ["autoprec"]);
    let missing = report["missing"][0].as_str().unwrap();
    assert!(missing.starts_with("qemu-riscv32 is not installed"), "{missing}");
    assert!(ran.stdout.contains("not measured: qemu-riscv32 is not"), "{}", ran.stdout);
}

#[test]
fn runs_of_given_lengths_tell_their_memory() {
    let desk = desk(u32::MAX);
    desk.succeeds(
        "bench exec hash.elf --stdin count.bin --instructions 2000000,1000000 --repeat 1 \
         --json exec.json",
    );
    let report = report(&desk);
    let guests = report["guests"].as_array().unwrap();
    let run: Vec<u64> = guests.iter().map(|g| g["instructions"].as_u64().unwrap()).collect();
    assert_eq!(run.len(), 2);
    for (run, most) in run.into_iter().zip([1_000_000, 2_000_000]) {
        assert!(most - 10_000 < run && run <= most, "{run} of {most}");
    }
    if cfg!(target_os = "linux") {
        assert!(guests.iter().all(|guest| guest["peak_bytes"].as_u64().unwrap() > 1 << 20));
    }
}

#[test]
fn command_lines_that_make_no_sense() {
    let desk = desk(0);
    desk.refuses("bench exec --stdin count.bin", &["name its ELF"]);
    desk.refuses("bench exec missing.elf", &["missing.elf"]);
    let both = desk.run("bench exec hash.elf --instructions 5 --max-instructions 5");
    assert_eq!(both.code, Some(2), "{}", both.stderr);
    assert_eq!(desk.run("bench exec --repeat 0").code, Some(2));
}
