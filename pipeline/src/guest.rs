//! Guests and what they run on, from bytes.
//!
//! Invariant: nothing here depends on where a file lies; names are for messages only.

use std::borrow::Cow;
use std::path::Path;

use autoprec_executor::{Algebra, Environment, Input, Limits, OnMoment, Run, run_streamed};
use autoprec_guest_elf::{Patches, Program};
use autoprec_linker::Manifest;
use autoprec_openvm_config::OpenVmConfig;
use sha2::{Digest as _, Sha256};

use crate::error::PipelineError;

/// A guest, original or patched.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The name in messages: usually the path of its file.
    pub name: String,
    /// Its ELF.
    pub elf: Vec<u8>,
    /// What the ELF holds, patched or not.
    pub program: Program,
    /// What it calls, if it is patched.
    pub manifest: Option<Manifest>,
}

impl Guest {
    /// Reads an ELF. `name` is for messages.
    ///
    /// # Errors
    /// If it is no guest, or patched and its manifest damaged.
    pub fn from_bytes(name: &str, elf: Vec<u8>) -> Result<Self, PipelineError> {
        let named = || name.to_owned();
        let program =
            Program::load(&elf).map_err(|error| PipelineError::Load { name: named(), error })?;
        let manifest = Manifest::read(&elf)
            .map_err(|error| PipelineError::Manifest { name: named(), error })?;
        Ok(Self { name: named(), elf, program, manifest })
    }

    /// The name of the file: what is written does not depend on where the guest lies.
    pub fn file_name(&self) -> String {
        Path::new(&self.name)
            .file_name()
            .map_or_else(|| self.name.clone(), |name| name.to_string_lossy().into_owned())
    }

    /// The environment that the code asks for; in a patched guest, the code before it was patched.
    pub fn environment(&self) -> Environment {
        Environment::detect(&self.original())
    }

    /// The code before it was patched, if it was.
    pub fn original(&self) -> Cow<'_, Program> {
        match &self.manifest {
            Some(manifest) => Cow::Owned(self.program.with_patches_undone(&manifest.patches())),
            None => Cow::Borrowed(&self.program),
        }
    }

    /// What the executor needs to know of the patches; nothing of an original.
    pub fn patches(&self) -> Patches {
        self.manifest.as_ref().map_or_else(Patches::none, Manifest::patches)
    }

    /// The manifest of a guest that has to be patched.
    ///
    /// # Errors
    /// If it is not.
    pub fn patched(&self) -> Result<&Manifest, PipelineError> {
        let missing = || PipelineError::NotPatched { name: self.name.clone() };
        self.manifest.as_ref().ok_or_else(missing)
    }
}

/// What a guest is to be run on, as people give it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Inputs of a zkVM, in order.
    pub inputs: Vec<Vec<u8>>,
    /// Standard input.
    pub stdin: Option<Vec<u8>>,
    /// Arguments of a guest for Linux, without its name.
    pub args: Vec<String>,
    /// Environment variables of a guest for Linux, `NAME=VALUE`.
    pub variables: Vec<String>,
    /// The environment, if it is not to be found out.
    pub environment: Option<Environment>,
    /// Text of its openvm.toml.
    pub config: Option<String>,
    /// Instructions at most.
    pub max_instructions: Option<u64>,
}

impl Given {
    /// Identifies what the guest reads, so that a lock can tell whether a profile is of it.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |kind: u8, bytes: &[u8]| {
            hash.update([kind]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        self.inputs.iter().for_each(|input| part(0, input));
        self.stdin.iter().for_each(|input| part(1, input));
        self.args.iter().for_each(|arg| part(2, arg.as_bytes()));
        self.variables.iter().for_each(|variable| part(3, variable.as_bytes()));
        self.environment.iter().for_each(|e| part(4, e.to_string().as_bytes()));
        self.config.iter().for_each(|config| part(5, config.as_bytes()));
        self.max_instructions.iter().for_each(|most| part(6, &most.to_le_bytes()));
        hash.finalize().into()
    }
}

/// How to run a guest.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its environment.
    pub environment: Environment,
    /// What it reads.
    pub input: Input,
    /// When to stop it, and who is told how far it is.
    pub limits: Limits,
}

impl Setting {
    /// What a guest is to be run on, if it can be.
    ///
    /// # Errors
    /// If something was given that guests of this environment do not take.
    pub fn of(given: Given, guest: &Guest) -> Result<Self, PipelineError> {
        let environment = given.environment.unwrap_or_else(|| guest.environment());
        let wrong = |problem: String| PipelineError::Given { name: guest.name.clone(), problem };
        check_given(&given, environment).map_err(wrong)?;
        let algebra = match &given.config {
            Some(text) => algebra(text).map_err(wrong)?,
            None => Algebra::default(),
        };
        let name = (!given.args.is_empty()).then(|| guest.file_name());
        Ok(Self {
            environment,
            input: Input {
                hints: given.inputs,
                stdin: given.stdin.unwrap_or_default(),
                args: name.into_iter().chain(given.args).collect(),
                variables: given.variables,
                algebra,
            },
            limits: Limits { max_instructions: given.max_instructions, ..Limits::none() },
        })
    }

    /// Runs a guest to its end.
    ///
    /// # Errors
    /// If it cannot go on.
    pub fn run(&self, guest: &Guest) -> Result<Run, PipelineError> {
        let Self { environment, input, limits } = self;
        autoprec_executor::run(&guest.program, &guest.patches(), *environment, input, limits)
            .map_err(|error| PipelineError::Run {
                name: guest.name.clone(),
                error: Box::new(error),
            })
    }

    /// The same, telling `on_moment` about every so many instructions what was counted so far.
    ///
    /// # Errors
    /// If it cannot go on.
    pub fn run_streamed(
        &self,
        guest: &Guest,
        every: u64,
        on_moment: &mut OnMoment<'_>,
    ) -> Result<Run, PipelineError> {
        let Self { environment, input, limits } = self;
        let patches = guest.patches();
        run_streamed(&guest.program, &patches, *environment, input, limits, every, on_moment)
            .map_err(|error| PipelineError::Run {
                name: guest.name.clone(),
                error: Box::new(error),
            })
    }

    /// Runs a guest to its end, which has to be a good one: what a failing run spends its time on is
    /// not what is to be proved.
    ///
    /// # Errors
    /// If it cannot go on, or ends with an exit code other than 0.
    pub fn run_well(&self, guest: &Guest) -> Result<Run, PipelineError> {
        let run = self.run(guest)?;
        match failure(guest, &run) {
            Some(failure) => Err(PipelineError::Failed { failure }),
            None => Ok(run),
        }
    }
}

/// What a guest with this openvm.toml computes with.
fn algebra(openvm_toml: &str) -> Result<Algebra, String> {
    let config = OpenVmConfig::read(openvm_toml).map_err(|error| error.to_string())?;
    config.algebra().map_err(|error| error.to_string())
}

/// What guests of an environment do not take.
fn check_given(given: &Given, environment: Environment) -> Result<(), String> {
    match environment {
        Environment::OpenVm | Environment::Sp1 if given.stdin.is_some() => {
            let name = if environment == Environment::OpenVm { "OpenVM" } else { "SP1" };
            Err(format!("a guest of {name} has no standard input; give the file with --input"))
        }
        Environment::Linux | Environment::Bare if !given.inputs.is_empty() => Err(format!(
            "only guests of zkVMs take --input, and this is one for `{environment}`; give the file \
             with --stdin"
        )),
        _ if given.stdin.is_some() && !given.inputs.is_empty() => Err(format!(
            "a guest for `{environment}` has one input; give it with --stdin or --input"
        )),
        _ if environment != Environment::Linux
            && !(given.args.is_empty() && given.variables.is_empty()) =>
        {
            Err(format!(
                "only guests for Linux take --arg and --variable, and this is one for \
                 `{environment}`"
            ))
        }
        _ => Ok(()),
    }
}

/// How a guest failed, if it did.
pub fn failure(guest: &Guest, run: &Run) -> Option<String> {
    if run.exit_code == 0 {
        return None;
    }
    let said = [&run.stderr, &run.stdout].into_iter().find_map(|bytes| last_line(bytes));
    let said = said.map(|line| format!(" and the last words `{line}`")).unwrap_or_default();
    Some(format!("{} ended with exit code {}{said}", guest.name, run.exit_code))
}

/// The last line of what a guest printed, shortened.
fn last_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(line.chars().filter(|c| !c.is_control()).take(120).collect())
}
