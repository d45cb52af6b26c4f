//! Ethereum's `ecrecover`, several times over: arithmetic of large integers in long straight lines.
//!
//! Input: the number of recoveries (u32, little-endian, at least 1), then a hash (32 bytes), a
//! signature (r and s, 32 bytes each, big-endian) and its recovery id (1 byte). Output: the address
//! that belongs to the last key, behind 12 zero bytes. The hash of each recovery but the first is
//! Keccak-256 of the key before; with the same signature it belongs to another key.
#![no_std]
#![no_main]

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use tiny_keccak::{Hasher, Keccak};

autoprec_guest_rt::entry!(main);

fn main() {
    let input = autoprec_guest_rt::read_input();
    let (count, request) =
        input.split_first_chunk().expect("the input starts with a count of 4 bytes");
    let count = u32::from_le_bytes(*count);
    assert!(count > 0, "the input's count must be at least 1");
    let request: &[u8; 97] =
        request.try_into().expect("the input's hash, signature and recovery id have 97 bytes");
    let mut hash = *request.first_chunk().expect("97 bytes hold a hash");
    let signature = Signature::from_slice(&request[32..96]).expect("the input's r and s are valid");
    let id = RecoveryId::from_byte(request[96]).expect("the input's recovery id is below 4");
    for _ in 0..count {
        let key = VerifyingKey::recover_from_prehash(&hash, &signature, id)
            .expect("the input's signature belongs to a key");
        // The key's two coordinates, without the byte that tells the form.
        hash = keccak256(&key.to_encoded_point(false).as_bytes()[1..]);
    }
    hash[..12].fill(0);
    autoprec_guest_rt::reveal(&hash);
}

fn keccak256(message: &[u8]) -> [u8; 32] {
    let mut hasher = Keccak::v256();
    hasher.update(message);
    let mut hash = [0; 32];
    hasher.finalize(&mut hash);
    hash
}
