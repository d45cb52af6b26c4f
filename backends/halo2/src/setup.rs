//! The points that commitments are made with, one set per size, kept in a folder.
//!
//! They are hashes of their numbers, so there is nothing to trust but this computation, which takes
//! seconds. A file has the digest of its contents; one that does not fit it is made again. That finds
//! damage, not malice: whoever verifies for themselves has a folder that nobody else writes to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use blake2b_simd::Params as Hash;
use halo2_proofs::poly::commitment::Params;
use pasta_curves::EqAffine;
use pasta_curves::group::GroupEncoding as _;

use crate::error::SetupError;
use crate::limits::MAX_K;

const MAGIC: &[u8; 8] = b"appasta\x01";
const DIGEST: usize = 32;

/// The parameters of the commitment scheme by size, made or read when first asked for.
#[derive(Debug)]
pub struct Setup {
    largest: u32,
    folder: Option<PathBuf>,
    ready: Mutex<BTreeMap<u32, Arc<Params<EqAffine>>>>,
    points: Mutex<BTreeMap<u32, Arc<Points>>>,
}

impl Setup {
    /// Parameters that are kept in memory only.
    pub fn in_memory() -> Self {
        Self { largest: MAX_K, folder: None, ready: Mutex::default(), points: Mutex::default() }
    }

    /// Parameters that are kept in files of this folder, which is made if it does not exist.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), ..Self::in_memory() }
    }

    /// This, but for 2^`k` rows at most: the time to make parameters doubles with each `k`, and it may be
    /// others who say how large a table is.
    #[must_use]
    pub fn up_to(self, k: u32) -> Self {
        Self { largest: k.min(MAX_K), ..self }
    }

    /// The parameters for 2^`k` rows.
    ///
    /// # Errors
    /// `k` is larger than it may be, or the folder cannot be written to.
    pub fn params(&self, k: u32) -> Result<Arc<Params<EqAffine>>, SetupError> {
        if k > self.largest {
            return Err(SetupError::TooLarge { k, max_k: self.largest });
        }
        // Nobody leaves the map half-changed, so a panic elsewhere does not matter. The lock is held
        // while parameters are made: two threads would make the same.
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(params) = ready.get(&k) {
            return Ok(Arc::clone(params));
        }
        let path = self.folder.as_ref().map(|folder| folder.join(format!("pasta-{k}.params")));
        let params = match path.as_deref().and_then(|path| read(path, k)) {
            Some(params) => params,
            None => {
                let params = Params::new(k);
                if let Some(path) = &path {
                    write(path, &params).map_err(|source| SetupError::Io {
                        path: path.display().to_string(),
                        source,
                    })?;
                }
                params
            }
        };
        let params = Arc::new(params);
        ready.insert(k, Arc::clone(&params));
        Ok(params)
    }

    /// The points behind [`Self::params`].
    pub(crate) fn points(&self, k: u32) -> Result<Arc<Points>, SetupError> {
        let params = self.params(k)?;
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = points.entry(k).or_insert_with(|| Arc::new(Points::new(params)));
        Ok(Arc::clone(entry))
    }
}

/// Parameters, and those of their points that the library keeps to itself.
#[derive(Debug)]
pub(crate) struct Points {
    pub(crate) params: Arc<Params<EqAffine>>,
    /// What the cell of each row is multiplied by in a commitment.
    pub(crate) lagrange: Vec<EqAffine>,
    /// What the blinding factor is multiplied by.
    pub(crate) blinding: EqAffine,
}

impl Points {
    /// Reads the points from the parameters' written form: the size, a point per coefficient, a point per
    /// row, and two more.
    pub(crate) fn new(params: Arc<Params<EqAffine>>) -> Self {
        let mut bytes = Vec::new();
        params.write(&mut bytes).expect("memory can be written to");
        let rows = 1_usize << params.k();
        let points = bytes[4..].chunks_exact(32).skip(rows).take(rows + 1).map(|bytes| {
            let bytes: [u8; 32] = bytes.try_into().expect("as many bytes as were asked for");
            Option::from(EqAffine::from_bytes(&bytes)).expect("what was written is a point")
        });
        let mut lagrange: Vec<EqAffine> = points.collect();
        let blinding = lagrange.pop().expect("there is one more than rows");
        Self { params, lagrange, blinding }
    }
}

fn digest(contents: &[u8]) -> [u8; DIGEST] {
    let hash = Hash::new().hash_length(DIGEST).personal(b"autoprec-params1").hash(contents);
    *hash.as_bytes().first_chunk().expect("as many bytes as were asked for")
}

/// What a file holds, if it is whole and of this size.
fn read(path: &Path, k: u32) -> Option<Params<EqAffine>> {
    let bytes = std::fs::read(path).ok()?;
    let contents = bytes.strip_prefix(MAGIC)?;
    let (expected, contents) = contents.split_first_chunk::<DIGEST>()?;
    // A size, two points per row, and two more.
    let length = 4 + 32 * ((2_usize << k) + 2);
    let is_whole = contents.len() == length && contents.starts_with(&k.to_le_bytes());
    if !is_whole || digest(contents) != *expected {
        return None;
    }
    Params::read(&mut &*contents).ok()
}

/// Writes so that there is a whole file or none.
fn write(path: &Path, params: &Params<EqAffine>) -> std::io::Result<()> {
    let mut contents = Vec::new();
    params.write(&mut contents)?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(digest(&contents));
    bytes.extend(contents);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension(format!("part-{}", std::process::id()));
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(&temporary, path)
}
