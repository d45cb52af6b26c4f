//! `autoprec prove`.

mod machine;

use anyhow::{Context, Result};
use autoprec_openvm::{BaseVm, ProveOptions, check};

use crate::args::ProveArgs;
use crate::commands::build::base_vm;
use crate::files::File;
use crate::guest::{load, setting};
use crate::proving::{Figures, Provable, Stopwatch, hints, prove_guest};
use crate::recording::Recording;
use crate::terminal;

pub(crate) fn run(args: &ProveArgs) -> Result<()> {
    if let Some(backend) = args.target.backend() {
        return machine::run(args, backend);
    }
    let guest = load(&args.guest)?;
    let setting = setting(&args.input, &guest)?;
    let hints = hints(&guest, &setting)?;
    let base = base_vm(args.input.config.as_deref())?;
    let provable = Provable::new(&guest)?;
    let mut options = ProveOptions::new();
    options.max_segment_memory = args.segment_memory.map(|mebibytes| mebibytes << 20);
    let proof_file = args.proof.as_deref().map(File::create).transpose()?;
    let values_file = args.public_values.as_deref().map(File::create).transpose()?;
    let record = args.record.as_deref();
    let recording =
        record.map(|dir| Recording::open(dir, &guest, args.target.0.name)).transpose()?;
    // Our own executor says in a moment, and with names, what OpenVM would say later. It lacks one of
    // the extensions that a configuration may name.
    if args.input.config.is_none() {
        setting.run_well(&guest)?;
    }
    let (Some(path), Some(file)) = (&args.proof, proof_file) else {
        return check_only(&base, &provable, hints, &options);
    };
    let proved = prove_guest(&base, &provable, hints, &options)?;
    file.finish(&proved.proof.to_bytes())?;
    if let Some(file) = values_file {
        file.finish(&proved.proof.public_values())?;
    }
    if let Some(recording) = recording {
        recording.openvm(&proved.figures)?;
    }
    if args.json {
        terminal::line(&serde_json::to_string_pretty(&proved.figures)?);
    } else {
        summary(&proved.figures);
        terminal::line(&format!("proof written to {}", path.display()));
    }
    Ok(())
}

fn check_only(
    base: &BaseVm,
    provable: &Provable<'_>,
    hints: &[Vec<u8>],
    options: &ProveOptions,
) -> Result<()> {
    let image = provable.image();
    let spinner = terminal::spinner("checking");
    let mut watch = Stopwatch::start(spinner.clone());
    check(base, &image, hints, options, &mut |phase| watch.phase(phase))
        .context("the constraints do not hold")?;
    spinner.finish_and_clear();
    terminal::good("all constraints and buses of the run", "hold");
    Ok(())
}

fn summary(figures: &Figures) {
    terminal::line(&format!(
        "{} VM instructions in {}, {} main cells of instructions and precompiles, {} in all",
        terminal::grouped(figures.vm_instructions),
        terminal::counted(figures.segments, "segment"),
        terminal::grouped(figures.main_cells),
        terminal::grouped(figures.all_cells),
    ));
    terminal::line(&format!(
        "witness {:.1} s, proof {:.1} s, all {:.1} s ({:.1} CPU seconds); {} bytes of proof",
        figures.witness.wall,
        figures.prove.wall,
        figures.total.wall,
        figures.total.cpu,
        terminal::grouped(figures.proof_bytes as u64),
    ));
}
