//! Keys of the library, and their digests.

use autoprec_circuits::{Pasta, Table};
use halo2_proofs::plonk::{VerifyingKey, keygen_vk};
use pasta_curves::{EqAffine, Fp};

use crate::challenge::{Challenges, digest};
use crate::circuit::{Shape, TableCircuit};
use crate::error::ProveError;
use crate::layout::Layout;
use crate::setup::Setup;

/// The digest of a table's verifying key with 2 and 3 for β and α: of everything in it that does not
/// depend on a proof. A change of it is a change of what proofs show, or of how.
///
/// # Errors
/// The table has no circuit, or there are no parameters.
pub fn table_digest(table: &Table<Pasta>, setup: &Setup) -> Result<[u8; 32], ProveError> {
    let layout = Layout::new(table)?;
    let challenges = Challenges::new(Fp::from(2), Fp::from(3));
    let shape = Shape::new(&table.system, &layout, &challenges);
    let circuit = TableCircuit { layout: &layout, fixed: &table.fixed, advice: None };
    let params = setup.params(layout.k)?;
    let key: Result<VerifyingKey<EqAffine>, _> = shape.scope(|| keygen_vk(&params, &circuit));
    let key = key.map_err(|error| ProveError::Library {
        table: table.name.clone(),
        what: error.to_string(),
    })?;
    Ok(digest(b"autoprec-key-001", |state| {
        state.update(format!("{:?}", key.pinned()).as_bytes());
    }))
}
