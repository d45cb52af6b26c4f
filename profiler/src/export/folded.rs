//! Folded stacks: a line per call path, `main;parse;memcpy 123`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::view::View;

/// The call paths by one unit of the view, sorted. Paths that cost nothing are left out.
pub fn folded(view: &View, unit: usize) -> String {
    lines(view, unit).iter().fold(String::new(), |mut text, (path, value)| {
        writeln!(text, "{path} {value}").expect("writing to a string does not fail");
        text
    })
}

/// Values by the names of the path. Functions of one name are one.
pub(crate) fn lines(view: &View, unit: usize) -> BTreeMap<String, u64> {
    let names: Vec<String> =
        (0..view.frames.len()).map(|frame| plain(&view.function(frame).name)).collect();
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for path in view.paths.iter().filter(|path| path.values[unit] > 0) {
        let path_names: Vec<&str> = path.frames.iter().map(|&f| names[f].as_str()).collect();
        *lines.entry(path_names.join(";")).or_default() += path.values[unit];
    }
    lines
}

/// A name without the characters that separate frames and lines.
fn plain(name: &str) -> String {
    name.replace(';', ":").replace(['\n', '\r'], " ")
}
