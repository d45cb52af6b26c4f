//! The process's environment, read in one place.
//!
//! Invariant: what the crate does depends on the environment through this value only, so that tests bring
//! their own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Leaves the original guest if set to anything but the empty text and `0`.
pub(crate) const SKIP: &str = "AUTOPREC_SKIP";
/// Forbids changes of the lock likewise.
pub(crate) const LOCKED: &str = "AUTOPREC_LOCKED";
/// Set where docs.rs builds documentation.
const DOCS: &str = "DOCS_RS";
/// Where cargo is told of what runs in the compiler's place.
pub(crate) const WRAPPERS: [&str; 2] = ["RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER"];

/// The variables that a build script should be run again for.
pub(crate) const HEEDED: [&str; 3] = [SKIP, LOCKED, DOCS];

/// Of cargo's variables, those that say how packages are fetched, not what is built.
const KEPT: [&str; 6] = [
    "CARGO_HOME",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTRY_",
    "CARGO_REGISTRIES_",
    "CARGO_TERM_",
];
/// What cargo sets for a build script and its compiler, by the beginning of the name.
const REMOVED_PREFIXES: [&str; 6] = ["CARGO_", "__CARGO", "RUSTC", "RUSTDOC", "DEP_", "CLIPPY_"];
/// The same, by name. With `RUSTUP_TOOLCHAIN` the guest would be built by the host's compiler.
const REMOVED: [&str; 12] = [
    "CARGO",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "TARGET",
    "HOST",
    "PROFILE",
    "OUT_DIR",
    "OPT_LEVEL",
    "DEBUG",
    "NUM_JOBS",
    "MAKEFLAGS",
    "MFLAGS",
];

/// Environment variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

/// Why a guest is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// `AUTOPREC_SKIP` is set: the guest is built, but not patched.
    Asked,
    /// Clippy or an editor looks at the host's code; nobody will run the guest.
    Lints,
    /// docs.rs builds documentation, without tools and without network.
    Docs,
}

impl Skip {
    /// As a part of a sentence.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Asked => "AUTOPREC_SKIP is set",
            Self::Lints => "this build is for lints",
            Self::Docs => "this build is for documentation",
        }
    }
}

impl Environment {
    /// The environment of this process: of a build script, or of a command.
    pub fn of_process() -> Self {
        Self::from_variables(std::env::vars_os())
    }

    /// These variables and no others.
    pub fn from_variables<K, V>(variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        Self { variables: variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect() }
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_empty() && value != "0")
    }

    fn folder_named(&self, name: &'static str) -> Result<PathBuf, Error> {
        self.get(name).map(PathBuf::from).ok_or(Error::NotABuildScript { name })
    }

    /// The folder of the package whose build script this is.
    pub(crate) fn folder(&self) -> Result<PathBuf, Error> {
        self.folder_named("CARGO_MANIFEST_DIR")
    }

    /// Where a build script may write.
    pub(crate) fn out_dir(&self) -> Result<PathBuf, Error> {
        self.folder_named("OUT_DIR")
    }

    /// Whether the guest is to be left as it is, and why.
    pub fn skip(&self) -> Option<Skip> {
        let wrapped = WRAPPERS.iter().filter_map(|name| self.get(name)).any(|path| {
            let name = Path::new(path).file_name().map(OsStr::to_string_lossy).unwrap_or_default();
            name.contains("clippy-driver") || name.contains("rust-analyzer")
        });
        if self.is_on(DOCS) {
            Some(Skip::Docs)
        } else if wrapped {
            Some(Skip::Lints)
        } else {
            self.is_on(SKIP).then_some(Skip::Asked)
        }
    }

    /// Whether the lock must not change.
    pub fn locked(&self) -> bool {
        self.is_on(LOCKED)
    }

    /// The cargo that runs this, or the one in `PATH`.
    pub(crate) fn cargo(&self) -> PathBuf {
        self.get("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
    }

    /// What remains for a guest's tool: nothing that cargo or rustup set for the host.
    pub(crate) fn for_tools(&self) -> BTreeMap<OsString, OsString> {
        let stays = |name: &OsStr| {
            let name = name.to_string_lossy();
            let begins = |with: &&str| name.starts_with(*with);
            KEPT.iter().any(begins)
                || !(REMOVED.contains(&name.as_ref()) || REMOVED_PREFIXES.iter().any(begins))
        };
        self.variables
            .iter()
            .filter(|(name, _)| stays(name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }

    /// Whether cargo or a shell would find a program of this name.
    pub(crate) fn has_program(&self, name: &str) -> bool {
        let path = self.get("PATH").unwrap_or_default();
        let home = self.get("HOME").map(|home| Path::new(home).join(".cargo"));
        let cargo_home = self.get("CARGO_HOME").map(PathBuf::from).or(home);
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(path)
            .chain(cargo_home.map(|home| home.join("bin")))
            .any(|folder| folder.join(&name).is_file())
    }
}
