//! A guest is patched: from its lock if that is of this very guest and these options, else from a profile.
//!
//! Invariants: with a lock that fits nothing is run; the lock is written last, and only if it changed.

use std::path::Path;

use autoprec_linker::lock::{BuildField, Lock, LockChange};
use autoprec_pipeline::output::{self, File, Folder};
use autoprec_pipeline::{
    Build, Given, Guest, Job as Pipeline, Options, Recorded, Setting, Silent, Source, build,
    changes, folder,
};
use autoprec_profile::Profile;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::given;
use crate::job::{Done, Job, Outcome, given_profile};
use crate::report;

/// What is built from.
struct Patching<'a> {
    job: &'a Job<'a>,
    guest: &'a Guest,
    options: Options,
    lock: Lock,
    /// What was given in place of a run.
    profile: Option<Profile>,
    recorded: Recorded,
    /// The text of the guest's openvm.toml.
    config: Option<&'a str>,
}

/// Patches a guest.
pub(crate) fn patched(
    job: &Job<'_>,
    guest: &Guest,
    options: Options,
    config: Option<&str>,
) -> Result<Done, Error> {
    let profile = given_profile(job, guest)?;
    // What the lock was made from may be gone; then the lock says what there is to say.
    let given = given::given(job.settings, config);
    let recorded = Recorded {
        input: given.as_ref().ok().filter(|_| profile.is_none()).map(Given::digest),
        config: config.map(|text| Sha256::digest(text).into()),
        limit: job.settings.max_precompiles.and_then(|most| u32::try_from(most).ok()),
    };
    let lock = read_lock(job.lock)?;
    let this = Patching { job, guest, options, lock, profile, recorded, config };
    let stale = this.stale();
    if stale.is_empty() {
        return this.again();
    }
    let fresh = this.fresh(given);
    if job.locked {
        // The whole list, if it can be had.
        let all = fresh.map(|(built, _)| this.lock.changes(&built.lock)).unwrap_or_default();
        return Err(this.refusal(if all.is_empty() { &stale } else { &all }));
    }
    let (built, profile) = fresh?;
    this.write(&built, Some(&profile), |_| true)?;
    let text = built.lock.to_text();
    if output::read(job.lock).ok().as_deref() != Some(text.as_bytes()) {
        File::create(job.lock)?.finish(text.as_bytes())?;
    }
    let precompiles = built.texts.len();
    Ok(Done {
        elf: Some(job.folders[0].join(folder::GUEST)),
        outcome: Outcome::Patched { precompiles, profiled: true },
        read: vec![job.lock.to_owned()],
        summary: report::summary(&built.report),
        warnings: built.warnings,
    })
}

/// The lock, empty if there is none yet.
fn read_lock(path: &Path) -> Result<Lock, Error> {
    if !path.exists() {
        return Ok(Lock::default());
    }
    Lock::parse(&output::read_text(path)?)
        .map_err(|error| Error::Lock { path: path.to_owned(), error })
}

impl Patching<'_> {
    fn pipeline<'s>(&'s self, source: Source<'s>) -> Pipeline<'s> {
        Pipeline {
            guest: self.guest,
            options: &self.options,
            lock: &self.lock,
            source,
            recorded: self.recorded,
        }
    }

    /// Why the lock does not fit.
    fn stale(&self) -> Vec<LockChange> {
        let mut stale = changes(&self.pipeline(Source::Lock(None)));
        stale.extend(self.other_profile());
        stale
    }

    /// Whether a given profile is another than the lock's.
    fn other_profile(&self) -> Option<LockChange> {
        let old = self.lock.build()?.profile;
        let new: [u8; 32] = Sha256::digest(self.profile.as_ref()?.to_json()).into();
        let text = |digest: [u8; 32]| -> String {
            digest[..8].iter().map(|byte| format!("{byte:02x}")).chain(["…".to_owned()]).collect()
        };
        let (field, differ) = (BuildField::Profile, old != new);
        differ.then(|| LockChange::Build { field, old: text(old), new: text(new) })
    }

    /// Builds from a profile, a given one or that of a run.
    fn fresh(&self, given: Result<Given, Error>) -> Result<(Build, Profile), Error> {
        if let Some(profile) = &self.profile {
            let built = build(&self.pipeline(Source::Profile(profile, None)), &Silent)?;
            return Ok((built, profile.clone()));
        }
        let setting = Setting::of(given?, self.guest)?;
        let profile = setting.run_well(self.guest)?.profile;
        let built = build(&self.pipeline(Source::Profile(&profile, Some(&setting))), &Silent)?;
        Ok((built, profile))
    }

    fn refusal(&self, changes: &[LockChange]) -> Error {
        let changes = changes.iter().map(|change| format!("  {change}")).collect();
        Error::Locked { lock: self.job.lock.to_owned(), changes }
    }

    /// Builds from the lock, and not even that if the files are there.
    fn again(&self) -> Result<Done, Error> {
        let job = self.job;
        let patched = self.lock.build().expect("a lock that fits is of a build").patched;
        let is_there = |folder: &Path| {
            let elf = output::read(&folder.join(folder::GUEST));
            let report = folder.join(folder::REPORT).is_file();
            report && elf.is_ok_and(|elf| Sha256::digest(elf)[..] == patched)
        };
        let (mut warnings, mut summary) = (Vec::new(), "nothing has changed".to_owned());
        if !job.folders.iter().all(|folder| is_there(folder)) {
            let kept = self.profile.clone().or_else(|| self.kept());
            let built = build(&self.pipeline(Source::Lock(kept.as_ref())), &Silent)?;
            self.write(&built, kept.as_ref(), |folder| !is_there(folder))?;
            summary = report::summary(&built.report);
            warnings = built.warnings;
        }
        let precompiles = self.lock.linked().count();
        Ok(Done {
            elf: Some(job.folders[0].join(folder::GUEST)),
            outcome: Outcome::Patched { precompiles, profiled: false },
            read: vec![job.lock.to_owned()],
            warnings,
            summary: format!("built from {}, without a run: {summary}", job.lock.display()),
        })
    }

    /// The profile that a former build left, if the lock is of it: then the report is whole.
    fn kept(&self) -> Option<Profile> {
        let digest = self.lock.build()?.profile;
        let files = self.job.folders.iter().map(|path| path.join(folder::PROFILE));
        let texts = files.filter_map(|file| output::read_text(&file).ok());
        let text = texts.into_iter().find(|text| Sha256::digest(text)[..] == digest)?;
        Profile::from_json(&text).ok()
    }

    /// Writes the folders for which that is to be done.
    fn write(
        &self,
        built: &Build,
        profile: Option<&Profile>,
        which: impl Fn(&Path) -> bool,
    ) -> Result<(), Error> {
        for path in self.job.folders.iter().filter(|path| which(path)) {
            let files = Folder::create(path)?;
            built.write(&files, self.guest, profile)?;
            if let Some(config) = self.config {
                files.add(folder::CONFIG, config.as_bytes())?;
            }
            files.finish()?;
        }
        Ok(())
    }
}
