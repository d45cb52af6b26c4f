//! Which back ends the calls of a build are for.

use autoprec_executor::Environment;
use autoprec_linker::Backend;
use autoprec_synth::{TARGETS, Target, Vocabulary};

use crate::options::Options;

/// The targets as the linker knows them: what [`autoprec_linker::verify_link`] takes.
pub fn backends() -> Vec<Backend> {
    TARGETS.iter().copied().map(backend).collect()
}

/// The back ends that run the calls of a guest whose code asks for an environment: the targets of the family whose
/// provers take the guest and the form of the calls. If there is none, the executor: what cannot be proved yet can be
/// run.
///
/// Where all AIRs are our own, the environment is part of what is proved, and another one than the code asks for may be
/// named when a run is proved.
pub(crate) fn running(options: &Options, environment: Environment) -> Vec<Backend> {
    let takes = |target: &&Target| {
        target.vocabulary == Vocabulary::Own || target.takes(environment.name()).is_ok()
    };
    let family = options.target.family().filter(takes).map(backend);
    let all: Vec<Backend> =
        family.filter(|backend| backend.refusal(options.form).is_none()).collect();
    if all.is_empty() { vec![Backend::executor()] } else { all }
}

fn backend(target: &Target) -> Backend {
    Backend::new(target.name, target.linkage)
}
