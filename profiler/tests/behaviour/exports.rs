//! What other tools read, read back by what those tools demand of it.

use std::collections::BTreeSet;

use autoprec_profiler::export::{self, Growth};
use autoprec_profiler::{Frame, Path, View};
use serde::Deserialize;
use serde_json::Value;

fn frame(name: &str, addr: u64) -> Frame {
    Frame { name: name.to_owned(), addr }
}

/// Names that formats have to escape, two functions of one name, a path without cells, and a value
/// of more than 32 bits.
fn view() -> View {
    View {
        title: "guest <1>.elf".to_owned(),
        units: vec!["instructions".to_owned(), "cells".to_owned()],
        frames: vec![
            frame("_start", 0x1000),
            frame("<A as B<\"c\">>::d; e", 0x2000),
            frame("memcpy", 0x3000),
            frame("memcpy", 0x4000),
        ],
        paths: vec![
            Path { frames: vec![0], values: vec![5, 50] },
            Path { frames: vec![0, 1], values: vec![7_000_000_000, 11] },
            Path { frames: vec![0, 1, 2], values: vec![2, 0] },
            Path { frames: vec![0, 2], values: vec![3, 30] },
            Path { frames: vec![0, 3], values: vec![4, 40] },
        ],
    }
}

/// speedscope's published schema, as far as it concerns sampled profiles.
mod speedscope {
    use super::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct File {
        #[serde(rename = "$schema")]
        pub(super) schema: String,
        pub(super) shared: Shared,
        pub(super) profiles: Vec<Sampled>,
        pub(super) name: Option<String>,
        pub(super) active_profile_index: Option<usize>,
        pub(super) exporter: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Shared {
        pub(super) frames: Vec<Frame>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Frame {
        pub(super) name: String,
        #[serde(default, rename = "file")]
        pub(super) _file: Option<String>,
        #[serde(default, rename = "line")]
        pub(super) _line: Option<u32>,
        #[serde(default, rename = "col")]
        pub(super) _col: Option<u32>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct Sampled {
        pub(super) r#type: Kind,
        pub(super) name: String,
        #[serde(rename = "unit")]
        pub(super) _unit: Unit,
        pub(super) start_value: u64,
        pub(super) end_value: u64,
        pub(super) samples: Vec<Vec<usize>>,
        pub(super) weights: Vec<u64>,
    }

    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(rename_all = "lowercase")]
    pub(super) enum Kind {
        Evented,
        Sampled,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub(super) enum Unit {
        None,
        Nanoseconds,
        Microseconds,
        Milliseconds,
        Seconds,
        Bytes,
    }
}

#[test]
fn speedscope_files_follow_the_schema() {
    let view = view();
    let file: speedscope::File = serde_json::from_str(&export::speedscope(&view)).unwrap();
    assert_eq!(file.schema, "https://www.speedscope.app/file-format-schema.json");
    assert_eq!(
        (file.name.as_deref(), file.exporter.as_deref()),
        (Some("guest <1>.elf"), Some("autoprec"))
    );
    assert!(file.active_profile_index.unwrap() < file.profiles.len());
    let names: Vec<_> = file.shared.frames.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["_start", "<A as B<\"c\">>::d; e", "memcpy", "memcpy"]);
    for (unit, profile) in file.profiles.iter().enumerate() {
        assert_eq!(
            (&profile.r#type, &profile.name),
            (&speedscope::Kind::Sampled, &view.units[unit])
        );
        assert_eq!(profile.samples.len(), profile.weights.len());
        assert_eq!(profile.end_value - profile.start_value, profile.weights.iter().sum::<u64>());
        assert_eq!(profile.end_value, view.totals()[unit]);
        assert!(profile.samples.iter().flatten().all(|&frame| frame < names.len()));
    }
    assert_eq!(file.profiles[1].samples, [vec![0], vec![0, 1], vec![0, 2], vec![0, 3]]);
    assert_eq!(file.profiles[1].weights, [50, 11, 30, 40]);
}

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
    assert!(json["libs"].as_array().unwrap().is_empty());
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
        // The two functions of one name are one label.
        assert_eq!(distinct.len(), if unit == 0 { 4 } else { 3 });
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

#[test]
fn folded_stacks_have_a_path_and_a_number_per_line() {
    assert_eq!(
        export::folded(&view(), 1),
        "_start 50\n_start;<A as B<\"c\">>::d: e 11\n_start;memcpy 70\n"
    );
}

/// The texts of an SVG, of which every byte is parsed.
fn texts(svg: &str) -> BTreeSet<String> {
    use quick_xml::events::Event;

    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let (mut found, mut text, mut root) = (BTreeSet::new(), String::new(), None);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) => {
                root.get_or_insert_with(|| tag.name().as_ref().to_vec());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.decode().unwrap()),
            Event::GeneralRef(name) => {
                text.push_str(match &name.decode().unwrap()[..] {
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    _ => "&",
                });
            }
            Event::End(_) => drop(found.insert(std::mem::take(&mut text))),
            _ => {}
        }
    }
    assert_eq!(root.as_deref(), Some(&b"svg"[..]));
    found
}

#[test]
fn graphs_are_svg_of_the_same_boxes() {
    let view = view();
    let [up, down] = [Growth::Up, Growth::Down].map(|growth| {
        let svg = export::graph(&view, 1, growth).unwrap();
        let texts = texts(&svg);
        assert!(texts.contains("guest <1>.elf"), "{texts:?}");
        assert!(texts.contains("memcpy (70 cells, 53.44%)"), "{texts:?}");
        assert!(texts.contains("all (131 cells, 100%)"), "{texts:?}");
        (texts, svg)
    });
    assert_eq!(up.0, down.0);
    assert_ne!(up.1, down.1, "an icicle hangs");
    let empty = View { paths: Vec::new(), ..view };
    let error = export::graph(&empty, 0, Growth::Up).unwrap_err();
    assert!(error.to_string().contains("0 instructions"), "{error}");
}

#[test]
fn differential_graphs_say_what_changed() {
    let before = view();
    let mut after = view();
    after.paths[3].values[1] = 90;
    after.paths.remove(1);
    let svg = export::differential(&before, &after, 1).unwrap();
    let texts = texts(&svg);
    // 130 of 180 against 70 of 131, as a share of all that is drawn.
    assert!(texts.iter().any(|t| t.starts_with("memcpy (130 cells, 72.22%; +")), "{texts:?}");
    assert_eq!(svg, export::differential(&before, &after, 1).unwrap());
}
