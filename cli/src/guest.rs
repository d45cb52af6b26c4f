//! Guests and what they run on, from files.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result, anyhow, bail};
use autoprec_linker::Manifest;
use autoprec_profiler::{Algebra, Environment, Input, Limits, Patches, Program, Run};

use crate::args::InputArgs;
use crate::files;
use crate::interrupt;
use crate::terminal;

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

    /// The name of the file: what is written does not depend on where the guest lies.
    pub(crate) fn file_name(&self) -> String {
        Path::new(&self.name)
            .file_name()
            .map_or_else(|| self.name.clone(), |name| name.to_string_lossy().into_owned())
    }

    /// The environment that the code asks for; in a patched guest, the code before it was patched.
    fn environment(&self) -> Environment {
        Environment::detect(&self.original())
    }

    /// The code before it was patched, if it was.
    pub(crate) fn original(&self) -> Cow<'_, Program> {
        match &self.manifest {
            Some(manifest) => Cow::Owned(self.program.with_patches_undone(&manifest.patches())),
            None => Cow::Borrowed(&self.program),
        }
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

/// The moduli and curves that a guest's openvm.toml lists, without which its instructions on them
/// mean nothing.
fn algebra(config: Option<&Path>) -> Result<Algebra> {
    let Some(path) = config else { return Ok(Algebra::default()) };
    Algebra::from_toml(&files::read_text(path)?).with_context(|| path.display().to_string())
}

/// How many instructions the guest that is being run has executed, or a little less.
pub(crate) static EXECUTED: AtomicU64 = AtomicU64::new(0);

/// How to run a guest.
pub(crate) struct Setting {
    pub(crate) environment: Environment,
    pub(crate) input: Input,
    pub(crate) limits: Limits,
}

impl Setting {
    pub(crate) fn of(args: &InputArgs, guest: &Guest) -> Result<Self> {
        let environment = args.env.unwrap_or_else(|| guest.environment());
        match environment {
            Environment::OpenVm | Environment::Sp1 if args.stdin.is_some() => bail!(
                "{}: a guest of {} has no standard input; give the file with --input",
                guest.name,
                if environment == Environment::OpenVm { "OpenVM" } else { "SP1" }
            ),
            Environment::Linux | Environment::Bare if !args.inputs.is_empty() => bail!(
                "{}: only guests of zkVMs take --input, and this is one for `{environment}`; \
                 give the file with --stdin",
                guest.name
            ),
            _ if args.stdin.is_some() && !args.inputs.is_empty() => bail!(
                "{}: a guest for `{environment}` has one input; give it with --stdin or --input",
                guest.name
            ),
            _ => {}
        }
        if environment != Environment::Linux && !(args.args.is_empty() && args.variables.is_empty())
        {
            bail!(
                "{}: only guests for Linux take --arg and --variable, and this is one for \
                 `{environment}`",
                guest.name
            );
        }
        let hints: Result<Vec<_>> = args.inputs.iter().map(|path| files::read(path)).collect();
        let stdin = args.stdin.as_ref().map(|path| files::read(path)).transpose()?;
        Ok(Self {
            environment,
            input: Input {
                hints: hints?,
                stdin: stdin.unwrap_or_default(),
                args: words(guest, &args.args),
                variables: args.variables.clone(),
                algebra: algebra(args.config.as_deref())?,
            },
            limits: Limits {
                max_instructions: args.max_instructions,
                progress: Some(&EXECUTED),
                ..Limits::none()
            },
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

    /// Runs a guest to its end, or until Ctrl-C, and shows how far it is.
    pub(crate) fn run_shown(mut self, guest: &Guest) -> Result<Run> {
        self.limits.stop = Some(interrupt::flag().context("cannot wait for Ctrl-C")?);
        let shown = terminal::counting("running", &EXECUTED);
        let run = self.run(guest);
        shown.finish_and_clear();
        run
    }

    /// Runs a guest to its end, which has to be a good one.
    pub(crate) fn run_well(&self, guest: &Guest) -> Result<Run> {
        let run = self.run(guest)?;
        if let Some(failure) = failure(guest, &run) {
            bail!("{failure}; give an input on which it succeeds");
        }
        Ok(run)
    }
}

/// The arguments of a guest, its name first; nothing if there are none.
fn words(guest: &Guest, args: &[String]) -> Vec<String> {
    let name = (!args.is_empty()).then(|| guest.file_name());
    name.into_iter().chain(args.iter().cloned()).collect()
}

/// How a guest failed, if it did.
pub(crate) fn failure(guest: &Guest, run: &Run) -> Option<String> {
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
