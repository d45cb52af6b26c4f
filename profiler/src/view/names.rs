//! Functions and places in them, each named once, and where each instruction comes from.
//!
//! Invariant: without debug information every instruction has the same origin, which says nothing.

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;

use super::{Frame, Function, Kind, Subject};
use crate::sources::{Place, Sources};

/// Index of an [`Origin`].
pub(super) type OriginId = usize;

/// Where an instruction comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    /// Entry of the function it lies in, if symbols say so.
    function: Option<u64>,
    /// The line of that function.
    line: Option<u32>,
    /// Frames of the functions inlined there, outermost first.
    inlined: Vec<usize>,
}

/// What tells functions apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    At(u64),
    Inlined(String, Option<String>),
    Outside(String),
}

pub(super) struct Names<'a> {
    program: &'a Program,
    sources: Option<&'a Sources>,
    functions: Vec<Function>,
    by_key: BTreeMap<Key, usize>,
    frames: Vec<Frame>,
    by_frame: BTreeMap<Frame, usize>,
    origins: Vec<Origin>,
    by_origin: BTreeMap<Origin, OriginId>,
    by_pc: BTreeMap<u64, OriginId>,
}

impl<'a> Names<'a> {
    pub(super) fn new(subject: Subject<'a>) -> Self {
        Self {
            program: subject.program,
            sources: subject.sources.filter(|sources| sources.present()),
            functions: Vec::new(),
            by_key: BTreeMap::new(),
            frames: Vec::new(),
            by_frame: BTreeMap::new(),
            origins: Vec::new(),
            by_origin: BTreeMap::new(),
            by_pc: BTreeMap::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Function>, Vec<Frame>) {
        (self.functions, self.frames)
    }

    /// Whether places are known.
    pub(super) fn has_sources(&self) -> bool {
        self.sources.is_some()
    }

    /// The frames of an instruction that was executed on a path to the function entered at `entry`.
    ///
    /// The instruction may lie in another function: behind a jump into the middle of one, or where
    /// the path was too long to be told apart. That function is a frame then, too.
    pub(super) fn place(&mut self, entry: u64, origin: OriginId) -> Vec<usize> {
        let Origin { function, line, inlined } = self.origins[origin].clone();
        let home = self.program.function_at(entry).map(|symbol| symbol.addr);
        let mut path = match function {
            Some(other) if home != Some(other) => {
                vec![self.called(entry, None), self.called(other, line)]
            }
            _ => vec![self.called(entry, line)],
        };
        path.extend(inlined);
        path
    }

    /// What the frames of several origins have in common, from the function entered at `entry`
    /// inwards; a line is left out where they differ in it.
    pub(super) fn common(&mut self, entry: u64, origins: &[OriginId]) -> Vec<usize> {
        let mut common: Option<Vec<Frame>> = None;
        for &origin in origins {
            let path: Vec<Frame> =
                self.place(entry, origin).into_iter().map(|frame| self.frames[frame]).collect();
            common = Some(match common {
                None => path,
                Some(before) => before
                    .iter()
                    .zip(&path)
                    .take_while(|(a, b)| a.function == b.function)
                    .map(|(a, b)| Frame { line: a.line.filter(|_| a.line == b.line), ..*a })
                    .collect(),
            });
        }
        match common {
            Some(frames) => frames.into_iter().map(|frame| self.frame(frame)).collect(),
            None => vec![self.called(entry, None)],
        }
    }

    /// A call of the environment or of a precompile.
    pub(super) fn outside(&mut self, label: &str) -> usize {
        let new = || Function { kind: Kind::Outside, ..of_name(label.to_owned()) };
        let function = self.function(Key::Outside(label.to_owned()), new);
        self.frame(Frame { function, line: None })
    }

    /// Where the instruction at `pc` comes from.
    pub(super) fn origin(&mut self, pc: u64) -> OriginId {
        if let Some(&known) = self.by_pc.get(&pc) {
            return known;
        }
        let origin = self.sources.map_or_else(Origin::default, |sources| {
            let mut places = sources.at(pc);
            let outermost = places.pop();
            Origin {
                function: self.program.function_at(pc).map(|symbol| symbol.addr),
                line: outermost.and_then(|place| place.line),
                inlined: places.into_iter().rev().map(|place| self.inlined(place)).collect(),
            }
        });
        let next = self.origins.len();
        let id = *self.by_origin.entry(origin.clone()).or_insert(next);
        if id == next {
            self.origins.push(origin);
        }
        self.by_pc.insert(pc, id);
        id
    }

    /// A place in the function that is entered at an address.
    fn called(&mut self, addr: u64, line: Option<u32>) -> usize {
        let (program, sources) = (self.program, self.sources);
        let function = self.function(Key::At(addr), || {
            let name = program.function_at(addr).map(|symbol| symbol.name.clone());
            let place = sources.and_then(|sources| sources.at(addr).pop());
            Function {
                name: name.unwrap_or_else(|| format!("{addr:#x}")),
                kind: Kind::Called,
                addr,
                line: place.as_ref().and_then(|place| place.begins),
                file: place.and_then(|place| place.file),
            }
        });
        self.frame(Frame { function, line })
    }

    fn inlined(&mut self, place: Place) -> usize {
        let Place { function, file, line, begins } = place;
        let name = function.unwrap_or_else(|| "(inlined)".to_owned());
        let function = self.function(Key::Inlined(name.clone(), file.clone()), || Function {
            kind: Kind::Inlined,
            file,
            line: begins,
            ..of_name(name)
        });
        self.frame(Frame { function, line })
    }

    fn function(&mut self, key: Key, new: impl FnOnce() -> Function) -> usize {
        *self.by_key.entry(key).or_insert_with(|| {
            self.functions.push(new());
            self.functions.len() - 1
        })
    }

    fn frame(&mut self, frame: Frame) -> usize {
        *self.by_frame.entry(frame).or_insert_with(|| {
            self.frames.push(frame);
            self.frames.len() - 1
        })
    }
}

/// A function of which only the name is known.
fn of_name(name: String) -> Function {
    Function { name, kind: Kind::Called, addr: 0, file: None, line: None }
}
