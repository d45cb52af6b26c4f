//! Builds, from the folders that hold them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use autoprec_dashboards::{Apcs, Measured, Report};
use autoprec_pipeline::folder::{CONFIG, GUEST, PROFILE, REPORT, measured_name};
use autoprec_profile::Profile;
use autoprec_synth::TARGETS;

use crate::files;

/// A build, as far as it is there.
pub(crate) struct Shown {
    /// The name of its folder or file.
    pub(crate) label: String,
    /// Where it lies.
    pub(crate) dir: PathBuf,
    pub(crate) report: Report,
    pub(crate) elf: Option<Vec<u8>>,
    pub(crate) profile: Option<Profile>,
    /// The base VM that it was made for.
    pub(crate) config: Option<String>,
    pub(crate) measured_before: Vec<Measured>,
    pub(crate) measured_after: Vec<Measured>,
}

impl Shown {
    /// Reads a folder, the report in it, or powdr's candidates.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Self::read_folder(path);
        }
        let text = files::read_text(path)?;
        let label = name(path);
        let report = match Report::from_json(&text) {
            Ok(report) => report,
            Err(error) => match Apcs::from_json(&text) {
                Ok(candidates) => candidates.report(&label),
                // What it is not is said of what it looks most like.
                Err(other) if text.contains("\"apcs\"") => {
                    return Err(other).with_context(|| path.display().to_string());
                }
                Err(_) => return Err(error).with_context(|| path.display().to_string()),
            },
        };
        let dir = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Self {
            label,
            dir,
            report,
            elf: None,
            profile: None,
            config: None,
            measured_before: Vec::new(),
            measured_after: Vec::new(),
        })
    }

    fn read_folder(dir: &Path) -> Result<Self> {
        let path = dir.join(REPORT);
        if !path.exists() {
            bail!(
                "{} has no {REPORT}: it is not a folder that `autoprec build` or `autoprec profile \
                 --out` wrote",
                dir.display()
            );
        }
        let report = Report::from_json(&files::read_text(&path)?)
            .with_context(|| path.display().to_string())?;
        let text = |name: &str| -> Result<Option<String>> {
            let path = dir.join(name);
            path.exists().then(|| files::read_text(&path).map_err(Into::into)).transpose()
        };
        let profile = text(PROFILE)?
            .map(|text| Profile::from_json(&text))
            .transpose()
            .with_context(|| dir.join(PROFILE).display().to_string())?;
        Ok(Self {
            label: name(dir),
            dir: dir.to_owned(),
            elf: Some(files::read(&dir.join(GUEST))?),
            profile,
            config: text(CONFIG)?,
            measured_before: measured(dir, "original", Some(&report.guest.elf_digest))?,
            measured_after: measured(dir, "patched", report.guest.patched_digest.as_ref())?,
            report,
        })
    }
}

/// What was measured of one of the two guests, of each target that was.
fn measured(dir: &Path, which: &str, digest: Option<&String>) -> Result<Vec<Measured>> {
    let mut found = Vec::new();
    for target in TARGETS {
        let path = dir.join(measured_name(which, target.name));
        if !path.exists() {
            continue;
        }
        let measured: Measured = serde_json::from_str(&files::read_text(&path)?)
            .with_context(|| path.display().to_string())?;
        if Some(&measured.elf_digest) != digest {
            bail!("{}: this is of another guest than the report", path.display());
        }
        found.push(measured);
    }
    Ok(found)
}

/// The last part of a path, or all of it.
fn name(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    full.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into())
}
