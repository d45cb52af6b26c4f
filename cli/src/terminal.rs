//! What a person sees: errors, progress, tables.
//!
//! Everything but results goes to standard error; progress only if that is a terminal.

use std::fmt;
use std::io::{self, Write as _};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use autoprec_pipeline::{Stage, Watch};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tracing_subscriber::filter::LevelFilter;

const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Prints an error with everything it was caused by, on one line.
pub(crate) fn error(error: &anyhow::Error) {
    error_line(&one_line(error));
}

fn error_line(text: &str) {
    anstream::eprintln!("{RED}error:{RED:#} {text}");
}

/// An error and its causes. Many errors name their cause themselves: it is not said twice. Lines
/// that only point at a place in a text, as parsers of TOML print them, are left out.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        let parts: Vec<&str> =
            text.lines().map(str::trim).filter(|part| !is_picture(part)).collect();
        let text = parts.join(": ");
        if line.contains(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    line
}

/// Whether a line of an error shows a place in a text, as `12 | text` or `| ^^^`.
fn is_picture(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    line.is_empty() || line == ":" || rest.starts_with('|')
}

/// Runs the program. A panic becomes an error of one line that says where it happened; those that
/// a library catches, as OpenVM's on malformed proofs, are not printed at all.
pub(crate) fn guarded(verbose: bool, run: impl FnOnce() -> ExitCode) -> ExitCode {
    static LAST: Mutex<String> = Mutex::new(String::new());
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(mut last) = LAST.lock() {
            *last = info.to_string().replace('\n', " ");
        }
        if verbose {
            print(info);
        }
    }));
    std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let last = LAST.lock().map(|last| last.clone()).unwrap_or_default();
        error_line(&format!("this is a bug of autoprec; please report it: {last}"));
        ExitCode::FAILURE
    })
}

/// Prints a warning.
pub(crate) fn warning(text: &str) {
    anstream::eprintln!("{YELLOW}warning:{YELLOW:#} {text}");
}

/// Prints a line that ends with a good word.
pub(crate) fn good(subject: &str, word: &str) {
    text(&format!("{subject}: {GREEN}{word}{GREEN:#}\n"));
}

/// Prints a line to standard output.
pub(crate) fn line(line: &str) {
    text(&format!("{line}\n"));
}

/// Prints a text to standard output as it is.
pub(crate) fn text(text: &str) {
    keep(anstream::stdout().write_all(text.as_bytes()));
}

/// Gives what was printed to whoever reads it, now.
pub(crate) fn flush() {
    keep(anstream::stdout().flush());
}

/// Passes on what a guest printed, whatever it is.
pub(crate) fn bytes(bytes: &[u8]) {
    keep(io::stdout().write_all(bytes));
}

/// The first failure to print.
static UNPRINTED: Mutex<Option<io::Error>> = Mutex::new(None);

fn keep(result: io::Result<()>) {
    if let (Err(error), Ok(mut first)) = (result, UNPRINTED.lock()) {
        first.get_or_insert(error);
    }
}

/// Whether everything could be printed. A reader that has seen enough, like `head`, is no failure.
pub(crate) fn finish() -> anyhow::Result<()> {
    keep(anstream::stdout().flush());
    let first = UNPRINTED.lock().ok().and_then(|mut first| first.take());
    match first {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error.
pub(crate) fn note(text: &str) {
    anstream::eprintln!("{text}");
}

/// A line that moves while something without a known length goes on.
pub(crate) fn spinner(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(
        ProgressStyle::with_template("{spinner} {msg} [{elapsed}]").expect("a correct template"),
    );
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// A line that tells how many instructions have been executed, and how many millions per second.
pub(crate) fn counting(what: &str, executed: &'static AtomicU64) -> ProgressBar {
    let spinner = spinner(what);
    let told = move |state: &ProgressState, f: &mut dyn fmt::Write| {
        let executed = executed.load(Ordering::Relaxed);
        let micros = u64::try_from(state.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mips = executed / micros.max(1);
        // A terminal that cannot be written to shows no progress.
        let _ = write!(f, "{} instructions, {mips} MIPS", grouped(executed));
    };
    let style = "{spinner} {msg} [{elapsed}] {executed}";
    let style = ProgressStyle::with_template(style).expect("a correct template");
    spinner.set_style(style.with_key("executed", told));
    spinner
}

/// A bar that fills.
pub(crate) fn bar(what: &str, length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    bar.set_style(
        ProgressStyle::with_template("{msg:22} {bar:40} {pos}/{len} [{elapsed}]")
            .expect("a correct template"),
    );
    bar.set_message(what.to_owned());
    bar
}

/// The stages of a build, as they begin and end.
pub(crate) struct Stages(Mutex<Option<ProgressBar>>);

impl Stages {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn show(&self, next: Option<ProgressBar>) {
        let mut shown = self.0.lock().expect("nobody panics with it");
        if let Some(last) = shown.take() {
            last.finish_and_clear();
        }
        *shown = next;
    }
}

impl Watch for Stages {
    fn stage(&self, stage: Stage) {
        self.show(Some(match stage {
            Stage::Checking(length) => bar(stage.name(), length),
            _ => spinner(stage.name()),
        }));
    }

    fn step(&self) {
        if let Some(bar) = &*self.0.lock().expect("nobody panics with it") {
            bar.inc(1);
        }
    }

    fn done(&self) {
        self.show(None);
    }
}

impl Drop for Stages {
    fn drop(&mut self) {
        self.done();
    }
}

/// Sends what libraries tell about their work to standard error, if asked for.
pub(crate) fn init_tracing(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).init();
}

/// A number of things.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number as u64))
}

/// A number with a space between groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names its cause itself, as many errors do.
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "not a list: {}; write it again", self.0)
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn causes_are_said_once() {
        let cause = "x".parse::<u8>().expect_err("no number");
        let error = Err::<(), _>(Outer(cause)).context("file").expect_err("it is one");
        assert_eq!(
            one_line(&error),
            "file: not a list: invalid digit found in string; write it again"
        );
    }

    #[test]
    fn pictures_are_left_out() {
        let toml = "TOML parse error at line 1, column 5\n  |\n1 | junk\n  |     ^\nno value\n";
        let error = anyhow::anyhow!("{toml}").context("lock");
        assert_eq!(one_line(&error), "lock: TOML parse error at line 1, column 5: no value");
    }
}
