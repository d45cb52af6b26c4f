//! Sections of a run between markers that the guest prints: `cycle-tracker-start: NAME` on a line of
//! its own, up to `cycle-tracker-end: NAME`; the same with `cycle-tracker-report-`.
//!
//! SP1 defined these lines, and its executor and those made after it (such as Pico's) look for them
//! in what is written to standard output; here they are found in any environment, and in standard
//! error, too. ZisK has [instructions](tags) instead. RISC Zero and OpenVM have no such lines of their own: guests of RISC Zero read a cycle
//! counter and print differences, and OpenVM's `CtStart` and `CtEnd` are no RISC-V instructions, so
//! that no guest here can have them.
//!
//! A section begins after the call that wrote the end of its first marker and ends after the call
//! that wrote the end of its second one; those of ZisK lie between the instructions, the second one
//! included. Sections may nest, overlap and recur. Invariants: no
//! instruction counts twice in a total; memory is bounded by [`MAX_NAMES`], [`MAX_OPEN`] and
//! [`MAX_LINE`], whatever the guest prints.

mod tags;

use std::collections::BTreeMap;

use autoprec_profile::Section;

use crate::host::Output;
pub(crate) use tags::Tags;

/// Names told apart; sections of others are dropped.
const MAX_NAMES: usize = 1 << 12;
/// Sections open at a time; starts beyond are dropped.
const MAX_OPEN: usize = 1 << 10;
/// Bytes of a line that are looked at.
const MAX_LINE: usize = 1 << 10;

/// What each marker begins with.
const PREFIX: &[u8] = b"cycle-tracker-";

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    End,
}

/// A section that has not ended.
#[derive(Clone, Debug)]
struct Open {
    name: String,
    since: u64,
}

/// The beginning of a line.
#[derive(Clone, Debug, Default)]
struct Line {
    text: Vec<u8>,
    /// Instructions executed when the last part of it was written.
    at: u64,
}

/// Finds markers in what is written and measures what lies between.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markers {
    /// Of standard output and standard error.
    lines: [Line; 2],
    /// Bytes of them that were looked at.
    seen: [usize; 2],
    /// Innermost last.
    open: Vec<Open>,
    sections: BTreeMap<String, Section>,
}

impl Markers {
    /// Looks at what a call wrote, after `now` instructions. `whole` says that the host takes each
    /// write as a line, whether or not it ends in a newline.
    #[inline]
    pub(crate) fn look(&mut self, output: &Output, now: u64, whole: bool) {
        for (line, stream) in [&output.stdout, &output.stderr].into_iter().enumerate() {
            if stream.len() > self.seen[line] {
                self.wrote(line, &stream[self.seen[line]..], now, whole);
                self.seen[line] = stream.len();
            }
        }
    }

    fn wrote(&mut self, line: usize, bytes: &[u8], now: u64, whole: bool) {
        // A marker that was not ended by a newline is ended by the next one.
        if bytes.starts_with(PREFIX) {
            self.end_line(line);
        }
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Line { text, at } = &mut self.lines[line];
            let room = MAX_LINE - text.len();
            text.extend(&part[..part.len().min(room)]);
            *at = now;
            if whole || part.ends_with(b"\n") {
                self.end_line(line);
            }
        }
    }

    fn end_line(&mut self, line: usize) {
        let Line { text, at } = &mut self.lines[line];
        let (marker, at) = (parse(text), *at);
        text.clear();
        if let Some((kind, name)) = marker {
            self.mark(kind, name, at);
        }
    }

    /// A marker, after `now` instructions.
    pub(crate) fn mark(&mut self, kind: Kind, name: String, now: u64) {
        if self.sections.len() == MAX_NAMES && !self.sections.contains_key(&name) {
            return;
        }
        let new = || Section { name: name.clone(), ..Section::default() };
        let section = self.sections.entry(name.clone()).or_insert_with(new);
        match kind {
            Kind::Start if self.open.len() == MAX_OPEN => section.unclosed += 1,
            Kind::Start => self.open.push(Open { name, since: now }),
            Kind::End => {
                let Some(index) = self.open.iter().rposition(|open| open.name == name) else {
                    section.unopened += 1;
                    return;
                };
                let insts = now - self.open.remove(index).since;
                let within = self.open[..index].iter().any(|open| open.name == name);
                let total = if within { 0 } else { insts };
                section.add(&Section { count: 1, total, min: insts, max: insts, ..new() });
            }
        }
    }

    /// The sections, by name.
    pub(crate) fn finish(mut self) -> Vec<Section> {
        for line in 0..self.lines.len() {
            self.end_line(line);
        }
        for Open { name, .. } in self.open {
            self.sections.entry(name).and_modify(|section| section.unclosed += 1);
        }
        self.sections.into_values().collect()
    }
}

/// The marker that a line is.
fn parse(line: &[u8]) -> Option<(Kind, String)> {
    let rest = line.strip_prefix(PREFIX)?;
    let rest = rest.strip_prefix(b"report-").unwrap_or(rest);
    let (kind, name) = match rest.strip_prefix(b"start:") {
        Some(name) => (Kind::Start, name),
        None => (Kind::End, rest.strip_prefix(b"end:")?),
    };
    Some((kind, String::from_utf8_lossy(name).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Name, count, total, min, max, unclosed, unopened.
    type Row = (String, u64, u64, u64, u64, u64, u64);

    fn rows(markers: Markers) -> Vec<Row> {
        let row = |s: Section| (s.name, s.count, s.total, s.min, s.max, s.unclosed, s.unopened);
        markers.finish().into_iter().map(row).collect()
    }

    fn written(writes: &[(u64, &str)], whole: bool) -> Vec<Row> {
        let mut markers = Markers::default();
        for &(now, text) in writes {
            markers.wrote(0, text.as_bytes(), now, whole);
        }
        rows(markers)
    }

    fn row(name: &str, numbers: [u64; 6]) -> Row {
        let [count, total, min, max, unclosed, unopened] = numbers;
        (name.to_owned(), count, total, min, max, unclosed, unopened)
    }

    #[test]
    fn sections_nest_overlap_and_recur() {
        let nested = [
            (10, "cycle-tracker-start: outer\nsome text\n"),
            (20, "cycle-tracker-report-start: inner\n"),
            (25, "cycle-tracker-report-end: inner\n"),
            (30, "cycle-tracker-start:inner \r\n"),
            (33, "cycle-tracker-end: outer\n"),
            (37, "cycle-tracker-end: inner\n"),
        ];
        let expected = [row("inner", [2, 12, 5, 7, 0, 0]), row("outer", [1, 23, 23, 23, 0, 0])];
        assert_eq!(written(&nested, false), expected);
        let recursive = [
            (0, "cycle-tracker-start: f\n"),
            (10, "cycle-tracker-start: f\n"),
            (13, "cycle-tracker-end: f\n"),
            (20, "cycle-tracker-end: f\n"),
            (25, "cycle-tracker-start: f\ncycle-tracker-end: f\n"),
        ];
        assert_eq!(written(&recursive, false), [row("f", [3, 20, 0, 20, 0, 0])]);
    }

    #[test]
    fn what_does_not_match_is_noted() {
        let writes = [
            (1, "cycle-tracker-end: a\n"),
            (2, "cycle-tracker-start: a\n"),
            (3, "cycle-tracker-start: b\n  cycle-tracker-start: no\n"),
            (9, "cycle-tracker-stop: b\ncycle-tracker-end: b c\n"),
        ];
        let expected = [
            row("a", [0, 0, 0, 0, 1, 1]),
            row("b", [0, 0, 0, 0, 1, 0]),
            row("b c", [0, 0, 0, 0, 0, 1]),
        ];
        assert_eq!(written(&writes, false), expected);
        let section =
            Section { name: "a".to_owned(), unclosed: 2, unopened: 1, ..Section::default() };
        assert_eq!(
            section.note().unwrap(),
            "markers `a`: starts without an end: 2, ends without a start: 1"
        );
        assert_eq!(Section::default().note(), None);
    }

    #[test]
    fn lines_may_have_no_newline() {
        let writes = [
            (1, "cycle-tracker-start: a"),
            (5, "cycle-tracker-end: a"),
            (8, "cycle-tracker-start: a"),
            (9, "\n"),
        ];
        assert_eq!(written(&writes, false), [row("a", [1, 4, 4, 4, 1, 0])]);
        // Where each write is a line, what follows is none of its own.
        let writes =
            [(1, "cycle-tracker-start: a"), (3, "x"), (5, "cycle-tracker-end: a"), (6, "y")];
        assert_eq!(written(&writes, true), [row("a", [1, 4, 4, 4, 0, 0])]);
        assert_eq!(written(&writes[..3], false).len(), 2);
    }

    #[test]
    fn memory_is_bounded() {
        let mut markers = Markers::default();
        for round in 0..3 * MAX_NAMES {
            let text = format!("cycle-tracker-start: {round}\n");
            markers.wrote(1, text.as_bytes(), 0, false);
        }
        for _ in 0..2 * MAX_OPEN {
            markers.wrote(0, b"cycle-tracker-start: 0\n", 0, false);
            markers.wrote(0, &[b'x'; 100], 0, false);
        }
        assert!(markers.open.len() <= MAX_OPEN && markers.lines[0].text.len() <= MAX_LINE);
        let rows = rows(markers);
        assert_eq!(rows.len(), MAX_NAMES);
        assert_eq!(rows[0].5, 1 + 2 * MAX_OPEN as u64);
    }

    proptest! {
        /// However a guest cuts what it prints into writes.
        #[test]
        fn lines_may_be_split(
            ends in prop::collection::vec(any::<bool>(), 1..20),
            cuts in prop::collection::btree_set(0..600usize, 0..40),
        ) {
            let line = |(index, end): (usize, &bool)| {
                let kind = if *end { "end" } else { "start" };
                format!("cycle-tracker-{kind}: s{}\n\nother {index}\n", index % 3)
            };
            let text: String = ends.iter().enumerate().map(line).collect();
            let bytes = text.as_bytes();
            let mut split = Markers::default();
            let mut begun = 0;
            let cuts = cuts.into_iter().filter(|&cut| cut < bytes.len()).chain([bytes.len()]);
            for cut in cuts {
                split.wrote(0, &bytes[begun..cut], 7, false);
                begun = cut;
            }
            prop_assert_eq!(rows(split), written(&[(7, &text)], false));
        }
    }
}
