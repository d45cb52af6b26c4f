//! Guests and what they run on, from files and the command line.

use std::path::Path;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result};
use autoprec_executor::{Limits, OnMoment, Run};
use autoprec_openvm_config::OpenVmConfig;
use autoprec_pipeline::Given;

use crate::args::InputArgs;
use crate::files;
use crate::interrupt::Looking;
use crate::terminal;

pub(crate) use autoprec_pipeline::{Guest, Setting, failure};

/// Reads a guest from a file.
pub(crate) fn load(path: &Path) -> Result<Guest> {
    Ok(Guest::from_bytes(&path.display().to_string(), files::read(path)?)?)
}

/// Instructions between two looks at the clock.
const LOOK: u64 = 1 << 20;

/// How many instructions the guest that is being run has executed, or a little less.
pub(crate) static EXECUTED: AtomicU64 = AtomicU64::new(0);

/// What the command line gives a guest to read.
pub(crate) fn given(args: &InputArgs) -> Result<Given> {
    let inputs = args.inputs.iter().map(|path| files::read(path)).collect::<Result<_, _>>()?;
    let stdin = args.stdin.as_deref().map(files::read).transpose()?;
    Ok(Given {
        inputs,
        stdin,
        args: args.args.clone(),
        variables: args.variables.clone(),
        environment: args.env,
        config: args.config.as_deref().map(config).transpose()?,
        max_instructions: args.max_instructions,
    })
}

/// The text of an openvm.toml that can be read as one.
fn config(path: &Path) -> Result<String> {
    let text = files::read_text(path)?;
    OpenVmConfig::read(&text).with_context(|| path.display().to_string())?;
    Ok(text)
}

/// How the command line wants a guest to be run.
pub(crate) fn setting(args: &InputArgs, guest: &Guest) -> Result<Setting> {
    setting_of(given(args)?, guest)
}

/// How to run a guest on what was given, telling how far it is.
pub(crate) fn setting_of(given: Given, guest: &Guest) -> Result<Setting> {
    let setting = Setting::of(given, guest)?;
    Ok(Setting { limits: Limits { progress: Some(&EXECUTED), ..setting.limits }, ..setting })
}

/// Runs a guest to its end, or until Ctrl-C, and shows how far it is.
pub(crate) fn run_shown(setting: &Setting, guest: &Guest) -> Result<Run> {
    run_told(setting, guest, &mut |_| {})
}

/// The same, telling what was counted so far now and then.
pub(crate) fn run_told(
    setting: &Setting,
    guest: &Guest,
    on_moment: &mut OnMoment<'_>,
) -> Result<Run> {
    let looking = Looking::begin().context("cannot wait for Ctrl-C")?;
    let stop = Some(looking.flag());
    let setting = Setting { limits: Limits { stop, ..setting.limits }, ..setting.clone() };
    let shown = terminal::counting("running", &EXECUTED);
    let run = setting.run_streamed(guest, LOOK, on_moment);
    shown.finish_and_clear();
    Ok(run?)
}
