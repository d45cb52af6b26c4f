//! From an ELF to the files of its build: what is to be done with this guest.
//!
//! Invariant: a guest is patched only for a prover that takes it.

use autoprec_executor::Environment;
use autoprec_linker::Form;
use autoprec_linker::vendors::refusal;
use autoprec_openvm_config::{BudgetError, base_limits};
use autoprec_pipeline::output;
use autoprec_pipeline::{Guest, Options};
use autoprec_synth::Vocabulary;

use crate::error::Error;
use crate::given;
use crate::job::{Done, Job};
use crate::zkvm::{Target, Zkvm};
use crate::{patching, report};

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
    let default = Zkvm::default_target(environment);
    match (job.settings.target, refusal(environment)) {
        (None, Some(_)) => Ok(None),
        (Some(_), Some(refusal)) => Err(Error::Refused { guest: name(), refusal }),
        (Some(target), None) => match target.data().takes(environment.name()) {
            Ok(()) => Ok(Some(target)),
            Err(error) => Err(Error::ForeignGuest { guest: name(), error }),
        },
        (None, None) if default.is_some() => Ok(default),
        (None, None) => Err(Error::NoTarget { guest: name(), environment: environment.name() }),
    }
}

fn options(job: &Job<'_>, target: Target, config: Option<&str>) -> Result<Options, Error> {
    let wanted = job.settings.max_precompiles;
    let target = target.data();
    match (target.vocabulary, wanted) {
        (Vocabulary::Host, _) => {
            let path = job.settings.config.clone().unwrap_or_default();
            let base = base_limits(config).map_err(|error| Error::Config { path, error })?;
            Ok(Options { target, form: Form::Insn, budget: base.budget(wanted)? })
        }
        (Vocabulary::Own, Some(0)) => Err(BudgetError::None.into()),
        (Vocabulary::Own, wanted) => Ok(Options::unlimited(target, wanted)),
    }
}
