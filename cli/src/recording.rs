//! What proofs took, kept in the folder of a build for its report.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use autoprec_dashboards::{MEASURED_VERSION, Measured, MeasuredTable, Report};
use autoprec_openvm::TableUse;
use autoprec_pipeline::folder::{REPORT, measured_name};
use autoprec_pipeline::output::File;
use sha2::{Digest as _, Sha256};

use crate::files;
use crate::guest::Guest;
use crate::proving::{self, machine};

/// A place for what a proof of a guest took.
pub(crate) struct Recording {
    path: PathBuf,
    elf_digest: String,
    target: &'static str,
}

impl Recording {
    /// Finds out, before a proof is made, which of a build's two guests this is.
    pub(crate) fn open(dir: &Path, guest: &Guest, target: &'static str) -> Result<Self> {
        let path = dir.join(REPORT);
        let text = files::read_text(&path)
            .with_context(|| format!("{} is not the folder of a build", dir.display()))?;
        let report = Report::from_json(&text).with_context(|| path.display().to_string())?;
        let elf_digest = hex::encode(Sha256::digest(&guest.elf));
        let which = if elf_digest == report.guest.elf_digest {
            "original"
        } else if Some(&elf_digest) == report.guest.patched_digest.as_ref() {
            "patched"
        } else {
            bail!(
                "{}: {} is of another guest; name the folder of its build with --record",
                guest.name,
                path.display()
            );
        };
        Ok(Self { path: dir.join(measured_name(which, target)), elf_digest, target })
    }

    /// Keeps what a proof by OpenVM took.
    pub(crate) fn openvm(self, figures: &proving::Figures) -> Result<()> {
        let measured = Measured {
            version: MEASURED_VERSION,
            elf_digest: self.elf_digest.clone(),
            target: self.target.to_owned(),
            instructions: figures.vm_instructions,
            segments: figures.segments,
            tables: figures.tables.iter().map(openvm_table).collect(),
            witness_seconds: figures.witness.cpu,
            prove_seconds: figures.prove.cpu,
            total_seconds: figures.total.cpu,
            proof_bytes: figures.proof_bytes as u64,
        };
        self.write(&measured)
    }

    /// Keeps what a proof with tables of our own took.
    pub(crate) fn machine(self, figures: &machine::Figures) -> Result<()> {
        let (run, prepare, prove) = (figures.run.cpu, figures.prepare.cpu, figures.prove.cpu);
        let measured = Measured {
            version: MEASURED_VERSION,
            elf_digest: self.elf_digest.clone(),
            target: self.target.to_owned(),
            instructions: figures.instructions,
            segments: 1,
            tables: figures.each.clone(),
            witness_seconds: run + prepare,
            prove_seconds: prove,
            total_seconds: run + prepare + prove,
            proof_bytes: figures.proof_bytes as u64,
        };
        self.write(&measured)
    }

    fn write(self, measured: &Measured) -> Result<()> {
        let mut text = serde_json::to_string_pretty(measured)?;
        text.push('\n');
        Ok(File::create(&self.path)?.finish(text.as_bytes())?)
    }
}

fn openvm_table(table: &TableUse) -> MeasuredTable {
    MeasuredTable {
        name: table.name.clone(),
        precompile: table.precompile,
        columns: table.columns,
        rows: table.rows,
        padded_rows: table.padded_rows,
    }
}
