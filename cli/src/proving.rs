//! Proving and verifying on OpenVM, with the clock that the back end does not read.

pub(crate) mod machine;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use autoprec_linker::verify_link;
use autoprec_openvm::{
    BaseVm, GuestImage, PatchedGuest, Phase, Proof, ProveOptions, Report, TableUse, Verdict,
    describe, prove, verify,
};
use autoprec_synth::{OPENVM, Target};
use cpu_time::ProcessTime;
use serde::Serialize;

use crate::clock;
use crate::guest::{Guest, Setting};
use crate::terminal;
use autoprec_pipeline::{backends, resynthesise};

/// A guest with its precompiles, ready for the back end.
pub(crate) struct Provable<'a> {
    guest: &'a Guest,
    loaded: PatchedGuest,
}

impl<'a> Provable<'a> {
    /// Synthesises the precompiles of a patched guest again; an original has none.
    pub(crate) fn new(guest: &'a Guest) -> Result<Self> {
        let loaded = PatchedGuest::load(&guest.elf).with_context(|| guest.name.clone())?;
        Ok(Self { guest, loaded })
    }

    /// What the back end takes.
    pub(crate) fn image(&self) -> GuestImage<'_> {
        self.loaded.image()
    }
}

/// The hints of a run that OpenVM is to prove.
pub(crate) fn hints<'s>(guest: &Guest, setting: &'s Setting) -> Result<&'s [Vec<u8>]> {
    takes(&OPENVM, guest, setting)?;
    Ok(&setting.input.hints)
}

/// Refuses a guest for an environment that the target's prover does not run.
pub(crate) fn takes(target: &Target, guest: &Guest, setting: &Setting) -> Result<()> {
    target.takes(setting.environment.name()).with_context(|| guest.name.clone())
}

/// Wall and CPU seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Seconds {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

impl Seconds {
    fn add(&mut self, wall: Duration, cpu: Duration) {
        self.wall += wall.as_secs_f64();
        self.cpu += cpu.as_secs_f64();
    }
}

/// Times phases, each from when it is told of it to the next.
pub(crate) struct Stopwatch {
    phases: BTreeMap<&'static str, Seconds>,
    current: Option<(&'static str, Instant, ProcessTime)>,
    progress: indicatif::ProgressBar,
}

impl Stopwatch {
    pub(crate) fn start(progress: indicatif::ProgressBar) -> Self {
        Self { phases: BTreeMap::new(), current: None, progress }
    }

    pub(crate) fn phase(&mut self, phase: Phase) {
        let (wall, cpu) = (clock::now(), ProcessTime::now());
        if let Some((name, since_wall, since_cpu)) = self.current.take() {
            let seconds = self.phases.entry(name).or_default();
            seconds.add(wall.duration_since(since_wall), cpu.duration_since(since_cpu));
        }
        self.current = Some((phase.name(), wall, cpu));
        let message = match phase {
            Phase::Preflight { segment } | Phase::Traces { segment } | Phase::Prove { segment } => {
                format!("segment {segment}: {}", phase.name())
            }
            _ => phase.name().to_owned(),
        };
        self.progress.set_message(message);
    }

    fn sum(&self, names: &[&str]) -> Seconds {
        let phases = names.iter().filter_map(|name| self.phases.get(name));
        phases.fold(Seconds::default(), |sum, s| Seconds {
            wall: sum.wall + s.wall,
            cpu: sum.cpu + s.cpu,
        })
    }

    fn total(&self) -> Seconds {
        let names: Vec<&str> = self.phases.keys().copied().collect();
        self.sum(&names)
    }
}

/// What a proof took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) vm_instructions: u64,
    pub(crate) segments: usize,
    /// Tables that have rows, in the segment with most.
    pub(crate) airs: usize,
    /// Rows times columns of the instructions' and precompiles' tables, without padding.
    pub(crate) main_cells: u64,
    /// Cells of all tables, padding included.
    pub(crate) all_cells: u64,
    /// Rows times messages of the instructions' and precompiles' tables, without padding.
    pub(crate) interactions: u64,
    /// Recording a run and filling tables.
    pub(crate) witness: Seconds,
    /// Proving filled tables.
    pub(crate) prove: Seconds,
    /// Everything, keys and commitments included.
    pub(crate) total: Seconds,
    pub(crate) proof_bytes: usize,
    /// Every table that has rows.
    #[serde(skip)]
    pub(crate) tables: Vec<TableUse>,
}

/// A proof and what it took.
pub(crate) struct Proved {
    pub(crate) proof: Proof,
    pub(crate) figures: Figures,
}

/// Proves a run.
pub(crate) fn prove_guest(
    base: &BaseVm,
    provable: &Provable<'_>,
    hints: &[Vec<u8>],
    options: &ProveOptions,
) -> Result<Proved> {
    let name = &provable.guest.name;
    let spinner = terminal::spinner(&format!("proving {name}"));
    let mut watch = Stopwatch::start(spinner.clone());
    let (proof, report) =
        prove(base, &provable.image(), hints, options, &mut |phase| watch.phase(phase))
            .with_context(|| name.clone())?;
    spinner.finish_and_clear();
    let figures = figures(base, &report, &watch, proof.to_bytes().len())?;
    Ok(Proved { proof, figures })
}

fn figures(
    base: &BaseVm,
    report: &Report,
    watch: &Stopwatch,
    proof_bytes: usize,
) -> Result<Figures> {
    let description = describe(base)?;
    let instruction_airs: BTreeSet<&str> =
        description.opcodes.values().map(|&air| description.airs[air].name.as_str()).collect();
    let counted = report.segments.iter().flat_map(|segment| &segment.airs).filter(|air| {
        air.shape.precompile.is_some() || instruction_airs.contains(air.shape.name.as_str())
    });
    let (mut main_cells, mut interactions) = (0, 0);
    for air in counted {
        main_cells += air.rows * air.shape.width as u64;
        interactions += air.rows * air.shape.interactions as u64;
    }
    Ok(Figures {
        vm_instructions: report.instructions,
        segments: report.segments.len(),
        airs: report.segments.iter().map(|segment| segment.airs.len()).max().unwrap_or(0),
        main_cells,
        all_cells: report.cells(),
        interactions,
        witness: watch.sum(&["preflight", "traces"]),
        prove: watch.sum(&["prove"]),
        total: watch.total(),
        proof_bytes,
        tables: report.tables(),
    })
}

/// Verifies a proof, and that original, patched guest and public values belong to it.
pub(crate) fn verify_guest(
    base: &BaseVm,
    original: &Guest,
    guest: &Guest,
    proof: &Proof,
    public_values: &[u8],
) -> Result<Verdict> {
    if guest.manifest.is_some() {
        verify_link(&original.elf, &guest.elf, &backends(), &resynthesise(guest.manifest.as_ref()))
            .with_context(|| guest.name.clone())?;
    } else if original.elf != guest.elf {
        bail!(
            "{} is not patched, so it must be the original itself; {} is another file",
            guest.name,
            original.name
        );
    }
    let provable = Provable::new(guest)?;
    let verdict = verify(base, &provable.image(), proof, false)?;
    let shown = &verdict.public_values;
    if shown != public_values {
        bail!(
            "the public values are not those of the proved run: expected {}, the proof shows {}",
            hex::encode(public_values),
            hex::encode(shown)
        );
    }
    Ok(verdict)
}
