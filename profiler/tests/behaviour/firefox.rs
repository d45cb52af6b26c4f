//! Files of the Firefox Profiler, held to what its code reads: every column as long as its table,
//! every index in its table, the tree of frames as in the view.

use std::collections::BTreeSet;

use autoprec_profiler::export;
use serde_json::Value;

use crate::exports::view;

fn array<'a>(value: &'a Value, length: &Value) -> &'a Vec<Value> {
    let array = value.as_array().unwrap();
    assert_eq!(Some(array.len() as u64), length.as_u64());
    array
}

fn index(value: &Value, table: &Value) -> usize {
    let index = value.as_u64().unwrap();
    assert!(index < table.as_u64().unwrap(), "{index} is not an index");
    usize::try_from(index).unwrap()
}

/// The call paths of a thread by name, with their weights; asserts that every index of its tables is
/// one and every column has the length of its table.
fn paths_of_thread<'a>(thread: &'a Value, strings: &'a [Value]) -> Vec<(Vec<&'a str>, i64)> {
    let (samples, stacks) = (&thread["samples"], &thread["stackTable"]);
    let (frames, functions) = (&thread["frameTable"], &thread["funcTable"]);
    let prefixes = array(&stacks["prefix"], &stacks["length"]);
    let of_stacks = array(&stacks["frame"], &stacks["length"]);
    let of_frames = array(&frames["func"], &frames["length"]);
    let of_functions = array(&functions["name"], &functions["length"]);
    assert_eq!(samples["weightType"], "samples");
    let weights = array(&samples["weight"], &samples["length"]);
    let path = |stack: &Value| {
        let mut names = Vec::new();
        let mut stack = stack;
        while !stack.is_null() {
            let at = index(stack, &stacks["length"]);
            let function = &of_frames[index(&of_stacks[at], &frames["length"])];
            let name = &of_functions[index(function, &functions["length"])];
            names.push(strings[usize::try_from(name.as_u64().unwrap()).unwrap()].as_str().unwrap());
            // Callers come before their callees.
            assert!(prefixes[at].is_null() || prefixes[at].as_u64() < stack.as_u64());
            stack = &prefixes[at];
        }
        names.reverse();
        names
    };
    let of_samples = array(&samples["stack"], &samples["length"]);
    of_samples.iter().zip(weights).map(|(s, w)| (path(s), w.as_i64().unwrap())).collect()
}

#[test]
fn firefox_profiles_are_consistent() {
    let view = view();
    let json: Value = serde_json::from_str(&export::firefox(&view)).unwrap();
    let meta = &json["meta"];
    for field in ["categories", "markerSchema"] {
        assert!(meta[field].is_array(), "{field}");
    }
    for field in ["interval", "startTime", "version", "preprocessedProfileVersion", "processType"] {
        assert!(meta[field].is_number(), "{field}");
    }
    assert_eq!(
        (&meta["product"], &meta["symbolicated"]),
        (&view.title.clone().into(), &true.into())
    );
    assert_eq!(json["libs"].as_array().unwrap().len(), 1);
    let threads = json["threads"].as_array().unwrap();
    assert_eq!(threads.len(), view.units.len());
    let thread = |unit: usize| threads.iter().find(|t| t["name"] == view.units[unit].as_str());
    for unit in 0..view.units.len() {
        let thread = thread(unit).unwrap();
        let strings = thread["stringArray"].as_array().or(json["shared"]["stringArray"].as_array());
        let paths = paths_of_thread(thread, strings.unwrap());
        let total: i64 = paths.iter().map(|(_, weight)| weight).sum();
        assert_eq!(u64::try_from(total).unwrap(), view.totals()[unit]);
        let distinct: BTreeSet<_> = paths.iter().map(|(path, _)| path.clone()).collect();
        // Two functions have one name; so have two lines of one.
        assert_eq!((paths.len(), distinct.len()), if unit == 0 { (9, 7) } else { (8, 6) });
    }
    let cells = thread(1).unwrap();
    let strings = cells["stringArray"].as_array().or(json["shared"]["stringArray"].as_array());
    assert_eq!(
        paths_of_thread(cells, strings.unwrap())[1],
        (vec!["_start", "<A as B<\"c\">>::d; e"], 11)
    );
    // What is shown first is the first unit.
    let shown = meta["initialSelectedThreads"].as_array().unwrap();
    assert_eq!(
        threads[usize::try_from(shown[0].as_u64().unwrap()).unwrap()]["name"],
        "instructions"
    );
}

/// The rows of a table by the names of its columns, each as long as the table.
fn rows(table: &Value) -> Vec<Value> {
    let length = usize::try_from(table["length"].as_u64().unwrap()).unwrap();
    let columns = table.as_object().unwrap().iter().filter(|(name, _)| *name != "length");
    let mut rows = vec![Value::Object(serde_json::Map::new()); length];
    for (name, column) in columns {
        let column = column.as_array().unwrap();
        assert_eq!(column.len(), length, "{name}");
        for (row, value) in rows.iter_mut().zip(column) {
            row[name] = value.clone();
        }
    }
    rows
}

#[test]
fn inlined_frames_know_their_depth_symbol_and_line() {
    let json: Value = serde_json::from_str(&export::firefox(&view())).unwrap();
    let thread = &json["threads"][0];
    let tables = ["frameTable", "funcTable", "nativeSymbols", "resourceTable", "stackTable"];
    let [frames, functions, symbols, resources, _] = tables.map(|name| rows(&thread[name]));
    let at = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let text = |value: &Value| thread["stringArray"][at(value)].as_str().unwrap();
    assert_eq!(text(&resources[0]["name"]), "guest <1>.elf");
    let frame = |frame: &Value| {
        let function = &functions[at(&frame["func"])];
        let symbol = frame["nativeSymbol"].as_u64().map(|_| &symbols[at(&frame["nativeSymbol"])]);
        assert_eq!(frame["address"].as_i64(), symbol.map_or(Some(-1), |s| s["address"].as_i64()));
        let file = &function["fileName"];
        format!(
            "{} {} {}:{} {} in {}",
            text(&function["name"]),
            frame["inlineDepth"],
            if file.is_null() { "?" } else { text(file) },
            function["lineNumber"],
            frame["line"],
            symbol.map_or("nothing", |symbol| text(&symbol["name"])),
        )
    };
    let frames: Vec<String> = frames.iter().map(frame).collect();
    assert_eq!(
        frames,
        [
            "_start 0 src/main.rs:3 4 in _start",
            "<A as B<\"c\">>::d; e 0 ?:null null in <A as B<\"c\">>::d; e",
            "memcpy 0 ?:null null in memcpy",
            "memcpy 0 ?:null null in memcpy",
            "next 1 src/it er.rs:70 71 in _start",
            "next 1 src/it er.rs:70 72 in _start",
            "[read] 0 ?:null null in nothing",
        ]
    );
}
