//! `cargo autoprec` as a function: from what was asked and the guest's package to the commands of
//! `autoprec` that do it.
//!
//! Invariant: an option that the user gives takes the place of the one that the package or a default would
//! give; no option is passed twice that may be passed once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::project::Package;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Say where the guest's cost is.
    Profile,
    /// Patch it.
    Build,
    /// Patch it with the lock as it is, and check the patched guest against the original.
    Check,
    /// Compare a profile of now with that of the last build.
    Diff,
    /// Patch it, and prove its run.
    Prove,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Profile, Self::Build, Self::Check, Self::Diff, Self::Prove];

    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Build => "build",
            Self::Check => "check",
            Self::Diff => "diff",
            Self::Prove => "prove",
        }
    }

    /// In a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Profile => "Build the guest, run it, and say where its instructions go",
            Self::Build => "Build the guest and patch it; write lock and report",
            Self::Check => {
                "Fail if the lock would change, or the patched guest is not what it should be"
            }
            Self::Diff => "Compare a profile of now with that of the last build",
            Self::Prove => "Build the guest, patch it, and prove its run",
        }
    }
}

/// A command line of `cargo autoprec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The command.
    pub verb: Verb,
    /// The Cargo.toml.
    pub manifest: Option<PathBuf>,
    /// The package of its workspace.
    pub package: Option<String>,
    /// The options that are passed on to `autoprec`.
    pub extra: Vec<OsString>,
}

/// Why a command line is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Nothing, or `--help`.
    #[error("help is wanted")]
    Help,
    /// Not a verb.
    #[error("there is no command `{got}`; there are profile, build, check, diff and prove")]
    Verb {
        /// The word in its place.
        got: String,
    },
    /// An option without its value.
    #[error("{option} needs a value")]
    Value {
        /// The option.
        option: &'static str,
    },
}

impl Request {
    /// Reads a command line without the program's name. Options that are not of `cargo autoprec` are left
    /// for `autoprec`; behind `--`, all are.
    ///
    /// # Errors
    /// If there is no verb, or one of its options has no value.
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, RequestError> {
        let mut args = args.into_iter().peekable();
        // Cargo passes the subcommand's own name.
        args.next_if(|first| first == "autoprec");
        let first = args.next().ok_or(RequestError::Help)?;
        if ["--help", "-h", "help"].iter().any(|help| first == *help) {
            return Err(RequestError::Help);
        }
        let verb = Verb::ALL.into_iter().find(|verb| first == verb.name());
        let got = || RequestError::Verb { got: first.to_string_lossy().into_owned() };
        let mut request =
            Self { verb: verb.ok_or_else(got)?, manifest: None, package: None, extra: Vec::new() };
        while let Some(arg) = args.next() {
            let mut value = |option| args.next().ok_or(RequestError::Value { option });
            let text = arg.to_string_lossy();
            if text == "--" {
                request.extra.extend(args);
                break;
            } else if text == "--manifest-path" {
                request.manifest = Some(value("--manifest-path")?.into());
            } else if let Some(path) = text.strip_prefix("--manifest-path=") {
                request.manifest = Some(path.into());
            } else if text == "-p" || text == "--package" {
                request.package = Some(value("--package")?.to_string_lossy().into_owned());
            } else if let Some(name) = text.strip_prefix("--package=") {
                request.package = Some(name.to_owned());
            } else {
                request.extra.push(arg);
            }
        }
        Ok(request)
    }
}

/// Where a package's results lie.
struct Places {
    build: PathBuf,
    profile: PathBuf,
    now: PathBuf,
    check: PathBuf,
    proof: PathBuf,
    public: PathBuf,
}

impl Places {
    fn of(out: &Path) -> Self {
        Self {
            build: out.join("build"),
            profile: out.join("profile"),
            now: out.join("now"),
            check: out.join("check"),
            proof: out.join("run.proof"),
            public: out.join("run.public"),
        }
    }
}

/// The commands of `autoprec`, one after the other, that do what is asked for with a package whose ELF was
/// built. `exists` says which files there are.
pub fn arguments(
    verb: Verb,
    package: &Package,
    elf: &Path,
    extra: &[OsString],
    exists: &dyn Fn(&Path) -> bool,
) -> Vec<Vec<OsString>> {
    let out = package.out();
    let places = Places::of(&out);
    let command = |name: &str, guest: &Path| Command::new(name, guest, package);
    match verb {
        Verb::Profile => {
            vec![command("profile", elf).inputs(extra).out(&places.profile, extra).with(extra)]
        }
        Verb::Build => {
            vec![command("build", elf).patching(extra).out(&places.build, extra).with(extra)]
        }
        Verb::Check => {
            let folder = given(extra, "--out").map_or(places.check.clone(), PathBuf::from);
            let build = command("build", elf).patching(extra).out(&places.check, extra);
            let build = if has(extra, "--locked") { build } else { build.flag("--locked") };
            let patched = folder.join("guest.elf");
            let verify =
                Command { words: vec!["verify-link".into(), elf.into(), patched.into()], package };
            vec![build.with(extra), verify.words]
        }
        Verb::Diff => {
            // A build from a lock has no profile.
            let files = [&places.build, &places.profile].map(|folder| folder.join("profile.json"));
            let before = files.iter().find(|file| exists(file)).unwrap_or(&files[0]);
            let after = places.now.join("profile.json");
            let profile = command("profile", elf).inputs(&[]).option("--out", &places.now, &[]);
            let words = vec!["diff".into(), before.into(), after.into()];
            let diff = Command { words, package }.option("--elf", elf, extra);
            vec![profile.words, diff.with(extra)]
        }
        Verb::Prove => {
            let mut build = command("build", elf).patching(&[]).out(&places.build, &[]);
            let mut target = package.settings.target.map(|target| OsString::from(target.name()));
            if let Some(given) = given(extra, "--target") {
                build = Command::new("build", elf, package);
                build = build.patching(&["--target".into(), given.clone()]);
                build = build.option("--target", &given, &[]).out(&places.build, &[]);
                target = None;
            }
            let mut prove = command("prove", &places.build.join("guest.elf")).inputs(extra);
            prove = prove.maybe("--target", target.as_deref(), extra);
            if !has(extra, "--check") {
                prove = prove.option("--proof", &places.proof, extra);
                prove = prove.option("--public-values", &places.public, extra);
            }
            vec![build.words, prove.with(extra)]
        }
    }
}

/// A command of `autoprec` while it is put together.
struct Command<'a> {
    words: Vec<OsString>,
    package: &'a Package,
}

impl<'a> Command<'a> {
    fn new(name: &str, guest: &Path, package: &'a Package) -> Self {
        Self { words: vec![name.into(), guest.into()], package }
    }

    fn flag(mut self, name: &str) -> Self {
        self.words.push(name.into());
        self
    }

    /// An option, unless the user gives it.
    fn option(mut self, name: &str, value: impl AsRef<OsStr>, extra: &[OsString]) -> Self {
        if !has(extra, name) {
            self.words.extend([name.into(), value.as_ref().to_owned()]);
        }
        self
    }

    fn maybe(self, name: &str, value: Option<impl AsRef<OsStr>>, extra: &[OsString]) -> Self {
        match value {
            Some(value) => self.option(name, value, extra),
            None => self,
        }
    }

    /// What the guest runs on, unless the user says so, or gives a profile instead.
    fn inputs(mut self, extra: &[OsString]) -> Self {
        let settings = &self.package.settings;
        let own = ["--input", "--stdin", "--arg", "--variable", "--profile"];
        if !own.iter().any(|name| has(extra, name)) {
            let files = settings.inputs.iter().map(|file| ("--input", file.as_os_str()));
            let stdin = settings.stdin.iter().map(|file| ("--stdin", file.as_os_str()));
            let args = settings.args.iter().map(|text| ("--arg", OsStr::new(text)));
            let variables = settings.variables.iter().map(|text| ("--variable", OsStr::new(text)));
            for (name, value) in files.chain(stdin).chain(args).chain(variables) {
                self.words.extend([name.into(), value.to_owned()]);
            }
        }
        let (env, config) = (settings.env.clone(), self.package.config());
        self.maybe("--env", env, extra).maybe("--config", config, extra)
    }

    /// What a build is told.
    fn patching(self, extra: &[OsString]) -> Self {
        let (settings, lock) = (&self.package.settings, self.package.lock());
        let target = settings.target.map(crate::zkvm::Target::name);
        let most = settings.max_precompiles.map(|most| most.to_string());
        self.inputs(extra)
            .maybe("--target", target, extra)
            .maybe("--max-precompiles", most, extra)
            .option("--lock", lock, extra)
    }

    fn out(self, folder: &Path, extra: &[OsString]) -> Self {
        self.option("--out", folder, extra)
    }

    fn with(mut self, extra: &[OsString]) -> Vec<OsString> {
        self.words.extend_from_slice(extra);
        self.words
    }
}

/// Whether the user gives an option.
fn has(extra: &[OsString], name: &str) -> bool {
    extra.iter().any(|word| word == name || value_in(word, name).is_some())
}

/// The value that the user gives an option.
fn given(extra: &[OsString], name: &str) -> Option<OsString> {
    let at = extra.iter().position(|word| word == name || value_in(word, name).is_some())?;
    value_in(&extra[at], name).or_else(|| extra.get(at + 1).cloned())
}

/// The value in `--name=value`.
fn value_in(word: &OsStr, name: &str) -> Option<OsString> {
    let rest = word.to_str()?.strip_prefix(name)?.strip_prefix('=')?;
    Some(rest.into())
}
