//! The options of a build script; `run` is what becomes of them.

use std::path::{Path, PathBuf};

use crate::zkvm::Target;

/// A guest to be patched, and how. What is not said here is as the guest's `[package.metadata.autoprec]`
/// says. Paths are relative to the package whose build script this is.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `run`"]
pub struct Patch {
    pub(crate) guest: PathBuf,
    pub(crate) inputs: Vec<PathBuf>,
    pub(crate) stdin: Option<PathBuf>,
    pub(crate) args: Vec<String>,
    pub(crate) profile: Option<PathBuf>,
    pub(crate) target: Option<Target>,
    pub(crate) max_precompiles: Option<usize>,
    pub(crate) lock: Option<PathBuf>,
    pub(crate) locked: bool,
    pub(crate) config: Option<PathBuf>,
    pub(crate) elf_variable: String,
    pub(crate) config_variable: Option<String>,
    pub(crate) report: Option<PathBuf>,
}

/// A guest to be patched: its package (the folder or the Cargo.toml), which is built first by its zkVM's
/// own tool, or its ELF.
pub fn patch(guest: impl AsRef<Path>) -> Patch {
    Patch {
        guest: guest.as_ref().to_owned(),
        inputs: Vec::new(),
        stdin: None,
        args: Vec::new(),
        profile: None,
        target: None,
        max_precompiles: None,
        lock: None,
        locked: false,
        config: None,
        elf_variable: "AUTOPREC_ELF".to_owned(),
        config_variable: None,
        report: None,
    }
}

impl Patch {
    /// A file that is one input of the profiled run (a vector of hints, an entry of SP1's stdin); repeat it
    /// for more.
    pub fn input(mut self, file: impl AsRef<Path>) -> Self {
        self.inputs.push(file.as_ref().to_owned());
        self
    }

    /// A file that is the standard input of the profiled run.
    pub fn stdin(mut self, file: impl AsRef<Path>) -> Self {
        self.stdin = Some(file.as_ref().to_owned());
        self
    }

    /// An argument of a guest for Linux, after its name; repeat it for more.
    pub fn arg(mut self, text: impl Into<String>) -> Self {
        self.args.push(text.into());
        self
    }

    /// A profile that `autoprec profile` wrote, in place of a run. Then original and patched guest are not
    /// compared.
    pub fn profile(mut self, file: impl AsRef<Path>) -> Self {
        self.profile = Some(file.as_ref().to_owned());
        self
    }

    /// What is to prove the guest, as in `target(&autoprec_build::HALO2)` (default: OpenVM for its guests, nothing for those of zkVMs whose provers
    /// take no precompiles).
    pub fn target(mut self, target: impl Into<Target>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Precompiles at most (default: as many as the target takes).
    pub fn max_precompiles(mut self, most: usize) -> Self {
        self.max_precompiles = Some(most);
        self
    }

    /// The lock (default: `autoprec.lock` beside the guest's Cargo.toml; of an ELF, in the package whose
    /// build script this is).
    pub fn lock(mut self, file: impl AsRef<Path>) -> Self {
        self.lock = Some(file.as_ref().to_owned());
        self
    }

    /// Forbids changes of the lock, as the variable `AUTOPREC_LOCKED=1` does.
    pub fn locked(mut self, locked: bool) -> Self {
        self.locked = locked;
        self
    }

    /// The guest's `openvm.toml` (default: the one beside its Cargo.toml).
    pub fn config(mut self, file: impl AsRef<Path>) -> Self {
        self.config = Some(file.as_ref().to_owned());
        self
    }

    /// The variable that has the path of the guest to embed (default: `AUTOPREC_ELF`).
    pub fn elf_variable(mut self, name: impl Into<String>) -> Self {
        self.elf_variable = name.into();
        self
    }

    /// A variable that has the path of the base VM's configuration, the text of an `openvm.toml`.
    pub fn config_variable(mut self, name: impl Into<String>) -> Self {
        self.config_variable = Some(name.into());
        self
    }

    /// A folder that the build's files (report, texts of precompiles) are written to as well; they always lie
    /// in the folder `autoprec` of `OUT_DIR`.
    pub fn report(mut self, folder: impl AsRef<Path>) -> Self {
        self.report = Some(folder.as_ref().to_owned());
        self
    }
}
