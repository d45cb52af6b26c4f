//! A guest's package: where it is, what its Cargo.toml says, what it is made of.
//!
//! Invariant: nothing is written and no network is used; cargo reads the manifests, not this crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::environment::Environment;
use crate::error::Error;
use crate::settings::Settings;
use crate::zkvm::Zkvm;

/// A guest, by what was given for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Project {
    /// A package that a tool builds.
    Package(Box<Package>),
    /// An ELF that something else built.
    Elf(PathBuf),
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its Cargo.toml.
    pub manifest: PathBuf,
    /// Its workspace's folder for what is built.
    pub target: PathBuf,
    /// What its Cargo.toml says about autoprec.
    pub settings: Settings,
    /// The names of its programs.
    pub programs: Vec<String>,
    /// The zkVM that its Cargo.toml names, or its dependencies show.
    pub zkvm: Option<Zkvm>,
    /// What it is made of: files and folders that exist, in order.
    pub sources: Vec<PathBuf>,
}

/// What `cargo metadata` says, as far as it is used.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Described>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
    #[serde(default)]
    workspace_default_members: Vec<String>,
}

#[derive(Deserialize)]
struct Described {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Product>,
    dependencies: Vec<Dependency>,
    metadata: Option<Value>,
}

#[derive(Deserialize)]
struct Product {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

impl Project {
    /// The guest at a path: a package's folder, its Cargo.toml, or an ELF.
    ///
    /// # Errors
    /// If there is nothing, or cargo or this crate cannot read the Cargo.toml.
    pub fn find(path: &Path, environment: &Environment) -> Result<Self, Error> {
        let path = absolute(path)?;
        if path.is_dir() {
            let manifest = path.join("Cargo.toml");
            return Package::of_manifest(&manifest, None, environment)
                .map(|package| Self::Package(Box::new(package)));
        }
        if path.file_name().is_some_and(|name| name == "Cargo.toml") && path.is_file() {
            return Package::of_manifest(&path, None, environment)
                .map(|package| Self::Package(Box::new(package)));
        }
        // An ELF need not be there yet: whoever builds it may be told to skip.
        let is_elf = path.is_file() || path.parent().is_some_and(Path::is_dir);
        if is_elf { Ok(Self::Elf(path)) } else { Err(Error::NoGuest { path }) }
    }
}

impl Package {
    /// The package of a Cargo.toml; of a workspace's, the one of this name, or the only one that can be
    /// meant.
    ///
    /// # Errors
    /// If cargo cannot read it, or it is not clear which package is meant.
    pub fn of_manifest(
        manifest: &Path,
        name: Option<&str>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let manifest = absolute(manifest)?;
        if !manifest.is_file() {
            return Err(Error::NoGuest { path: manifest });
        }
        let metadata = metadata(&manifest, environment)?;
        let at = choose(&metadata, &manifest, name)?;
        Self::new(&metadata, at)
    }

    /// The same, looked for from a folder upwards, as cargo does.
    ///
    /// # Errors
    /// As [`Self::of_manifest`], or if there is none.
    pub fn around(
        folder: &Path,
        name: Option<&str>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let folder = absolute(folder)?;
        let manifests = folder.ancestors().map(|folder| folder.join("Cargo.toml"));
        let manifest = manifests.into_iter().find(|manifest| manifest.is_file());
        let manifest = manifest.ok_or(Error::NoGuest { path: folder.join("Cargo.toml") })?;
        Self::of_manifest(&manifest, name, environment)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.manifest.parent().expect("a Cargo.toml lies in a folder")
    }

    /// The lock: as its Cargo.toml says, or beside it.
    pub fn lock(&self) -> PathBuf {
        self.settings.lock.clone().unwrap_or_else(|| self.folder().join("autoprec.lock"))
    }

    /// The guest's openvm.toml: as its Cargo.toml says, or the one beside it.
    pub fn config(&self) -> Option<PathBuf> {
        let beside = self.folder().join("openvm.toml");
        self.settings.config.clone().or_else(|| beside.is_file().then_some(beside))
    }

    /// The folder of builds: as its Cargo.toml says, or in the target folder.
    pub fn out(&self) -> PathBuf {
        self.settings.out.clone().unwrap_or_else(|| self.target.join("autoprec").join(&self.name))
    }

    fn new(metadata: &Metadata, at: usize) -> Result<Self, Error> {
        let described = &metadata.packages[at];
        let manifest = described.manifest_path.clone();
        let table = described.metadata.as_ref().map_or(&Value::Null, |value| &value["autoprec"]);
        let settings = Settings::read(&manifest, table)?;
        let used = |vm: &Zkvm| {
            let mut normal = described.dependencies.iter().filter(|d| d.kind.is_none());
            normal.any(|dependency| dependency.name == vm.guest_crate())
        };
        let is_program = |product: &&Product| product.kind.iter().any(|kind| kind == "bin");
        let programs = described.targets.iter().filter(is_program).map(|p| p.name.clone());
        Ok(Self {
            name: described.name.clone(),
            target: metadata.target_directory.clone(),
            zkvm: settings.pipeline.or_else(|| Zkvm::ALL.into_iter().find(used)),
            settings,
            programs: programs.collect(),
            sources: sources(metadata, at),
            manifest,
        })
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(Error::io(path, "find"))
}

fn metadata(manifest: &Path, environment: &Environment) -> Result<Metadata, Error> {
    let folder = manifest.parent().expect("a Cargo.toml lies in a folder");
    let failed = |said: String| Error::Metadata { manifest: manifest.to_owned(), said };
    let output = Command::new(environment.cargo())
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .current_dir(folder)
        .env_clear()
        .envs(environment.for_tools())
        .output()
        .map_err(|error| failed(format!("{}: {error}", environment.cargo().display())))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
}

/// The package that is meant: the one named; the one of this very Cargo.toml; of a workspace's, the only
/// one that speaks of autoprec, or the only one that is built by default.
fn choose(metadata: &Metadata, manifest: &Path, name: Option<&str>) -> Result<usize, Error> {
    let packages = &metadata.packages;
    let names = || packages.iter().map(|package| package.name.clone()).collect();
    let manifest = manifest.to_owned();
    if let Some(wanted) = name {
        let found = packages.iter().position(|package| package.name == wanted);
        let wanted = wanted.to_owned();
        return found.ok_or_else(|| Error::NoPackage { manifest, wanted, names: names() });
    }
    let same =
        |path: &Path| path == manifest || path.canonicalize().ok() == manifest.canonicalize().ok();
    let only = |which: &dyn Fn(&Described) -> bool| {
        let mut found = (0..packages.len()).filter(|&at| which(&packages[at]));
        found.next().filter(|_| found.next().is_none())
    };
    only(&|package| same(&package.manifest_path))
        .or_else(|| only(&|p| p.metadata.as_ref().is_some_and(|m| m.get("autoprec").is_some())))
        .or_else(|| only(&|p| metadata.workspace_default_members.contains(&p.id)))
        .ok_or_else(|| Error::WhichPackage { manifest, names: names() })
}

/// What of a package's folder makes the program. Its lock is left out, for builds write it.
const SOURCES: [&str; 6] =
    ["Cargo.toml", "build.rs", "src", ".cargo", "rust-toolchain.toml", "rust-toolchain"];

/// What a package is made of: its own files, those of packages that it names by path, and the workspace's.
fn sources(metadata: &Metadata, at: usize) -> Vec<PathBuf> {
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    let folder = |manifest: &Path| manifest.parent().map(Path::to_owned).unwrap_or_default();
    let mut open = vec![folder(&metadata.packages[at].manifest_path)];
    while let Some(next) = open.pop() {
        let package = metadata.packages.iter().find(|p| folder(&p.manifest_path) == next);
        if folders.insert(next) {
            let paths = package.into_iter().flat_map(|package| &package.dependencies);
            open.extend(paths.filter_map(|dependency| dependency.path.clone()));
        }
    }
    let root = &metadata.workspace_root;
    let mut sources: BTreeSet<PathBuf> =
        ["Cargo.toml", "Cargo.lock", ".cargo"].iter().map(|name| root.join(name)).collect();
    for folder in &folders {
        sources.extend(SOURCES.iter().map(|name| folder.join(name)));
    }
    sources.into_iter().filter(|path| path.exists()).collect()
}
