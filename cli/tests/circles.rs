//! Files that import each other in a circle are read together or not at all, so circles stay small.
//!
//! An arrow goes from a file to each file of its crate whose module its code names: in `use` declarations,
//! in paths that start with `crate`, `super` or `self`, and in paths through its own child modules. Test
//! modules do not count. Run with `--nocapture` to see every circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Sources that are looked at: folders of crates of which no circle has more than [`MOST`] files.
const CRATES: &[&str] = &["isa", "guest", "profile", "executor", "profiler"];

/// Most files of a circle.
const MOST: usize = 4;

/// A module, by the names that lead to it from the root of its crate.
type Module = Vec<String>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// The source files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module of a file, relative to `src`.
fn module(path: &Path) -> Module {
    let path = path.with_extension("");
    let names = path.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "lib").collect()
}

/// Code without comments and without the test module that ends it.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths that a `use` tree stands for.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one").push(letter);
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(expand).map(|part| format!("{}{part}", prefix.trim())).collect()
}

/// Whether a letter may be a part of a path.
fn in_path(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == ':'
}

/// The paths that code names, `use` trees expanded.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let used = statement.rsplit_once("use ").filter(|(before, tree)| {
            let word = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
            let begins = word.is_empty() || word.starts_with("pub") || word.ends_with(['}', ']']);
            begins && !tree.contains('(')
        });
        match used {
            Some((_, tree)) => found.extend(expand(tree)),
            None => found.extend(statement.split(|l| !in_path(l)).map(str::to_owned)),
        }
    }
    found.retain(|path| path.contains("::"));
    found
}

/// The module in `modules` that a path named in `from` leads to or through, as far as it goes.
fn target(path: &str, from: &Module, modules: &BTreeSet<Module>) -> Option<Module> {
    let names: Vec<&str> = path.split("::").filter(|name| !name.is_empty()).collect();
    let mut at = from.clone();
    let mut rest = &names[..];
    match *names.first()? {
        "crate" => at.clear(),
        "super" | "self" => {}
        child => {
            let below: Module = from.iter().cloned().chain([child.to_owned()]).collect();
            if !modules.contains(&below) {
                return None;
            }
        }
    }
    while let Some((&name, others)) = rest.split_first() {
        match name {
            "crate" | "self" => {}
            "super" => drop(at.pop()),
            _ => {
                let below: Module = at.iter().cloned().chain([name.to_owned()]).collect();
                if !modules.contains(&below) {
                    break;
                }
                at = below;
            }
        }
        rest = others;
    }
    (at != *from).then_some(at)
}

/// The arrows between the files of a crate.
fn arrows(sources: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let files = files(sources);
    let modules = files.iter().map(|path| module(path.strip_prefix(sources).expect("below")));
    let modules: BTreeSet<Module> = modules.collect();
    let mut arrows = BTreeMap::new();
    for path in &files {
        let from = module(path.strip_prefix(sources).expect("below"));
        let text = std::fs::read_to_string(path).expect("a source file is text");
        let named = paths(&code(&text)).into_iter();
        let to = named.filter_map(|path| target(&path, &from, &modules)).collect();
        arrows.insert(from, to);
    }
    arrows
}

/// Modules that can be reached.
fn reached(from: &Module, arrows: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        for next in arrows.get(module).into_iter().flatten() {
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    seen
}

/// Files that reach each other, in groups of two and more, the largest first.
fn circles(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|module| (module, reached(module, arrows))).collect();
    let mutual = |a: &Module| -> BTreeSet<Module> {
        let back = |b: &&Module| reached.get(b).is_some_and(|from_b| from_b.contains(a));
        reached[a].iter().filter(back).cloned().collect()
    };
    let groups: BTreeSet<BTreeSet<Module>> =
        arrows.keys().map(mutual).filter(|group| group.len() > 1).collect();
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}

fn shown(circle: &BTreeSet<Module>) -> String {
    circle.iter().map(|module| module.join("/")).collect::<Vec<_>>().join(", ")
}

#[test]
fn no_circle_has_more_than_four_files() {
    let mut seen = 0;
    for folder in CRATES {
        let arrows = arrows(&root().join(folder).join("src"));
        seen += arrows.values().map(BTreeSet::len).sum::<usize>();
        for circle in circles(&arrows) {
            println!("{folder}: {} files: {}", circle.len(), shown(&circle));
            assert!(circle.len() <= MOST, "{folder}: {} files: {}", circle.len(), shown(&circle));
        }
    }
    assert!(seen > 200, "{seen} arrows are too few: the sources are not understood");
}

#[test]
fn circles_are_seen_through_every_kind_of_path() {
    let file = |code: &str, from: &str, modules: &[&str]| -> Vec<String> {
        let split = |module: &str| module.split('/').map(str::to_owned).collect::<Module>();
        let modules: BTreeSet<Module> = modules.iter().map(|module| split(module)).collect();
        let named = paths(&self::code(code));
        named
            .iter()
            .filter_map(|p| target(p, &split(from), &modules))
            .map(|m| m.join("/"))
            .collect()
    };
    let modules = ["a", "a/b", "a/c", "d"];
    assert_eq!(file("use crate::{a::{self, b::X}, d::Y};", "a/c", &modules), ["a", "a/b", "d"]);
    assert_eq!(file("use super::b::X;\nfn f() { super::g() }", "a/c", &modules), ["a/b", "a"]);
    assert_eq!(
        file("mod b;\nfn f() -> u8 { b::f() + crate::d::g() }", "a", &modules),
        ["a/b", "d"]
    );
    assert_eq!(file("use std::fmt; // crate::d::X\nfn f() { other::g() }", "a", &modules), [""; 0]);
}
