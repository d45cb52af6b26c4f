//! A build script's run, from the options to what cargo is told.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::directives::Directives;
use crate::environment::{Environment, HEEDED, Skip, WRAPPERS};
use crate::error::Error;
use crate::job::{Job, Outcome};
use crate::patch::Patch;
use crate::project::Project;
use crate::settings::Settings;
use crate::tool;
use crate::work;

/// What a run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patched {
    /// The guest that the host is to embed.
    pub elf: PathBuf,
    /// The configuration of the VM to prove it with: the text of an `openvm.toml`.
    pub config: PathBuf,
    /// The build's files, if there are any.
    pub folder: Option<PathBuf>,
    /// What was done.
    pub outcome: Outcome,
}

/// The configuration of a guest that has none: RV32IM, input and output.
pub(crate) const PLAIN_CONFIG: &str =
    "[app_vm_config.rv32i]\n[app_vm_config.rv32m]\n[app_vm_config.io]\n";

impl Patch {
    /// Patches the guest, and tells cargo on standard output.
    ///
    /// # Panics
    /// With what went wrong, as build scripts do.
    pub fn run(self) {
        if let Err(error) = self.try_run() {
            panic!("autoprec: {error}");
        }
    }

    /// The same without a panic.
    ///
    /// # Errors
    /// If the guest cannot be built, profiled or patched, or the lock would change but must not.
    pub fn try_run(&self) -> Result<Patched, Error> {
        self.run_in(&Environment::of_process(), &mut std::io::stdout())
    }

    /// The same in another environment than the process's, with what cargo is told written elsewhere.
    ///
    /// # Errors
    /// As [`Self::try_run`].
    pub fn run_in(&self, environment: &Environment, to: &mut dyn Write) -> Result<Patched, Error> {
        run(self, environment, to)
    }
}

/// As [`Patch::run_in`].
fn run(patch: &Patch, environment: &Environment, to: &mut dyn Write) -> Result<Patched, Error> {
    let mut cargo = Directives::new(to);
    for name in HEEDED.into_iter().chain(WRAPPERS) {
        cargo.rerun_if_env_changed(name)?;
    }
    let out = environment.out_dir()?.join("autoprec");
    std::fs::create_dir_all(&out).map_err(Error::io(&out, "make"))?;
    // A script may patch several guests.
    let paths = Paths { folder: environment.folder()?, out: out.join(&patch.elf_variable) };
    let project = Project::find(&paths.folder.join(&patch.guest), environment)?;
    let plan = Plan::new(patch, &project, &paths);
    sources(&mut cargo, &project)?;
    let config = plan.write_config(&mut cargo)?;
    let (elf, folder, outcome) = match environment.skip() {
        Some(skip) => (plan.original(skip, environment, &mut cargo)?, None, Outcome::Skipped(skip)),
        None => {
            let (elf, outcome) = plan.patch(environment, &mut cargo)?;
            (elf, Some(paths.out.clone()), outcome)
        }
    };
    cargo.variable(&patch.elf_variable, &elf)?;
    if let Some(name) = &patch.config_variable {
        cargo.variable(name, &config)?;
    }
    Ok(Patched { elf, config, folder, outcome })
}

/// Where things are.
struct Paths {
    /// The package whose build script this is.
    folder: PathBuf,
    /// The folder for what is built.
    out: PathBuf,
}

/// The options of the build script, completed by what the guest's Cargo.toml says.
struct Plan<'a> {
    patch: &'a Patch,
    project: &'a Project,
    paths: &'a Paths,
    settings: Settings,
    lock: PathBuf,
}

impl<'a> Plan<'a> {
    fn new(patch: &'a Patch, project: &'a Project, paths: &'a Paths) -> Self {
        let here = |path: &PathBuf| paths.folder.join(path);
        let (mut settings, lock) = match project {
            Project::Package(package) => {
                let config = package.config();
                (Settings { config, ..package.settings.clone() }, package.lock())
            }
            Project::Elf(_) => (Settings::default(), paths.folder.join("autoprec.lock")),
        };
        // What a run is on is one thing: not an input from here and an argument from there.
        if !patch.inputs.is_empty() || patch.stdin.is_some() || !patch.args.is_empty() {
            settings.inputs = patch.inputs.iter().map(here).collect();
            settings.stdin = patch.stdin.as_ref().map(here);
            settings.args.clone_from(&patch.args);
        }
        settings.target = patch.target.or(settings.target);
        settings.max_precompiles = patch.max_precompiles.or(settings.max_precompiles);
        settings.config = patch.config.as_ref().map(here).or(settings.config);
        let lock = patch.lock.as_ref().map_or(lock, here);
        Self { patch, project, paths, settings, lock }
    }

    /// The configuration of the VM, as a file beside what else is built.
    fn write_config(&self, cargo: &mut Directives<'_>) -> Result<PathBuf, Error> {
        let text = match &self.settings.config {
            Some(path) => {
                cargo.rerun_if_changed(path)?;
                read(path)?
            }
            None => PLAIN_CONFIG.as_bytes().to_vec(),
        };
        let out = self.paths.out.with_extension("openvm.toml");
        std::fs::write(&out, text).map_err(Error::io(&out, "write"))?;
        Ok(out)
    }

    fn patch(
        &self,
        environment: &Environment,
        cargo: &mut Directives<'_>,
    ) -> Result<(PathBuf, Outcome), Error> {
        let elf = match self.project {
            Project::Package(package) => tool::build_guest(package, environment)?,
            Project::Elf(path) => path.clone(),
        };
        let done = work::run(&Job {
            elf: &elf,
            settings: &self.settings,
            profile: self.patch.profile.as_ref().map(|path| self.paths.folder.join(path)),
            lock: &self.lock,
            locked: self.patch.locked || environment.locked(),
            folders: self.folders(),
        })?;
        for path in &done.read {
            cargo.rerun_if_changed(path)?;
        }
        cargo.say(&done.summary)?;
        done.warnings.iter().try_for_each(|warning| cargo.warning(warning))?;
        if let Outcome::Reported { reason } = &done.outcome {
            cargo.warning(&format!(
                "{}: not patched, only profiled: {reason}. The report is in {}",
                elf.display(),
                self.folders().last().map_or(&*self.paths.out, PathBuf::as_path).display(),
            ))?;
        }
        Ok((done.elf.unwrap_or(elf), done.outcome))
    }

    /// The folders to write; that of cargo first.
    fn folders(&self) -> Vec<PathBuf> {
        let report = self.patch.report.as_ref().map(|path| self.paths.folder.join(path));
        [self.paths.out.clone()].into_iter().chain(report).collect()
    }

    /// The guest as it is, or an empty file if nobody has built it and nobody will run it.
    fn original(
        &self,
        skip: Skip,
        environment: &Environment,
        cargo: &mut Directives<'_>,
    ) -> Result<PathBuf, Error> {
        let elf = match self.project {
            Project::Package(package) if skip == Skip::Asked => {
                Some(tool::build_guest(package, environment)?)
            }
            Project::Package(package) => tool::built_before(package),
            Project::Elf(path) => path.is_file().then(|| path.clone()),
        };
        let (elf, what) = match elf {
            Some(elf) => (elf, "the guest is the original"),
            None => (self.empty()?, "the guest is not built; an empty file is in its place"),
        };
        cargo.warning(&format!(
            "{}: {what}, since {}",
            self.patch.guest.display(),
            skip.reason()
        ))?;
        Ok(elf)
    }

    fn empty(&self) -> Result<PathBuf, Error> {
        let path = self.paths.out.with_extension("empty");
        std::fs::write(&path, []).map_err(Error::io(&path, "write"))?;
        Ok(path)
    }
}

/// Has the script run again when the guest changes.
fn sources(cargo: &mut Directives<'_>, project: &Project) -> Result<(), Error> {
    match project {
        Project::Package(package) => {
            package.sources.iter().try_for_each(|path| cargo.rerun_if_changed(path))
        }
        Project::Elf(path) => cargo.rerun_if_changed(path),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(Error::io(path, "read"))
}
