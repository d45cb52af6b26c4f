//! `autoprec prove`.

use anyhow::{Context, Result};
use autoprec_openvm::{BaseVm, ProveOptions, check};

use crate::args::{ProveArgs, TargetName};
use crate::commands::build::base_vm;
use crate::guest::{Guest, Setting};
use crate::proving::{Figures, Provable, Stopwatch, hints, prove_guest};
use crate::{files, terminal};

pub(crate) fn run(args: &ProveArgs) -> Result<()> {
    let TargetName::Openvm = args.target;
    let guest = Guest::load(&args.guest)?;
    let setting = Setting::of(&args.input, &guest)?;
    let hints = hints(&guest, &setting)?;
    let base = base_vm(args.config.as_deref())?;
    let provable = Provable::new(&guest)?;
    let mut options = ProveOptions::new();
    options.max_segment_memory = args.segment_memory.map(|mebibytes| mebibytes << 20);
    let Some(path) = &args.proof else {
        return check_only(&base, &provable, hints, &options);
    };
    let proved = prove_guest(&base, &provable, hints, &options)?;
    files::write(path, &proved.proof.to_bytes())?;
    if let Some(path) = &args.public_values {
        files::write(path, &proved.proof.public_values())?;
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
        "{} VM instructions in {} segments, {} main cells of instructions and precompiles, {} in all",
        terminal::grouped(figures.vm_instructions),
        figures.segments,
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
