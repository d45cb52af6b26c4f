//! `report`: pages, summaries, bounds, powdr's candidates.

use serde_json::Value;

use crate::support::Desk;

fn built() -> Desk {
    let desk = Desk::new();
    desk.succeeds("build sort-vm.elf --input sort-vm.bin --lock the.lock --out many");
    desk.succeeds(
        "build sort-vm.elf --input sort-vm.bin --lock few.lock --max-precompiles 3 --out few",
    );
    desk
}

#[test]
fn a_page_is_one_file_and_the_same_each_time() {
    let desk = built();
    desk.succeeds("report many --out one.html");
    desk.succeeds("report many --out other.html --threads 1");
    let page = String::from_utf8(desk.read("one.html")).unwrap();
    assert!(desk.read("other.html") == page.as_bytes());
    assert!(page.starts_with("<!doctype html>"), "{}", &page[..40]);
    // Nothing is loaded from anywhere.
    for way in ["src=\"http", "href=\"http", "url(http", "@import", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(way), "{way}");
    }
    // Without --out it lies in the folder of the build.
    desk.succeeds("report few many");
    assert!(!desk.read("many/index.html").is_empty());
}

#[test]
fn a_profile_alone_has_a_page() {
    let desk = Desk::new();
    desk.succeeds("profile keccak.elf --input keccak.bin --cost openvm-2.0.2 --out profile");
    desk.succeeds("report profile --out page.html");
    let summary = desk.succeeds("report profile --format markdown").stdout;
    assert!(summary.contains("keccak.elf"), "{summary}");
}

#[test]
fn a_summary_compares_the_last_two() {
    let desk = built();
    let summary = desk.succeeds("report few many --format markdown").stdout;
    for word in ["sort-vm.elf", "few", "10000", "verifying key"] {
        assert!(summary.contains(word), "{word}: {summary}");
    }
}

#[test]
fn bounds_fail_with_what_is_wrong() {
    let desk = built();
    desk.succeeds("report few many --format json --fail-if-worse 0 --min-ratio 2");
    let fails = |line: &str, words: &[&str]| {
        let ran = desk.run(line);
        assert_eq!(ran.code, Some(1), "{line}");
        for word in words {
            assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
        }
        assert!(!ran.stdout.is_empty(), "the report is written all the same");
    };
    fails("report many few --format json --fail-if-worse 0.5", &["few", "more"]);
    fails("report few --format json --min-ratio 500 --max-cost 7", &["500", "7"]);
    fails("report many --format json --max-precompiles 2", &["2"]);
}

#[test]
fn powdrs_candidates_are_written_and_read() {
    let desk = built();
    desk.succeeds("report many --format apc --out apc_candidates.json");
    let written: Value = serde_json::from_slice(&desk.read("apc_candidates.json")).unwrap();
    assert_eq!(written["version"], 4);
    let report = desk.report("many");
    let first = &report["precompiles"][0];
    let apcs = written["apcs"].as_array().unwrap();
    let apc =
        apcs.iter().find(|apc| apc["original_blocks"][0]["start_pc"] == first["entry"]).unwrap();
    assert_eq!(apc["execution_frequency"], first["calls"]);
    assert_eq!(apc["stats"]["after"]["main_columns"], first["systems"][0]["size"]["columns"]);
    let count = apc["original_blocks"][0]["instructions"].as_array().unwrap().len() as u64;
    assert_eq!(Some(count), first["instructions"].as_u64());
    let summary = desk.succeeds("report apc_candidates.json --format markdown").stdout;
    assert!(summary.contains("powdr"), "{summary}");
    // Without a guest, a page has what the file says.
    desk.succeeds("report apc_candidates.json --out powdr.html");
    desk.succeeds("report many/report.json --out alone.html");
}

#[test]
fn what_is_no_build_is_refused() {
    let desk = built();
    std::fs::create_dir(desk.path("empty")).unwrap();
    desk.refuses("report empty --out page.html", &["empty", "report.json", "autoprec build"]);
    desk.refuses("report nowhere --out page.html", &["nowhere"]);
    desk.write("old.json", br#"{"version": 1}"#);
    desk.refuses("report old.json --format markdown", &["old.json", "version 1", "build again"]);
    desk.write("new.json", br#"{"version": 9, "apcs": [], "labels": {}}"#);
    desk.refuses("report new.json --format markdown", &["new.json", "version 9"]);
    let report = desk.read("many/report.json");
    std::fs::copy(desk.path("keccak.elf"), desk.path("many/guest.elf")).unwrap();
    desk.refuses("report many --out page.html", &["guest"]);
    desk.write("many/report.json", &report[..report.len() / 2]);
    desk.refuses("report many --out page.html", &["many/report.json"]);
}

#[test]
fn vendors_are_refused_with_the_reason() {
    let desk = Desk::new();
    desk.refuses(
        "build sort-vm.elf --env sp1 --input sort-vm.bin --out out",
        &["SP1", "docs/guide/vendors.md#sp1", "autoprec profile"],
    );
    desk.refuses(
        "build sort-vm.elf --env zisk --input sort-vm.bin --out out",
        &["ZisK", "docs/guide/vendors.md#zisk"],
    );
}
