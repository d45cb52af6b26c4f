//! Inlined functions and lines on call paths, and what is left of them where debug information is
//! missing or damaged.

use autoprec_executor::Environment;
use autoprec_guest_elf::Program;
use autoprec_profile::Profile;
use autoprec_profiler::cost::Model;
use autoprec_profiler::report::{self, By};
use autoprec_profiler::{DebugInfo, Kind, Sources, Subject, View, export};
use object::{Object as _, ObjectSection as _};
use proptest::prelude::*;

use crate::common::execute;

const ELF: &[u8] = include_bytes!("../inlined/guest.elf");
const SOURCE: &str = include_str!("../inlined/guest.cpp");

/// The guest's counts; what it executes does not depend on its debug information.
fn measured() -> (Program, Profile) {
    let program = Program::load(ELF).unwrap();
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    (program, profile)
}

fn view(sources: &Sources) -> View {
    let (program, profile) = measured();
    let sources = Some(sources);
    View::instructions(Subject { program: &program, profile: &profile, sources }, "guest")
}

/// The line of the source that has this text, from 1.
fn line(text: &str) -> u32 {
    let index = SOURCE.lines().position(|line| line.contains(text)).unwrap();
    u32::try_from(index).unwrap() + 1
}

#[test]
fn paths_have_the_functions_inlined_where_they_call() {
    let view = view(&Sources::load(ELF));
    let (_, profile) = measured();
    assert_eq!(view.totals(), [profile.instructions]);
    let names = |text: String| -> Vec<String> {
        let short = |line: &str| line.replace("demo::", "").replace("(unsigned long)", "");
        text.lines().map(|line| short(line.rsplit_once(' ').unwrap().0)).collect()
    };
    let paths = names(export::folded(&view, 0));
    assert_eq!(
        paths,
        [
            "_start",
            "_start;[exit]",
            "_start;work",
            "_start;work;Sum::add",
            // From two inlined functions and from `work` itself.
            "_start;work;leaf",
            "_start;work;outer",
            "_start;work;outer;inner",
            "_start;work;outer;inner;helper",
            // Called in `helper`'s place, and from nowhere else.
            "_start;work;outer;inner;tail",
            "_start;work;outer;inner;tail;leaf",
            "_start;work;twice",
        ]
    );
    let without = names(export::folded(&view_without(), 0));
    assert_eq!(
        without,
        [
            "_start",
            "_start;[exit]",
            "_start;work",
            "_start;work;helper",
            "_start;work;leaf",
            "_start;work;tail",
            "_start;work;tail;leaf"
        ]
    );
}

fn view_without() -> View {
    view(&Sources::none())
}

#[test]
fn frames_have_the_lines_they_call_at() {
    let view = view(&Sources::load(ELF));
    let path = view.paths.iter().find(|path| {
        let innermost = view.function(*path.frames.last().unwrap());
        innermost.name.contains("helper")
    });
    let place = |&frame: &usize| {
        let function = view.function(frame);
        let file = function.file.as_deref().is_some_and(|file| file.ends_with("guest.cpp"));
        (function.kind, file, function.line, view.frames[frame].line)
    };
    let places: Vec<_> = path.unwrap().frames.iter().map(place).collect();
    let of = |kind, begins, at| (kind, true, Some(line(begins)), Some(line(at)));
    assert_eq!(
        places[..4],
        [
            of(Kind::Called, "void _start()", "demo::work(20)"),
            of(Kind::Called, "word work(word", "sum.add(outer(i))"),
            of(Kind::Inlined, "word outer(word", "return inner(x)"),
            of(Kind::Inlined, "word inner(word", "return helper(x)"),
        ]
    );
}

#[test]
fn merged_paths_say_as_much_as_is_known_of_all() {
    let view = view(&Sources::load(ELF));
    let functions = view.by_function();
    assert_eq!(functions.totals(), view.totals());
    assert!(functions.paths.len() < view.paths.len());
    assert_eq!(export::folded(&functions, 0), export::folded(&view, 0));
    // `leaf` is called at several lines of `work`.
    let leaf = view
        .paths
        .iter()
        .find(|path| path.frames.len() == 3 && view.function(path.frames[2]).name.contains("leaf"));
    assert_eq!(view.frames[leaf.unwrap().frames[1]].line, None);
}

#[test]
fn tables_count_for_inlined_functions_and_lines() {
    let (program, profile) = measured();
    let sources = Sources::load(ELF);
    let subject = Subject { program: &program, profile: &profile, sources: Some(&sources) };
    let model = &Model::built_in()[0];
    let rows = |by| report::places(subject, model, by);
    let cost = |by, name: &str| -> u64 {
        rows(by).iter().filter(|row| row.name.contains(name)).map(|row| row.cost).sum()
    };
    for by in [By::Inlined, By::Line] {
        assert_eq!(cost(by, ""), profile.instructions, "{by:?}");
        assert!(cost(by, "demo::Sum::add") > 0);
        assert!(rows(by).is_sorted_by_key(|row| std::cmp::Reverse(row.cost)));
    }
    assert_eq!(cost(By::Inlined, "[exit]"), 1);
    assert!(rows(By::Inlined).iter().any(|row| row.name == "demo::inner(unsigned long) (inlined)"));
    let found = rows(By::Line);
    let add = found
        .iter()
        .find(|row| row.line.as_ref().is_some_and(|(_, at)| *at == line("total ^= total << 7")));
    // Nine instructions of each of 20 rounds, as binutils' addr2line says.
    assert_eq!(add.unwrap().cost, 9 * 20);
    let text = report::place_table(&found, "instructions", 3, &|_, _| Some(" code ".to_owned()));
    assert!(text.lines().count() == 1 + 3 * 2 + 2 && text.contains("guest.cpp:"), "{text}");
}

/// The file with the bytes of its sections of debug information changed.
fn damaged(change: impl Fn(&str, &mut [u8])) -> Vec<u8> {
    let mut bytes = ELF.to_vec();
    let file = object::File::parse(ELF).unwrap();
    for section in file.sections() {
        let name = section.name().unwrap();
        if name.starts_with(".debug") {
            let (start, len) = section.file_range().unwrap();
            let [start, len] = [start, len].map(|n| usize::try_from(n).unwrap());
            change(name, &mut bytes[start..start + len]);
        }
    }
    bytes
}

/// Counts of functions that are called do not depend on debug information.
fn check(elf: &[u8]) -> DebugInfo {
    let (program, profile) = measured();
    assert_eq!(Program::load(elf).unwrap().symbols, program.symbols);
    let sources = Sources::load(elf);
    let view = view(&sources);
    assert_eq!(view.totals(), [profile.instructions]);
    let [own, expected] = [&view, &view_without()].map(|view| {
        let helper = view.paths.iter().filter(|path| {
            let called = |&&frame: &&usize| view.function(frame).kind == Kind::Called;
            let innermost = path.frames.iter().rfind(called).unwrap();
            view.function(*innermost).name.contains("helper")
        });
        helper.map(|path| path.values[0]).sum::<u64>()
    });
    assert_eq!(own, expected);
    sources.found().clone()
}

#[test]
fn debug_information_that_is_not_there_or_not_whole_is_noticed() {
    assert_eq!(check(ELF), DebugInfo::Present);
    assert_eq!(*Sources::load(b"not an ELF").found(), DebugInfo::Absent);
    let zeroed = |which: &'static str| {
        damaged(move |name, bytes| {
            if name == which {
                bytes.fill(0);
            }
        })
    };
    for section in [".debug_abbrev", ".debug_line"] {
        let found = check(&zeroed(section));
        assert!(matches!(found, DebugInfo::Damaged { .. }), "{section}: {found:?}");
    }
    for byte in [0x00, 0x5a, 0x80, 0xff] {
        let garbage = damaged(|_, bytes| bytes.fill(byte));
        let found = check(&garbage);
        assert!(matches!(found, DebugInfo::Damaged { .. }), "{byte:#x}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_damage_leaves_the_counts(seed in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
        let bytes = damaged(|name, bytes| {
            for (at, value) in &seed {
                let at = at.wrapping_add(name.len().wrapping_mul(977)) % bytes.len();
                bytes[at] = *value;
            }
        });
        check(&bytes);
    }
}
