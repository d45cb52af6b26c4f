//! Flamegraphs and icicles: SVG in which a width is a cost.

use inferno::flamegraph::{Direction, Options, from_lines};

use super::folded::folded;
use crate::view::View;

/// Where callees are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Above their callers: a flamegraph.
    Up,
    /// Below their callers: an icicle.
    Down,
}

/// A graph could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("no graph: {reason}; the profile has {total} {unit}")]
pub struct GraphError {
    /// What the drawing library says.
    pub reason: String,
    /// The sum of all paths.
    pub total: u64,
    /// Of what.
    pub unit: String,
}

/// Draws the call paths by one unit of the view.
///
/// # Errors
///
/// If there is nothing to draw.
pub fn graph(view: &View, unit: usize, growth: Growth) -> Result<String, GraphError> {
    let mut options = options(&view.title, &view.units[unit]);
    options.direction = match growth {
        Growth::Up => Direction::Straight,
        Growth::Down => Direction::Inverted,
    };
    draw(options, &folded(view, unit)).map_err(|reason| error(view, unit, reason))
}

/// Options that depend on nothing but the view.
pub(super) fn options(title: &str, unit: &str) -> Options<'static> {
    let mut options = Options::default();
    title.clone_into(&mut options.title);
    unit.clone_into(&mut options.count_name);
    // Colours by name, not by chance.
    options.hash = true;
    options.deterministic = true;
    options
}

/// Draws lines of a path and one or two counts.
pub(super) fn draw(mut options: Options<'_>, lines: &str) -> Result<String, String> {
    let mut svg = Vec::new();
    from_lines(&mut options, lines.lines(), &mut svg).map_err(|error| error.to_string())?;
    String::from_utf8(svg).map_err(|error| error.to_string())
}

pub(super) fn error(view: &View, unit: usize, reason: String) -> GraphError {
    GraphError { reason, total: view.totals()[unit], unit: view.units[unit].clone() }
}
