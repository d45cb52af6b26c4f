//! A small generator of pseudo-random numbers, so that a check is a function of its seed, and which values
//! of a region it should make up as pointers.
//!
//! The sequence is that of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
//! Generators, OOPSLA 2014).

use crate::ir::{Ir, Node};

/// The generator.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) const fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * bound as u64) >> 32) as u32
    }

    /// One of the items.
    pub(crate) fn choose<T: Copy>(&mut self, items: &[T]) -> T {
        let count = u32::try_from(items.len()).expect("few items");
        items[self.below(count) as usize]
    }
}

/// A hash of a number.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Per value, whether it flows into an address, of data or code, by additions and the like.
pub(crate) fn into_address(ir: &Ir) -> Vec<bool> {
    let mut flows = vec![false; ir.values.len()];
    for effect in &ir.effects {
        flows[effect.address(ir).index()] = true;
    }
    for target in ir.exits.iter().filter_map(|exit| exit.target.value()) {
        flows[target.index()] = true;
    }
    for id in ir.ids().rev() {
        let is_load = matches!(ir.node(id), Node::Load { .. });
        if flows[id.index()] && !is_load {
            ir.node(id).operands().for_each(|operand| flows[operand.index()] = true);
        }
    }
    flows
}
