//! Exports: a block of an example guest, sizes of a machine, and files that are none.
//!
//! `BLESS=1 cargo test --release -p autoprec-bench --test exports` rewrites what is expected.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use autoprec_bench::{
    Columns, Export, MeasureError, PlotError, Report, Scaling, Size, frequencies, measure,
    write_export,
};
use autoprec_blocks::{Cfg, Region};
use autoprec_guest_elf::Program;
use autoprec_isa::Xlen;
use autoprec_synth::{Effort, OPENVM, cost_before};
use autoprec_testing::{expect_file, fixture};

/// The longest block of the Keccak example that has at most 60 instructions.
fn block() -> Region {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/elf/keccak.elf");
    let program = Program::load(&std::fs::read(elf).expect("it is there")).expect("an ELF");
    let regions = Cfg::build(&program, None).blocks.into_iter().filter_map(|block| {
        let short = block.insts.len() <= 60;
        Region::checked(Xlen::Rv32, block.insts, 0).ok().filter(|_| short)
    });
    regions.max_by_key(|region| region.insts.len()).expect("there are such blocks")
}

/// What `json` is read as; it must be an export.
fn read(json: &str) -> Export {
    Export::read("block.json", json.as_bytes()).expect("an export")
}

/// Why `json` is no export.
fn refusal(json: &str) -> String {
    Export::read("block.json", json.as_bytes()).expect_err("no export").to_string()
}

#[test]
fn a_block_of_an_example_is_written_and_read() {
    let region = block();
    let mut json = write_export(&region).expect("the guest is RV32IM");
    json.push('\n');
    expect_file(&fixture!("keccak-block.json"), &json);
    let export = read(&json);
    assert_eq!(export.region.insts, region.insts);
    assert_eq!(export.region.exits, region.exits);
    assert_eq!(export.machine, None);
}

#[test]
fn gzip_is_unpacked() {
    use std::io::Write;
    let json = write_export(&block()).expect("the guest is RV32IM");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(json.as_bytes()).expect("memory takes it");
    let packed = packed.finish().expect("memory takes it");
    let export = Export::read("block.json.gz", &packed).expect("an export");
    assert_eq!(export.region.insts, block().insts);
    let error = Export::read("cut.json.gz", &packed[..20]).expect_err("it is cut off");
    assert!(error.to_string().starts_with("cut.json.gz: this is not a gzip file"), "{error}");
}

#[test]
fn a_block_is_measured() {
    let region = block();
    let export = read(&write_export(&region).expect("the guest is RV32IM"));
    let measured = measure(&export, Some(3), Some(Effort::STANDARD), &|| Duration::from_secs(1))
        .expect("it has a system");
    let row = measured.row;
    assert_eq!(row.before, Size::from(cost_before(&region, &OPENVM).size), "its tables are known");
    assert_eq!(row.ours, Size::from(measured.precompile.systems[0].row_cost().size));
    assert!(row.ours.columns < row.before.columns);
    assert_eq!((row.split.pieces, row.split.size, row.split.refused), (1, row.ours, 0));
    assert_eq!((row.instructions, row.frequency), (region.insts.len(), Some(3)));
    let Columns { all, altered, rejected, other_state, unchanged, searched } =
        row.check.as_ref().expect("it was asked for").columns;
    assert_eq!((all, altered, searched), (row.ours.columns, all, all), "each column is tried");
    assert_eq!(rejected + other_state + unchanged, all);
    let report = Report::new(vec![row]);
    assert!(report.passed(), "{report}");
    let read: Report = serde_json::from_str(&report.to_json()).expect("it was just written");
    assert_eq!(read.to_json(), report.to_json());
}

#[test]
fn columns_are_counted_once() {
    let json = r#"{
        "block": {"blocks": [{"start_pc": 4096, "instructions": [[512, 40, 44, 48, 1, 1, 0, 0]]}]},
        "machine": {
            "constraints": [["a@1", "*", ["b_@_0@2", "-", 1]], ["-", "a@1"], 7],
            "bus_interactions": [
                {"id": 3, "mult": "a@1", "args": ["c@7", 17]},
                {"id": 3, "mult": 1, "args": [["renamed@1", "+", "c@7"], 17]}
            ],
            "derived_columns": []
        },
        "subs": [], "bus_map": {"bus_ids": {}}
    }"#;
    let size = Size { columns: 3, interactions: 2, constraints: 3 };
    assert_eq!(read(json).machine, Some(size));
}

#[test]
fn files_that_are_no_exports_are_named() {
    let block = |rows: &str| {
        format!(r#"{{"block": {{"blocks": [{{"start_pc": 4096, "instructions": [{rows}]}}]}}}}"#)
    };
    let cases = [
        ("{".to_owned(), "block.json: this is not an exported block of powdr: EOF"),
        ("[]".to_owned(), "block.json: this is not an exported block of powdr: "),
        ("{}".to_owned(), "missing field `block`"),
        (r#"{"block": {"blocks": []}}"#.to_owned(), "one basic block is expected, the export has 0"),
        (block(""), "block.json: a region needs at least one instruction"),
        (block("[1, 0, 0, 3, 0, 0, 0, 0]"), "block.json: instruction 0, at 0x1000: phantom"),
        (
            block("[512, 40, 44, 48, 1, 1, 0, 0], [608, 0, 4, 0, 1, 2, 0, 0]"),
            "block.json: instruction 1, at 0x1004: opcode 608 is not one of RV32IM",
        ),
        (
            block("[560, 0, 0, 8, 1, 0, 0, 0], [512, 40, 44, 48, 1, 1, 0, 0]"),
            "block.json: control transfer at 0x1000 before the end of the region",
        ),
        (
            r#"{"block": {"blocks": []}, "machine": {"constraints": ["a"], "bus_interactions": []}}"#
                .to_owned(),
            "`a` is neither an operator nor a column",
        ),
    ];
    for (json, expected) in cases {
        let error = refusal(&json);
        assert!(error.starts_with("block.json: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn frequencies_are_those_of_the_table() {
    let table = "rank\tfreq\tfile\n1\t30\ta.json.gz\n2\tmany\tb.json.gz\n3\n";
    let read: Vec<(String, u64)> = frequencies(table).into_iter().collect();
    assert_eq!(read, [("a.json.gz".to_owned(), 30)]);
    assert!(frequencies("").is_empty());
    assert!(frequencies("a\tb\n1\t2\n").is_empty());
}

#[test]
fn longer_regions_are_made_of_the_block() {
    let export = read(&write_export(&block()).expect("the guest is RV32IM"));
    let now = AtomicU64::new(0);
    let clock = || Duration::from_millis(now.fetch_add(20, Ordering::Relaxed));
    let scaling = Scaling::measure(&export, &[2, 40, 300], &clock).expect("all have systems");
    assert_eq!(scaling.period, export.region.insts.len() - 1, "the branch is left out");
    let lengths: Vec<usize> = scaling.points.iter().map(|point| point.instructions).collect();
    assert_eq!(lengths, [2, 40, 300]);
    assert!(scaling.points.is_sorted_by_key(|point| point.size.columns), "{scaling}");
    let read: Scaling = serde_json::from_str(&scaling.to_json()).expect("it was just written");
    assert_eq!(read.to_string(), scaling.to_string());
    // Each takes the 20 ms between two looks at the clock.
    assert!(scaling.to_string().contains("20.000              66.67\n"), "{scaling}");
    let svg = Scaling { points: scaling.points[..1].to_vec(), ..scaling };
    assert_eq!(svg.to_svg(), Err(PlotError::NoRange), "one point has no range");
}

#[test]
fn times_are_drawn() {
    let export = read(&write_export(&block()).expect("the guest is RV32IM"));
    let mut scaling =
        Scaling::measure(&export, &[2, 40], &|| Duration::ZERO).expect("both have systems");
    assert_eq!(scaling.points[0].time.cpu_seconds.to_bits(), 0, "the clock stands still");
    assert_eq!(scaling.to_svg(), Err(PlotError::NoRange), "0 is not on a logarithmic axis");
    scaling.points[0].time.cpu_seconds = 0.001;
    scaling.points[1].time.cpu_seconds = 0.02;
    let svg = scaling.to_svg().expect("it can be drawn");
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for words in ["instructions", "CPU time, ms", "autoprec", "proportional"] {
        assert!(svg.contains(words), "{words}: {svg}");
    }
}

#[test]
fn a_jump_alone_is_no_code_to_repeat() {
    let json = r#"{"block": {"blocks": [
        {"start_pc": 4096, "instructions": [[560, 0, 0, 8, 1, 0, 0, 0]]}
    ]}}"#;
    let result = Scaling::measure(&read(json), &[10], &|| Duration::ZERO);
    assert!(matches!(result, Err(MeasureError::OnlyJump { .. })), "{result:?}");
}
