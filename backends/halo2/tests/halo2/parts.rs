//! Proofs taken apart and put together again.

/// A table's sum and proof.
pub(crate) type Part = (Vec<u8>, Vec<u8>);

fn number(bytes: &[u8]) -> usize {
    u32::from_le_bytes(bytes.try_into().expect("four bytes")) as usize
}

/// The parts of a proof.
pub(crate) fn split(proof: &[u8]) -> Vec<Part> {
    let count = number(&proof[8..12]);
    let mut rest = &proof[12..];
    let mut parts = Vec::new();
    for _ in 0..count {
        let (sum, behind) = rest.split_at(32);
        let (proof, behind) = behind[4..].split_at(number(&behind[..4]));
        parts.push((sum.to_vec(), proof.to_vec()));
        rest = behind;
    }
    assert!(rest.is_empty(), "the parts are all there is");
    parts
}

/// The proof with these parts.
pub(crate) fn join(parts: &[Part]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).expect("short").to_le_bytes();
    let mut proof = b"aphalo2\x01".to_vec();
    proof.extend(number(parts.len()));
    for (sum, part) in parts {
        proof.extend(sum);
        proof.extend(number(part.len()));
        proof.extend(part);
    }
    proof
}
