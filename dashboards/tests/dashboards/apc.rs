//! powdr's `apc_candidates.json`.

use std::collections::BTreeMap;

use autoprec_dashboards::{AirStats, Apc, ApcBlock, ApcCode, ApcError, ApcStats, Apcs};
use proptest::prelude::*;

use crate::fixture::{precompile, region, report};

/// Every field that version 4 has, on one line each.
const SAMPLE: &str = r#"{
  "version": 4,
  "apcs": [
    {
      "execution_frequency": 50000,
      "original_blocks": [
        {"start_pc": 2099204, "instructions": ["ADD rd_ptr = 4, rs1_ptr = 8, rs2 = 1, rs2_as = 0"]},
        {"start_pc": 2099248, "instructions": ["SUB", "BEQ"]}
      ],
      "stats": {
        "before": {"main_columns": 108, "constraints": 66, "bus_interactions": 60},
        "after": {"main_columns": 51, "constraints": 20, "bus_interactions": 35}
      },
      "width_before": 108,
      "value": 2850000,
      "cost_before": 108.5,
      "cost_after": 51.0
    },
    {
      "execution_frequency": 0,
      "original_blocks": [],
      "stats": {
        "before": {"main_columns": 0, "constraints": 0, "bus_interactions": 0},
        "after": {"main_columns": 0, "constraints": 0, "bus_interactions": 0}
      },
      "width_before": 0,
      "value": 0,
      "cost_before": 0.0,
      "cost_after": 0.0
    }
  ],
  "labels": {"2099200": ["memset", "bzero"], "2099240": ["memcpy"]}
}"#;

#[test]
fn a_file_with_every_field_is_read_and_written_as_it_was() {
    let apcs = Apcs::from_json(SAMPLE).expect("version 4");
    let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert_eq!(same(&apcs.to_json()), same(SAMPLE));
    let [first, _] = &apcs.apcs[..] else { panic!("two candidates") };
    assert_eq!((first.execution_frequency, first.value), (50_000, 2_850_000));
    assert_eq!(first.stats.after.bus_interactions, 35);
    assert_eq!(apcs.labels[&2_099_200], ["memset", "bzero"]);
}

#[test]
fn candidates_show_as_regions() {
    let shown = Apcs::from_json(SAMPLE).expect("version 4").report("reth");
    assert_eq!((shown.guest.name.as_str(), shown.guest.elf_digest.as_str()), ("reth", ""));
    assert_eq!((shown.totals, shown.precompiles.len()), (None, 0));
    let [region] = &shown.regions[..] else { panic!("what has no code is no region") };
    assert_eq!((region.entry, region.end), (2_099_204, 2_099_256));
    assert_eq!(region.function.as_deref(), Some("memset"));
    assert_eq!((region.instructions, region.calls), (3, 50_000));
    // 57.5 each, rounded before it is multiplied.
    assert_eq!((region.cost, region.saved), (109, 58 * 50_000));
}

fn block(start_pc: u64, instructions: &[&str]) -> ApcBlock {
    let instructions = instructions.iter().map(|&text| text.to_owned()).collect();
    ApcBlock { start_pc, instructions }
}

#[test]
fn a_report_is_written_with_powdrs_names() {
    let mut report = report(vec![precompile(10000, "f", 0x100, 7)], 1_000, 510);
    report.regions = vec![region("g", 0x900, 10, 125), region("h", 0xa00, 0, 0)];
    let stats = ApcStats {
        before: AirStats { main_columns: 50, constraints: 9, bus_interactions: 8 },
        after: AirStats { main_columns: 38, constraints: 7, bus_interactions: 6 },
    };
    let code = [
        ApcCode { blocks: vec![block(0x100, &["add", "ret"])], stats: None },
        ApcCode { blocks: vec![block(0x900, &["lw", "sw"])], stats: Some(stats) },
        // No sizes: it is left out.
        ApcCode { blocks: vec![block(0xa00, &["nop"])], stats: None },
        ApcCode { blocks: vec![], stats: None },
    ];
    let labels = BTreeMap::from([(0x100, vec!["f".to_owned()]), (0x900, vec!["g".to_owned()])]);
    let apcs = Apcs::of(&report, &code, labels);
    let expected = r#"{
        "version": 4,
        "apcs": [
            {
                "execution_frequency": 7,
                "original_blocks": [{"start_pc": 256, "instructions": ["add", "ret"]}],
                "stats": {
                    "before": {"main_columns": 100, "constraints": 80, "bus_interactions": 60},
                    "after": {"main_columns": 30, "constraints": 10, "bus_interactions": 20}
                },
                "width_before": 100, "value": 490, "cost_before": 100.0, "cost_after": 30.0
            },
            {
                "execution_frequency": 10,
                "original_blocks": [{"start_pc": 2304, "instructions": ["lw", "sw"]}],
                "stats": {
                    "before": {"main_columns": 50, "constraints": 9, "bus_interactions": 8},
                    "after": {"main_columns": 38, "constraints": 7, "bus_interactions": 6}
                },
                "width_before": 50, "value": 125, "cost_before": 50.0, "cost_after": 38.0
            }
        ],
        "labels": {"256": ["f"], "2304": ["g"]}
    }"#;
    let text = apcs.to_json();
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert_eq!(value(&text), value(expected));
    let read = Apcs::from_json(&text).expect("what was written can be read");
    assert_eq!(read, apcs);
    let regions = read.report("guest.elf").regions;
    let saved: Vec<(u64, i64)> = regions.iter().map(|one| (one.entry, one.saved)).collect();
    assert_eq!(saved, [(0x100, 490), (0x900, 120)]);
}

#[test]
fn other_versions_are_refused_by_name() {
    let version = |text: &str| match Apcs::from_json(text) {
        Err(ApcError::Old { got } | ApcError::New { got }) => got,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(version("  []"), 0);
    assert_eq!(version(r#"{"apcs": [], "labels": {}}"#), 1);
    assert_eq!(version(&SAMPLE.replacen('4', "3", 1)), 3);
    assert_eq!(version(&SAMPLE.replacen('4', "5", 1)), 5);
    let error = Apcs::from_json(&SAMPLE.replacen('4', "5", 1)).unwrap_err().to_string();
    assert_eq!(error, "the apc_candidates.json has version 5; this program reads version 4");
}

#[test]
fn what_is_no_such_file_is_refused() {
    for text in ["", "4", "{", r#"{"version": "4"}"#, r#"{"version": 4}"#, "null"] {
        assert!(matches!(Apcs::from_json(text), Err(ApcError::Json(_))), "{text}");
    }
    for field in ["start_pc", "stats", "main_columns", "width_before", "value", "cost_after"] {
        let text = SAMPLE.replacen(field, "other", 1);
        let error = Apcs::from_json(&text).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

fn any_apc() -> impl Strategy<Value = Apc> {
    let air = any::<[u32; 3]>().prop_map(|[columns, constraints, messages]| AirStats {
        main_columns: columns.into(),
        constraints: constraints.into(),
        bus_interactions: messages.into(),
    });
    let air = air.boxed();
    let blocks =
        prop::collection::vec((any::<u64>(), prop::collection::vec("\\PC{0,9}", 0..4)), 0..3);
    let blocks = blocks.prop_map(|blocks| {
        let block = |(start_pc, instructions)| ApcBlock { start_pc, instructions };
        blocks.into_iter().map(block).collect::<Vec<_>>()
    });
    let costs = (any::<u32>(), any::<u32>(), any::<u64>(), any::<u64>());
    (blocks, air.clone(), air, costs).prop_map(
        |(original_blocks, before, after, (cost_before, cost_after, times, value))| Apc {
            execution_frequency: times,
            original_blocks,
            stats: ApcStats { before, after },
            width_before: before.main_columns,
            value,
            cost_before: f64::from(cost_before) / 4.0,
            cost_after: f64::from(cost_after) / 4.0,
        },
    )
}

proptest! {
    #[test]
    fn files_round_trip_and_can_be_shown(
        apcs in prop::collection::vec(any_apc(), 0..4),
        labels in prop::collection::btree_map(any::<u64>(), prop::collection::vec(".*", 0..3), 0..4),
    ) {
        let apcs = Apcs { version: 4, apcs, labels };
        let read = Apcs::from_json(&apcs.to_json()).expect("what was written can be read");
        prop_assert_eq!(&read, &apcs);
        for region in read.report("guest").regions {
            prop_assert!(region.end >= region.entry);
        }
    }
}
