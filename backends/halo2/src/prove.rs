//! The prover.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use autoprec_circuits::{Field as _, Pasta, Statement, Table, Trace};
use halo2_proofs::plonk::{create_proof, keygen_pk, keygen_vk};
use halo2_proofs::transcript::{Blake2bWrite, Challenge255};
use pasta_curves::{EqAffine, Fp};

use crate::challenge::{Challenges, Transcript, check_statement};
use crate::circuit::{Shape, TableCircuit};
use crate::container;
use crate::error::ProveError;
use crate::layout::Layout;
use crate::replay::{self, Generator};
use crate::setup::Setup;
use crate::witness::{both_phases, check_cells, first_phase};

/// How many threads do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Tables that are worked on at a time: each needs its memory.
    pub tables: usize,
    /// Threads that work on one table. More than one costs time of the processor.
    pub per_table: usize,
}

impl Default for Threads {
    fn default() -> Self {
        Self { tables: 1, per_table: 1 }
    }
}

/// How to prove.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Gives out a proof even if what is sent is not what is received: it will not verify. Tests of the
    /// verifier want it.
    pub is_unchecked: bool,
    /// How many threads do what.
    pub threads: Threads,
}

/// Where the rows of a table come from, by its position in the statement: its cells row by row, fixed
/// columns included. Called twice per table, with the same result, and the result is dropped as soon
/// as it is used.
pub type Source<'a> = &'a (dyn Fn(usize) -> Cow<'a, [Pasta]> + Sync);

/// Proves a statement by a trace that is in memory.
///
/// # Errors
/// As [`prove`].
pub fn prove_trace(
    statement: &Statement<Pasta>,
    trace: &Trace<Pasta>,
    setup: &Setup,
    options: &Options,
) -> Result<Vec<u8>, ProveError> {
    let cells = |table: usize| trace.cells.get(table).map_or(&[][..], Vec::as_slice).into();
    prove(statement, &cells, setup, options)
}

/// Proves a statement.
///
/// # Errors
/// The statement has no circuits, the rows are not those of its tables, or what is sent is not what is
/// received. A row that does not satisfy its table gives a proof that does not verify, or the
/// library's error.
pub fn prove(
    statement: &Statement<Pasta>,
    source: Source<'_>,
    setup: &Setup,
    options: &Options,
) -> Result<Vec<u8>, ProveError> {
    check_statement(statement)?;
    let layouts: Result<Vec<Layout>, _> = statement.tables.iter().map(Layout::new).collect();
    let layouts = layouts?;
    let task = |index: usize| Task {
        index,
        table: &statement.tables[index],
        layout: &layouts[index],
        source,
        setup,
    };
    let count = statement.tables.len();
    let points = in_parallel(count, options.threads, |index| task(index).first_phase())?;
    let mut transcript = Transcript::new(statement);
    for ((table, layout), points) in statement.tables.iter().zip(&layouts).zip(&points) {
        transcript.table(table, layout, points);
    }
    let challenges = transcript.challenges();
    let parts = in_parallel(count, options.threads, |index| {
        task(index).second_phase(&challenges, &points[index])
    })?;
    let total = parts.iter().fold(Pasta::ZERO, |total, (sum, _)| total + Pasta::from(*sum));
    let boundary = challenges.boundary_sum(&statement.boundary);
    match boundary {
        Ok(sum) if sum + total == Pasta::ZERO || options.is_unchecked => {
            Ok(container::write(&parts))
        }
        _ => Err(ProveError::Unbalanced),
    }
}

/// Calls a function for each number below `count`, as many at a time as is wanted, each within a pool of
/// threads of its own; the results in order, or the first error.
fn in_parallel<T: Send>(
    count: usize,
    threads: Threads,
    call: impl Fn(usize) -> Result<T, ProveError> + Sync,
) -> Result<Vec<T>, ProveError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.per_table.max(1)).build();
        let pool = pool.map_err(|error| ProveError::Threads { what: error.to_string() })?;
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(done);
            }
            let result = pool.install(|| call(index));
            if result.is_err() {
                // The others stop at their next table.
                next.store(count, Ordering::Relaxed);
            }
            done.push((index, result?));
        }
    };
    let mut results = std::thread::scope(|scope| {
        let workers = threads.tables.clamp(1, count.max(1));
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let results = workers.into_iter().map(|w| w.join().expect("provers do not panic"));
        let results: Result<Vec<Vec<(usize, T)>>, ProveError> = results.collect();
        results.map(|results| results.into_iter().flatten().collect::<Vec<_>>())
    })?;
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// A table to be proved.
struct Task<'t, 'a> {
    index: usize,
    table: &'t Table<Pasta>,
    layout: &'t Layout,
    source: Source<'a>,
    setup: &'t Setup,
}

impl Task<'_, '_> {
    /// The table's cells, if they are such.
    fn cells(&self) -> Result<Cow<'_, [Pasta]>, ProveError> {
        let cells = (self.source)(self.index);
        check_cells(self.table, &cells).map(|()| cells)
    }

    fn first_phase(&self) -> Result<Vec<u8>, ProveError> {
        let points = self.setup.points(self.layout.k)?;
        let columns = first_phase(self.table, &self.cells()?);
        Ok(replay::commit(&points, &columns))
    }

    fn second_phase(
        &self,
        challenges: &Challenges,
        points: &[u8],
    ) -> Result<(Fp, Vec<u8>), ProveError> {
        let params = self.setup.params(self.layout.k)?;
        let cells = self.cells()?;
        let (columns, sum) = both_phases(self.table, self.layout, challenges, &cells)?;
        drop(cells);
        let name = || self.table.name.clone();
        let library = |error: halo2_proofs::plonk::Error| ProveError::Library {
            table: name(),
            what: error.to_string(),
        };
        let shape = Shape::new(&self.table.system, self.layout, challenges);
        let keys = TableCircuit { layout: self.layout, fixed: &self.table.fixed, advice: None };
        let circuit = TableCircuit { advice: Some(&columns), ..keys };
        let vk = shape.scope(|| keygen_vk(&params, &keys)).map_err(library)?;
        let pk = shape.scope(|| keygen_pk(&params, vk, &keys)).map_err(library)?;
        let mut transcript = Blake2bWrite::<_, EqAffine, Challenge255<_>>::init(Vec::new());
        let mut generator = Generator::new(self.layout);
        let instance = [sum];
        shape
            .scope(|| {
                let instances: &[&[&[Fp]]] = &[&[&instance]];
                create_proof(&params, &pk, &[circuit], instances, &mut generator, &mut transcript)
            })
            .map_err(library)?;
        let proof = transcript.finalize();
        let mut pairs = points.chunks(32).zip(proof.chunks(32));
        match pairs.position(|(made, found)| made != found) {
            Some(column) => Err(ProveError::Replay { table: name(), column }),
            None => Ok((sum, proof)),
        }
    }
}
