//! A chain of Keccak-256 hashes: hot code in a few large blocks.
//!
//! Input: the number of hashes (u32, little-endian, at least 1), then the message. Output: the last
//! hash. Each hash but the first is taken of the hash before.
#![no_std]
#![no_main]

use tiny_keccak::{Hasher, Keccak};

autoprec_guest_rt::entry!(main);

fn main() {
    let input = autoprec_guest_rt::read_input();
    let (count, message) =
        input.split_first_chunk().expect("the input starts with a count of 4 bytes");
    let count = u32::from_le_bytes(*count);
    assert!(count > 0, "the count must be at least 1");
    let mut hash = keccak256(message);
    for _ in 1..count {
        hash = keccak256(&hash);
    }
    autoprec_guest_rt::reveal(&hash);
}

fn keccak256(message: &[u8]) -> [u8; 32] {
    let mut hasher = Keccak::v256();
    hasher.update(message);
    let mut hash = [0; 32];
    hasher.finalize(&mut hash);
    hash
}
