//! Proofs: making, checking, and the bytes between.

use autoprec_circuits::{BabyBear, Field as _, Statement, Trace};
use p3_batch_stark::{BatchProof, ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use crate::config::{Config, Parameters, Val};
use crate::digest::digest;
use crate::error::{ProveError, VerifyError};
use crate::machine::Machine;
use crate::polynomial::element;

/// What a proof begins with: format and version.
const MAGIC: &[u8; 8] = b"APRP3\0\0\x01";

/// Longer proofs are refused before they are read: a byte is at most an empty list, which has 24 in memory.
const MAX_PROOF_BYTES: usize = 1 << 26;

/// What the bytes of a proof are behind their beginning; for tests that take proofs apart.
pub type Proof = BatchProof<Config>;

/// Proves a statement.
///
/// `cells` gives the cells of a table, row by row and fixed columns included, by the table's number; it
/// is asked once for each. At most [`Table::rows`](autoprec_circuits::Table::rows) rows, exactly that many if columns are fixed.
///
/// # Errors
/// The statement is none, or the cells do not show it: no proof leaves here that does not verify.
pub fn prove(
    statement: &Statement<BabyBear>,
    mut cells: impl FnMut(usize) -> Vec<BabyBear>,
    parameters: &Parameters,
) -> Result<Vec<u8>, ProveError> {
    let machine = Machine::new(statement, parameters)?;
    let setting = Setting::new(statement, machine, parameters);
    let mut traces = Vec::with_capacity(setting.machine.airs.len());
    let mut checked = Trace::default();
    for (index, table) in statement.tables.iter().enumerate() {
        let cells = cells(index);
        traces.push(setting.machine.trace(index, table, &cells)?);
        if cfg!(debug_assertions) {
            checked.cells.push(cells);
        }
    }
    if cfg!(debug_assertions) {
        // Plonky3 panics on wrong rows in such builds.
        statement.check(&checked)?;
    }
    let data = setting.setup().map_err(|what| ProveError::Prover { what })?;
    let proof = setting.prove(&data, traces)?;
    setting.check(&data, &proof).map_err(ProveError::Rejected)?;
    write(&proof)
}

/// The prover's cells of each table as they are committed to: row by row, without fixed columns, with
/// padding and with the columns that Plonky3 is given besides.
///
/// # Errors
/// As for [`prove`], but for cells of the right shape that do not show the statement.
pub fn committed_cells(
    statement: &Statement<BabyBear>,
    trace: &Trace<BabyBear>,
    parameters: &Parameters,
) -> Result<Vec<Vec<BabyBear>>, ProveError> {
    let machine = Machine::new(statement, parameters)?;
    let tables = statement.tables.iter().zip(&trace.cells).enumerate();
    let cells = tables.map(|(index, (table, cells))| {
        let trace = machine.trace(index, table, cells)?;
        let cell = |value: &Val| BabyBear::from_u64(u64::from(value.as_canonical_u32()));
        Ok(trace.values.iter().map(cell).collect())
    });
    cells.collect()
}

/// Makes a proof of whatever it is given: what a dishonest prover can do, for tests of the verifier.
///
/// `committed` is like what [`committed_cells`] returns.
///
/// # Errors
/// The statement is none, or the prover gives up. In builds with debug assertions it panics on cells
/// that do not show the statement.
pub fn prove_unchecked(
    statement: &Statement<BabyBear>,
    committed: &[Vec<BabyBear>],
    parameters: &Parameters,
) -> Result<Vec<u8>, ProveError> {
    let setting = Setting::new(statement, Machine::new(statement, parameters)?, parameters);
    let mut traces = Vec::new();
    for (index, table) in statement.tables.iter().enumerate() {
        let width = setting.machine.airs[index].0.main_width;
        let cells = committed.get(index).map_or(&[][..], Vec::as_slice);
        if cells.len() != width << setting.machine.log_heights[index] {
            let what = format!("{} cells, {width} to a row", cells.len());
            return Err(ProveError::Cells { table: table.name.clone(), what });
        }
        let values = cells.iter().map(|&cell| element(cell)).collect();
        traces.push(RowMajorMatrix::new(values, width));
    }
    let data = setting.setup().map_err(|what| ProveError::Prover { what })?;
    write(&setting.prove(&data, traces)?)
}

/// Checks that `bytes` are a proof of a statement.
///
/// # Errors
/// The statement is none, or the bytes are no proof of it.
pub fn verify(
    statement: &Statement<BabyBear>,
    bytes: &[u8],
    parameters: &Parameters,
) -> Result<(), VerifyError> {
    let proof = parse(bytes)?;
    let setting = Setting::new(statement, Machine::new(statement, parameters)?, parameters);
    let data = setting.setup().map_err(|what| VerifyError::Fixed { what })?;
    setting.check(&data, &proof)
}

/// A statement with what prover and verifier derive from it.
struct Setting {
    machine: Machine,
    config: Config,
    parameters: Parameters,
}

impl Setting {
    fn new(statement: &Statement<BabyBear>, machine: Machine, parameters: &Parameters) -> Self {
        let config = parameters.config(&digest(statement, parameters, &machine.log_heights));
        Self { machine, config, parameters: *parameters }
    }

    /// Commits to the fixed columns and lays out the columns of the buses.
    fn setup(&self) -> Result<ProverData<Config>, String> {
        let airs = &self.machine.airs;
        ProverData::from_airs_and_degrees_with_lookup_budgets(
            &self.config,
            airs,
            &self.machine.log_heights,
            &vec![self.parameters.fold_degree; airs.len()],
            self.parameters.log_blowup,
        )
        .map_err(|error| format!("{error:?}"))
    }

    fn prove(
        &self,
        data: &ProverData<Config>,
        mut traces: Vec<RowMajorMatrix<Val>>,
    ) -> Result<Proof, ProveError> {
        // What is left are the tables of the boundary, which have nothing of the prover's.
        for log_height in &self.machine.log_heights[traces.len()..] {
            traces.push(RowMajorMatrix::new(vec![Val::ZERO; 1 << log_height], 1));
        }
        let instances = self.machine.airs.iter().zip(&traces);
        let instances: Vec<StarkInstance<'_, Config, _>> = instances
            .map(|(air, trace)| StarkInstance { air, trace, public_values: Vec::new() })
            .collect();
        prove_batch(&self.config, &instances, data)
            .map_err(|error| ProveError::Prover { what: format!("{error:?}") })
    }

    fn check(&self, data: &ProverData<Config>, proof: &Proof) -> Result<(), VerifyError> {
        let expected = &self.machine.log_heights;
        if proof.degree_bits.len() != expected.len() {
            let what = format!("of {} tables", proof.degree_bits.len());
            return Err(VerifyError::Malformed { what });
        }
        // Plonky3 leaves heights to the prover.
        let heights = proof.degree_bits.iter().zip(expected).enumerate();
        for (table, (&found, &expected)) in heights {
            if found != expected {
                return Err(VerifyError::Height { table, found, expected });
            }
        }
        let airs = &self.machine.airs;
        let no_values = vec![Vec::new(); airs.len()];
        verify_batch(&self.config, airs, proof, &no_values, &data.common)
            .map_err(|error| VerifyError::Rejected { what: format!("{error:?}") })
    }
}

fn write(proof: &Proof) -> Result<Vec<u8>, ProveError> {
    let mut bytes = MAGIC.to_vec();
    let failed = |error: postcard::Error| ProveError::Prover { what: error.to_string() };
    bytes.extend(postcard::to_stdvec(proof).map_err(failed)?);
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Proof, VerifyError> {
    let malformed = |what: &str| VerifyError::Malformed { what: what.to_owned() };
    if bytes.len() > MAX_PROOF_BYTES {
        return Err(malformed("it is too long"));
    }
    let body = bytes.strip_prefix(MAGIC).ok_or_else(|| malformed("it begins otherwise"))?;
    let (proof, rest) = postcard::take_from_bytes(body)
        .map_err(|error| VerifyError::Malformed { what: error.to_string() })?;
    if rest.is_empty() { Ok(proof) } else { Err(malformed("there is more behind it")) }
}
