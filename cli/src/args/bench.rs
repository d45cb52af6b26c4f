//! Options of the benchmarks.

use std::path::PathBuf;

use autoprec_verify::Backend;
use clap::{Args, Subcommand, ValueEnum};

use super::{InputArgs, positive};

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Synthesise exported blocks and say what their systems cost
    Synth(BenchSynthArgs),
    /// Synthesise longer and longer regions and say how time grows
    Scaling(BenchScalingArgs),
    /// Run guests in autoprec's executor and in others, and say how fast each is
    Exec(BenchExecArgs),
    /// Prove runs with tables of our own, and compare what it takes with what was predicted
    Prove(BenchProveArgs),
}

/// Optimisers to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Baseline {
    /// powdr's autoprecompiles 0.1.5.
    Powdr,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec bench synth openvm-eth
  autoprec bench synth keccak_apc_pre_opt.json.gz --json keccak.json
  autoprec bench synth openvm-eth --baseline powdr --json report.json

An export is a block as powdr writes it (ApcWithBusMap), JSON or gzip of it. A file table.tsv beside
it with the columns file and freq says how often blocks are executed. The baseline is there only if
autoprec was built with `--features powdr`; it takes minutes.")]
pub(crate) struct BenchSynthArgs {
    /// Exports, or folders whose exports (*.json, *.json.gz) are taken in order of name
    #[arg(required = true, value_name = "DIR|FILE")]
    pub(crate) paths: Vec<PathBuf>,
    /// Run this optimiser too, in the same run
    #[arg(long, value_enum)]
    pub(crate) baseline: Option<Baseline>,
    /// Measure sizes and times only, without asking the checker
    #[arg(long)]
    pub(crate) no_check: bool,
    /// Write the report as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec bench scaling sha256_apc_pre_opt.json.gz
  autoprec bench scaling sha256_apc_pre_opt.json.gz --svg scaling.svg --json scaling.json

The regions are the first 10, 30, 100, ... 10,000 instructions of the block, which is repeated where it
is too short. Each is synthesised as one system, whatever the limits on sizes.")]
pub(crate) struct BenchScalingArgs {
    /// A block as powdr exports it
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// Draw the times to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Write the measurements as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec bench exec
  autoprec bench exec guest.elf --input input.bin --repeat 9 --json exec.json
  autoprec bench exec --instructions 10000000,100000000,1000000000

Guests of OpenVM run in OpenVM's pure interpreter too, others in qemu-user if it is installed. The
executors run in turns, and must come to the same results.")]
pub(crate) struct BenchExecArgs {
    /// The guest's ELF (default: several that come with the program)
    pub(crate) guest: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// How often each executor runs a guest
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = positive)]
    pub(crate) repeat: usize,
    /// Run autoprec's executor alone, for each of these numbers of instructions, and say what memory
    /// the program has taken by then
    #[arg(long, value_name = "N,...", value_delimiter = ',', conflicts_with = "max_instructions")]
    pub(crate) instructions: Vec<u64>,
    /// Write the report as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec bench prove guest.elf --input input.bin
  autoprec bench prove guest.elf --patched out/guest.elf --stdin input.bin --targets plonky3

Runs, proves and verifies each guest for each target, one after the other, and prints them side by side.")]
pub(crate) struct BenchProveArgs {
    /// The guest's ELF
    pub(crate) guest: PathBuf,
    /// The same guest, patched
    #[arg(long, value_name = "ELF")]
    pub(crate) patched: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Which back ends prove
    #[arg(
        long,
        value_name = "TARGET,...",
        value_delimiter = ',',
        default_values_t = Backend::ALL,
        value_parser = backend,
    )]
    pub(crate) targets: Vec<Backend>,
    /// Where to keep halo2's parameters (default: the user's cache folder)
    #[arg(long, value_name = "DIR")]
    pub(crate) params: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn backend(name: &str) -> Result<Backend, String> {
    let found = Backend::ALL.into_iter().find(|backend| backend.name() == name);
    found.ok_or_else(|| format!("it must be {}", Backend::ALL.map(Backend::name).join(" or ")))
}
