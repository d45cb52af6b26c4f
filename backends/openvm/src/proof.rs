//! The proof of a whole run, and its file form.
//!
//! The file starts with what the proof claims to be about: parameters, precompiles, verifying key
//! and program. A verifier believes none of it: it compares each with what it computes itself, so
//! that it can say which does not fit. The numbers of the file are little-endian; the proofs of the
//! segments are in OpenVM's own encoding, which has a version of its own.

use std::io::{self, Read, Write};

use openvm_circuit::system::memory::{CHUNK, merkle::public_values::UserPublicValuesProof};
use openvm_stark_backend::{
    codec::{Decode, Encode},
    p3_field::PrimeField32,
    proof::Proof as SegmentProof,
};

use crate::{
    params::Security,
    types::{Digest, F, Sc},
};

/// What every proof file starts with.
const MAGIC: [u8; 8] = *b"APRCOVM\0";
/// The version of the file form.
const VERSION: u32 = 1;
/// More segments, precompiles or public values than any run has; bounds what a file makes us read.
const MAX_COUNT: u32 = 1 << 20;

/// A precompile, as a proof refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrecompileRef {
    /// The number of the precompile.
    pub id: u32,
    /// The digest of its constraint system.
    pub system_digest: [u8; 32],
}

/// What a proof says that it is about. Nothing of it is to be believed before verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The parameters.
    pub security: Security,
    /// The binary logarithm of the height limit.
    pub log_height: usize,
    /// The precompiles of the VM, in the order of installation.
    pub precompiles: Vec<PrecompileRef>,
    /// The hash of the verifying key.
    pub verifying_key: [u32; CHUNK],
    /// The commitment to program, initial memory and entry point.
    pub program: [u32; CHUNK],
}

/// The proof that a guest ran to its end, with exit code 0 and these public values.
#[derive(Clone)]
pub struct Proof {
    pub(crate) claim: Claim,
    pub(crate) segments: Vec<SegmentProof<Sc>>,
    pub(crate) public_values: UserPublicValuesProof<CHUNK, F>,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof")
            .field("claim", &self.claim)
            .field("segments", &self.segments.len())
            .finish_non_exhaustive()
    }
}

/// Why bytes are not a proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofFormatError {
    /// They do not start like one.
    #[error("this is not a proof file of autoprec for OpenVM")]
    Magic,
    /// They are one of another version.
    #[error("the proof file has version {got}; this program reads version {VERSION}")]
    Version {
        /// The version in the file.
        got: u32,
    },
    /// They are cut off or damaged.
    #[error("the proof file is cut off or damaged in its {part}: {error}")]
    Damaged {
        /// The part that could not be read.
        part: &'static str,
        /// The error that was met.
        error: io::Error,
    },
}

impl Proof {
    /// What the proof says that it is about.
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The number of segments.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// The public values, as claimed.
    pub fn public_values(&self) -> Vec<u8> {
        bytes(&self.public_values.public_values).unwrap_or_default()
    }

    /// The file form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out).expect("a vector takes all bytes");
        out
    }

    /// Reads the file form. A proof that was read is well-formed, and no more than that.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly one proof of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofFormatError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(ProofFormatError::Magic)?;
        let mut reader = rest;
        let got = u32::decode(&mut reader).map_err(damaged("header"))?;
        if got != VERSION {
            return Err(ProofFormatError::Version { got });
        }
        let claim = read_claim(&mut reader).map_err(damaged("header"))?;
        let count = read_count(&mut reader).map_err(damaged("header"))?;
        let mut segments = Vec::new();
        for _ in 0..count {
            segments.push(SegmentProof::decode(&mut reader).map_err(damaged("segments"))?);
        }
        let public_values = UserPublicValuesProof::decode::<Sc, _>(&mut reader)
            .map_err(damaged("public values"))?;
        if !reader.is_empty() {
            let error = io::Error::other(format!("{} bytes too many", reader.len()));
            return Err(ProofFormatError::Damaged { part: "end", error });
        }
        Ok(Self { claim, segments, public_values })
    }

    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        out.write_all(&MAGIC)?;
        VERSION.encode(out)?;
        let Claim { security, log_height, precompiles, verifying_key, program } = &self.claim;
        let security: u8 = match security {
            Security::Bits100 => 0,
            Security::Test => 1,
        };
        security.encode(out)?;
        log_height.encode(out)?;
        precompiles.len().encode(out)?;
        for precompile in precompiles {
            precompile.id.encode(out)?;
            out.write_all(&precompile.system_digest)?;
        }
        for word in verifying_key.iter().chain(program) {
            word.encode(out)?;
        }
        self.segments.len().encode(out)?;
        for segment in &self.segments {
            segment.encode(out)?;
        }
        self.public_values.encode::<Sc, _>(out)
    }
}

fn damaged(part: &'static str) -> impl Fn(io::Error) -> ProofFormatError {
    move |error| ProofFormatError::Damaged { part, error }
}

fn read_claim(reader: &mut &[u8]) -> io::Result<Claim> {
    let security = match u8::decode(reader)? {
        0 => Security::Bits100,
        1 => Security::Test,
        other => return Err(io::Error::other(format!("unknown parameters {other}"))),
    };
    let log_height = usize::decode(reader)?;
    let mut precompiles = Vec::new();
    for _ in 0..read_count(reader)? {
        let id = u32::decode(reader)?;
        let mut system_digest = [0; 32];
        reader.read_exact(&mut system_digest)?;
        precompiles.push(PrecompileRef { id, system_digest });
    }
    let verifying_key = read_digest(reader)?;
    let program = read_digest(reader)?;
    Ok(Claim { security, log_height, precompiles, verifying_key, program })
}

fn read_digest(reader: &mut &[u8]) -> io::Result<[u32; CHUNK]> {
    let mut words = [0; CHUNK];
    for word in &mut words {
        *word = u32::decode(reader)?;
    }
    Ok(words)
}

fn read_count(reader: &mut &[u8]) -> io::Result<u32> {
    let count = u32::decode(reader)?;
    if count > MAX_COUNT {
        return Err(io::Error::other(format!("a count of {count}")));
    }
    Ok(count)
}

/// The canonical words of a digest.
pub(crate) fn words(digest: &Digest) -> [u32; CHUNK] {
    digest.map(|field| field.as_canonical_u32())
}

/// Field elements that are bytes, as bytes; `None` if one is not.
pub(crate) fn bytes(values: &[F]) -> Option<Vec<u8>> {
    values.iter().map(|value| u8::try_from(value.as_canonical_u32()).ok()).collect()
}
