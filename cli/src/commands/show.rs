//! `autoprec show`.

use anyhow::{Result, bail};

use crate::args::ShowArgs;
use crate::{files, terminal};

pub(crate) fn run(args: &ShowArgs) -> Result<()> {
    let report = args.dir.join("report.json");
    if !report.exists() {
        bail!("{} is not a folder that `autoprec build` wrote", args.dir.display());
    }
    let path = args.dir.join(autoprec_pipeline::folder::text_name(args.id));
    if !path.exists() {
        bail!(
            "{} has no precompile {}; {} lists those it has",
            args.dir.display(),
            args.id,
            report.display()
        );
    }
    terminal::text(&files::read_text(&path)?);
    Ok(())
}
