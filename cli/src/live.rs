//! What a run tells of itself while it goes on: a small file beside the folder that it will write, which
//! `autoprec serve` shows.
//!
//! Invariants: results do not depend on it, and that it cannot be written is no error; the file is there
//! whole or not at all, and gone when the run has ended, however it ends, unless the program is killed;
//! telling takes less than a hundredth of a run.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use autoprec_dashboards::{self as dashboards, LIVE_VERSION, LivePoint};
use autoprec_executor::Moment;
use autoprec_guest_elf::Program;
use autoprec_pipeline::{Stage, Watch, live_profile};
use autoprec_profile::Profile;

use crate::clock;
use crate::guest::{EXECUTED, Guest};
use crate::interrupt;
use crate::terminal::Stages;

/// When the file is written first: a command that is done before leaves no trace at all.
const FIRST: Duration = Duration::from_millis(250);
/// How often it is written then.
const EVERY: Duration = Duration::from_secs(1);
/// How much longer a run goes on between two profiles than it takes to make one.
const PATIENCE: u32 = 100;

/// The file of a folder: beside it, hidden. None if the folder can have none, as it has no name.
pub(crate) fn path_of(folder: &Path) -> Option<PathBuf> {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = real.file_name()?.to_string_lossy().into_owned();
    let parent = real.parent().filter(|parent| *parent != Path::new(""));
    Some(parent.unwrap_or(Path::new(".")).join(format!(".autoprec-live-{name}.json")))
}

/// A run that tells of itself until it is dropped.
pub(crate) struct Live {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    /// The original code, to name functions by.
    program: Program,
}

struct Shared {
    /// None if nothing is told.
    path: Option<PathBuf>,
    begun: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ended: bool,
    live: dashboards::Live,
    stage_begun: Instant,
    /// Whether the stage runs the guest, and whether that is the profiled run.
    runs: bool,
    profiled: bool,
    /// When it was last looked how many instructions were executed, and how many.
    last: (Instant, u64),
}

impl Live {
    /// Begins to tell of a run that will write a folder; of none if there is no folder.
    pub(crate) fn begin(command: &str, guest: &Guest, folder: Option<&Path>) -> Self {
        let path = folder.and_then(path_of);
        let now = clock::now();
        let shared = Arc::new(Shared {
            begun: now,
            state: Mutex::new(State {
                ended: path.is_none(),
                live: started(command, guest),
                stage_begun: now,
                runs: false,
                profiled: false,
                last: (now, 0),
            }),
            changed: Condvar::new(),
            path,
        });
        let mut writer = None;
        if shared.path.is_some() {
            let (telling, ending) = (Arc::clone(&shared), Arc::clone(&shared));
            let thread = std::thread::Builder::new().name("live".to_owned());
            let tidied = interrupt::before_the_end(move || ending.end());
            // Without a way to tidy up after Ctrl-C, nothing is told.
            writer = tidied.and_then(|()| thread.spawn(move || telling.tell())).ok();
        }
        Self { shared, writer, program: guest.original().into_owned() }
    }

    /// Another stage begins; some run the guest.
    pub(crate) fn stage(&self, name: &str, of: Option<u64>, runs: bool) {
        EXECUTED.store(0, Ordering::Relaxed);
        let now = clock::now();
        let mut state = self.shared.state();
        name.clone_into(&mut state.live.stage);
        (state.live.done, state.live.of) = (0, of);
        (state.runs, state.profiled) = (runs, false);
        (state.stage_begun, state.last) = (now, (now, 0));
    }

    /// The profiled run begins. What it gives is to be called now and then during the run.
    pub(crate) fn profiled_run(&self) -> impl FnMut(&Moment<'_>) {
        self.stage("running the guest", None, true);
        self.shared.state().profiled = true;
        let mut next = clock::now() + EVERY;
        move |moment| {
            let now = clock::now();
            if now >= next && self.writer.is_some() {
                self.profile(&moment.profile());
                let took = now.elapsed();
                next = now + (took * PATIENCE).max(EVERY);
            }
        }
    }

    /// What was counted so far.
    pub(crate) fn profile(&self, profile: &Profile) {
        if self.writer.is_some() {
            let short = live_profile(&self.program, profile);
            self.shared.state().live.profile = Some(short);
        }
    }

    /// A watcher that keeps the stages of a build in the live file.
    pub(crate) fn watch(&self) -> impl Watch {
        Told { live: self, stages: Stages::new() }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.shared.end();
        if let Some(writer) = self.writer.take() {
            // A writer that failed has nothing more to tell.
            drop(writer.join());
        }
    }
}

fn started(command: &str, guest: &Guest) -> dashboards::Live {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    dashboards::Live {
        version: LIVE_VERSION,
        command: command.to_owned(),
        guest: guest.file_name(),
        started: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        seconds: 0.0,
        stage: "starting".to_owned(),
        stage_seconds: 0.0,
        done: 0,
        of: None,
        instructions: None,
        mips: None,
        history: Vec::new(),
        profile: None,
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    /// Writes the file now and then until the end.
    fn tell(&self) {
        let mut wait = FIRST;
        loop {
            let state = self.state();
            let waited = self.changed.wait_timeout_while(state, wait, |state| !state.ended);
            let (mut state, _) = waited.expect("nobody panics with it");
            if state.ended {
                return;
            }
            state.look(self.begun);
            // A file that cannot be written is not there for anybody to miss.
            drop(self.write(&state.live.to_json()));
            wait = EVERY;
        }
    }

    /// The state stays locked meanwhile, so that nothing is written after the end.
    fn write(&self, text: &str) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(".autoprec-").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(path)?;
        Ok(())
    }

    fn end(&self) {
        let Some(path) = &self.path else { return };
        if let Ok(mut state) = self.state.lock()
            && !std::mem::replace(&mut state.ended, true)
        {
            // It need not be there.
            drop(fs::remove_file(path));
        }
        self.changed.notify_all();
    }
}

impl State {
    /// How far the run is now.
    fn look(&mut self, begun: Instant) {
        let now = clock::now();
        let live = &mut self.live;
        live.seconds = rounded(now - begun);
        live.stage_seconds = rounded(now - self.stage_begun);
        (live.instructions, live.mips) = (None, None);
        if !self.runs {
            return;
        }
        let executed = EXECUTED.load(Ordering::Relaxed);
        let (before, counted) = std::mem::replace(&mut self.last, (now, executed));
        // Where two runs follow each other, the count begins again.
        let micros = u64::try_from((now - before).as_micros()).unwrap_or(u64::MAX).max(1);
        live.mips = executed.checked_sub(counted).map(|more| ratio(more, micros));
        live.instructions = Some(executed);
        if self.profiled {
            live.note(LivePoint { seconds: live.stage_seconds, instructions: executed });
        }
    }
}

/// Seconds, to milliseconds.
fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// A quotient to one digit.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn ratio(a: u64, b: u64) -> f64 {
    (a as f64 / b as f64 * 10.0).round() / 10.0
}

/// Tells terminal and file.
struct Told<'a> {
    live: &'a Live,
    stages: Stages,
}

impl Watch for Told<'_> {
    fn stage(&self, stage: Stage) {
        let of = match stage {
            Stage::Checking(of) => Some(of as u64),
            _ => None,
        };
        let runs = matches!(stage, Stage::Recording | Stage::Comparing);
        self.live.stage(stage.name(), of, runs);
        self.stages.stage(stage);
    }

    fn step(&self) {
        self.live.shared.state().live.done += 1;
        self.stages.step();
    }

    fn done(&self) {
        self.live.stage("writing", None, false);
        self.stages.done();
    }
}
