//! What can go wrong, each with the file it is about and what to do.

use std::path::PathBuf;

use autoprec_executor::ParseEnvironmentError;
use autoprec_linker::lock::LockError;
use autoprec_linker::vendors::Refusal;
use autoprec_openvm_config::{BudgetError, ConfigError};
use autoprec_pipeline::PipelineError;
use autoprec_pipeline::output::OutputError;
use autoprec_profile::ProfileError;
use autoprec_synth::{ForeignGuest, Target};

use crate::zkvm::Zkvm;

/// Why a guest was not found, not built or not patched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable that cargo sets for build scripts is missing.
    #[error("{name} is not set; call this from a build script that cargo runs")]
    NotABuildScript {
        /// The variable.
        name: &'static str,
    },
    /// A file or folder could not be read or written.
    #[error("{}: cannot {what}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operation that failed.
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// Neither a package nor a file.
    #[error("{}: there is no such file or folder; give the guest's package (its folder or Cargo.toml) or its ELF", path.display())]
    NoGuest {
        /// The path that was given.
        path: PathBuf,
    },
    /// `cargo metadata` failed.
    #[error("cargo cannot read {}:\n{said}", manifest.display())]
    Metadata {
        /// The Cargo.toml, or the folder that cargo looked from.
        manifest: PathBuf,
        /// What cargo said.
        said: String,
    },
    /// A workspace has several packages, and it is not clear which is the guest.
    #[error(
        "{}: which package is the guest? There are {}; name one with `-p`, or give one of them a \
         `[package.metadata.autoprec]`", manifest.display(), names.join(", ")
    )]
    WhichPackage {
        /// The Cargo.toml.
        manifest: PathBuf,
        /// The packages.
        names: Vec<String>,
    },
    /// There is no package of that name.
    #[error("{}: there is no package `{wanted}` in this workspace; there are {}", manifest.display(), names.join(", "))]
    NoPackage {
        /// The Cargo.toml.
        manifest: PathBuf,
        /// The name.
        wanted: String,
        /// The packages.
        names: Vec<String>,
    },
    /// An unknown key in `[package.metadata.autoprec]`.
    #[error("{}: [package.metadata.autoprec] has no key `{key}`; the keys are {}", manifest.display(), known.join(", "))]
    UnknownKey {
        /// The Cargo.toml.
        manifest: PathBuf,
        /// The key.
        key: String,
        /// The keys that exist.
        known: Vec<&'static str>,
    },
    /// A value in `[package.metadata.autoprec]` that means nothing.
    #[error("{}: `{key}` in [package.metadata.autoprec] is {got}; expected {expected}", manifest.display())]
    Value {
        /// The Cargo.toml.
        manifest: PathBuf,
        /// The key.
        key: &'static str,
        /// Its value, as JSON.
        got: String,
        /// What it should be.
        expected: String,
    },
    /// It is not known how to build the package.
    #[error(
        "{}: it depends on none of {}, so it is not clear how to build it; set `pipeline` or \
         `command` and `elf` in [package.metadata.autoprec]",
        manifest.display(),
        guest_crates()
    )]
    WhichPipeline {
        /// The Cargo.toml.
        manifest: PathBuf,
    },
    /// The tool is not there.
    #[error("`{command}` needs {executable}, which is not installed: {install}. Or name another command as `command` in [package.metadata.autoprec] of {}", manifest.display())]
    NoTool {
        /// What was to be run.
        command: String,
        /// The program that is missing.
        executable: String,
        /// The command that installs it.
        install: &'static str,
        /// The guest's Cargo.toml.
        manifest: PathBuf,
    },
    /// The tool failed.
    #[error("`{command}` in {} failed ({status}). Its last lines:\n{said}", folder.display())]
    ToolFailed {
        /// The command.
        command: String,
        /// The folder in which it ran.
        folder: PathBuf,
        /// Its exit status.
        status: String,
        /// The last lines of its output.
        said: String,
    },
    /// The tool succeeded, but its product is not where it should be.
    #[error("`{command}` succeeded, but there is no guest at {}; say where it is with `elf` in [package.metadata.autoprec] of {}", list(searched), manifest.display())]
    NoElf {
        /// The command.
        command: String,
        /// The guest's Cargo.toml.
        manifest: PathBuf,
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// The package has several programs, or none.
    #[error("{}: the package has {} programs ({}); say which is the guest with `elf` in [package.metadata.autoprec]", manifest.display(), names.len(), names.join(", "))]
    WhichProgram {
        /// The guest's Cargo.toml.
        manifest: PathBuf,
        /// Their names.
        names: Vec<String>,
    },
    /// A path that a line for cargo cannot hold.
    #[error("{path:?}: a path with a line break cannot be told to cargo")]
    LineBreak {
        /// The path.
        path: String,
    },
    /// A guest is to be patched whose prover takes no foreign precompiles.
    #[error(
        "{guest}: {refusal}; leave the target out to have the guest profiled and reported only"
    )]
    Refused {
        /// The guest.
        guest: String,
        /// Why.
        refusal: Refusal,
    },
    /// The guest is for an environment that the target's prover does not run.
    #[error("{guest}: {error}")]
    ForeignGuest {
        /// The guest.
        guest: String,
        /// What the target takes.
        error: ForeignGuest,
    },
    /// It is not said what is to prove a guest that no zkVM is for.
    #[error(
        "{guest}: this guest is for `{environment}`; say what is to prove it: {} as target",
        taking(environment)
    )]
    NoTarget {
        /// The guest.
        guest: String,
        /// The environment of the guest.
        environment: &'static str,
    },
    /// An openvm.toml that is not understood.
    #[error("{}: {error}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ConfigError,
    },
    /// More precompiles than fit, or none.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// The lock would change, but must not.
    #[error(
        "{} would change, which AUTOPREC_LOCKED or `locked` forbids:\n{}\nBuild without it and commit \
         the lock", lock.display(), changes.join("\n")
    )]
    Locked {
        /// The lock.
        lock: PathBuf,
        /// What would change, a line each.
        changes: Vec<String>,
    },
    /// An environment that the profiler does not know.
    #[error(transparent)]
    Environment(#[from] ParseEnvironmentError),
    /// A file that cannot be read or written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The lock is damaged.
    #[error("{}: {error}", path.display())]
    Lock {
        /// The lock.
        path: PathBuf,
        /// Why.
        error: LockError,
    },
    /// A profile is damaged.
    #[error("{}: {error}", path.display())]
    Profile {
        /// The profile.
        path: PathBuf,
        /// Why.
        error: ProfileError,
    },
    /// A profile of something else.
    #[error("{}: this is a profile of another ELF than {guest}; profile this one again", path.display())]
    OtherProfile {
        /// The profile.
        path: PathBuf,
        /// The guest.
        guest: String,
    },
    /// The pipeline from guest to patched guest failed.
    #[error("{}", chain(.0))]
    Pipeline(#[from] PipelineError),
}

/// An error with what caused it, for those who show errors as one text.
fn chain(error: &PipelineError) -> String {
    let first: &dyn std::error::Error = error;
    let all = std::iter::successors(Some(first), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The targets that take guests for an environment.
fn taking(environment: &str) -> String {
    let names: Vec<String> =
        Target::taking(environment).map(|target| format!("`{}`", target.name)).collect();
    names.join(" or ")
}

/// The crates by which a zkVM's guest is known.
fn guest_crates() -> String {
    Zkvm::ALL.map(Zkvm::guest_crate).join(", ")
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(" or ")
}

impl Error {
    /// Wraps what the system says about a file.
    pub(crate) fn io(
        path: impl Into<PathBuf>,
        what: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, what, source }
    }
}
