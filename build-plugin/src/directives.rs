//! The lines by which a build script talks to cargo.
//!
//! Invariant: one directive is one line, whatever the text; so nothing that a guest or a tool says can
//! become a directive of its own.

use std::io::Write;
use std::path::Path;

use crate::error::Error;

/// Writes directives, and what a person reads with `-vv`.
pub(crate) struct Directives<'w> {
    to: &'w mut dyn Write,
}

impl<'w> Directives<'w> {
    pub(crate) fn new(to: &'w mut dyn Write) -> Self {
        Self { to }
    }

    fn line(&mut self, text: &str) -> Result<(), Error> {
        writeln!(self.to, "{text}").map_err(Error::io("standard output", "write"))
    }

    /// Sets a variable for the compiler of the host.
    pub(crate) fn variable(&mut self, name: &str, value: &Path) -> Result<(), Error> {
        let value = value.display().to_string();
        if value.contains('\n') {
            return Err(Error::LineBreak { path: value });
        }
        self.line(&format!("cargo:rustc-env={name}={value}"))
    }

    /// Has the script run again when a file changes.
    pub(crate) fn rerun_if_changed(&mut self, path: &Path) -> Result<(), Error> {
        let path = path.display().to_string();
        if path.contains('\n') {
            return Ok(());
        }
        self.line(&format!("cargo:rerun-if-changed={path}"))
    }

    /// Has the script run again when a variable changes.
    pub(crate) fn rerun_if_env_changed(&mut self, name: &str) -> Result<(), Error> {
        self.line(&format!("cargo:rerun-if-env-changed={name}"))
    }

    /// Tells the person who builds.
    pub(crate) fn warning(&mut self, text: &str) -> Result<(), Error> {
        text.lines().try_for_each(|line| self.line(&format!("cargo:warning=autoprec: {line}")))
    }

    /// Tells whoever asks for the output of build scripts.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Error> {
        text.lines().try_for_each(|line| self.line(&format!("autoprec: {line}")))
    }
}
