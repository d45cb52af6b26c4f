//! A chain of SHA-256 hashes: one hot block of some thousand instructions.
//!
//! Input: the number of hashes (u32, little-endian, at least 1), then the message. Output: the last
//! hash. Each hash but the first is taken of the hash before.
#![no_std]
#![no_main]

use sha2::{Digest, Sha256};

autoprec_guest_rt::entry!(main);

fn main() {
    let input = autoprec_guest_rt::read_input();
    let (count, message) =
        input.split_first_chunk().expect("the input starts with a count of 4 bytes");
    let count = u32::from_le_bytes(*count);
    assert!(count > 0, "the count must be at least 1");
    let mut hash: [u8; 32] = Sha256::digest(message).into();
    for _ in 1..count {
        hash = Sha256::digest(hash).into();
    }
    autoprec_guest_rt::reveal(&hash);
}
