//! What a person sees: errors, progress, tables.
//!
//! Everything but results goes to standard error; progress only if that is a terminal.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::filter::LevelFilter;

const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Prints an error with everything it was caused by, on one line.
pub(crate) fn error(error: &anyhow::Error) {
    anstream::eprintln!("{RED}error:{RED:#} {error:#}");
}

/// Prints a warning.
pub(crate) fn warning(text: &str) {
    anstream::eprintln!("{YELLOW}warning:{YELLOW:#} {text}");
}

/// Prints a line that ends with a good word.
pub(crate) fn good(subject: &str, word: &str) {
    anstream::println!("{subject}: {GREEN}{word}{GREEN:#}");
}

/// Prints a line to standard output.
pub(crate) fn line(text: &str) {
    anstream::println!("{text}");
}

/// Prints a text to standard output as it is.
pub(crate) fn text(text: &str) {
    anstream::print!("{text}");
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

/// Sends what libraries tell about their work to standard error, if asked for.
pub(crate) fn init_tracing(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();
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
