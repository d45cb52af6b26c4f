//! `autoprec-verify`: verifies a proof of a run, with nothing of a zkVM or a tool chain.
//!
//! Exit codes: 0 if the proof verifies, 1 if not or if a file cannot be read, 2 for a command line that
//! cannot be understood.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use autoprec_executor::Environment;
use autoprec_machine::Public;
use autoprec_verify::{RunProof, check_link, verify};
use clap::Parser;

/// Verifies a proof of a guest's run that `autoprec prove --target halo2` or `--target plonky3` made.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  autoprec-verify --proof run.proof --elf guest.elf --public-values run.public
  autoprec-verify --proof run.proof --elf out/guest.elf --original guest.elf \\
      --public-values run.public --params ~/.cache/autoprec"
)]
struct Args {
    /// The proof
    #[arg(long, value_name = "FILE")]
    proof: PathBuf,
    /// The guest that was proved, original or patched
    #[arg(long, value_name = "ELF")]
    elf: PathBuf,
    /// The guest before it was patched: checks that the other is this one with calls
    #[arg(long, value_name = "ELF")]
    original: Option<PathBuf>,
    /// What the run is said to have given out
    #[arg(long, value_name = "FILE")]
    public_values: PathBuf,
    /// What the run is said to have ended with
    #[arg(long, value_name = "CODE", default_value_t = 0)]
    exit_code: u32,
    /// The guest's environment, if the prover named one
    #[arg(long, value_name = "NAME")]
    env: Option<Environment>,
    /// A folder to keep halo2's parameters in
    #[arg(long, value_name = "DIR")]
    params: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(text) => {
            // A closed pipe is no failure of verification.
            drop(writeln!(std::io::stdout(), "{text}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<String> {
    let elf = read(&args.elf)?;
    let name = args.proof.display().to_string();
    let proof = RunProof::from_bytes(&read(&args.proof)?).with_context(|| name.clone())?;
    if let Some(path) = &args.original {
        let original = read(path)?;
        let is_same = original == elf;
        let is_patched = autoprec_linker::Manifest::read(&elf)?.is_some();
        if is_patched {
            check_link(&original, &elf).with_context(|| args.elf.display().to_string())?;
        } else if !is_same {
            bail!("{} is not patched, and not {}", args.elf.display(), path.display());
        }
    }
    let public = Public { output: read(&args.public_values)?, exit_code: args.exit_code };
    verify(&elf, args.env, &public, &proof, args.params.as_deref())
        .with_context(|| name.clone())?;
    Ok(format!("{name}, {} of {} bytes: verified", proof.backend, proof.proof.len()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
