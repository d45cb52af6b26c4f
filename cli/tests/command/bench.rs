//! `bench` on a block of the Keccak example, and on files that are no exports.

use serde_json::Value;

use crate::support::{Desk, examples};

/// A desk with the export of a block of the Keccak example.
fn desk() -> Desk {
    let desk = Desk::new();
    let export = examples().join("../bench/tests/fixtures/keccak-block.json");
    std::fs::copy(export, desk.path("block.json")).unwrap();
    desk
}

#[test]
fn a_block_of_an_example_is_measured_and_checked() {
    let desk = desk();
    desk.write("table.tsv", "freq\tfile\n7\tblock.json\n");
    let ran = desk.succeeds("bench synth block.json --json report.json");
    let report: Value = serde_json::from_slice(&desk.read("report.json")).unwrap();
    let row = &report["rows"][0];
    assert_eq!((&row["file"], &row["frequency"]), (&"block.json".into(), &7.into()));
    assert_eq!(row["instructions"], 31);
    assert!(row["time"]["cpu_seconds"].as_f64().unwrap() > 0.0, "{row}");
    assert!(row["ours"]["columns"].as_u64() < row["before"]["columns"].as_u64(), "{row}");
    let check = &row["check"];
    assert_eq!(check["failure"], Value::Null);
    assert_eq!(check["columns"]["all"], row["ours"]["columns"], "{check}");
    assert_eq!(check["columns"]["altered"], row["ours"]["columns"], "{check}");
    assert_eq!(check["columns"]["searched"], row["ours"]["columns"], "{check}");
    assert_eq!(row["powdr"], Value::Null);
    assert!(ran.stdout.lines().any(|line| line.starts_with("block ") && line.contains("passed")));
    assert!(ran.stdout.contains("checker: 1 systems, 0 refused"), "{}", ran.stdout);
}

#[test]
fn longer_regions_are_measured_and_drawn() {
    let desk = desk();
    let ran = desk.succeeds("bench scaling block.json --json scaling.json --svg scaling.svg");
    let scaling: Value = serde_json::from_slice(&desk.read("scaling.json")).unwrap();
    let points = scaling["points"].as_array().unwrap();
    assert_eq!(points.last().unwrap()["instructions"], 10_000);
    assert_eq!(ran.stdout.lines().count(), 2 + points.len(), "{}", ran.stdout);
    assert!(desk.read("scaling.svg").starts_with(b"<svg "));
}

#[test]
fn files_that_are_no_exports() {
    let desk = desk();
    let export = String::from_utf8(desk.read("block.json")).unwrap();
    desk.write("cut.json", &export[..export.len() / 2]);
    desk.write("other.json", "{\"rows\": []}");
    desk.write("unknown.json", export.replacen("[512,", "[999,", 1));
    // The first bytes of gzip.
    desk.write("cut.json.gz", [0x1f, 0x8b, 8, 0, 0, 0]);
    std::fs::create_dir(desk.path("empty")).unwrap();
    let cases = [
        ("missing.json", "cannot read"),
        ("cut.json", "not an exported block of powdr: EOF"),
        ("other.json", "missing field `block`"),
        ("unknown.json", "opcode 999 is not one of RV32IM"),
        ("cut.json.gz", "not a gzip file"),
    ];
    for (file, words) in cases {
        desk.refuses(&format!("bench synth {file} --json report.json"), &[file, words]);
        // A block before it that is fine does not matter.
        desk.refuses(&format!("bench synth block.json {file} --json report.json"), &[file, words]);
        desk.refuses(&format!("bench scaling {file} --svg a.svg --json b.json"), &[file, words]);
    }
    desk.refuses("bench synth empty --json report.json", &["empty has no exports"]);
    desk.refuses("bench synth block.json --json none/report.json", &["none/report.json"]);
}

#[cfg(not(feature = "powdr"))]
#[test]
fn the_baseline_has_to_be_built() {
    let line = "bench synth block.json --baseline powdr --json report.json";
    desk().refuses(line, &["--features powdr"]);
}
