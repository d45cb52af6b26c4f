//! Running original and patched guest side by side.

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::{LoadError, Patches, PrecompileId, Program};

use crate::{Manifest, ManifestError};

/// What two runs that do the same have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivalence {
    /// Exit code of both.
    pub exit_code: u32,
    /// Instructions of the original; those of the patched guest count the replaced ones.
    pub instructions: u64,
    /// Instructions of the patched guest, a call counted as one.
    pub vm_instructions: u64,
    /// How often each precompile was called.
    pub calls: Vec<(PrecompileId, u64)>,
}

/// Why two guests are not known to do the same.
#[derive(Debug, thiserror::Error)]
pub enum Difference {
    /// A guest cannot be loaded.
    #[error("the {which} guest cannot be loaded: {error}")]
    Load {
        /// `original` or `patched`.
        which: &'static str,
        /// Why.
        error: LoadError,
    },
    /// The patched guest's manifest cannot be read.
    #[error("the manifest of the patched guest cannot be read: {0}")]
    Manifest(#[from] ManifestError),
    /// The patched guest has no manifest.
    #[error("the patched guest has no manifest; was it linked by autoprec?")]
    NoManifest,
    /// A run failed.
    #[error("the {which} guest failed: {error}")]
    Run {
        /// `original` or `patched`.
        which: &'static str,
        /// Why.
        error: Box<RunError>,
    },
    /// The runs differ.
    #[error(
        "the guests differ in {what}: the original gives {original}, the patched one {patched}"
    )]
    Result {
        /// The result that differs.
        what: &'static str,
        /// The result of the original.
        original: String,
        /// As the patched guest has it.
        patched: String,
    },
}

/// Runs both guests on `input` and compares exit code, outputs, instructions and final memory.
///
/// # Errors
/// If a run fails, or the first difference.
pub fn check_equivalence(
    original: &[u8],
    patched: &[u8],
    environment: Environment,
    input: &Input,
    limits: &Limits,
) -> Result<Equivalence, Difference> {
    let manifest = Manifest::read(patched)?.ok_or(Difference::NoManifest)?;
    let execute = |which, elf, patches: &Patches| {
        let program = Program::load(elf).map_err(|error| Difference::Load { which, error })?;
        run(&program, patches, environment, input, limits)
            .map_err(|error| Difference::Run { which, error: Box::new(error) })
    };
    let before = execute("original", original, &Patches::none())?;
    let after = execute("patched", patched, &manifest.patches())?;
    compare(&before, &after)?;
    Ok(Equivalence {
        exit_code: before.exit_code,
        instructions: before.instructions,
        vm_instructions: after.vm_instructions,
        calls: after.calls.into_iter().collect(),
    })
}

fn compare(original: &Run, patched: &Run) -> Result<(), Difference> {
    let texts = |run: &Run| {
        [
            ("exit code", run.exit_code.to_string()),
            ("public values", hex::encode(&run.public_values)),
            ("standard output", hex::encode(&run.stdout)),
            ("standard error", hex::encode(&run.stderr)),
            ("executed instructions", run.instructions.to_string()),
            ("final registers and memory", hex::encode(run.memory_digest)),
        ]
    };
    for ((what, original), (_, patched)) in texts(original).into_iter().zip(texts(patched)) {
        if original != patched {
            return Err(Difference::Result { what, original, patched });
        }
    }
    Ok(())
}
