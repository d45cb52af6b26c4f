//! powdr's optimiser as baseline and oracle; without the feature, its refusal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use autoprec_bench::{Export, Measured, measure, powdr};

/// An addition, with a machine that is not its own: one register is rewritten, its value by way of
/// a column that can be substituted.
const EXPORT: &str = r#"{
    "block": {"blocks": [{"start_pc": 4096, "instructions": [[512, 40, 44, 48, 1, 1, 0, 0]]}]},
    "machine": {
        "constraints": [["b@2", "-", ["a@1", "+", 1]], ["c@4", "*", ["c@4", "-", 1]]],
        "bus_interactions": [
            {"id": 0, "mult": ["-", 1], "args": [4096, "ts@3"]},
            {"id": 0, "mult": 1, "args": [4100, ["ts@3", "+", 1]]},
            {"id": 1, "mult": ["-", 1], "args": [1, 40, "a@1", 0, 0, 0, "prev@5"]},
            {"id": 1, "mult": 1, "args": [1, 40, "b@2", 0, 0, 0, "ts@3"]},
            {"id": 3, "mult": 1, "args": ["b@2", 8]}
        ],
        "derived_columns": []
    },
    "bus_map": {"bus_ids": {
        "0": "ExecutionBridge", "1": "Memory", "2": "PcLookup",
        "3": {"Other": "VariableRangeChecker"}, "6": {"Other": "BitwiseLookup"},
        "7": {"Other": {"TupleRangeChecker": [256, 2048]}}
    }}
}"#;

/// At each look 20 ms have passed: nothing is run twice.
fn clock() -> Duration {
    static NOW: AtomicU64 = AtomicU64::new(0);
    Duration::from_millis(NOW.fetch_add(20, Ordering::Relaxed))
}

fn measured() -> Measured {
    let export = Export::read("add.json", EXPORT.as_bytes()).expect("an export");
    measure(&export, None, None, &clock).expect("an addition has a system")
}

#[cfg(not(feature = "powdr"))]
#[test]
fn without_the_feature_the_baseline_is_refused() {
    let measured = measured();
    let error = powdr::measure("add.json", EXPORT.as_bytes(), &measured.precompile, &clock)
        .expect_err("it is not built");
    const { assert!(!powdr::AVAILABLE) };
    assert!(error.to_string().contains("--features powdr"), "{error}");
}

#[cfg(feature = "powdr")]
#[test]
fn columns_that_follow_from_others_go() {
    let measured = measured();
    let result = powdr::measure("add.json", EXPORT.as_bytes(), &measured.precompile, &clock)
        .expect("it runs");
    // a or b, ts, prev, and the flag; c is connected to nothing. The check of b is repacked.
    assert_eq!((result.size.columns, result.size.interactions), (4, 5));
    assert_eq!(result.size.constraints, 1, "the flag's");
}

#[cfg(feature = "powdr")]
#[test]
fn the_oracle_finds_nothing_in_an_addition() {
    let measured = measured();
    let result = powdr::measure("add.json", EXPORT.as_bytes(), &measured.precompile, &clock)
        .expect("it runs");
    assert_eq!(result.oracle.columns, measured.row.ours.columns);
    assert_eq!(result.oracle.interactions, measured.row.ours.interactions);
}

/// The fields of register 0 are 0, so its columns and what depends on them go.
#[cfg(feature = "powdr")]
#[test]
fn register_0_is_0() {
    let size = |pointer: &str| {
        let export = EXPORT.replace("[1, 40, \"a@1\"", &format!("[1, {pointer}, \"a@1\""));
        let export = export.replace("[1, 40, \"b@2\"", &format!("[1, {pointer}, \"b@2\""));
        powdr::measure("add.json", export.as_bytes(), &measured().precompile, &clock)
            .expect("it runs")
            .size
    };
    assert_eq!(size("40").columns, size("0").columns + 1, "a is 0");
}

#[cfg(feature = "powdr")]
#[test]
fn an_export_without_machine_is_refused() {
    let bare = r#"{"block": {"blocks": []}, "bus_map": {"bus_ids": {}}}"#;
    let error = powdr::measure("bare.json", bare.as_bytes(), &measured().precompile, &clock)
        .expect_err("there is nothing to optimise");
    assert!(error.to_string().starts_with("bare.json: this export has no machine"), "{error}");
}
