//! `autoprec serve`: a run while it goes on, and its report afterwards, for a browser on this machine.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use autoprec_dashboards::{
    LIVE_ICON, LIVE_PAGE, LIVE_POLICY, LIVE_VERSION, Live, LiveAnswer, LiveState, PAGE_POLICY,
    live_script, live_style,
};
use autoprec_pipeline::folder::REPORT;

use super::report::page_of;
use super::report::read::Shown;
use crate::args::ServeArgs;
use crate::live::path_of;
use crate::serving::{Answer, Server, Site};
use crate::{interrupt, terminal};

/// Seconds without news after which a run is no longer believed to go on.
const STALE: u64 = 10;

/// The largest live file that is read.
const MOST: u64 = 4 << 20;

pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    let live = path_of(&args.dir)
        .with_context(|| format!("{}: this folder has no name", args.dir.display()))?;
    if args.dir.is_file() {
        anyhow::bail!("{} is a file; name the folder of a build", args.dir.display());
    }
    let server = Server::bind(args.port)
        .with_context(|| format!("cannot listen on port {} of 127.0.0.1", args.port))?;
    terminal::line(&format!("http://127.0.0.1:{}/", server.port()));
    terminal::flush();
    terminal::note(&format!("showing {}; Ctrl-C ends", args.dir.display()));
    let folder = Folder {
        dir: args.dir.clone(),
        live,
        cost: args.cost.clone(),
        last: Mutex::new(None),
        page: Mutex::new(None),
    };
    server.start(Arc::new(folder)).context("cannot start a thread")?;
    interrupt::wait().context("cannot wait for Ctrl-C")
}

/// The folder that is shown.
struct Folder {
    dir: PathBuf,
    live: PathBuf,
    cost: Option<String>,
    /// The run that was seen last.
    last: Mutex<Option<Live>>,
    /// The page of the report, and of which one it is.
    page: Mutex<Option<(Stamp, Arc<[u8]>)>>,
}

/// Tells one report from the next: times of the file and of the folder, which change with what is in it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    file: SystemTime,
    folder: SystemTime,
    length: u64,
}

impl Site for Folder {
    fn get(&self, path: &str) -> Option<Answer> {
        Some(match path {
            "/" if self.state().state == LiveState::Ended => self.report(),
            "/" => page("text/html; charset=utf-8", LIVE_PAGE),
            "/live.css" => page("text/css; charset=utf-8", &live_style()),
            "/live.js" => page("text/javascript; charset=utf-8", &live_script()),
            "/icon.svg" => page("image/svg+xml", LIVE_ICON),
            "/live.json" => {
                let text = serde_json::to_string(&self.state()).expect("plain data is JSON");
                page(JSON, &text)
            }
            "/report" => self.report(),
            "/report.json" => match fs::read(self.dir.join(REPORT)) {
                Ok(bytes) => Answer { body: bytes.into(), ..page(JSON, "") },
                Err(_) => self.missing(),
            },
            _ => return None,
        })
    }
}

const JSON: &str = "application/json";

fn page(content_type: &'static str, text: &str) -> Answer {
    Answer {
        status: "200 OK",
        content_type,
        policy: LIVE_POLICY.to_owned(),
        body: text.as_bytes().into(),
    }
}

impl Folder {
    fn missing(&self) -> Answer {
        let text = format!("there is no report in {} yet", self.dir.display());
        Answer::text("404 Not Found", &text)
    }

    fn stamp(&self) -> io::Result<Stamp> {
        let file = fs::metadata(self.dir.join(REPORT))?;
        let folder = fs::metadata(&self.dir)?.modified()?;
        Ok(Stamp { file: file.modified()?, folder, length: file.len() })
    }

    /// The page of the report that is there now.
    fn report(&self) -> Answer {
        let Ok(stamp) = self.stamp() else { return self.missing() };
        let mut kept = lock(&self.page);
        let body = match &*kept {
            Some((of, body)) if *of == stamp => Arc::clone(body),
            _ => {
                let drawn = Shown::read(&self.dir)
                    .and_then(|build| page_of(self.cost.as_deref(), &[build]));
                let body: Arc<[u8]> = match drawn {
                    Ok(text) => text.into_bytes().into(),
                    Err(error) => {
                        let text = format!("the report cannot be shown: {error:#}");
                        return Answer::text("500 Internal Server Error", &text);
                    }
                };
                *kept = Some((stamp, Arc::clone(&body)));
                body
            }
        };
        Answer {
            status: "200 OK",
            content_type: "text/html; charset=utf-8",
            policy: format!("{PAGE_POLICY}; frame-ancestors 'none'"),
            body,
        }
    }

    /// How things are now.
    fn state(&self) -> LiveAnswer {
        let stamp = self.stamp().ok();
        let mut last = lock(&self.last);
        let (state, note) = match told(&self.live) {
            Some((Ok(live), age)) => {
                *last = Some(live);
                if age > STALE {
                    let note = format!(
                        "The run has told nothing for {age} seconds: it was killed, or is suspended. If \
                         it was killed, the next one takes its place; or remove {}.",
                        self.live.display()
                    );
                    (LiveState::Stale, Some(note))
                } else {
                    (LiveState::Running, None)
                }
            }
            Some((Err(problem), _)) => (LiveState::Stale, Some(problem)),
            None => match (&*last, stamp) {
                (Some(live), stamp) if !stamp.is_some_and(|stamp| is_of(stamp, live)) => {
                    let note = "The run ended without a report: it failed or was stopped. Its terminal \
                                says why.";
                    (LiveState::Failed, Some(note.to_owned()))
                }
                (_, Some(_)) => (LiveState::Ended, None),
                (_, None) => (LiveState::Waiting, None),
            },
        };
        LiveAnswer {
            version: LIVE_VERSION,
            state,
            note,
            folder: self.dir.display().to_string(),
            report: stamp.is_some(),
            live: last.clone(),
        }
    }
}

/// Whether a report was written after a run began.
fn is_of(stamp: Stamp, live: &Live) -> bool {
    let since = stamp.file.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() >= u128::from(live.started)
}

/// What a run tells of itself, and how many seconds ago it did; none if there is no such file.
fn told(path: &Path) -> Option<(Result<Live, String>, u64)> {
    let mut file = fs::File::open(path).ok()?;
    let modified = file.metadata().and_then(|data| data.modified()).ok()?;
    let age = SystemTime::now().duration_since(modified).unwrap_or_default().as_secs();
    let mut text = String::new();
    let read = file.by_ref().take(MOST).read_to_string(&mut text);
    let live = read
        .map_err(|error| error.to_string())
        .and_then(|_| Live::from_json(&text).map_err(|error| error.to_string()))
        .map_err(|problem| format!("{}: {problem}", path.display()));
    Some((live, age))
}

/// What a thread that panicked left is as good as before: it is replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
