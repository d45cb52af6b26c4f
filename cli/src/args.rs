//! The command line.

mod bench;
mod calls;
mod profiling;
mod report;

use std::path::PathBuf;

use autoprec_executor::Environment;
use autoprec_isa::Reg;
use autoprec_linker::Form;
use autoprec_verify::Backend;
use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::bench::{
    Baseline, BenchCommand, BenchExecArgs, BenchProveArgs, BenchScalingArgs, BenchSynthArgs,
};
use autoprec_synth::{HALO2, OPENVM, TARGETS, Target};

pub(crate) use self::calls::{CallsOf, ProveCallsArgs, RecordCallsArgs, VerifyCallsArgs};
pub(crate) use self::profiling::{
    AnnotateArgs, BlocksArgs, DiffArgs, Format, MergeArgs, ProfileArgs, Rows,
};
pub(crate) use self::report::{ReportArgs, ReportFormat, ServeArgs};

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
    /// Show builds: as a page for a browser, a summary for a pull request, powdr's candidates
    Report(ReportArgs),
    /// Show a run while it goes on, and its report afterwards, in a browser on this machine
    Serve(ServeArgs),
    /// Run a guest, original or patched, without proving
    Run(RunArgs),
    /// Check that a patched guest is exactly its original with the calls its manifest names
    VerifyLink(VerifyLinkArgs),
    /// Prove a run of a guest, original or patched
    Prove(ProveArgs),
    /// Verify a proof, and that it belongs to these files
    Verify(VerifyArgs),
    /// Record states in which a precompile is called, from a run
    RecordCalls(RecordCallsArgs),
    /// Prove calls of one precompile, with their interface public
    ProveCalls(ProveCallsArgs),
    /// Verify a proof of calls against their interface
    VerifyCalls(VerifyCallsArgs),
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

/// A target, by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetName(pub(crate) &'static Target);

impl TargetName {
    /// OpenVM.
    pub(crate) const OPENVM: Self = Self(&OPENVM);
    /// halo2.
    pub(crate) const HALO2: Self = Self(&HALO2);

    /// Every target.
    const ALL: [Self; TARGETS.len()] = {
        let mut all = [Self(TARGETS[0]); TARGETS.len()];
        let mut index = 0;
        while index < TARGETS.len() {
            all[index] = Self(TARGETS[index]);
            index += 1;
        }
        all
    };

    /// What proves runs with AIRs of our own.
    pub(crate) fn backend(self) -> Option<Backend> {
        Backend::of(self.0)
    }
}

impl ValueEnum for TargetName {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name).help(self.0.about))
    }
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
  autoprec build guest.elf --locked --out out
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
    /// Build what the lock has, without a run, and fail if anything in the lock would change
    #[arg(long)]
    pub(crate) locked: bool,
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
  autoprec prove guest.elf --stdin input.bin --target plonky3 --proof run.proof

A proof of a patched guest needs its original to be verified: `autoprec verify --help`.")]
pub(crate) struct ProveArgs {
    /// The guest's ELF, original or patched
    pub(crate) guest: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The back end
    #[arg(long, value_enum, default_value_t = TargetName::OPENVM)]
    pub(crate) target: TargetName,
    /// Where to write the proof
    #[arg(long, value_name = "FILE", required_unless_present = "check")]
    pub(crate) proof: Option<PathBuf>,
    /// Where to write the public values
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(crate) public_values: Option<PathBuf>,
    /// Add what the proof took to the folder of a build, for `autoprec report`
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    pub(crate) record: Option<PathBuf>,
    /// Check all constraints of the run instead of proving it
    #[arg(long, conflicts_with = "proof")]
    pub(crate) check: bool,
    /// Memory that proving one segment may take, in MiB; less makes more segments
    #[arg(long, value_name = "MIB")]
    pub(crate) segment_memory: Option<usize>,
    /// Where to keep halo2's parameters (default: the user's cache folder)
    #[arg(long, value_name = "DIR")]
    pub(crate) params: Option<PathBuf>,
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
    /// The exit code that the run is claimed to have; OpenVM's proofs are of runs with 0
    #[arg(long, value_name = "CODE", default_value_t = 0)]
    pub(crate) exit_code: u32,
    /// The guest's environment, if the prover named one
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<Environment>,
    /// Where to keep halo2's parameters (default: the user's cache folder)
    #[arg(long, value_name = "DIR")]
    pub(crate) params: Option<PathBuf>,
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

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}
