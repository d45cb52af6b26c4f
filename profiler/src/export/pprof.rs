//! pprof's protocol buffer, compressed with gzip: a sample per call path, a sample type per unit.

mod proto;

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;

use crate::view::{Frame, View};
use proto::{Function, Line, Location, Profile, Sample, ValueType};

/// The view as a file for `go tool pprof` and others.
pub fn pprof(view: &View) -> Vec<u8> {
    let mut strings = Strings::default();
    // The format wants the empty string first.
    strings.index("");
    let unit = strings.index("count");
    let types = view.units.iter().map(|name| ValueType { r#type: strings.index(name), unit });
    let sample_type: Vec<ValueType> = types.collect();
    let (function, location) =
        (1u64..).zip(&view.frames).map(|(id, frame)| place(&mut strings, id, frame)).unzip();
    let message = Profile {
        period_type: sample_type.first().copied(),
        default_sample_type: sample_type.first().map_or(0, |unit| unit.r#type),
        sample_type,
        period: 1,
        sample: view.paths.iter().map(|path| sample(&path.frames, &path.values)).collect(),
        function,
        location,
        comment: vec![strings.index(&view.title)],
        string_table: strings.all,
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&message.encode_to_vec())
        .and_then(|()| gzip.finish())
        .expect("writing to a vector does not fail")
}

/// A function and the one location in it: its entry.
fn place(strings: &mut Strings, id: u64, frame: &Frame) -> (Function, Location) {
    let name = strings.index(&frame.name);
    let function = Function { id, name, system_name: name, ..Function::default() };
    let line = vec![Line { function_id: id, ..Line::default() }];
    (function, Location { id, address: frame.addr, line, ..Location::default() })
}

/// Locations go from the innermost outwards.
fn sample(frames: &[usize], values: &[u64]) -> Sample {
    Sample {
        location_id: frames.iter().rev().map(|&frame| frame as u64 + 1).collect(),
        value: values.iter().map(|&value| i64::try_from(value).unwrap_or(i64::MAX)).collect(),
        label: Vec::new(),
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
    use crate::view::Path;

    fn decode(bytes: &[u8]) -> Profile {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).expect("it is gzip");
        Profile::decode(&plain[..]).expect("it is a protocol buffer")
    }

    #[test]
    fn what_is_written_reads_as_the_view() {
        let frame = |name: &str, addr| Frame { name: name.to_owned(), addr };
        let view = View {
            title: "guest.elf".to_owned(),
            units: vec!["instructions".to_owned(), "cells".to_owned()],
            frames: vec![frame("main", 0x1000), frame("sha", 0x2000), frame("main", 0x3000)],
            paths: vec![
                Path { frames: vec![0], values: vec![3, 300] },
                Path { frames: vec![0, 1, 2], values: vec![u64::MAX, 7] },
            ],
        };
        let profile = decode(&pprof(&view));
        let text = |index: i64| {
            profile.string_table[usize::try_from(index).expect("not negative")].as_str()
        };
        assert_eq!(text(0), "");
        let types: Vec<_> =
            profile.sample_type.iter().map(|t| (text(t.r#type), text(t.unit))).collect();
        assert_eq!(types, [("instructions", "count"), ("cells", "count")]);
        assert_eq!(text(profile.default_sample_type), "instructions");
        let names = |sample: &Sample| -> Vec<(&str, u64)> {
            let ids = sample.location_id.iter();
            let location = |id: &u64| profile.location.iter().find(|l| l.id == *id).expect("known");
            ids.map(location)
                .map(|l| {
                    let function = profile.function.iter().find(|f| f.id == l.line[0].function_id);
                    (text(function.expect("known").name), l.address)
                })
                .collect()
        };
        let samples: Vec<_> = profile.sample.iter().map(|s| (names(s), s.value.clone())).collect();
        assert_eq!(
            samples,
            [
                (vec![("main", 0x1000)], vec![3, 300]),
                (vec![("main", 0x3000), ("sha", 0x2000), ("main", 0x1000)], vec![i64::MAX, 7]),
            ]
        );
        assert_eq!(pprof(&view), pprof(&view));
    }
}
