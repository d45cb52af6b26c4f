//! Guests whose prover takes no precompiles: profiled and reported. And reports in a line.

use autoprec_executor::Environment;
use autoprec_linker::vendors::Refusal;
use autoprec_pipeline::output::Folder;
use autoprec_pipeline::{Guest, NotLinked, Setting, folder, profile_report};
use autoprec_profiler::cost::Model;

use crate::error::Error;
use crate::given;
use crate::job::{Done, Job, Outcome, given_profile};

/// Runs a guest and writes what is to be said of it.
pub(crate) fn profiled(
    job: &Job<'_>,
    guest: &Guest,
    refusal: Refusal,
    config: Option<&str>,
) -> Result<Done, Error> {
    let profile = match given_profile(job, guest)? {
        Some(profile) => profile,
        None => Setting::of(given::given(job.settings, config)?, guest)?.run_well(guest)?.profile,
    };
    let reason = refusal.to_string();
    let environment = guest.environment();
    let not_linked = NotLinked { target: environment.name(), reason: &reason };
    let report = profile_report(guest, &profile, &model(environment, guest), not_linked);
    for path in &job.folders {
        let folder = Folder::create(path)?;
        folder::write_report(&folder, guest, (&guest.elf, &report), Some(&profile))?;
        folder.finish()?;
    }
    Ok(Done {
        elf: None,
        outcome: Outcome::Reported { reason },
        read: Vec::new(),
        warnings: Vec::new(),
        summary: summary(&report),
    })
}

/// The cost model of a zkVM, or the one that counts instructions.
fn model(environment: Environment, guest: &Guest) -> Model {
    let is_it = |model: &Model| {
        let is_sp1 = environment == Environment::Sp1 && guest.program.xlen.bits() == 64;
        is_sp1 && model.name == "sp1-6"
    };
    let models = Model::built_in();
    let at = models.iter().position(is_it).unwrap_or(0);
    models.into_iter().nth(at).expect("there is a model that counts instructions")
}

/// A report in a line.
pub(crate) fn summary(report: &autoprec_dashboards::Report) -> String {
    let name = &report.guest.name;
    let count = report.precompiles.len();
    let Some(totals) = report.totals else { return format!("{name}: {count} precompiles") };
    let unit = &report.target.unit;
    if report.target.refused.is_some() {
        return format!("{name}: {} instructions, {} {unit}", totals.instructions, totals.cost);
    }
    format!(
        "{name}: {count} precompiles; instructions {} -> {}, {unit} {} -> {}",
        totals.instructions, totals.instructions_patched, totals.cost, totals.cost_patched
    )
}
