//! Options of `autoprec report` and `autoprec serve`.

use std::path::PathBuf;

use autoprec_dashboards::Threshold;
use clap::{Args, ValueEnum};

use super::profiling::hundredths;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec report out --out index.html
  autoprec report monday tuesday wednesday --out index.html
  autoprec report out --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  autoprec report base out --fail-if-worse 0.5 --min-ratio 3
  autoprec report out --format apc --out apc_candidates.json
  autoprec report apc_candidates.json --format markdown

The page is one file that needs neither server nor network. Of several builds, oldest first, it shows the
last and how they follow each other. `autoprec prove --record DIR` adds measured figures to a build.")]
pub(crate) struct ReportArgs {
    /// Folders that `autoprec build` or `autoprec profile --out` wrote, report.json files, or powdr's
    /// apc_candidates.json; oldest first
    #[arg(required = true, value_name = "DIR")]
    pub(crate) builds: Vec<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t = ReportFormat::Html)]
    pub(crate) format: ReportFormat,
    /// Where to write it (default: index.html in the last folder for html, else standard output)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The cost model that a profile was weighed by, if it is a file
    #[arg(long, value_name = "FILE")]
    pub(crate) cost: Option<String>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

/// Forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A page for a browser.
    Html,
    /// A summary for a pull request.
    Markdown,
    /// The report itself.
    Json,
    /// powdr's `apc_candidates.json`, version 4.
    Apc,
}

/// What makes `autoprec report` fail.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Bounds, for CI")]
pub(crate) struct Bounds {
    /// Fail if the run with precompiles costs more, in the target's unit
    #[arg(long, value_name = "COST")]
    max_cost: Option<u64>,
    /// Fail if cost before over cost after is less
    #[arg(long, value_name = "RATIO", value_parser = hundredths)]
    min_ratio: Option<u64>,
    /// Fail if the last build costs more than the one before by over this many percent
    #[arg(long, value_name = "PERCENT", value_parser = hundredths)]
    fail_if_worse: Option<u64>,
    /// Fail if there are more precompiles
    #[arg(long, value_name = "N")]
    max_precompiles: Option<u64>,
    /// Fail if precompiles have more columns in all
    #[arg(long, value_name = "N")]
    max_columns: Option<u64>,
}

impl Bounds {
    pub(crate) fn threshold(&self) -> Threshold {
        Threshold {
            max_cost: self.max_cost,
            min_ratio: self.min_ratio,
            max_worse_percent: self.fail_if_worse,
            max_precompiles: self.max_precompiles,
            max_columns: self.max_columns,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec serve out
  autoprec serve out --port 8080

DIR is the folder that `autoprec build --out DIR` or `autoprec profile --out DIR` writes; it need not be
there yet. While such a run goes on, the page shows its stage, its speed, and where its instructions go;
when it has ended, its report. Only this machine can reach the page: it is served on 127.0.0.1, to every
user of the machine. Ctrl-C ends it.")]
pub(crate) struct ServeArgs {
    /// The folder that a run writes or has written
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The port to listen on (default: a free one)
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// The cost model that a profile was weighed by, if it is a file
    #[arg(long, value_name = "FILE")]
    pub(crate) cost: Option<String>,
}
