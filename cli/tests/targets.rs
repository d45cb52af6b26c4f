//! Targets are named in one place: documents that list them list all, and no code names one in a string.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use autoprec_synth::{TARGETS, Vocabulary};

/// Documents that list every target at least once.
const LISTS: &[&str] = &[
    "README.md",
    "docs/formats.md",
    "docs/glossary.md",
    "docs/guide/pipeline.md",
    ".github/ISSUE_TEMPLATE/soundness.md",
];

/// Sources in which a string has the name of a target, and what else it is the name of there.
const NAMES: &[(&str, &str)] = &[
    ("autoprecompile/src/registry.rs", "the registry of targets"),
    ("backends/halo2/src/container.rs", "the prover whose proofs it reads"),
    ("backends/machine/src/guest.rs", "an environment"),
    ("backends/plonky3/src/digest.rs", "the prover whose statements it digests"),
    ("bench/src/exec.rs", "an executor, in a test"),
    ("build-plugin/src/zkvm.rs", "a zkVM, its crate and its tool"),
    ("cli/src/args.rs", "examples of commands"),
    ("cli/src/args/bench.rs", "examples of commands"),
    ("cli/src/commands/bench/exec.rs", "an executor that is measured"),
    ("executor/src/environment.rs", "an environment"),
];

/// Folders that hold no source of ours.
const SKIPPED: &[&str] = &["target", "node_modules", ".git"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder with this extension.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !SKIPPED.contains(&name) {
            files(&path, extension, found);
        } else if path.is_file() && path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

/// The path in the workspace.
fn place(path: &Path) -> String {
    path.strip_prefix(root()).expect("it lies in the workspace").display().to_string()
}

/// The targets that a text names as words; the name of a file such as `openvm.toml` is another word.
fn named(text: &str) -> BTreeSet<&'static str> {
    let is_part = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    let words: BTreeSet<&str> =
        text.split(|c| !is_part(c)).map(|word| word.trim_end_matches('.')).collect();
    TARGETS.iter().map(|target| target.name).filter(|name| words.contains(name)).collect()
}

/// Paragraphs, list items and rows of tables, without fenced blocks.
fn passages(text: &str) -> Vec<String> {
    let mut passages = vec![String::new()];
    for line in text.split("```").step_by(2).flat_map(str::lines) {
        let start = line.trim_start();
        if start.is_empty() || start.starts_with(['|', '-', '#']) {
            passages.push(String::new());
        }
        let last = passages.last_mut().expect("there is one");
        last.push_str(line);
        last.push('\n');
    }
    passages
}

/// The contents of code spans.
fn code(passage: &str) -> String {
    passage.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" ")
}

/// Every target, or those that prove whole runs with AIRs of our own.
fn lists() -> [BTreeSet<&'static str>; 2] {
    let own = TARGETS.iter().filter(|target| target.vocabulary == Vocabulary::Own);
    [TARGETS.iter().map(|t| t.name).collect(), own.map(|target| target.name).collect()]
}

/// Two targets side by side are a list.
#[test]
fn documents_that_list_targets_list_all() {
    let [all, own] = lists();
    let mut documents = Vec::new();
    files(root(), "md", &mut documents);
    let mut whole = BTreeSet::new();
    let mut looked = 0;
    for document in &documents {
        let place = place(document);
        // What was is not changed later.
        if place == "CHANGELOG.md" {
            continue;
        }
        for passage in passages(&read(document)) {
            let found = named(&code(&passage));
            if found.len() < 2 {
                continue;
            }
            looked += 1;
            assert!(
                found == all || found == own,
                "{place}: {found:?} is no whole list:\n{passage}"
            );
            if found == all {
                whole.insert(place.clone());
            }
        }
    }
    assert!(looked >= LISTS.len(), "{looked} lists");
    for document in LISTS {
        assert!(whole.contains(*document), "{document} does not list {all:?}");
    }
}

#[test]
fn the_help_text_describes_each_target() {
    for command in ["build", "prove", "prove-calls", "verify-calls"] {
        let output = Command::new(env!("CARGO_BIN_EXE_autoprec"))
            .args([command, "--help"])
            .output()
            .expect("the program runs");
        let text = String::from_utf8(output.stdout).expect("the help is text");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for target in TARGETS {
            let line = format!("{}: {}", target.name, target.about);
            assert!(text.contains(&line), "`{line}` is not in the help of {command}: {text}");
        }
    }
}

/// The contents of the string literals of a source.
fn literals(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let starts =
        |at: usize, what: &str| what.chars().eq(chars[at..].iter().copied().take(what.len()));
    let (mut found, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        if starts(at, "//") {
            at += chars[at..].iter().take_while(|c| **c != '\n').count();
        } else if starts(at, "r\"") || starts(at, "r#") {
            let marks = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let end = format!("\"{}", "#".repeat(marks));
            let begin = at + marks + 2;
            // `r#name` is no string.
            at += 2;
            if chars.get(begin - 1) == Some(&'"') {
                let to = (begin..chars.len()).find(|to| starts(*to, &end)).expect("it ends");
                found.push(chars[begin..to].iter().collect());
                at = to + end.len();
            }
        } else if starts(at, "'\\") {
            // A character, escaped.
            at += 2 + chars[at + 3..].iter().take_while(|c| **c != '\'').count() + 2;
        } else if chars[at] == '\'' && chars.get(at + 2) == Some(&'\'') {
            at += 3;
        } else if chars[at] == '"' {
            let mut to = at + 1;
            while chars[to] != '"' {
                to += if chars[to] == '\\' { 2 } else { 1 };
            }
            found.push(chars[at + 1..to].iter().collect());
            at = to + 1;
        } else {
            at += 1;
        }
    }
    found
}

#[test]
fn literals_are_told_from_the_rest() {
    let source = r##"'"' '\'' '\\' "a\"b" // "c"
        r"d" r#"e"f"# r#type 'life "g""##;
    assert_eq!(literals(source), ["a\\\"b", "d", "e\"f", "g"]);
    assert_eq!(named("use `openvm` or halo2."), BTreeSet::from(["halo2", "openvm"]));
    assert_eq!(named("openvm.toml models/halo2.json plonky3-x"), BTreeSet::new());
}

#[test]
fn no_code_names_a_target_in_a_string() {
    let mut sources = Vec::new();
    files(root(), "rs", &mut sources);
    sources.retain(|path| path.components().any(|part| part.as_os_str() == "src"));
    let mut naming = BTreeSet::new();
    let mut looked = 0;
    for source in &sources {
        let literals = literals(&read(source));
        looked += literals.len();
        if literals.iter().any(|literal| !named(literal).is_empty()) {
            naming.insert(place(source));
        }
    }
    assert!(sources.len() > 200 && looked > 1000, "{} files, {looked} literals", sources.len());
    let expected: BTreeSet<String> = NAMES.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(naming, expected, "targets are read from the registry, not named");
}
