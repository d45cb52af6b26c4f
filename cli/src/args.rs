//! The command line.

use std::path::PathBuf;

use autoprec_isa::Reg;
use autoprec_linker::Form;
use autoprec_profiler::Environment;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Makes zkVM guests cheap to prove: profiles a RISC-V guest, synthesises a constraint system for
/// each hot region, and patches the guest so that these regions are calls of precompiles.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = TOP_EXAMPLES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Threads to use (default: one per core). Results do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = positive)]
    pub(crate) threads: Option<usize>,
    /// Say more on standard error; twice for every pass.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

const TOP_EXAMPLES: &str = "\
Examples:
  autoprec demo
  autoprec profile guest.elf --input input.bin
  autoprec build guest.elf --input input.bin --out out
  autoprec prove out/guest.elf --input input.bin --proof run.proof --public-values run.public
  autoprec verify --proof run.proof --elf out/guest.elf --original guest.elf \\
      --public-values run.public";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a guest and say where its instructions go
    Profile(ProfileArgs),
    /// Show the instructions of a function with counts, costs and source lines
    Annotate(AnnotateArgs),
    /// Compare two profiles, per function and block
    Diff(DiffArgs),
    /// Add up profiles of one guest
    Merge(MergeArgs),
    /// List the basic blocks of a guest, or draw its control flow
    Blocks(BlocksArgs),
    /// Synthesise precompiles for a guest and patch it
    Build(BuildArgs),
    /// Show a precompile of a build: assembly, dataflow, constraints, cost
    Show(ShowArgs),
    /// Run a guest, original or patched, without proving
    Run(RunArgs),
    /// Check that a patched guest is exactly its original with the calls its manifest names
    VerifyLink(VerifyLinkArgs),
    /// Prove a run of a guest, original or patched
    Prove(ProveArgs),
    /// Verify a proof, and that it belongs to these files
    Verify(VerifyArgs),
    /// Build, prove and verify a guest that comes with the program, original against patched
    Demo(DemoArgs),
    /// Measure against fixed inputs
    #[command(subcommand)]
    Bench(BenchCommand),
}

/// What a guest runs on.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct InputArgs {
    /// A file that is one input (a vector of hints, an entry of SP1's stdin); repeat it for more
    #[arg(long = "input", value_name = "FILE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// A file that is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) stdin: Option<PathBuf>,
    /// An argument of a guest for Linux, after its name; repeat it for more
    #[arg(long = "arg", value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
    /// An environment variable of a guest for Linux; repeat it for more
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    pub(crate) variables: Vec<String>,
    /// The environment the guest expects: openvm, sp1, zisk, risc0, linux or bare (default: found out)
    #[arg(long, value_name = "E")]
    pub(crate) env: Option<Environment>,
    /// Stop after this many instructions
    #[arg(long, value_name = "N")]
    pub(crate) max_instructions: Option<u64>,
    /// The guest's openvm.toml, if it uses extensions of OpenVM
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

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

/// Back ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetName {
    /// OpenVM 2.0.2, RV32IM.
    Openvm,
}

/// Forms of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Abi {
    /// One word of a custom opcode.
    Insn,
    /// An environment call with the number in a register.
    Ecall,
}

/// Number registers of the ecall form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NumberReg {
    /// For Linux-like hosts.
    A7,
    /// For others.
    T0,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec build guest.elf --input input.bin --out out
  autoprec build guest.elf --profile profile/profile.json --max-precompiles 20 --out out
  autoprec build guest.elf --input input.bin --config openvm.toml --out out

The folder holds the patched guest (guest.elf), autoprec.lock, report.json, profile.json,
flamegraph.svg and one text per precompile. Keep the lock under version control: it keeps the numbers stable.")]
pub(crate) struct BuildArgs {
    /// The guest's ELF, as its tool chain made it
    pub(crate) guest: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The back end (default for the insn form: openvm)
    #[arg(long)]
    pub(crate) target: Option<TargetName>,
    /// Use this profile instead of running the guest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["inputs", "stdin"])]
    pub(crate) profile: Option<PathBuf>,
    /// Precompiles at most (default: as many as the target takes)
    #[arg(long, value_name = "N")]
    pub(crate) max_precompiles: Option<usize>,
    /// How precompiles are called
    #[arg(long, value_enum, default_value_t = Abi::Insn)]
    pub(crate) abi: Abi,
    /// The number register of the ecall form
    #[arg(long, value_enum, default_value_t = NumberReg::A7)]
    pub(crate) reg: NumberReg,
    /// The lock that keeps numbers stable
    #[arg(long, value_name = "PATH", default_value = "autoprec.lock")]
    pub(crate) lock: PathBuf,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Print the report as JSON instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
}

impl BuildArgs {
    /// The form of the calls.
    pub(crate) fn form(&self) -> Form {
        match (self.abi, self.reg) {
            (Abi::Insn, _) => Form::Insn,
            (Abi::Ecall, NumberReg::A7) => Form::Ecall { number: Reg::A7 },
            (Abi::Ecall, NumberReg::T0) => Form::Ecall { number: Reg::T0 },
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  autoprec show out 10000")]
pub(crate) struct ShowArgs {
    /// A folder that `autoprec build` wrote
    pub(crate) dir: PathBuf,
    /// The number of a precompile
    pub(crate) id: u32,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec run guest.elf --input input.bin
  autoprec run out/guest.elf --input input.bin --json")]
pub(crate) struct RunArgs {
    /// The guest's ELF, original or patched
    pub(crate) guest: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  autoprec verify-link guest.elf out/guest.elf")]
pub(crate) struct VerifyLinkArgs {
    /// The original ELF
    pub(crate) original: PathBuf,
    /// The patched ELF
    pub(crate) patched: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  autoprec prove out/guest.elf --input input.bin --proof run.proof --public-values run.public
  autoprec prove guest.elf --input input.bin --check

A proof of a patched guest needs its original to be verified: `autoprec verify --help`.")]
pub(crate) struct ProveArgs {
    /// The guest's ELF, original or patched
    pub(crate) guest: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The back end
    #[arg(long, value_enum, default_value_t = TargetName::Openvm)]
    pub(crate) target: TargetName,
    /// Where to write the proof
    #[arg(long, value_name = "FILE", required_unless_present = "check")]
    pub(crate) proof: Option<PathBuf>,
    /// Where to write the public values
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(crate) public_values: Option<PathBuf>,
    /// Check all constraints of the run instead of proving it
    #[arg(long, conflicts_with = "proof")]
    pub(crate) check: bool,
    /// Memory that proving one segment may take, in MiB; less makes more segments
    #[arg(long, value_name = "MIB")]
    pub(crate) segment_memory: Option<usize>,
    /// Print figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  autoprec verify --proof run.proof --elf out/guest.elf --original guest.elf \\
      --public-values run.public")]
pub(crate) struct VerifyArgs {
    /// The proof
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: PathBuf,
    /// The guest that was proved
    #[arg(long, value_name = "ELF")]
    pub(crate) elf: PathBuf,
    /// The guest before it was patched
    #[arg(long, value_name = "ELF")]
    pub(crate) original: PathBuf,
    /// The public values that the run is claimed to have
    #[arg(long, value_name = "FILE")]
    pub(crate) public_values: PathBuf,
    /// The guest's openvm.toml, if it uses extensions of OpenVM
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Guests that come with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoGuest {
    /// A chain of Keccak-256 hashes.
    Keccak,
    /// A chain of SHA-256 hashes.
    Sha256,
    /// Sorting, then a small interpreter.
    SortVm,
    /// A guest that reads its own code.
    SelfRead,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  autoprec demo\n  autoprec demo sha256 --out out")]
pub(crate) struct DemoArgs {
    /// Which guest
    #[arg(value_enum, default_value_t = DemoGuest::Keccak)]
    pub(crate) guest: DemoGuest,
    /// Keep what was built in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Precompiles at most (default: as many as the target takes)
    #[arg(long, value_name = "N")]
    pub(crate) max_precompiles: Option<usize>,
    /// Print the figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Synthesise exported blocks and say what their systems cost
    Synth(BenchSynthArgs),
    /// Synthesise longer and longer regions and say how time grows
    Scaling(BenchScalingArgs),
    /// Run guests in autoprec's executor and in others, and say how fast each is
    Exec(BenchExecArgs),
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

/// A percentage with up to two digits behind the point, in hundredths.
fn hundredths(text: &str) -> Result<u64, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(part) || part.len() > 2 || !digits(whole) {
        return Err("expected a percentage such as 5 or 0.25".to_owned());
    }
    format!("{whole}{part:0<2}").parse().map_err(|error| format!("{error}"))
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least one thread is needed".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}
