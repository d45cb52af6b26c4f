//! `autoprec verify-link`.

use anyhow::{Context, Result};
use autoprec_linker::verify_link;

use crate::args::VerifyLinkArgs;
use crate::build::resynthesise;
use crate::{files, terminal};

pub(crate) fn run(args: &VerifyLinkArgs) -> Result<()> {
    let (original, patched) = (files::read(&args.original)?, files::read(&args.patched)?);
    let report = verify_link(&original, &patched, &resynthesise)
        .with_context(|| args.patched.display().to_string())?;
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
