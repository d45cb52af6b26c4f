//! The lock: builds of it without a run, what `--locked` refuses, and numbers that outlive an edit.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Desk, examples};

fn built() -> Desk {
    let desk = Desk::new();
    desk.succeeds("build sort-vm.elf --input sort-vm.bin --lock the.lock --out first");
    desk
}

#[test]
fn a_lock_is_enough() {
    let desk = built();
    let lock = desk.read("the.lock");
    // No input is named, so nothing can be run.
    desk.succeeds("build sort-vm.elf --locked --lock the.lock --out second");
    assert!(desk.read("first/guest.elf") == desk.read("second/guest.elf"));
    assert!(desk.read("the.lock") == lock);
    let second = desk.files("second");
    assert!(!second.keys().any(|name| name.ends_with("profile.json")), "there was no run");
    let (one, other) = (desk.report("first"), desk.report("second"));
    for key in ["guest", "target", "totals", "commitments"] {
        assert_eq!(one[key], other[key], "{key}");
    }
    // What was checked differs, as no states were recorded.
    let precompiles = |report: &Value| -> Vec<Vec<Value>> {
        let keys = ["id", "entry", "end", "function", "calls", "saved", "system_digest"];
        let row = |p: &Value| keys.map(|key| p[key].clone()).to_vec();
        report["precompiles"].as_array().unwrap().iter().map(row).collect()
    };
    assert_eq!(precompiles(&one), precompiles(&other));
    let linked = desk.succeeds("verify-link sort-vm.elf second/guest.elf");
    assert!(linked.stdout.ends_with("link verified\n"));
}

#[test]
fn a_build_of_the_lock_keeps_the_profile_in_its_folder() {
    let desk = built();
    let before = desk.files("first");
    desk.succeeds("build sort-vm.elf --locked --lock the.lock --out first");
    assert_eq!(desk.files("first").keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    let regions = |report: &Value| report["regions"].as_array().unwrap().len();
    assert!(regions(&desk.report("first")) > 0, "the profile is there, so the rest is shown");
}

#[test]
fn what_would_change_is_said() {
    let desk = built();
    let locked = "--locked --lock the.lock --out second";
    desk.refuses(
        &format!("build sort-vm.elf --max-precompiles 5 {locked}"),
        &["the lock does not fit", "most precompiles", "5", "without --locked"],
    );
    desk.refuses(&format!("build keccak.elf {locked}"), &["the lock does not fit", "ELF"]);
    desk.refuses(
        &format!("build sort-vm.elf --target plonky3 {locked}"),
        &["the lock does not fit", "target", "plonky3"],
    );
    desk.refuses(
        "build sort-vm.elf --locked --lock none.lock --out second",
        &["the lock records no build"],
    );
    desk.refuses(&format!("build sort-vm.elf --input keccak.bin {locked}"), &["sort-vm.elf"]);
}

#[test]
fn numbers_outlive_an_edit() {
    let desk = built();
    let edited = examples().join("elf/sort-vm-talk.elf");
    desk.write("edited.elf", std::fs::read(edited).unwrap());
    let by_shape = |report: &Value| -> BTreeMap<(String, String), Vec<(u64, u64)>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for p in report["precompiles"].as_array().unwrap() {
            let key = (p["shape_digest"].to_string(), p["function"].to_string());
            let place = (p["entry"].as_u64().unwrap(), p["id"].as_u64().unwrap());
            found.entry(key).or_default().push(place);
        }
        found.values_mut().for_each(|places| places.sort_unstable());
        found
    };
    desk.succeeds("build edited.elf --input sort-vm.bin --lock the.lock --out second");
    let (before, after) = (by_shape(&desk.report("first")), by_shape(&desk.report("second")));
    let (mut same, mut moved) = (0, 0);
    for (shape, places) in &before {
        let Some(now) = after.get(shape).filter(|now| now.len() == places.len()) else { continue };
        for ((entry, id), (new_entry, new_id)) in places.iter().zip(now) {
            assert_eq!(id, new_id, "{shape:?} at {entry:#x} is now at {new_entry:#x}");
            same += 1;
            moved += usize::from(entry != new_entry);
        }
    }
    assert!(same > 50, "most regions are as they were: {same}");
    assert!(moved > 20, "and many have moved: {moved}");
    desk.refuses(
        "build edited.elf --locked --lock the.lock --max-precompiles 3 --out third",
        &["most precompiles"],
    );
}
