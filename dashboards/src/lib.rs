//! Reports: what a build did, as data, and the pages and texts that show it.
//!
//! Invariants: plain data on types of its own, so that the pipeline's types stay free to change; no
//! times in [`Report`], so that two builds of the same guest give the same bytes; a version that
//! changes with the meaning of a field; no files, no clock.

mod apc;
mod figures;
mod html;
mod live;
mod livepage;
mod markdown;
mod measured;
mod page;
mod report;
mod threshold;

pub use apc::{APC_VERSION, AirStats, Apc, ApcBlock, ApcCode, ApcError, ApcStats, Apcs};
pub use figures::hundredths;
pub use html::{PAGE_POLICY, html};
pub use live::{
    LIVE_NAME, LIVE_NODES, LIVE_POINTS, LIVE_ROWS, LIVE_VERSION, Live, LiveAnswer, LiveBlock,
    LiveError, LivePoint, LiveProfile, LiveRow, LiveState, LiveTree,
};
pub use livepage::{LIVE_ICON, LIVE_PAGE, LIVE_POLICY, live_script, live_style};
pub use markdown::markdown;
pub use measured::{Commitment, Commitments, MEASURED_VERSION, Measured, MeasuredTable};
pub use page::{
    Blocks, Code, Detail, DetailSystem, Edges, FrameName, Frames, Function, HistoryPoint, Limits,
    Line, Message, Origin, PAGE_VERSION, Page, Table,
};
pub use report::{
    Check, Guest, Precompile, Region, Report, ReportError, Size, System, Target, Totals, VERSION,
};

pub use threshold::{Breach, Threshold};

/// The JSON form of plain data, with a newline at its end.
fn json(data: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(data).expect("plain data is JSON");
    text.push('\n');
    text
}
