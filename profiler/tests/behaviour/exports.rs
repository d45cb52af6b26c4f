//! What other tools read, read back by what those tools demand of it.

use std::collections::BTreeSet;

use autoprec_profiler::export::{self, Growth};
use autoprec_profiler::{Frame, Function, Kind, Path, View};
use serde::Deserialize;

fn function(name: &str, kind: Kind, addr: u64, place: Option<(&str, u32)>) -> Function {
    let (file, line) = place.map(|(file, line)| (file.to_owned(), line)).unzip();
    Function { name: name.to_owned(), kind, addr, file, line }
}

/// Names that formats have to escape, two functions of one name, an inlined one with two lines, a call
/// of the environment, a path without cells, and a value of more than 32 bits.
pub(crate) fn view() -> View {
    let frame = |function, line| Frame { function, line };
    View {
        title: "guest <1>.elf".to_owned(),
        units: vec!["instructions".to_owned(), "cells".to_owned()],
        functions: vec![
            function("_start", Kind::Called, 0x1000, Some(("src/main.rs", 3))),
            function("<A as B<\"c\">>::d; e", Kind::Called, 0x2000, None),
            function("memcpy", Kind::Called, 0x3000, None),
            function("memcpy", Kind::Called, 0x4000, None),
            function("next", Kind::Inlined, 0, Some(("src/it er.rs", 70))),
            function("[read]", Kind::Outside, 0, None),
        ],
        frames: vec![
            frame(0, Some(4)),
            frame(1, None),
            frame(2, None),
            frame(3, None),
            frame(4, Some(71)),
            frame(4, Some(72)),
            frame(5, None),
        ],
        paths: vec![
            Path { frames: vec![0], values: vec![5, 50] },
            Path { frames: vec![0, 1], values: vec![7_000_000_000, 11] },
            Path { frames: vec![0, 1, 2], values: vec![2, 0] },
            Path { frames: vec![0, 2], values: vec![3, 30] },
            Path { frames: vec![0, 3], values: vec![4, 40] },
            Path { frames: vec![0, 4], values: vec![1, 6] },
            Path { frames: vec![0, 5], values: vec![2, 7] },
            Path { frames: vec![0, 4, 2], values: vec![3, 8] },
            Path { frames: vec![0, 4, 6], values: vec![1, 9] },
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
        pub(super) file: Option<String>,
        pub(super) line: Option<u32>,
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
    assert_eq!(names, ["_start", "<A as B<\"c\">>::d; e", "memcpy", "memcpy", "next", "[read]"]);
    let place = |frame: usize| {
        let frame = &file.shared.frames[frame];
        (frame.file.as_deref(), frame.line)
    };
    assert_eq!((place(2), place(4)), ((None, None), (Some("src/it er.rs"), Some(70))));
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
    // Lines of a function are one frame.
    let cells = &file.profiles[1];
    let paths = [&[0][..], &[0, 1], &[0, 2], &[0, 3], &[0, 4], &[0, 4, 2], &[0, 4, 5]];
    assert_eq!(cells.samples, paths);
    assert_eq!(cells.weights, [50, 11, 30, 40, 13, 8, 9]);
}

#[test]
fn folded_stacks_have_a_path_and_a_number_per_line() {
    assert_eq!(
        export::folded(&view(), 1),
        "_start 50\n_start;<A as B<\"c\">>::d: e 11\n_start;memcpy 70\n_start;next 13\n\
         _start;next;[read] 9\n_start;next;memcpy 8\n"
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
        assert!(texts.contains("memcpy (70 cells, 43.48%)"), "{texts:?}");
        assert!(texts.contains("all (161 cells, 100%)"), "{texts:?}");
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
    // 130 of 210 against 70 of 161, as a share of all that is drawn.
    assert!(texts.iter().any(|t| t.starts_with("memcpy (130 cells, 61.90%; +")), "{texts:?}");
    assert_eq!(svg, export::differential(&before, &after, 1).unwrap());
}
