//! Running the binary in a folder of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;

/// The example guests and the instructions they execute on their inputs.
pub(crate) const EXAMPLES: [(&str, u64); 4] =
    [("keccak", 1_041_048), ("sha256", 356_328), ("sort-vm", 355_931), ("self-read", 166_459)];

pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// The public values an example must give, in hexadecimal.
pub(crate) fn expected(example: &str) -> String {
    let path = examples().join(format!("expected/{example}.hex"));
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

/// A working folder with all example guests, as `NAME.elf`, and their inputs, as `NAME.bin`.
pub(crate) struct Desk {
    dir: Arc<tempfile::TempDir>,
    /// The folder in it where commands run.
    current: PathBuf,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let desk = Self { current: dir.path().to_owned(), dir };
        for (name, _) in EXAMPLES {
            for (folder, file) in
                [("elf", format!("{name}.elf")), ("inputs", format!("{name}.bin"))]
            {
                let from = examples().join(folder).join(&file);
                std::fs::copy(from, desk.path(&file)).unwrap();
            }
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.current.join(name)
    }

    /// A folder of this one to work in.
    pub(crate) fn within(&self, folder: &str) -> Self {
        Self { dir: Arc::clone(&self.dir), current: self.path(folder) }
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs the binary on the words of a command line, with these variables set.
    pub(crate) fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> Ran {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>(), variables)
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_with(line, &[])
    }

    /// The binary in this folder.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autoprec"));
        command.current_dir(&self.current).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command
    }

    fn run_words(&self, words: &[impl AsRef<OsStr>], variables: &[(&str, &str)]) -> Ran {
        let output = self.command().args(words).envs(variables.iter().copied()).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command that has to succeed.
    #[track_caller]
    pub(crate) fn succeeds(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(0), "autoprec {line}: {}", ran.stderr);
        ran
    }

    /// Runs a command that has to fail with 1, print nothing but one line of error that has these
    /// words, and leave every file as it was. Gives the line.
    #[track_caller]
    pub(crate) fn refuses(&self, line: &str, words: &[&str]) -> String {
        let before = self.files("");
        let ran = self.run(line);
        let error = &ran.stderr;
        assert_eq!(ran.code, Some(1), "autoprec {line}: {error}");
        assert_eq!(ran.stdout, "", "autoprec {line}");
        assert!(error.starts_with("error: "), "autoprec {line}: {error}");
        assert!(error.ends_with('\n') && error.lines().count() == 1, "autoprec {line}: {error}");
        assert!(!error.contains("panicked") && !error.contains("bug"), "autoprec {line}: {error}");
        for word in words {
            assert!(error.contains(word), "autoprec {line}: no `{word}` in: {error}");
        }
        let after = self.files("");
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            after.keys().collect::<Vec<_>>(),
            "autoprec {line}: files came or went"
        );
        assert!(before == after, "autoprec {line}: a file changed");
        error.clone()
    }

    /// All files and folders below a folder, hidden ones too, by their paths in it.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Option<Vec<u8>>> {
        let root = self.path(folder);
        let mut found = BTreeMap::new();
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                if path.is_dir() {
                    found.insert(name, None);
                    open.push(path);
                } else {
                    found.insert(name, Some(std::fs::read(path).unwrap()));
                }
            }
        }
        found
    }

    /// The report of a build.
    pub(crate) fn report(&self, folder: &str) -> Value {
        serde_json::from_slice(&self.read(&format!("{folder}/report.json"))).unwrap()
    }
}

/// The precompiles of a report: number and entry.
pub(crate) fn numbers(report: &Value) -> BTreeMap<u64, u64> {
    let precompiles = report["precompiles"].as_array().unwrap();
    let pair = |p: &Value| (p["entry"].as_u64().unwrap(), p["id"].as_u64().unwrap());
    precompiles.iter().map(pair).collect()
}
