//! Ctrl-C while a guest runs: the first asks the run to stop, so that what was counted is kept; a
//! second one ends the program at once.

use std::io;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use autoprec_profiler::RunError;
use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// The exit code of what was interrupted: 128 and the number of the signal, as shells have it.
const INTERRUPTED: u8 = 130;

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Becomes true with the first Ctrl-C.
pub(crate) fn flag() -> io::Result<&'static AtomicBool> {
    let stop: &'static Arc<AtomicBool> = &STOP;
    // In this order: the first does nothing until the second has been called.
    flag::register_conditional_shutdown(SIGINT, INTERRUPTED.into(), Arc::clone(stop))?;
    flag::register(SIGINT, Arc::clone(stop))?;
    Ok(stop)
}

/// What to exit with after an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    match run_error(error) {
        Some(RunError::Stopped { .. }) => ExitCode::from(INTERRUPTED),
        _ => ExitCode::FAILURE,
    }
}

/// The failed run that an error comes from, if it comes from one.
pub(crate) fn run_error(error: &anyhow::Error) -> Option<&RunError> {
    error.chain().find_map(|cause| {
        let boxed = cause.downcast_ref::<Box<RunError>>().map(AsRef::as_ref);
        boxed.or_else(|| cause.downcast_ref::<RunError>())
    })
}
