//! Guests and what they run on, from files.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use autoprec_linker::Manifest;
use autoprec_profiler::{Environment, Input, Limits, Patches, Program, Run};

use crate::args::InputArgs;
use crate::files;

/// A guest, original or patched.
pub(crate) struct Guest {
    /// The name in messages.
    pub(crate) name: String,
    pub(crate) elf: Vec<u8>,
    pub(crate) program: Program,
    /// What it calls, if it is patched.
    pub(crate) manifest: Option<Manifest>,
}

impl Guest {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        Self::from_bytes(&path.display().to_string(), files::read(path)?)
    }

    pub(crate) fn from_bytes(name: &str, elf: Vec<u8>) -> Result<Self> {
        let program = Program::load(&elf).with_context(|| name.to_owned())?;
        let manifest = Manifest::read(&elf).with_context(|| name.to_owned())?;
        Ok(Self { name: name.to_owned(), elf, program, manifest })
    }

    pub(crate) fn patches(&self) -> Patches {
        self.manifest.as_ref().map_or_else(Patches::none, Manifest::patches)
    }

    /// The manifest of a guest that has to be patched.
    pub(crate) fn patched(&self) -> Result<&Manifest> {
        self.manifest.as_ref().ok_or_else(|| {
            anyhow!(
                "{}: there are no precompile calls in it; was it linked by autoprec?",
                self.name
            )
        })
    }
}

/// How to run a guest.
pub(crate) struct Setting {
    pub(crate) environment: Environment,
    pub(crate) input: Input,
    pub(crate) limits: Limits,
}

impl Setting {
    pub(crate) fn of(args: &InputArgs, guest: &Guest) -> Result<Self> {
        let hints: Result<Vec<_>> = args.inputs.iter().map(|path| files::read(path)).collect();
        let stdin = args.stdin.as_ref().map(|path| files::read(path)).transpose()?;
        Ok(Self {
            environment: args.env.unwrap_or_else(|| Environment::detect(&guest.program)),
            input: Input { hints: hints?, stdin: stdin.unwrap_or_default(), ..Input::default() },
            limits: Limits { max_instructions: args.max_instructions },
        })
    }

    /// Runs a guest to its end.
    pub(crate) fn run(&self, guest: &Guest) -> Result<Run> {
        let patches = guest.patches();
        autoprec_profiler::run(
            &guest.program,
            &patches,
            self.environment,
            &self.input,
            &self.limits,
        )
        .with_context(|| guest.name.clone())
    }
}
