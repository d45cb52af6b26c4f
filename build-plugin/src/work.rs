//! From an ELF to the files of its build: what is to be done with this guest.
//!
//! Invariant: a guest is patched only for a prover that takes it.

use std::path::{Path, PathBuf};

use autoprec_linker::Form;
use autoprec_linker::vendors::refusal;
use autoprec_pipeline::output;
use autoprec_pipeline::{Guest, MACHINE_PRECOMPILES, Options, Prices};
use autoprec_profiler::{Environment, Profile};
use autoprec_synth::openvm_base::{BudgetError, base_limits};

use crate::error::Error;
use crate::given;
use crate::run::Outcome;
use crate::settings::Settings;
use crate::zkvm::Target;
use crate::{patching, report};

/// What is to be built.
pub(crate) struct Job<'a> {
    /// The guest.
    pub(crate) elf: &'a Path,
    /// What it runs on, and for which target.
    pub(crate) settings: &'a Settings,
    /// A profile in place of a run.
    pub(crate) profile: Option<PathBuf>,
    /// The lock, which need not exist.
    pub(crate) lock: &'a Path,
    /// Whether the lock must stay as it is.
    pub(crate) locked: bool,
    /// The folders to write; the patched guest lies in the first.
    pub(crate) folders: Vec<PathBuf>,
}

/// What was built.
pub(crate) struct Done {
    /// The patched guest, if there is one.
    pub(crate) elf: Option<PathBuf>,
    /// What was done.
    pub(crate) outcome: Outcome,
    /// The files that the result depends on, the guest itself apart.
    pub(crate) read: Vec<PathBuf>,
    /// What needs somebody's attention.
    pub(crate) warnings: Vec<String>,
    /// What a person may want to know, in some lines.
    pub(crate) summary: String,
}

/// Builds and writes.
pub(crate) fn run(job: &Job<'_>) -> Result<Done, Error> {
    let guest = Guest::from_bytes(&job.elf.display().to_string(), output::read(job.elf)?)?;
    let environment = match &job.settings.env {
        Some(name) => name.parse()?,
        None => guest.environment(),
    };
    let config = given::config(job.settings)?;
    let mut done = match target(job, &guest, environment)? {
        Some(target) => {
            let options = options(job, target, config.as_deref())?;
            patching::patched(job, &guest, options, config.as_deref())?
        }
        None => {
            let refusal = refusal(environment).expect("what is refused has no target");
            report::profiled(job, &guest, refusal, config.as_deref())?
        }
    };
    done.read.extend(given::files(job.settings).into_iter().chain(job.profile.clone()));
    done.read.retain(|path| path.exists());
    Ok(done)
}

/// What the guest is to be patched for; none if its prover takes no precompiles and nothing was asked for.
fn target(job: &Job<'_>, guest: &Guest, environment: Environment) -> Result<Option<Target>, Error> {
    let name = || guest.name.clone();
    match (job.settings.target, refusal(environment)) {
        (None, Some(_)) => Ok(None),
        (Some(_), Some(refusal)) => Err(Error::Refused { guest: name(), refusal }),
        (None | Some(Target::OpenVm), None) if environment == Environment::OpenVm => {
            Ok(Some(Target::OpenVm))
        }
        (Some(Target::OpenVm), None) => {
            Err(Error::NotOpenVm { guest: name(), environment: environment.name() })
        }
        (Some(target), None) => Ok(Some(target)),
        (None, None) => Err(Error::NoTarget { guest: name(), environment: environment.name() }),
    }
}

fn options(job: &Job<'_>, target: Target, config: Option<&str>) -> Result<Options, Error> {
    let wanted = job.settings.max_precompiles;
    let prices = match target {
        Target::Halo2 => Prices::Halo2,
        Target::Plonky3 => Prices::Plonky3,
        Target::OpenVm => {
            let path = job.settings.config.clone().unwrap_or_default();
            let base = base_limits(config).map_err(|error| Error::Config { path, error })?;
            return Ok(Options::OpenVm { form: Form::Insn, budget: base.budget(wanted)? });
        }
    };
    match wanted {
        Some(0) => Err(BudgetError::None.into()),
        wanted => Ok(Options::Machine { prices, most: wanted.unwrap_or(MACHINE_PRECOMPILES) }),
    }
}

/// The profile that was given in place of a run.
pub(crate) fn given_profile(job: &Job<'_>, guest: &Guest) -> Result<Option<Profile>, Error> {
    let Some(path) = &job.profile else { return Ok(None) };
    let text = output::read_text(path)?;
    let profile =
        Profile::from_json(&text).map_err(|error| Error::Profile { path: path.clone(), error })?;
    if profile.elf_digest != guest.program.digest {
        return Err(Error::OtherProfile { path: path.clone(), guest: guest.name.clone() });
    }
    Ok(Some(profile))
}
