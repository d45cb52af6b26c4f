//! `autoprec verify-link`.

use anyhow::{Context, Result};
use autoprec_linker::{Manifest, verify_link};

use crate::args::VerifyLinkArgs;
use crate::{files, terminal};
use autoprec_pipeline::{backends, resynthesise};

pub(crate) fn run(args: &VerifyLinkArgs) -> Result<()> {
    let (original, patched) = (files::read(&args.original)?, files::read(&args.patched)?);
    let name = || args.patched.display().to_string();
    let manifest = Manifest::read(&patched).with_context(name)?;
    let report = verify_link(&original, &patched, &backends(), &resynthesise(manifest.as_ref()))
        .with_context(name)?;
    terminal::good(
        &format!(
            "{}, {} bytes of loaded code overwritten, everything else unchanged",
            terminal::counted(report.manifest.calls.len(), "precompile"),
            report.overwritten
        ),
        "link verified",
    );
    Ok(())
}
