//! pprof's protocol buffer, compressed with gzip: a sample per call path, a sample type per unit.
//!
//! A location is a place in a function with the functions inlined there as further lines of it.

mod proto;

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;

use super::groups::groups;
use crate::view::{self, Path, View};
use proto::{Function, Line, Location, Mapping, Profile, Sample, ValueType};

/// The guest.
const MAPPING: u64 = 1;

/// The view as a file for `go tool pprof` and others.
pub fn pprof(view: &View) -> Vec<u8> {
    let mut strings = Strings::default();
    // The format wants the empty string first.
    strings.index("");
    let unit = strings.index("count");
    let types = view.units.iter().map(|name| ValueType { r#type: strings.index(name), unit });
    let sample_type: Vec<ValueType> = types.collect();
    let mut locations = Locations { view, all: Vec::new(), by_frames: BTreeMap::new() };
    let message = Profile {
        period_type: sample_type.first().copied(),
        default_sample_type: sample_type.first().map_or(0, |unit| unit.r#type),
        sample_type,
        period: 1,
        sample: view.paths.iter().map(|path| sample(&mut locations, path)).collect(),
        mapping: vec![mapping(&mut strings, view)],
        function: (1..).zip(&view.functions).map(|(id, f)| function(&mut strings, id, f)).collect(),
        location: locations.all,
        comment: vec![strings.index(&view.title)],
        string_table: strings.all,
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&message.encode_to_vec())
        .and_then(|()| gzip.finish())
        .expect("writing to a vector does not fail")
}

fn mapping(strings: &mut Strings, view: &View) -> Mapping {
    Mapping {
        id: MAPPING,
        filename: strings.index(&view.title),
        has_functions: true,
        has_filenames: true,
        has_line_numbers: true,
        has_inline_frames: true,
    }
}

fn function(strings: &mut Strings, id: u64, function: &view::Function) -> Function {
    Function {
        id,
        name: strings.index(&function.name),
        // The name of the linker: pprof would demangle, and so shorten, a name that is the same.
        system_name: 0,
        filename: strings.index(function.file.as_deref().unwrap_or_default()),
        start_line: function.line.map_or(0, i64::from),
    }
}

/// Locations go from the innermost outwards.
fn sample(locations: &mut Locations<'_>, path: &Path) -> Sample {
    let places = groups(locations.view, &path.frames);
    Sample {
        location_id: places.into_iter().rev().map(|frames| locations.id(frames)).collect(),
        value: path.values.iter().map(|&value| i64::try_from(value).unwrap_or(i64::MAX)).collect(),
        label: Vec::new(),
    }
}

/// The locations met so far.
struct Locations<'a> {
    view: &'a View,
    all: Vec<Location>,
    by_frames: BTreeMap<Vec<usize>, u64>,
}

impl Locations<'_> {
    /// The number of the location that these frames are, outermost first.
    fn id(&mut self, frames: &[usize]) -> u64 {
        if let Some(&id) = self.by_frames.get(frames) {
            return id;
        }
        let id = self.all.len() as u64 + 1;
        let line = |&frame: &usize| Line {
            function_id: self.view.frames[frame].function as u64 + 1,
            line: self.view.frames[frame].line.map_or(0, i64::from),
        };
        self.all.push(Location {
            id,
            mapping_id: MAPPING,
            address: self.view.function(frames[0]).addr,
            line: frames.iter().rev().map(line).collect(),
        });
        self.by_frames.insert(frames.to_vec(), id);
        id
    }
}

/// The string table.
#[derive(Default)]
struct Strings {
    all: Vec<String>,
    index: BTreeMap<String, i64>,
}

impl Strings {
    fn index(&mut self, text: &str) -> i64 {
        if let Some(&index) = self.index.get(text) {
            return index;
        }
        let index = i64::try_from(self.all.len()).expect("there are fewer strings");
        self.all.push(text.to_owned());
        self.index.insert(text.to_owned(), index);
        index
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::view::{Frame, Kind};

    fn decode(bytes: &[u8]) -> Profile {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).expect("it is gzip");
        Profile::decode(&plain[..]).expect("it is a protocol buffer")
    }

    /// `main` calls `sha`, in which `round` is inlined; and another `main`.
    fn view() -> View {
        let function = |name: &str, kind, addr| view::Function {
            name: name.to_owned(),
            kind,
            addr,
            file: (kind == Kind::Inlined).then(|| "sha.rs".to_owned()),
            line: (kind == Kind::Inlined).then_some(7),
        };
        let frame = |function, line| Frame { function, line };
        View {
            title: "guest.elf".to_owned(),
            units: vec!["instructions".to_owned(), "cells".to_owned()],
            functions: vec![
                function("main", Kind::Called, 0x1000),
                function("sha", Kind::Called, 0x2000),
                function("main", Kind::Called, 0x3000),
                function("round", Kind::Inlined, 0),
            ],
            frames: vec![frame(0, None), frame(1, Some(3)), frame(2, Some(4)), frame(3, Some(9))],
            paths: vec![
                Path { frames: vec![0], values: vec![3, 300] },
                Path { frames: vec![0, 1, 2], values: vec![u64::MAX, 7] },
                Path { frames: vec![0, 1, 3], values: vec![1, 2] },
            ],
        }
    }

    #[test]
    fn what_is_written_reads_as_the_view() {
        let view = view();
        let profile = decode(&pprof(&view));
        let text = |index: i64| {
            profile.string_table[usize::try_from(index).expect("not negative")].as_str()
        };
        assert_eq!(text(0), "");
        let types: Vec<_> =
            profile.sample_type.iter().map(|t| (text(t.r#type), text(t.unit))).collect();
        assert_eq!(types, [("instructions", "count"), ("cells", "count")]);
        assert_eq!(text(profile.default_sample_type), "instructions");
        assert_eq!(text(profile.mapping[0].filename), "guest.elf");
        // A place is its address and lines, innermost first.
        let places = |sample: &Sample| -> Vec<(u64, Vec<(&str, i64)>)> {
            let ids = sample.location_id.iter();
            let location = |id: &u64| profile.location.iter().find(|l| l.id == *id).expect("known");
            let line = |line: &Line| {
                let function = profile.function.iter().find(|f| f.id == line.function_id);
                (text(function.expect("known").name), line.line)
            };
            ids.map(location)
                .inspect(|l| assert_eq!(l.mapping_id, profile.mapping[0].id))
                .map(|l| (l.address, l.line.iter().map(line).collect()))
                .collect()
        };
        let samples: Vec<_> = profile.sample.iter().map(|s| (places(s), s.value.clone())).collect();
        let main = (0x1000, vec![("main", 0)]);
        assert_eq!(
            samples,
            [
                (vec![main.clone()], vec![3, 300]),
                (
                    vec![(0x3000, vec![("main", 4)]), (0x2000, vec![("sha", 3)]), main.clone()],
                    vec![i64::MAX, 7]
                ),
                (vec![(0x2000, vec![("round", 9), ("sha", 3)]), main], vec![1, 2]),
            ]
        );
        let round = &profile.function[3];
        assert_eq!((text(round.filename), round.start_line), ("sha.rs", 7));
        assert_eq!(pprof(&view), pprof(&view));
    }
}
