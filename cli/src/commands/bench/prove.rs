//! `autoprec bench prove`.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use autoprec_verify::{Backend, RunProof};
use cpu_time::ProcessTime;
use serde::Serialize;

use crate::args::BenchProveArgs;
use crate::guest::{load, setting};
use crate::proving::Seconds;
use crate::proving::machine::{Figures, Predicted, Proved, params_folder, predict, prove, ready};
use crate::terminal;

/// One proof, predicted and measured.
#[derive(Clone, Debug, Serialize)]
struct Measured {
    guest: String,
    predicted: Predicted,
    #[serde(flatten)]
    figures: Figures,
    verify: Seconds,
}

pub(crate) fn run(args: &BenchProveArgs) -> Result<()> {
    let params = params_folder(args.params.as_deref());
    let mut all = Vec::new();
    for path in std::iter::once(&args.guest).chain(&args.patched) {
        for backend in &args.targets {
            all.push(measure(args, path, *backend, params.as_deref())?);
        }
    }
    if args.json {
        terminal::line(&serde_json::to_string_pretty(&all)?);
    } else {
        print(&all);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the command line is where time is measured")]
fn measure(
    args: &BenchProveArgs,
    path: &Path,
    backend: Backend,
    params: Option<&Path>,
) -> Result<Measured> {
    let guest = load(path)?;
    let setting = setting(&args.input, &guest)?;
    let (run, figures) = ready(&guest, &setting, backend)?;
    let predicted = predict(&run)?;
    let Proved { proof, public, figures } = prove(&run, figures, params)?;
    // What a verifier reads.
    let proof = RunProof::from_bytes(&proof.to_bytes())?;
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    autoprec_verify::verify(&guest.elf, Some(setting.environment), &public, &proof, params)
        .with_context(|| guest.name.clone())?;
    let verify = Seconds { wall: wall.elapsed().as_secs_f64(), cpu: cpu.elapsed().as_secs_f64() };
    Ok(Measured { guest: guest.name, predicted, figures, verify })
}

fn print(all: &[Measured]) {
    let line = |name: &str, value: &dyn Fn(&Measured) -> String| {
        let cells: Vec<String> = all.iter().map(|m| format!("{:>18}", value(m))).collect();
        terminal::line(&format!("{name:<24}{}", cells.concat()));
    };
    let file = |m: &Measured| {
        let name = Path::new(&m.guest);
        let last: Vec<_> = name.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        let text = last.into_iter().rev().collect::<Vec<_>>().join("/");
        text.chars().rev().take(17).collect::<Vec<_>>().into_iter().rev().collect()
    };
    line("guest", &file);
    line("target", &|m| m.figures.target.clone());
    line("instructions and calls", &|m| terminal::grouped(m.figures.instructions));
    line("tables", &|m| m.figures.tables.to_string());
    line("rows", &|m| terminal::grouped(m.figures.rows));
    line("cells", &|m| terminal::grouped(m.figures.cells));
    line("messages", &|m| terminal::grouped(m.figures.messages));
    line("run and statement, CPU", &|m| {
        format!("{:.2} s", m.figures.run.cpu + m.figures.prepare.cpu)
    });
    line("prove, CPU", &|m| format!("{:.2} s", m.figures.prove.cpu));
    line("  predicted", &|m| format!("{:.2} s", m.predicted.cpu_seconds));
    line("prove, wall", &|m| format!("{:.2} s", m.figures.prove.wall));
    line("proof, bytes", &|m| terminal::grouped(m.figures.proof_bytes as u64));
    line("  predicted", &|m| terminal::grouped(m.predicted.proof_bytes));
    line("memory, predicted", &|m| format!("{} MB", m.predicted.memory_bytes / 1_000_000));
    line("verify, CPU", &|m| format!("{:.2} s", m.verify.cpu));
    line("verify, wall", &|m| format!("{:.2} s", m.verify.wall));
}
