//! For tests only: texts that are kept in files and compared with what the code gives.
//!
//! `BLESS=1 cargo test --release` rewrites the files, with `-p CRATE` those of one crate; `docs/testing.md` lists
//! them. A fixture with input and expected text in one file has the input first; the expected text begins with the
//! first line that starts with `;;`.
//!
//! Invariants: without `BLESS` nothing is written, and a file that is missing is a difference; with it, every
//! file is what the code gives.

use std::path::{Path, PathBuf};

/// A file or folder below `tests/fixtures` of the crate whose test asks.
#[macro_export]
macro_rules! fixture {
    ($name:expr) => {
        ::std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join($name)
    };
}

/// Demands that the file holds this text; rewrites it if `BLESS` is set.
///
/// # Panics
/// If it holds another text: with the first line that differs.
#[expect(clippy::disallowed_methods, reason = "the switch that re-blesses fixtures")]
pub fn expect_file(path: &Path, got: &str) {
    if std::env::var("BLESS").is_ok() {
        std::fs::write(path, got).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if let Some((line, [got, expected])) = first_difference(got, &expected) {
        panic!(
            "{}:{line}: expected\n  {expected}\ngot\n  {got}\nBLESS=1 accepts the new text",
            path.display()
        );
    }
}

/// The fixtures of a folder, with their texts, in the order of their names; those of folders within are left out.
///
/// # Panics
/// If there are none: a test that looks at nothing must not pass.
pub fn fixtures(folder: &Path) -> Vec<(PathBuf, String)> {
    let fail = |error: std::io::Error| -> ! { panic!("{}: {error}", folder.display()) };
    let files = std::fs::read_dir(folder).unwrap_or_else(|error| fail(error));
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.unwrap_or_else(|error| fail(error)).path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    assert!(!paths.is_empty(), "no fixtures in {}", folder.display());
    let read = |path: PathBuf| match std::fs::read_to_string(&path) {
        Ok(text) => (path, text),
        Err(error) => panic!("{}: {error}", path.display()),
    };
    paths.into_iter().map(read).collect()
}

/// The input of a fixture: what stands before the expected text.
pub fn input(text: &str) -> &str {
    let begins = |at: &usize| *at == 0 || text.as_bytes()[at - 1] == b'\n';
    let expected = text.match_indices(";;").map(|(at, _)| at).find(begins);
    &text[..expected.unwrap_or(text.len())]
}

/// The first line, counted from 1, in which two texts differ.
fn first_difference<'a>(a: &'a str, b: &'a str) -> Option<(usize, [&'a str; 2])> {
    if a == b {
        return None;
    }
    let (mut left, mut right) = (a.lines(), b.lines());
    for line in 1.. {
        match (left.next(), right.next()) {
            (None, None) => return Some((line, ["(another end)"; 2])),
            (a, b) if a != b => return Some((line, [a.unwrap_or("(end)"), b.unwrap_or("(end)")])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{first_difference, input};

    #[test]
    fn differences_are_found_in_their_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, ["b", "c"])));
        assert_eq!(first_difference("a\n", ""), Some((1, ["a", "(end)"])));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some((2, ["(end)", "b"])));
        assert_eq!(first_difference("a\n", "a"), Some((2, ["(another end)"; 2])));
    }

    #[test]
    fn the_input_ends_where_a_line_begins_with_two_semicolons() {
        assert_eq!(input("; one;; two\nx\n;; out\n; y\n"), "; one;; two\nx\n");
        assert_eq!(input(";; out\n"), "");
        assert_eq!(input("x"), "x");
    }
}
