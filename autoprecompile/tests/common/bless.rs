//! Texts that are kept: compared, or rewritten when the environment says `BLESS=1`.

use std::path::{Path, PathBuf};

/// A file among the fixtures.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Demands that the file holds this text; rewrites it if blessing.
#[expect(clippy::disallowed_methods, reason = "the switch that re-blesses fixtures")]
pub(crate) fn expect_file(path: &Path, got: &str) {
    if std::env::var("BLESS").is_ok() {
        std::fs::write(path, got).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if let Some((line, (got, expected))) = first_difference(got, &expected) {
        panic!(
            "{}:{line}: expected\n  {expected}\ngot\n  {got}\nBLESS=1 accepts the new text",
            path.display()
        );
    }
}

/// The first line, counted from 1, in which two texts differ.
fn first_difference<'a>(a: &'a str, b: &'a str) -> Option<(usize, (&'a str, &'a str))> {
    if a == b {
        return None;
    }
    let (mut left, mut right) = (a.lines(), b.lines());
    for line in 1.. {
        match (left.next(), right.next()) {
            (None, None) => return Some((line, ("(another end)", "(another end)"))),
            (a, b) if a != b => return Some((line, (a.unwrap_or("(end)"), b.unwrap_or("(end)")))),
            _ => {}
        }
    }
    None
}
