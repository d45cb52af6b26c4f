//! Ctrl-C: while a guest runs, the first asks the run to stop, so that what was counted is kept; at other
//! times, and the second time, it ends the program at once. What must not be left behind is removed
//! before.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use autoprec_executor::RunError;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

/// The exit code of what was interrupted: 128 and the number of the signal, as shells have it.
const INTERRUPTED: u8 = 130;

/// Becomes true with the first Ctrl-C while a run looks at it.
static STOP: AtomicBool = AtomicBool::new(false);
/// Whether one does.
static LOOKING: AtomicBool = AtomicBool::new(false);
/// What removes what must not be left behind.
static TIDY: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::new(Vec::new());
/// Whether signals are waited for, or why they cannot be.
static LISTENING: OnceLock<Result<(), io::ErrorKind>> = OnceLock::new();

/// A run that stops soon after [`Looking::flag`] becomes true.
pub(crate) struct Looking(&'static AtomicBool);

impl Looking {
    /// From now on, the first Ctrl-C sets the flag.
    pub(crate) fn begin() -> io::Result<Self> {
        LOOKING.store(true, Ordering::SeqCst);
        listen()?;
        Ok(Self(&STOP))
    }

    pub(crate) fn flag(&self) -> &'static AtomicBool {
        self.0
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        LOOKING.store(false, Ordering::SeqCst);
    }
}

/// Has something done before a signal ends the program. It must end quickly.
pub(crate) fn before_the_end(tidy: impl FnOnce() + Send + 'static) -> io::Result<()> {
    TIDY.lock().expect("nobody panics with it").push(Box::new(tidy));
    listen()
}

/// Has an unfinished file or folder removed before a signal ends the program.
pub(crate) fn unfinished(path: &Path) -> io::Result<()> {
    let path = path.to_owned();
    before_the_end(move || {
        // What was finished lies elsewhere by now.
        drop(if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) });
    })
}

/// Waits for signals in a thread of its own.
fn listen() -> io::Result<()> {
    let start = || {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            signals.forever().for_each(arrived);
        })?;
        Ok(())
    };
    let listening = *LISTENING.get_or_init(|| start().map_err(|error: io::Error| error.kind()));
    listening.map_err(io::Error::from)
}

fn arrived(signal: i32) {
    let looking = LOOKING.load(Ordering::SeqCst);
    if signal == SIGINT && looking && !STOP.swap(true, Ordering::SeqCst) {
        return;
    }
    // Whoever is in the middle of a panic leaves the rest to the system.
    if let Ok(mut tidy) = TIDY.lock() {
        tidy.drain(..).for_each(|tidy| tidy());
    }
    if signal != SIGINT {
        // The program ends as the signal wants it, and whoever started it can tell.
        drop(low_level::emulate_default_handler(signal));
    }
    low_level::exit(INTERRUPTED.into());
}

/// Waits until the program is asked to end.
pub(crate) fn wait() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    signals.forever().next();
    Ok(())
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
