//! Proving runs with tables of our own, with the clock that the libraries do not read.
//!
//! Invariant: provers of whole runs are called here and in `commands/calls.rs` only, by a `match` on [`Backend`] or
//! [`Ready`], so the compiler finds what a new target needs.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use autoprec_circuits::{BabyBear, Field, Pasta};
use autoprec_dashboards::MeasuredTable;
use autoprec_guest_elf::PrecompileId;
use autoprec_machine::{Guest as Machine, Proving, Public, execute};
use autoprec_synth::{HALO2, Target};
use autoprec_verify::{Backend, RunProof};
use cpu_time::ProcessTime;
use serde::Serialize;
use {autoprec_halo2 as halo2, autoprec_plonky3 as plonky3};

use crate::clock;
use crate::guest::{Guest, Setting};
use crate::proving::{Seconds, takes};
use crate::terminal;

/// What a proof took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    /// The back end.
    pub(crate) target: String,
    /// Instructions and calls executed.
    pub(crate) instructions: u64,
    /// Tables, those of program, memory, registers and ranges included.
    pub(crate) tables: usize,
    /// Rows of all tables, without padding.
    pub(crate) rows: u64,
    /// Rows times columns of all tables, without padding.
    pub(crate) cells: u64,
    /// Messages of all rows.
    pub(crate) messages: u64,
    /// Running the guest and keeping records.
    pub(crate) run: Seconds,
    /// Stating the run, and counting lookups.
    pub(crate) prepare: Seconds,
    /// Filling rows and proving.
    pub(crate) prove: Seconds,
    /// The file.
    pub(crate) proof_bytes: usize,
    /// Every table that has rows.
    #[serde(skip)]
    pub(crate) each: Vec<MeasuredTable>,
}

/// A proof, what it shows, and what it took.
pub(crate) struct Proved {
    pub(crate) proof: RunProof,
    pub(crate) public: Public,
    pub(crate) figures: Figures,
}

/// A run that is ready to be proved, over the field of its back end.
pub(crate) enum Ready {
    Halo2(Box<Proving<Pasta>>, Target),
    Plonky3(Box<Proving<BabyBear>>, Target),
}

/// Wall and CPU time since this was made.
struct Clock(Instant, ProcessTime);

impl Clock {
    fn start() -> Self {
        Self(clock::now(), ProcessTime::now())
    }

    fn seconds(&self) -> Seconds {
        Seconds { wall: self.0.elapsed().as_secs_f64(), cpu: self.1.elapsed().as_secs_f64() }
    }
}

/// Runs a guest and states the run, with tables of the sizes that are predicted to take least.
pub(crate) fn ready(
    guest: &Guest,
    setting: &Setting,
    backend: Backend,
) -> Result<(Ready, Figures)> {
    takes(backend.target(), guest, setting)?;
    let machine =
        Machine::load(&guest.elf, Some(setting.environment)).with_context(|| guest.name.clone())?;
    match backend {
        Backend::Halo2 => {
            let run = execute::<Pasta>(&machine, &LONGEST, &setting.input);
            let time = run.with_context(|| guest.name.clone())?.claims.time;
            let mut best: Best = None;
            for range_bits in RANGES {
                let target = fitting(range_bits, time);
                let (proving, figures) = prepare::<Pasta>(guest, &machine, setting, &target)?;
                let ready = Ready::Halo2(Box::new(proving), target);
                keep_better(&mut best, ready, named(figures, backend))?;
            }
            Ok(best.expect("there is a width").1)
        }
        Backend::Plonky3 => {
            let mut best: Best = None;
            for range_bits in NARROW_RANGES {
                let target = Target { range_bits, ..*backend.target() };
                let (proving, figures) = prepare::<BabyBear>(guest, &machine, setting, &target)?;
                let ready = Ready::Plonky3(Box::new(proving), target);
                keep_better(&mut best, ready, named(figures, backend))?;
            }
            Ok(best.expect("there is a width").1)
        }
    }
}

/// The cheapest run by what is predicted of it, in seconds.
type Best = Option<(f64, (Ready, Figures))>;

/// Keeps a run if it is predicted to take less than what is kept.
fn keep_better(best: &mut Best, ready: Ready, figures: Figures) -> Result<()> {
    let predicted = predict(&ready)?.cpu_seconds;
    if best.as_ref().is_none_or(|(least, _)| predicted < *least) {
        *best = Some((predicted, (ready, figures)));
    }
    Ok(())
}

/// Widths of range lookups that are tried over the small field.
const NARROW_RANGES: [u32; 2] = [12, 16];

/// Widths of range lookups that are tried over the wide field: tables that fill 2^10 and 2^12 rows, near enough.
const RANGES: [u32; 2] = [8, 11];

/// For finding out how long a run takes.
const LONGEST: Target = Target { range_bits: 11, time_bits: 33, ..HALO2 };

/// The target with this width of range lookups, and as many of them as a run's times need.
fn fitting(range_bits: u32, time: u64) -> Target {
    let bits = u64::BITS - time.leading_zeros();
    let time_bits = range_bits * bits.div_ceil(range_bits).max(2);
    Target { range_bits, time_bits, ..HALO2 }
}

fn named(mut figures: Figures, backend: Backend) -> Figures {
    backend.name().clone_into(&mut figures.target);
    figures
}

fn prepare<F: Field>(
    guest: &Guest,
    machine: &Machine,
    setting: &Setting,
    target: &Target,
) -> Result<(Proving<F>, Figures)> {
    let spinner = terminal::spinner("running");
    let clock = Clock::start();
    let run = execute::<F>(machine, target, &setting.input).with_context(|| guest.name.clone())?;
    let (instructions, ran) = (run.instructions, clock.seconds());
    spinner.set_message("stating the run");
    let clock = Clock::start();
    let proving = run.prepare(machine).with_context(|| guest.name.clone())?;
    let prepare = clock.seconds();
    spinner.finish_and_clear();
    let tables = &proving.statement().tables;
    let sum = |size: fn(&autoprec_circuits::Table<F>) -> usize| {
        tables.iter().map(|table| (table.rows * size(table)) as u64).sum()
    };
    let figures = Figures {
        target: String::new(),
        instructions,
        tables: tables.len(),
        rows: sum(|_| 1),
        cells: sum(autoprec_circuits::Table::width),
        messages: sum(|table| table.system.interactions.len()),
        run: ran,
        prepare,
        prove: Seconds::default(),
        proof_bytes: 0,
        each: tables.iter().filter(|table| table.rows > 0).map(measured).collect(),
    };
    Ok((proving, figures))
}

/// A table of a run, for the report. The name of a precompile's is its number.
fn measured<F: Field>(table: &autoprec_circuits::Table<F>) -> MeasuredTable {
    let number = table.name.parse().ok();
    MeasuredTable {
        name: table.name.clone(),
        precompile: number.and_then(PrecompileId::new).map(PrecompileId::number),
        columns: table.width() as u64,
        rows: table.rows as u64,
        padded_rows: table.rows.next_power_of_two() as u64,
    }
}

/// Checks a run without proving it: every row, and that every bus balances.
pub(crate) fn check(ready: &Ready) -> Result<()> {
    let spinner = terminal::spinner("checking");
    match ready {
        Ready::Halo2(proving, _) => proving.statement().check(&proving.trace())?,
        Ready::Plonky3(proving, _) => proving.statement().check(&proving.trace())?,
    }
    spinner.finish_and_clear();
    Ok(())
}

/// Proves a run.
pub(crate) fn prove(ready: &Ready, figures: Figures, params: Option<&Path>) -> Result<Proved> {
    let spinner = terminal::spinner("proving");
    let clock = Clock::start();
    let (backend, bytes) = match ready {
        Ready::Halo2(proving, _) => {
            let setup = params.map_or_else(halo2::Setup::in_memory, halo2::Setup::in_folder);
            let source = |table: usize| proving.rows(table).into();
            let options = halo2::Options { threads: halo2_threads(), ..halo2::Options::default() };
            let bytes = halo2::prove(proving.statement(), &source, &setup, &options)?;
            (Backend::Halo2, bytes)
        }
        Ready::Plonky3(proving, _) => {
            let parameters = plonky3::Parameters::STANDARD;
            let rows = |table: usize| proving.rows(table);
            (Backend::Plonky3, plonky3::prove(proving.statement(), rows, &parameters)?)
        }
    };
    let prove = clock.seconds();
    spinner.finish_and_clear();
    let (claims, public) = match ready {
        Ready::Halo2(proving, _) => (proving.run().claims.clone(), proving.run().public()),
        Ready::Plonky3(proving, _) => (proving.run().claims.clone(), proving.run().public()),
    };
    let (Ready::Halo2(_, target) | Ready::Plonky3(_, target)) = ready;
    let Target { range_bits, time_bits, .. } = *target;
    let proof = RunProof { backend, range_bits, time_bits, claims, proof: bytes };
    let figures = Figures { prove, proof_bytes: proof.to_bytes().len(), ..figures };
    Ok(Proved { proof, public, figures })
}

/// As many tables at a time as there are cores: they are short, and one thread each wastes nothing.
fn halo2_threads() -> halo2::Threads {
    halo2::Threads { tables: rayon::current_num_threads(), per_table: 1 }
}

/// The folder in which halo2's parameters are kept: the one that was named, or the user's cache.
pub(crate) fn params_folder(named: Option<&Path>) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = || {
        variable("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache")))
    };
    named.map(Path::to_owned).or_else(|| Some(cache()?.join("autoprec")))
}

/// What a proof is predicted to take.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Predicted {
    pub(crate) cpu_seconds: f64,
    pub(crate) memory_bytes: u64,
    pub(crate) proof_bytes: u64,
}

/// Rows that a prediction looks at, to see how large cells are.
const SAMPLE_ROWS: usize = 64;

/// What proving a run will take, by the back end's model; several tables' memory is not added up.
pub(crate) fn predict(ready: &Ready) -> Result<Predicted> {
    match ready {
        Ready::Halo2(proving, _) => {
            let mut sum = halo2::Cost::default();
            for (index, table) in proving.statement().tables.iter().enumerate() {
                let mut rows = proving.rows(index);
                rows.truncate(SAMPLE_ROWS * table.width());
                let cost = halo2::Cost::new(table, &halo2::Layout::new(table)?, &rows);
                sum.prove += cost.prove;
                sum.proof += cost.proof;
                sum.memory = sum.memory.max(cost.memory);
            }
            Ok(Predicted {
                cpu_seconds: nanoseconds(sum.prove),
                memory_bytes: sum.memory,
                proof_bytes: sum.proof,
            })
        }
        Ready::Plonky3(proving, _) => {
            let parameters = plonky3::Parameters::STANDARD;
            let plan = plonky3::plan(proving.statement(), &parameters)?;
            Ok(Predicted {
                cpu_seconds: plan.prove_seconds,
                memory_bytes: whole(plan.memory),
                proof_bytes: whole(plan.proof_bytes),
            })
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn nanoseconds(time: u64) -> f64 {
    time as f64 / 1e9
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, for people")]
fn whole(bytes: f64) -> u64 {
    bytes.round() as u64
}
