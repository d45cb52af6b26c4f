//! Runs a hot loop and reads the instructions of that loop, and its whole text, as data.
//!
//! A tool that patches the program must not let it see: the result depends on every word of the
//! text.
//!
//! Input: the number of rounds (u32, little-endian), then one word of seed. Output, in words: the
//! mixed seed, sum and exclusive-or of the words of `mix`, their number, then the same of the whole
//! text, then a checksum in which the position of every word of the text counts.
#![no_std]
#![no_main]

use autoprec_guest_rt::{text, watched_text};

autoprec_guest_rt::entry!(main);

fn main() {
    let input = autoprec_guest_rt::read_input();
    let ([rounds, seed], []) = input.as_chunks::<4>() else {
        panic!("the input is two words: rounds and seed");
    };
    let mixed = mix(u32::from_le_bytes(*seed), u32::from_le_bytes(*rounds));
    let own = sums(watched_text());
    let all = sums(text());
    let placed = text().iter().fold(0_u32, |hash, word| hash.wrapping_mul(31).wrapping_add(*word));
    let words = [mixed, own.0, own.1, own.2, all.0, all.1, all.2, placed];
    let mut output = [0; 32];
    for (bytes, word) in output.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    autoprec_guest_rt::reveal(&output);
}

/// Sum, exclusive-or and number of `words`.
fn sums(words: &[u32]) -> (u32, u32, u32) {
    let sum = words.iter().fold(0_u32, |sum, word| sum.wrapping_add(*word));
    let parity = words.iter().fold(0, |parity, word| parity ^ word);
    (sum, parity, words.len() as u32)
}

/// The hot loop: a xorshift step, a multiplication and a rotation a round.
#[unsafe(link_section = ".text.watched")]
#[inline(never)]
fn mix(seed: u32, rounds: u32) -> u32 {
    let mut state = seed | 1;
    let mut sum = 0_u32;
    for round in 0..rounds {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        sum = sum.wrapping_mul(0x9e37_79b1).wrapping_add(state).rotate_left(7) ^ round;
    }
    sum
}
