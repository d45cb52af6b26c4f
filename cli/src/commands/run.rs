//! `autoprec run`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::args::RunArgs;
use crate::guest::{load, run_shown, setting};
use crate::terminal;

/// The result of a run, for scripts.
#[derive(Serialize)]
struct Outcome {
    exit_code: u32,
    public_values: String,
    stdout: String,
    instructions: u64,
    vm_instructions: u64,
    misaligned: u64,
    precompile_calls: BTreeMap<u32, u64>,
}

pub(crate) fn run(args: &RunArgs) -> Result<()> {
    let guest = load(&args.guest)?;
    let run = run_shown(&setting(&args.input, &guest)?, &guest)?;
    let calls: BTreeMap<u32, u64> =
        run.calls.iter().map(|(id, count)| (id.number(), *count)).collect();
    let public_values = hex::encode(&run.public_values);
    if args.json {
        let outcome = Outcome {
            exit_code: run.exit_code,
            public_values,
            stdout: String::from_utf8_lossy(&run.stdout).into_owned(),
            instructions: run.instructions,
            vm_instructions: run.vm_instructions,
            misaligned: run.misaligned,
            precompile_calls: calls,
        };
        terminal::line(&serde_json::to_string_pretty(&outcome)?);
    } else {
        terminal::bytes(&run.stdout);
        std::io::stderr().write_all(&run.stderr).context("cannot write to standard error")?;
        if !run.public_values.is_empty() {
            terminal::line(&format!("public values {public_values}"));
        }
        terminal::note(&format!(
            "exit code {}, {} instructions, {} with a precompile call as one",
            run.exit_code,
            terminal::grouped(run.instructions),
            terminal::grouped(run.vm_instructions),
        ));
        for (id, count) in &calls {
            terminal::note(&format!("precompile {id}: {} calls", terminal::grouped(*count)));
        }
    }
    if run.exit_code != 0 {
        bail!("{} ended with exit code {}", guest.name, run.exit_code);
    }
    Ok(())
}
