//! Branchy code: a heap sort, then an interpreter of byte code that the input spells.
//!
//! Input: the number of steps (u32, little-endian), then at least one word. The words as given are
//! the program, the same words sorted are its memory. Output: the eight registers after so many
//! steps, mixed with the memory.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

autoprec_guest_rt::entry!(main);

fn main() {
    let input = autoprec_guest_rt::read_input();
    let (words, rest) = input.as_chunks::<4>();
    assert!(
        rest.is_empty() && words.len() >= 2,
        "the input is a number of steps and at least one word"
    );
    let steps = u32::from_le_bytes(words[0]);
    let program: Vec<u32> = words[1..].iter().map(|word| u32::from_le_bytes(*word)).collect();
    let mut memory = program.clone();
    heap_sort(&mut memory);
    let mut machine = Machine { registers: [0; 8], memory };
    machine.run(&program, steps);
    autoprec_guest_rt::reveal(&machine.digest());
}

/// Sorts in place, smallest first.
#[inline(never)]
fn heap_sort(values: &mut [u32]) {
    for root in (0..values.len() / 2).rev() {
        sift_down(values, root);
    }
    for end in (1..values.len()).rev() {
        values.swap(0, end);
        sift_down(&mut values[..end], 0);
    }
}

/// Moves the value at `root` down to where no child is larger.
fn sift_down(heap: &mut [u32], mut root: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child >= heap.len() {
            return;
        }
        if child + 1 < heap.len() && heap[child] < heap[child + 1] {
            child += 1;
        }
        if heap[root] >= heap[child] {
            return;
        }
        heap.swap(root, child);
        root = child;
    }
}

struct Machine {
    registers: [u32; 8],
    memory: Vec<u32>,
}

impl Machine {
    /// Interprets `steps` instructions, from the start of the program again whenever its end is
    /// passed.
    ///
    /// An instruction word holds the operation in bits 0–3, registers a and b in bits 4–6 and 7–9,
    /// and an immediate in the rest. Every word is an instruction. Jumps depend on the step, lest a
    /// program end in a short loop.
    #[inline(never)]
    fn run(&mut self, program: &[u32], steps: u32) {
        let mut at = 0;
        for step in 0..steps {
            let word = program[at];
            at += 1;
            let (a, b) = ((word >> 4 & 7) as usize, (word >> 7 & 7) as usize);
            let immediate = word >> 10;
            let (left, right) = (self.registers[a], self.registers[b]);
            let slot = right.wrapping_add(immediate) as usize % self.memory.len();
            match word & 15 {
                0 => self.registers[a] = left.wrapping_add(right),
                1 => self.registers[a] = left.wrapping_sub(right),
                2 => self.registers[a] = left ^ right,
                3 => self.registers[a] = left.wrapping_mul(right | 1),
                4 => self.registers[a] = left.rotate_left(right & 31),
                5 => self.registers[a] = left.wrapping_add(immediate),
                6 => self.registers[a] = self.memory[slot],
                7 => self.memory[slot] = left,
                8 => at += if left < right { immediate as usize % 7 } else { 0 },
                9 => at += if left & 1 == 1 { immediate as usize % 5 } else { 0 },
                10 => self.registers[a] = right / (immediate | 1),
                11 => self.registers[a] = right % (immediate | 1),
                12 => self.registers[a] = left.min(right),
                13 => self.registers[a] = (left as i32).max(right as i32) as u32,
                14 => self.registers[a] = gcd(left & 0xffff, immediate),
                _ if left & 3 == 3 => at = immediate.wrapping_add(step) as usize % program.len(),
                _ => {}
            }
            if at >= program.len() {
                at = 0;
            }
        }
    }

    /// The registers, each mixed with every eighth word of memory.
    fn digest(mut self) -> [u8; 32] {
        for (index, word) in self.memory.iter().enumerate() {
            let register = &mut self.registers[index % 8];
            *register = register.rotate_left(5).wrapping_mul(0x85eb_ca6b) ^ word;
        }
        let mut digest = [0; 32];
        for (bytes, register) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.registers) {
            *bytes = register.to_le_bytes();
        }
        digest
    }
}

/// The greatest common divisor; `gcd(x, 0)` is x.
#[inline(never)]
fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Code that nothing calls.
#[cfg(feature = "talk")]
fn talk() {
    autoprec_guest_rt::print("sorting\n");
}

/// Keeps it in the program.
#[cfg(feature = "talk")]
#[used]
static TALK: fn() = talk;
