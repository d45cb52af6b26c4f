//! A folder with a host, a guest and stub tools, and build scripts that run in it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use autoprec_build::{Environment, Error, Patch, Patched};
use tempfile::TempDir;

/// A file of the repository.
pub(crate) fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

/// Programs that echo their input and xor it, for several environments.
pub(crate) const OPENVM: &str = "executor/tests/io/openvm-32.elf";
pub(crate) const SP1: &str = "executor/tests/io/sp1-32.elf";
pub(crate) const ZISK: &str = "executor/tests/io/zisk-64.elf";
pub(crate) const RISC0: &str = "executor/tests/io/risc0-32.elf";
pub(crate) const LINUX: &str = "executor/tests/io/bare-32.elf";

/// The folder of a test.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    /// A host and a place for tools.
    pub(crate) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["host", "out", "bin"] {
            fs::create_dir(world.path(folder)).unwrap();
        }
        // What `cargo NAME` does, without the rest of cargo.
        world.tool("cargo", "name=$1\nexec \"cargo-$name\" \"$@\"\n");
        world
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // Temporary folders may be behind a link; cargo gives real paths.
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file, with the folders it lies in.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Copies a file of the repository.
    pub(crate) fn copy(&self, from: &str, name: &str) -> PathBuf {
        self.write(name, fs::read(shared(from)).unwrap())
    }

    /// A program in the `PATH` of build scripts.
    pub(crate) fn tool(&self, name: &str, script: &str) {
        let path = self.write(&format!("bin/{name}"), format!("#!/bin/sh\n{script}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A guest's package.
    pub(crate) fn package(&self, dependency: &str, metadata: &str) -> PathBuf {
        let dependency = match dependency {
            "" => String::new(),
            name => format!("{name} = \"1\"\n"),
        };
        self.write("guest/src/main.rs", "fn main() {}\n");
        self.write(
            "guest/Cargo.toml",
            format!(
                "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
                 [dependencies]\n{dependency}\n{metadata}\n[workspace]\n"
            ),
        );
        self.path("guest")
    }

    /// A build script's environment, with some variables more.
    pub(crate) fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let own: [(OsString, OsString); 7] = [
            ("PATH".into(), path.into()),
            ("HOME".into(), self.path("home").into()),
            ("CARGO".into(), env!("CARGO").into()),
            ("CARGO_HOME".into(), self.path("home").into()),
            ("CARGO_MANIFEST_DIR".into(), self.path("host").into()),
            ("OUT_DIR".into(), self.path("out").into()),
            ("TARGET".into(), "x86_64-unknown-linux-gnu".into()),
        ];
        let more = more.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Environment::from_variables(own.into_iter().chain(more))
    }

    /// Runs a build script; gives its result and the lines that it printed.
    pub(crate) fn run_with(
        &self,
        patch: &Patch,
        more: &[(&str, &str)],
    ) -> (Result<Patched, Error>, Vec<String>) {
        let mut said = Vec::new();
        let result = patch.run_in(&self.environment(more), &mut said);
        let said = String::from_utf8(said).unwrap();
        (result, said.lines().map(str::to_owned).collect())
    }

    /// Runs a build script that succeeds.
    pub(crate) fn run(&self, patch: &Patch) -> (Patched, Vec<String>) {
        let (result, said) = self.run_with(patch, &[]);
        (result.unwrap_or_else(|error| panic!("{error}")), said)
    }

    /// Runs a build script that fails; gives the message.
    pub(crate) fn refused(&self, patch: &Patch) -> String {
        self.run_with(patch, &[]).0.expect_err("it must be refused").to_string()
    }

    /// All files below a folder with their contents.
    pub(crate) fn files(&self, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut open = vec![self.path(folder)];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

/// The value of a variable that the compiler is told.
pub(crate) fn variable(said: &[String], name: &str) -> PathBuf {
    let prefix = format!("cargo:rustc-env={name}=");
    let mut values = said.iter().filter_map(|line| line.strip_prefix(&prefix));
    values.next_back().unwrap_or_else(|| panic!("{name} is not set: {said:#?}")).into()
}

/// The warnings, as one text.
pub(crate) fn warnings(said: &[String]) -> String {
    let warnings = said.iter().filter_map(|line| line.strip_prefix("cargo:warning="));
    warnings.collect::<Vec<_>>().join("\n")
}
