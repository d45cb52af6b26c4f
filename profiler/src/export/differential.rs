//! The differential flamegraph: widths are of the second profile, colours say what grew (red) and
//! what shrank (blue).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::folded::lines;
use super::graph::{GraphError, draw, error, options};
use crate::view::View;

/// Draws the call paths of `after`, coloured by how they differ from those of `before`. Paths are
/// the same if their names are; `unit` is an index of the units of both views.
///
/// # Errors
///
/// If there is nothing to draw.
pub fn differential(before: &View, after: &View, unit: usize) -> Result<String, GraphError> {
    let mut both: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (side, view) in [before, after].into_iter().enumerate() {
        for (path, value) in lines(view, unit) {
            both.entry(path).or_default()[side] += value;
        }
    }
    let text = both.iter().fold(String::new(), |mut text, (path, [before, after])| {
        writeln!(text, "{path} {before} {after}").expect("writing to a string does not fail");
        text
    });
    let title = format!("{} to {}", before.title, after.title);
    draw(options(&title, &after.units[unit]), &text).map_err(|reason| error(after, unit, reason))
}
