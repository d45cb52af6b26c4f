//! `autoprec show`.

use anyhow::{Result, bail};

use crate::args::ShowArgs;
use crate::{files, terminal};

pub(crate) fn run(args: &ShowArgs) -> Result<()> {
    let path = args.dir.join(crate::build::text_name(args.id));
    if !path.exists() && args.dir.join("report.json").exists() {
        bail!("{} has no precompile {}", args.dir.display(), args.id);
    }
    terminal::text(&files::read_text(&path)?);
    Ok(())
}
