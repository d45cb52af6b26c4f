//! `autoprec prove --target halo2` and `--target plonky3`.

use anyhow::Result;
use autoprec_verify::Backend;

use crate::args::ProveArgs;
use crate::files::File;
use crate::guest::{load, setting};
use crate::proving::machine::{Figures, check, params_folder, prove, ready};
use crate::recording::Recording;
use crate::terminal;

pub(crate) fn run(args: &ProveArgs, backend: Backend) -> Result<()> {
    let guest = load(&args.guest)?;
    let setting = setting(&args.input, &guest)?;
    let proof_file = args.proof.as_deref().map(File::create).transpose()?;
    let values_file = args.public_values.as_deref().map(File::create).transpose()?;
    let record = args.record.as_deref();
    let recording = record.map(|dir| Recording::open(dir, &guest, backend.name())).transpose()?;
    let (run, figures) = ready(&guest, &setting, backend)?;
    let (Some(path), Some(file)) = (&args.proof, proof_file) else {
        check(&run)?;
        terminal::good("all constraints and buses of the run", "hold");
        return Ok(());
    };
    let params = params_folder(args.params.as_deref());
    let proved = prove(&run, figures, params.as_deref())?;
    file.finish(&proved.proof.to_bytes())?;
    if let Some(file) = values_file {
        file.finish(&proved.public.output)?;
    }
    if let Some(recording) = recording {
        recording.machine(&proved.figures)?;
    }
    if proved.public.exit_code != 0 {
        terminal::warning(&format!(
            "the proof is of a run with exit code {}; verify it with `--exit-code {0}`",
            proved.public.exit_code
        ));
    }
    if args.json {
        terminal::line(&serde_json::to_string_pretty(&proved.figures)?);
    } else {
        summary(&proved.figures);
        terminal::line(&format!("proof written to {}", path.display()));
    }
    Ok(())
}

fn summary(figures: &Figures) {
    terminal::line(&format!(
        "{} instructions and calls, {} rows in {}, {} cells, {} messages",
        terminal::grouped(figures.instructions),
        terminal::grouped(figures.rows),
        terminal::counted(figures.tables, "table"),
        terminal::grouped(figures.cells),
        terminal::grouped(figures.messages),
    ));
    terminal::line(&format!(
        "run {:.1} s, statement {:.1} s, proof {:.1} s ({:.1} CPU seconds); {} bytes of proof",
        figures.run.wall,
        figures.prepare.wall,
        figures.prove.wall,
        figures.prove.cpu,
        terminal::grouped(figures.proof_bytes as u64),
    ));
}
