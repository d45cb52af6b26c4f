//! Options of the commands about profiles.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::InputArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec profile guest.elf --input input.bin
  autoprec profile guest.elf --input input.bin --out profile
  autoprec profile guest.elf --env linux --stdin data.txt --json
  autoprec profile guest.elf --input input.bin --cost openvm-2.0.2 --opcodes
  autoprec profile guest.elf --input input.bin --by line --top 50
  autoprec profile guest.elf --input input.bin --by block
  autoprec profile guest.elf --input input.bin --format pprof -o guest.pb.gz

Firefox Profiler and speedscope open their files in a browser, `go tool pprof` its own. With Ctrl-C
the guest is stopped, and what was counted until then is written, marked partial.")]
pub(crate) struct ProfileArgs {
    /// The guest's ELF
    pub(crate) guest: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Write profile.json, stacks.folded, flamegraph.svg and tables to this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What to list
    #[arg(long, value_enum, default_value_t = Rows::Function)]
    pub(crate) by: Rows,
    /// How many to list (default: 20; of blocks, 5)
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,
    /// Count what was inlined for the function that it is in, as if there were no debug information
    #[arg(long)]
    pub(crate) no_inlines: bool,
    /// Weigh instructions by a cost model: instructions, openvm-2.0.2, sp1-6, halo2, or a file
    #[arg(long, value_name = "MODEL", default_value = "instructions")]
    pub(crate) cost: String,
    #[command(flatten)]
    pub(crate) more: MoreTables,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Write it to this file instead
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// What else a profile lists.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct MoreTables {
    /// List how often each instruction was executed, in all and per function
    #[arg(long)]
    pub(crate) opcodes: bool,
    /// List loads and stores by width, and misaligned ones by function
    #[arg(long)]
    pub(crate) memory: bool,
    /// Also count the distinct words of memory that are touched, which takes several times as long
    #[arg(long)]
    pub(crate) touched: bool,
}

/// What rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    /// Functions as they are called; what is inlined counts for the function it is in.
    Function,
    /// Functions as they are written, inlined ones too.
    Inlined,
    /// Source lines.
    Line,
    /// Basic blocks, with their instructions and where these come from.
    Block,
}

/// Forms of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table, what costs most first.
    Table,
    /// The profile itself, for autoprec and scripts.
    Json,
    /// A line per call path.
    Folded,
    /// SVG, callees above callers.
    Flamegraph,
    /// SVG, callees below callers.
    Icicle,
    /// JSON for speedscope.
    Speedscope,
    /// JSON for the Firefox Profiler.
    Firefox,
    /// Gzipped protocol buffer for pprof.
    Pprof,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec annotate guest.elf memcpy --input input.bin
  autoprec annotate guest.elf 0x202e60 --profile profile/profile.json --cost openvm-2.0.2")]
pub(crate) struct AnnotateArgs {
    /// The guest's ELF
    pub(crate) guest: PathBuf,
    /// A function: its name, a part of it that no other has, or an address in it
    pub(crate) function: String,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Use this profile instead of running the guest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["inputs", "stdin"])]
    pub(crate) profile: Option<PathBuf>,
    /// Weigh instructions by a cost model: instructions, openvm-2.0.2, sp1-6, halo2, or a file
    #[arg(long, value_name = "MODEL", default_value = "instructions")]
    pub(crate) cost: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec diff before/profile.json after/profile.json
  autoprec diff before.json after.json --elf before.elf --elf after.elf --cost openvm-2.0.2
  autoprec diff before.json after.json --fail-if-worse 0.5")]
pub(crate) struct DiffArgs {
    /// A profile that `autoprec profile` wrote
    pub(crate) before: PathBuf,
    /// Another one
    pub(crate) after: PathBuf,
    /// A guest that was profiled, for names and costs; repeat it for the other
    #[arg(long = "elf", value_name = "FILE")]
    pub(crate) elfs: Vec<PathBuf>,
    /// Weigh instructions by a cost model: instructions, openvm-2.0.2, sp1-6, halo2, or a file
    #[arg(long, value_name = "MODEL", default_value = "instructions")]
    pub(crate) cost: String,
    /// Functions and blocks to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,
    /// Draw what changed to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) flamegraph: Option<PathBuf>,
    /// Fail if the whole run costs more by over this many percent
    #[arg(long, value_name = "PERCENT", value_parser = hundredths)]
    pub(crate) fail_if_worse: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  autoprec merge first.json second.json -o both.json")]
pub(crate) struct MergeArgs {
    /// Profiles of one ELF
    #[arg(required = true)]
    pub(crate) profiles: Vec<PathBuf>,
    /// Where to write the sum
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec blocks guest.elf
  autoprec blocks guest.elf --profile profile/profile.json
  autoprec blocks guest.elf --dot | dot -Tsvg > cfg.svg")]
pub(crate) struct BlocksArgs {
    /// The guest's ELF
    pub(crate) guest: PathBuf,
    /// A profile of it, for counts
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Print a graph in the DOT language
    #[arg(long)]
    pub(crate) dot: bool,
}

/// A percentage with up to two digits behind the point, in hundredths.
pub(super) fn hundredths(text: &str) -> Result<u64, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(part) || part.len() > 2 || !digits(whole) {
        return Err("expected a percentage such as 5 or 0.25".to_owned());
    }
    format!("{whole}{part:0<2}").parse().map_err(|error| format!("{error}"))
}
