//! What lies in the folder of a build.
//!
//! | file | content |
//! |---|---|
//! | `guest.elf` | the patched guest, or the original where nothing was linked |
//! | `autoprec.lock` | the lock |
//! | `report.json` | the report |
//! | `profile.json`, `flamegraph.svg` | the profile, if there was one |
//! | `openvm.toml` | the configuration of the VM, if one was given |
//! | `measured-original-openvm.json` | what a proof of the original guest took, if one was recorded; `patched` likewise |
//! | `precompiles/10000.txt` | everything about a precompile |

use autoprec_dashboards::Report;
use autoprec_profile::Profile;
use autoprec_profiler::report as drawing;

use crate::build::Build;
use crate::error::PipelineError;
use crate::guest::Guest;
use crate::output::Folder;

/// The file with the guest.
pub const GUEST: &str = "guest.elf";
/// The file with the lock.
pub const LOCK: &str = "autoprec.lock";
/// The file with the report.
pub const REPORT: &str = "report.json";
/// The file with the profile.
pub const PROFILE: &str = "profile.json";

/// The file with the configuration of the VM.
pub const CONFIG: &str = "openvm.toml";

/// The file with what a proof by `target` took, of the `original` or the `patched` guest.
pub fn measured_name(which: &str, target: &str) -> String {
    format!("measured-{which}-{target}.json")
}

/// The file with the text of a precompile.
pub fn text_name(id: u32) -> String {
    format!("precompiles/{id}.txt")
}

impl Build {
    /// Writes the files of a build.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn write(
        &self,
        folder: &Folder,
        guest: &Guest,
        profile: Option<&Profile>,
    ) -> Result<(), PipelineError> {
        folder.add(LOCK, self.lock.to_text().as_bytes())?;
        for (id, text) in &self.texts {
            folder.add(&text_name(*id), text.as_bytes())?;
        }
        write_report(folder, guest, (&self.elf, &self.report), profile)
    }
}

/// Writes a report, the ELF that it is about, and the profile.
///
/// # Errors
/// If a file cannot be written.
pub fn write_report(
    folder: &Folder,
    guest: &Guest,
    (elf, report): (&[u8], &Report),
    profile: Option<&Profile>,
) -> Result<(), PipelineError> {
    folder.add(GUEST, elf)?;
    folder.add(REPORT, report.to_json().as_bytes())?;
    if let Some(profile) = profile {
        folder.add(PROFILE, profile.to_json().as_bytes())?;
        let graph = drawing::flamegraph(&guest.program, profile, &guest.file_name());
        let graph = graph.map_err(|error| PipelineError::Drawing {
            name: guest.name.clone(),
            reason: error.to_string(),
        })?;
        folder.add("flamegraph.svg", graph.as_bytes())?;
    }
    Ok(())
}
