//! The processed format of the Firefox Profiler: a thread per unit, a weighted sample per call path.
//!
//! There is no time in a profile; a sample's time is its number. A table is an object of columns of
//! one length, as the format has it.

mod tables;

use serde::Serialize;
use serde_json::{Value, json};

use crate::view::View;
use tables::Tables;

/// The versions of the format that is written.
const VERSION: u32 = 24;
const PROCESSED_VERSION: u32 = 55;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    meta: Value,
    libs: [Value; 1],
    threads: Vec<Thread<'a>>,
    pages: [u8; 0],
    profiler_overhead: [u8; 0],
    counters: [u8; 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thread<'a> {
    name: &'a str,
    #[serde(rename = "isMainThread")]
    main: bool,
    process_type: &'static str,
    process_name: &'a str,
    process_startup_time: u64,
    process_shutdown_time: Option<u64>,
    register_time: u64,
    unregister_time: Option<u64>,
    pid: &'static str,
    tid: String,
    paused_ranges: [u8; 0],
    show_markers_in_timeline: bool,
    markers: Value,
    samples: Samples,
    #[serde(flatten)]
    tables: &'a Tables<'a>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Samples {
    length: usize,
    weight_type: &'static str,
    stack: Vec<usize>,
    time_deltas: Vec<u64>,
    weight: Vec<u64>,
    #[serde(rename = "threadCPUDelta")]
    thread_cpu_delta: Vec<u64>,
}

/// The view as JSON.
pub fn firefox(view: &View) -> String {
    let (tables, stacks) = Tables::of(view);
    let title = &view.title;
    let thread = |unit: usize| Thread {
        name: &view.units[unit],
        // A main thread would be shown by the name of the process.
        main: false,
        process_type: "default",
        process_name: title,
        process_startup_time: 0,
        process_shutdown_time: None,
        register_time: 0,
        unregister_time: None,
        pid: "1",
        tid: (unit + 1).to_string(),
        paused_ranges: [],
        show_markers_in_timeline: false,
        markers: markers(),
        samples: samples(view, unit, &stacks),
        tables: &tables,
    };
    let file = File {
        meta: meta(view),
        libs: [json!({
            "name": title, "path": title, "debugName": title, "debugPath": title,
            "breakpadId": "", "codeId": null, "arch": "riscv",
        })],
        threads: (0..view.units.len()).map(thread).collect(),
        pages: [],
        profiler_overhead: [],
        counters: [],
    };
    serde_json::to_string(&file).expect("strings and numbers are valid JSON")
}

fn meta(view: &View) -> Value {
    let threads: Vec<usize> = (0..view.units.len()).collect();
    json!({
        "version": VERSION,
        "preprocessedProfileVersion": PROCESSED_VERSION,
        "product": view.title,
        "processType": 0,
        "interval": 1,
        "startTime": 0,
        "debug": false,
        // There is nothing to ask a symbol server for.
        "symbolicated": true,
        "sourceCodeIsNotOnSearchfox": true,
        "usesOnlyOneStackType": true,
        "sampleUnits": { "time": "ms", "eventDelay": "ms", "threadCPUDelta": "µs" },
        "categories": [{ "name": "Other", "color": "grey", "subcategories": ["Other"] }],
        "extensions": { "length": 0, "baseURL": [], "id": [], "name": [] },
        "markerSchema": [],
        "pausedRanges": [],
        "initialVisibleThreads": threads,
        "initialSelectedThreads": [0],
    })
}

fn markers() -> Value {
    json!({
        "length": 0, "category": [], "data": [], "endTime": [], "name": [], "phase": [],
        "startTime": [],
    })
}

fn samples(view: &View, unit: usize, stacks: &[usize]) -> Samples {
    let mut samples = Samples { weight_type: "samples", ..Samples::default() };
    for (path, &stack) in view.paths.iter().zip(stacks) {
        if path.values[unit] > 0 {
            samples.stack.push(stack);
            samples.weight.push(path.values[unit]);
            samples.time_deltas.push(u64::from(samples.length > 0));
            samples.thread_cpu_delta.push(0);
            samples.length += 1;
        }
    }
    samples
}
