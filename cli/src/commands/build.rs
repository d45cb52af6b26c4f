//! `autoprec build`.

mod summary;

use std::path::Path;

use anyhow::{Context, Result, bail};
use autoprec_linker::lock::Lock;
use autoprec_linker::vendors::refusal;
use autoprec_linker::{Backend, Call, Manifest};
use autoprec_openvm::BaseVm;
use autoprec_openvm_config::base_limits;
use autoprec_pipeline::output::{File, Folder};
use autoprec_pipeline::{
    Build, Given, Job, Options, PipelineError, Recorded, Source, Watch, build, changes,
    folder as names,
};
use autoprec_profile::Profile;
use autoprec_synth::{OPENVM, Vocabulary};
use sha2::{Digest as _, Sha256};

use crate::args::{BuildArgs, TargetName};
use crate::commands::blocks::profile_of;
use crate::commitments::commitments;
use crate::guest::{Guest, Setting, failure, given, load, run_told, setting_of};
use crate::live::Live;
use crate::{files, interrupt, terminal};

pub(crate) use summary::{ratio, summary};

pub(crate) fn run(args: &BuildArgs) -> Result<()> {
    check_form(args)?;
    let guest = load(&args.guest)?;
    check_guest(args, &guest)?;
    let lock = read_lock(&args.lock)?;
    let given = given(&args.input)?;
    let config = given.config.clone();
    let options = options(args, config.as_deref())?;
    let job = Job {
        guest: &guest,
        options: &options,
        lock: &lock,
        source: Source::Lock(None),
        recorded: Recorded {
            input: runs(args).then(|| given.digest()),
            config: given.config.as_ref().map(|text| Sha256::digest(text).into()),
            limit: args.max_precompiles.map(u32::try_from).transpose()?,
        },
    };
    let kept = kept_profile(&args.out, &lock);
    let places = Places::create(args)?;
    let live = Live::begin("build", &guest, Some(&args.out));
    let Made { mut built, profile, hints } = make(args, &job, (given, kept), &live)?;
    if args.locked && built.lock != lock {
        return Err(PipelineError::Stale(lock.changes(&built.lock)).into());
    }
    if openvm_proves(&built) {
        let base = base_vm(args.input.config.as_deref())?;
        live.stage("commitments", None, false);
        let spinner = terminal::spinner("commitments");
        let both = [guest.elf.as_slice(), built.elf.as_slice()];
        built.report.commitments = Some(commitments(&base, both, hints.as_deref())?);
        spinner.finish_and_clear();
    }
    places.finish(&guest, &built, profile.as_ref(), config.as_deref())?;
    if args.json {
        terminal::text(&built.report.to_json());
    } else {
        summary(&built.report, Some(&args.out));
    }
    Ok(())
}

/// A guest whose prover takes no foreign precompiles is left as it is, and so is one that the target does not take.
fn check_guest(args: &BuildArgs, guest: &Guest) -> Result<()> {
    let environment = args.input.env.unwrap_or_else(|| guest.environment());
    if let Some(refusal) = refusal(environment) {
        bail!(
            "{}: {refusal}; `autoprec profile --out DIR` and `autoprec report DIR` show what it \
             spends its time on",
            guest.name
        );
    }
    match args.target {
        Some(TargetName(target)) => {
            target.takes(environment.name()).with_context(|| guest.name.clone())
        }
        // What OpenVM does not prove can be run.
        None => Ok(()),
    }
}

/// A build, and what it was made from.
struct Made {
    built: Build,
    profile: Option<Profile>,
    /// Inputs of the run, if there was one.
    hints: Option<Vec<Vec<u8>>>,
}

/// Builds from the lock, if that is asked for and it fits, else from a profile.
fn make(
    args: &BuildArgs,
    job: &Job<'_>,
    (given, kept): (Given, Option<Profile>),
    live: &Live,
) -> Result<Made> {
    let stale = changes(job);
    if args.locked && stale.is_empty() {
        let source = Source::Lock(kept.as_ref());
        let built = build(&Job { source, ..*job }, &live.watch())?;
        return Ok(Made { built, profile: kept, hints: None });
    }
    // What would change is said in full if it can be found out.
    if args.locked && args.profile.is_none() && !runs(args) {
        return Err(PipelineError::Stale(stale).into());
    }
    let profiled = profiled(args, job.guest, given, live)?;
    let built = build_profiled(*job, &profiled, &live.watch())?;
    let Profiled { profile, setting } = profiled;
    let hints = setting.map(|setting| setting.input.hints);
    Ok(Made { built, profile: Some(profile), hints })
}

/// Whether OpenVM proves what was built, so that a verifier knows it by OpenVM's commitments.
fn openvm_proves(built: &Build) -> bool {
    let calls = Manifest::read(&built.elf).ok().flatten().map(|manifest| manifest.calls);
    let openvm = |call: &Call| call.backends.iter().any(|name| name == OPENVM.name);
    calls.is_some_and(|calls| !calls.is_empty() && calls.iter().all(openvm))
}

/// Whether the guest is run for this build, or would be if the lock does not fit.
fn runs(args: &BuildArgs) -> bool {
    let given = !args.input.inputs.is_empty() || args.input.stdin.is_some();
    args.profile.is_none() && (given || !args.locked)
}

/// The profile that the former build left in its folder, if the lock is of it.
fn kept_profile(out: &Path, lock: &Lock) -> Option<Profile> {
    let text = files::read_text(&out.join(names::PROFILE)).ok()?;
    let digest: [u8; 32] = Sha256::digest(&text).into();
    lock.build().filter(|build| build.profile == digest)?;
    Profile::from_json(&text).ok()
}

/// Where a build is written: places that cannot be are found before long work.
struct Places<'a> {
    folder: Folder,
    lock: &'a Path,
    /// None if the lock lies in the folder, which is replaced as a whole.
    file: Option<File<'a>>,
    locked: bool,
}

impl<'a> Places<'a> {
    fn create(args: &'a BuildArgs) -> Result<Self> {
        let folder = Folder::create(&args.out)?;
        let inside = args.lock.parent() == Some(&args.out);
        if args.lock.starts_with(&args.out) && !inside {
            bail!("{}: keep the lock outside of {}", args.lock.display(), args.out.display());
        }
        let written = !inside && !args.locked;
        let file = written.then(|| File::create(&args.lock)).transpose()?;
        let unfinished = file.as_ref().map(File::unfinished).into_iter();
        for path in unfinished.chain([folder.unfinished()]) {
            interrupt::unfinished(path).context("cannot wait for Ctrl-C")?;
        }
        Ok(Self { folder, lock: &args.lock, file, locked: args.locked })
    }

    fn finish(
        self,
        guest: &Guest,
        built: &Build,
        profile: Option<&Profile>,
        config: Option<&str>,
    ) -> Result<()> {
        let Self { folder, lock, file, locked } = self;
        built.write(&folder, guest, profile)?;
        if let Some(config) = config {
            folder.add(names::CONFIG, config.as_bytes())?;
        }
        folder.finish()?;
        if locked {
            return Ok(());
        }
        let file = file.map_or_else(|| File::create(lock), Ok)?;
        Ok(file.finish(built.lock.to_text().as_bytes())?)
    }
}

/// What precompiles are for, and how many there may be.
fn options(args: &BuildArgs, config: Option<&str>) -> Result<Options> {
    let TargetName(target) = args.target.unwrap_or(TargetName::OPENVM);
    if target.vocabulary == Vocabulary::Own {
        let options = Options::unlimited(target, args.max_precompiles);
        return Ok(Options { form: args.form(), ..options });
    }
    let base = match (config, &args.input.config) {
        (Some(text), Some(path)) => {
            base_limits(Some(text)).with_context(|| path.display().to_string())?
        }
        _ => base_limits(None)?,
    };
    let budget = base.budget(args.max_precompiles).context("--max-precompiles")?;
    Ok(Options { target, form: args.form(), budget })
}

/// A profile, and how the guest was run for it, if it was.
pub(crate) struct Profiled {
    pub(crate) profile: Profile,
    pub(crate) setting: Option<Setting>,
}

/// The profile to build with: a given one, or that of a run.
fn profiled(args: &BuildArgs, guest: &Guest, given: Given, live: &Live) -> Result<Profiled> {
    let setting = setting_of(given, guest)?;
    if let Some(path) = &args.profile {
        return Ok(Profiled { profile: profile_of(path, guest)?, setting: None });
    }
    let run = run_told(&setting, guest, &mut live.profiled_run())?;
    if let Some(failure) = failure(guest, &run) {
        return Err(PipelineError::Failed { failure }.into());
    }
    let profile = run.profile;
    live.profile(&profile);
    Ok(Profiled { profile, setting: Some(setting) })
}

/// Builds from a profile, and says what a person should know.
pub(crate) fn build_profiled(
    job: Job<'_>,
    profiled: &Profiled,
    watch: &dyn Watch,
) -> Result<Build> {
    let Profiled { profile, setting } = profiled;
    let source = Source::Profile(profile, setting.as_ref());
    let built = build(&Job { source, ..job }, watch)?;
    if setting.is_none() {
        terminal::warning(
            "without input the patched guest was not compared with the original; build with \
             `--input`, or `autoprec run` both and compare",
        );
    }
    built.warnings.iter().for_each(|warning| terminal::warning(warning));
    Ok(built)
}

/// A target that is asked for runs calls of this form.
fn check_form(args: &BuildArgs) -> Result<()> {
    let Some(TargetName(target)) = args.target else { return Ok(()) };
    let form = args.form();
    match Backend::new(target.name, target.linkage).refusal(form) {
        Some(reason) => bail!(
            "{} cannot prove calls of the form `{form}`: {reason} (`--abi insn`)",
            target.name
        ),
        None => Ok(()),
    }
}

pub(crate) fn base_vm(config: Option<&Path>) -> Result<BaseVm> {
    let Some(path) = config else { return Ok(BaseVm::rv32im()) };
    BaseVm::from_toml(&files::read_text(path)?).with_context(|| path.display().to_string())
}

fn read_lock(path: &Path) -> Result<Lock> {
    if !path.exists() {
        return Ok(Lock::default());
    }
    Lock::parse(&files::read_text(path)?).with_context(|| path.display().to_string())
}
