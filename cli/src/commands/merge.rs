//! `autoprec merge`.

use anyhow::{Context, Result};
use autoprec_profile::{MergeError, Profile};

use crate::args::MergeArgs;
use crate::commands::diff;
use crate::files::File;

pub(crate) fn run(args: &MergeArgs) -> Result<()> {
    let profiles: Vec<Profile> =
        args.profiles.iter().map(|path| diff::read(path)).collect::<Result<_>>()?;
    let merged = Profile::merge(&profiles).map_err(|error| {
        let file = match &error {
            MergeError::OtherElf { index, .. } => args.profiles.get(index - 1),
            _ => None,
        };
        let name = file.map_or_else(|| "merge".to_owned(), |path| path.display().to_string());
        anyhow::Error::new(error).context(name)
    })?;
    File::create(&args.output)
        .and_then(|file| file.finish(merged.to_json().as_bytes()))
        .with_context(|| args.output.display().to_string())
}
