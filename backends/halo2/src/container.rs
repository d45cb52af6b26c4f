//! The bytes of a proof: `aphalo2` and a version, the number of tables, then for each table its sum and
//! the proof of the library with its length. Numbers are 32 bits, the lowest byte first.

use pasta_curves::Fp;
use pasta_curves::group::ff::PrimeField as _;

use crate::error::VerifyError;

const MAGIC: &[u8; 8] = b"aphalo2\x01";

/// What is proved of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) sum: Fp,
    pub(crate) proof: &'a [u8],
}

pub(crate) fn write(parts: &[(Fp, Vec<u8>)]) -> Vec<u8> {
    let length = |length: usize| {
        u32::try_from(length).expect("a proof is far shorter than four gigabytes").to_le_bytes()
    };
    let mut bytes = MAGIC.to_vec();
    bytes.extend(length(parts.len()));
    for (sum, proof) in parts {
        bytes.extend(sum.to_repr());
        bytes.extend(length(proof.len()));
        bytes.extend(proof);
    }
    bytes
}

/// The parts of a proof of `tables` tables: all of the bytes, in the one way that they can be written.
pub(crate) fn read(bytes: &[u8], tables: usize) -> Result<Vec<Part<'_>>, VerifyError> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.array()? != *MAGIC {
        return Err(VerifyError::Malformed { at: 0, what: "not a halo2 proof of this version" });
    }
    if reader.length()? != tables {
        return reader.fail("another number of tables than the statement's");
    }
    let mut parts = Vec::with_capacity(tables);
    for _ in 0..tables {
        let Some(sum) = Fp::from_repr(reader.array()?).into() else {
            return reader.fail("the sum before is no field element");
        };
        let length = reader.length()?;
        parts.push(Part { sum, proof: reader.take(length)? });
    }
    if reader.at < bytes.len() {
        return reader.fail("bytes behind the end");
    }
    Ok(parts)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn fail<T>(&self, what: &'static str) -> Result<T, VerifyError> {
        Err(VerifyError::Malformed { at: self.at, what })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], VerifyError> {
        match self.bytes[self.at..].get(..length) {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => self.fail("the end is missing"),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], VerifyError> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("as many bytes as were taken"))
    }

    fn length(&mut self) -> Result<usize, VerifyError> {
        let length = u32::from_le_bytes(self.array()?);
        Ok(usize::try_from(length).expect("addresses have at least 32 bits"))
    }
}
