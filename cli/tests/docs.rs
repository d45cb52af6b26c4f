//! The documents say what is so: links lead somewhere, files and tests that they name exist,
//! commands work, and excerpts are what the program prints.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents of the workspace.
fn documents() -> Vec<PathBuf> {
    let mut documents = Vec::new();
    let alone = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"];
    documents.extend(alone.map(|name| root().join(name)));
    for folder in ["docs", "docs/guide", "docs/contributing"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder exists");
        let paths = entries.map(|entry| entry.expect("the folder can be read").path());
        documents.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    documents.sort();
    documents
}

/// The text outside fenced blocks.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The contents of the blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fenced = text.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// What stands between each `open` and the next `close`.
fn between<'t>(text: &'t str, open: &str, close: char) -> Vec<&'t str> {
    text.split(open).skip(1).filter_map(|rest| Some(rest.split_once(close)?.0)).collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        heading.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    for document in documents() {
        let text = read(&document);
        for link in between(&prose(&text), "](", ')') {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = document.parent().expect("a document lies in a folder");
            let target = if file.is_empty() { document.clone() } else { folder.join(file) };
            let shown = format!("{}: {link}", document.display());
            assert!(target.exists(), "{shown} does not exist");
            let known = anchor.is_empty() || anchors(&read(&target)).contains(anchor);
            assert!(known, "{shown}: no such heading");
        }
    }
}

#[test]
fn files_and_tests_that_are_named_exist() {
    let folders = [
        "isa/",
        "guest/",
        "profile/",
        "executor/",
        "profiler/",
        "block-extractor/",
        "circuits/",
        "autoprecompile/",
        "linker/",
        "backends/",
        "dashboards/",
        "pipeline/",
        "build-plugin/",
        "bench/",
        "cli/",
        "examples/",
        "fuzz/",
        ".ci/",
    ];
    for document in documents() {
        let text = prose(&read(&document));
        for (index, name) in text.split('`').enumerate() {
            let is_path = index % 2 == 1 && folders.iter().any(|folder| name.starts_with(folder));
            if !is_path || name.contains(char::is_whitespace) {
                continue;
            }
            let (file, test) = name.split_once("::").unwrap_or((name, ""));
            let path = root().join(file);
            assert!(path.exists(), "{}: {file} does not exist", document.display());
            if !test.is_empty() {
                let there = read(&path).contains(&format!("fn {test}("));
                assert!(there, "{}: {file} has no test {test}", document.display());
            }
        }
    }
}

/// A folder in which the commands of the documents work.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for sub in ["elf", "inputs", "linux-c"] {
        let to = folder.path().join("examples").join(sub);
        std::fs::create_dir_all(&to).expect("a folder can be made");
        for file in std::fs::read_dir(root().join("examples").join(sub)).expect("it exists") {
            let file = file.expect("it can be read");
            std::fs::copy(file.path(), to.join(file.file_name())).expect("it can be copied");
        }
    }
    folder
}

/// Runs a command line that begins with `autoprec`, and gives what it prints.
fn run(command: &str, folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_autoprec"))
        .args(command.split_whitespace().skip(1))
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}\n{errors}");
    String::from_utf8(output.stdout).expect("what is printed is text")
}

/// Runs the commands of a document in order.
fn run_commands(document: &str) {
    let text = read(&root().join(document));
    let folder = workplace();
    let commands = blocks(&text, "sh").join("").replace("\\\n", " ");
    let mut count = 0;
    for command in commands.lines() {
        if let Some(name) = command.strip_prefix("mkdir -p ") {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder can be made");
        } else if command.starts_with("autoprec ") {
            run(command, folder.path());
            count += 1;
        }
    }
    assert!(count > 0, "{document} has commands");
}

#[test]
fn commands_of_the_readme_work() {
    run_commands("README.md");
}

#[test]
fn commands_of_the_guide_work() {
    for document in ["getting-started", "profiling", "building", "proving", "reports"] {
        run_commands(&format!("docs/guide/{document}.md"));
    }
}

/// Builds the example of the excerpts as the README does; gives what is printed.
fn build(folder: &Path) -> String {
    let build = "autoprec build examples/elf/keccak.elf --input examples/inputs/keccak.bin \
                 --lock autoprec.lock --out out/keccak";
    run(build, folder)
}

/// Demands that lines of a document are among those that were printed.
fn demand<'t>(lines: impl IntoIterator<Item = &'t str>, printed: &str, document: &str) {
    let printed: BTreeSet<&str> = printed.lines().collect();
    let mut lines = lines.into_iter().peekable();
    assert!(lines.peek().is_some(), "{document} has excerpts");
    for line in lines {
        assert!(printed.contains(line), "{document}: the program does not print\n{line}");
    }
}

/// What a build script calls, without comments and the paths that are its own.
fn calls(script: &str) -> Vec<String> {
    let lines = script.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let lines = lines.skip_while(|line| !line.starts_with("fn main"));
    lines.map(|line| line.split('"').step_by(2).collect()).collect()
}

#[test]
fn the_build_script_is_that_of_the_example() {
    let example = calls(&read(&root().join("examples/openvm-host/build.rs")));
    assert!(example.iter().any(|line| line.contains("autoprec_build::patch")));
    for document in ["README.md", "docs/guide/pipeline.md"] {
        let text = read(&root().join(document));
        let scripts = blocks(&text, "rust");
        assert_eq!(calls(scripts[0]), example, "{document}");
    }
}

#[test]
fn excerpts_are_what_the_program_prints() {
    let folder = workplace();
    let summary = build(folder.path());
    for document in ["README.md", "docs/guide/building.md"] {
        let text = read(&root().join(document));
        let lines = blocks(&text, "text").into_iter().flat_map(str::lines);
        demand(lines.filter(|line| line.starts_with(" 100")), &summary, document);
    }
    let document = "docs/architecture.md";
    let text = read(&root().join(document));
    let show = between(&text, "`autoprec show out/keccak ", '`');
    let [number] = show[..] else { panic!("{document} shows one precompile") };
    let shown = run(&format!("autoprec show out/keccak {number}"), folder.path());
    demand(blocks(&text, "show").into_iter().flat_map(str::lines), &shown, document);
    run(
        "autoprec build examples/elf/keccak.elf --input examples/inputs/keccak.bin \
         --target plonky3 --lock plonky3.lock --out out/plonky3",
        folder.path(),
    );
    let show = between(&text, "`autoprec show out/plonky3 ", '`');
    let [number] = show[..] else { panic!("{document} shows one precompile for Plonky3") };
    let shown = run(&format!("autoprec show out/plonky3 {number}"), folder.path());
    demand(blocks(&text, "show-plonky3").into_iter().flat_map(str::lines), &shown, document);
}
