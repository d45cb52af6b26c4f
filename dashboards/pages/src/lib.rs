//! What the HTML page of a build shows, computed from the guest, its profile and its report.
//!
//! The page repeats nothing that it could contradict: blocks, call paths and tables are counted from the
//! profile, precompiles are synthesised again from the guest's code, and where the report says the same,
//! the two are compared. Invariants: every index points into its list; the order of everything is that of
//! addresses, or of the report; names are passed on as they are, for whoever shows them to quote.

mod alone;
mod blocks;
mod code;
mod details;
mod edges;
mod error;
mod frames;
mod functions;
mod linked;
mod original;
mod prices;
mod spans;
mod tables;

use autoprec_blocks::Cfg;
use autoprec_dashboards::{Code, Detail, Limits, PAGE_VERSION, Page, Report};
use autoprec_guest_elf::Program;
use autoprec_profile::Profile;
use autoprec_profiler::Sources;
use autoprec_profiler::cost::Model;

pub use error::PageError;

pub use alone::page_of_report;
use functions::Functions;
use linked::Linked;
use prices::Prices;
use spans::Spans;

/// What a page is made from.
#[derive(Clone, Copy, Debug)]
pub struct Built<'a> {
    /// The patched guest, or the original.
    pub elf: &'a [u8],
    /// What a run of the original guest counted: the run that the report is about.
    pub profile: Option<&'a Profile>,
    /// The report of the build.
    pub report: &'a Report,
    /// What prices the instructions for a target that links nothing; its first unit is the report's.
    pub model: Option<&'a Model>,
    /// What limits the number of precompiles; passed on.
    pub limits: Option<Limits>,
}

/// A page in its parts, which are compressed apart from each other.
#[derive(Clone, Debug, PartialEq)]
pub struct PageData {
    /// What the page begins with.
    pub page: Page,
    /// The precompiles, in the order of the report.
    pub details: Vec<Detail>,
    /// The text of the blocks.
    pub code: Code,
}

/// A guest with everything that is known of it.
struct Guest<'a> {
    /// The original, whatever was given.
    program: Program,
    sources: Sources,
    cfg: Cfg,
    report: &'a Report,
    run: Option<Run<'a>>,
    prices: Prices<'a>,
    linked: Linked,
}

/// The profiled run.
struct Run<'a> {
    profile: &'a Profile,
    spans: Spans,
}

/// Computes the page of a build. `history` and what was measured stay empty.
///
/// **Costs** are in the target's unit: main cells for `openvm`, nanoseconds for `halo2` and `plonky3`,
/// each by the prices that decided what was linked, and otherwise the first unit of the model. The
/// instructions that no region can hold (calls of the environment, atomics, floating point, words of
/// extensions) cost nothing here, as in the report's totals; a model prices them, too.
///
/// **Blocks** may be wider than the report's regions, which are cut where a limit or such an instruction
/// demands it. A block has the precompile of its first part that has one, and saves what all its parts
/// with precompiles do. Without any it would save what all its parts would, and its reason is that of
/// the part that costs the run most. Without a profile, blocks with precompiles are counted as the report
/// counts their calls, all others 0 times, and there are neither call paths nor tables.
///
/// **Call paths** give each instruction to the function that it comes from, inlined ones included. In the
/// patched run a call stands where the first instruction of its region stood and the others are gone. So
/// the sums over all frames are the report's totals, to the last digit.
///
/// **Tables** have the rows of the profiled run, as one segment. For `openvm` they are those of the
/// cost model; for `halo2` and `plonky3` one per kind of instruction. In the patched run the rows of
/// replaced instructions are gone and each precompile has a row per call.
///
/// # Errors
/// If the guest cannot be read, or guest, profile and report do not belong together: see [`PageError`].
pub fn page_data(built: &Built<'_>) -> Result<PageData, PageError> {
    let guest = Guest::of(built)?;
    let details = details::details(&guest)?;
    let functions = Functions::of(&guest);
    let page = Page {
        version: PAGE_VERSION,
        report: built.report.clone(),
        blocks: blocks::blocks(&guest, &functions)?,
        edges: edges::edges(&guest),
        frames: frames::frames(&guest, &functions),
        tables: tables::tables(&guest),
        functions: functions.list,
        measured_before: Vec::new(),
        measured_after: Vec::new(),
        limits: built.limits,
        history: Vec::new(),
    };
    let code = code::code(&guest);
    Ok(PageData { page, details, code })
}

impl<'a> Guest<'a> {
    fn of(built: &Built<'a>) -> Result<Self, PageError> {
        let Built { elf, profile, report, model, .. } = *built;
        let program = original::original(elf, report)?;
        if let Some(profile) = profile {
            original::check_profile(profile, report)?;
        }
        let cfg = Cfg::build(&program, profile);
        let prices = Prices::of(report, model, &cfg)?;
        let linked = Linked::of(&program, report, &prices)?;
        let run = match profile {
            Some(profile) => {
                let spans = Spans::of(&program, profile, &linked)?;
                linked::check_calls(&spans.calls_of_run(profile, &linked), report)?;
                Some(Run { profile, spans })
            }
            None => None,
        };
        Ok(Self { program, sources: Sources::load(elf), cfg, report, run, prices, linked })
    }
}

/// An index as the page has it, where −1 stands for none.
fn signed(index: usize) -> i32 {
    i32::try_from(index).expect("lists of a page have fewer entries")
}
