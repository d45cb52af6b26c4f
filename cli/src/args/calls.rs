//! Options of the commands about calls of one precompile.

use std::path::PathBuf;

use clap::Args;

use super::{InputArgs, TargetName, positive};

/// A precompile of a build.
#[derive(Clone, Debug, Args)]
pub(crate) struct CallsOf {
    /// A folder that `autoprec build` wrote
    pub(crate) dir: PathBuf,
    /// The number of a precompile
    pub(crate) id: u32,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  autoprec record-calls out 10000 --input input.bin --calls calls.json

The states are those of a run, each for itself: registers and memory that a call touches, never accessed
before.")]
pub(crate) struct RecordCallsArgs {
    #[command(flatten)]
    pub(crate) of: CallsOf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Where to write the states
    #[arg(long, value_name = "FILE")]
    pub(crate) calls: PathBuf,
    /// States at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = positive)]
    pub(crate) most: usize,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  autoprec prove-calls out 10000 --calls calls.json --proof calls.proof --interface calls.public

The interface is what the calls receive and send: a host that links the precompile with tables of its own
has these messages on its side.")]
pub(crate) struct ProveCallsArgs {
    #[command(flatten)]
    pub(crate) of: CallsOf,
    /// The states in which calls begin, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) calls: PathBuf,
    /// Where to write the proof
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: PathBuf,
    /// Where to write what the calls receive and send, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) interface: PathBuf,
    /// The back end
    #[arg(long, value_enum, default_value_t = TargetName::HALO2)]
    pub(crate) target: TargetName,
    /// Where to keep halo2's parameters (default: the user's cache folder)
    #[arg(long, value_name = "DIR")]
    pub(crate) params: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  autoprec verify-calls out 10000 --proof calls.proof --interface calls.public")]
pub(crate) struct VerifyCallsArgs {
    #[command(flatten)]
    pub(crate) of: CallsOf,
    /// The proof
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: PathBuf,
    /// What the calls are claimed to receive and send
    #[arg(long, value_name = "FILE")]
    pub(crate) interface: PathBuf,
    /// The back end
    #[arg(long, value_enum, default_value_t = TargetName::HALO2)]
    pub(crate) target: TargetName,
    /// Where to keep halo2's parameters (default: the user's cache folder)
    #[arg(long, value_name = "DIR")]
    pub(crate) params: Option<PathBuf>,
}
