//! What a guest runs on, from files.

use std::path::PathBuf;

use autoprec_pipeline::Given;
use autoprec_pipeline::output::{read, read_text};

use crate::error::Error;
use crate::settings::Settings;

/// The files that a run reads.
pub(crate) fn files(settings: &Settings) -> Vec<PathBuf> {
    settings.inputs.iter().chain(&settings.stdin).cloned().collect()
}

/// Reads them, with the text of the configuration, which has been read.
pub(crate) fn given(settings: &Settings, config: Option<&str>) -> Result<Given, Error> {
    let inputs: Result<Vec<_>, _> = settings.inputs.iter().map(|path| read(path)).collect();
    Ok(Given {
        inputs: inputs?,
        stdin: settings.stdin.as_deref().map(read).transpose()?,
        args: settings.args.clone(),
        variables: settings.variables.clone(),
        environment: settings.env.as_deref().map(str::parse).transpose()?,
        config: config.map(str::to_owned),
        max_instructions: None,
    })
}

/// The text of the configuration, if there is one.
pub(crate) fn config(settings: &Settings) -> Result<Option<String>, Error> {
    Ok(settings.config.as_deref().map(read_text).transpose()?)
}
