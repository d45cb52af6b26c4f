//! Bytes taken apart at a bit, and which checks make the parts right.
//!
//! A byte b split at s is b = low + 2^s·high with a column for high. Write u = 2^(8−s)·low, a linear
//! form. The parts are right, high = ⌊b / 2^s⌋, if u and high are both shown to be bytes. Mostly less
//! will do: shifts and rotates join parts of neighbouring bytes, j = u_i + high_k, and a lookup of an
//! exclusive or often shows such a join to be a byte anyway.
//!
//! Lemmas. All bytes that are split here are bytes on their own account (memory holds bytes, or a
//! lookup says so), so nothing below is circular. "Bounded" means to be an integer of magnitude
//! m ≤ [`LIMIT`], which keeps both sides of each equation below p, so that they hold for integers.
//! - (right) If u is a byte and high is bounded, the parts are right: 2^(8−s)·b = u + 256·high, so u
//!   is 2^(8−s)·b modulo 256 and high the quotient. Without a bound, high may be a fraction.
//! - (near) If a join u_i + high_k and u_i are bytes, high_k is bounded by 255.
//! - (far) If a join u_i + high_k is a byte and high_i bounded by m, then u_i = 2^(8−s)·b_i − 256·high_i
//!   is an integer and high_k bounded by 256·m + 2^15 + 255.
//! - (from below) If a join u_i + high_k is a byte, 0 ≤ high_k < 2^(8−s) and high_i is bounded, then u_i
//!   is an integer multiple of 2^(8−s) above −2^(8−s) and below 256, hence a byte.
//!
//! So along a rotated word every second byte needs one check. A check is half a lookup, or a
//! constraint if the part is a single bit.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_circuits::{BabyBear, Linear};

type Lin = Linear<BabyBear>;

/// The greatest bound with which the lemmas hold: 2^15 + 256·m + 512 is below p.
const LIMIT: u32 = (BabyBear::ORDER - (1 << 15) - 512) / 256;

/// A byte taken apart.
#[derive(Clone, Debug)]
pub(super) struct Split {
    /// The byte.
    pub(super) byte: Lin,
    /// How many bits are in the low part: 1 to 7.
    pub(super) at: u8,
    /// The high part: a column.
    pub(super) high: Lin,
    /// The instruction that wants it.
    pub(super) inst: Option<u32>,
}

impl Split {
    /// The low part, scaled so that it is a byte just if the part is in range.
    fn scaled_low(&self) -> Lin {
        self.byte.times(1 << (8 - self.at)) - self.high.times(256)
    }
}

/// What has to be checked of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The scaled low part is a byte; if it has one bit, a constraint can say so.
    Low,
    /// The high part is a byte; if it has one bit, a constraint says that it is a bit.
    High,
}

/// A byte form u_low + high_high that a lookup checks: the positions of two splits.
#[derive(Clone, Copy, Debug)]
struct Join {
    low: usize,
    high: usize,
}

/// What has been shown of a split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Facts {
    /// The high part is an integer of at most this magnitude.
    bound: Option<u32>,
    /// The high part is in [0, 2^(8−s)).
    high: bool,
    /// The scaled low part is a byte.
    low: bool,
}

impl Facts {
    fn right(self) -> bool {
        self.low && self.bound.is_some()
    }
}

/// Chooses checks that make all splits right: their positions and parts, sorted.
///
/// `known` holds the linear forms that lookups show to be bytes; `grounded` tells whether a form is
/// a byte on its own account.
pub(super) fn checks(
    splits: &[Split],
    known: &BTreeSet<Lin>,
    grounded: impl Fn(&Lin) -> bool,
) -> BTreeSet<(usize, Part)> {
    let mut proof = Proof::new(splits, known, grounded);
    // Chains of joins begin where nobody bounds the high part; the rest are cycles.
    let (inner, tops): (Vec<usize>, Vec<usize>) =
        (0..splits.len()).partition(|&split: &usize| !proof.above[split].is_empty());
    tops.into_iter().chain(inner).for_each(|split| proof.walk(split));
    for split in 0..splits.len() {
        for part in [Part::Low, Part::High] {
            if !proof.facts[split].right() {
                proof.check(split, part);
            }
        }
    }
    proof.checks
}

/// Facts about splits, the checks that they rest on, and what follows.
struct Proof<'a> {
    splits: &'a [Split],
    joins: Vec<Join>,
    /// Per split, the joins with its low part.
    below: Vec<Vec<usize>>,
    /// Per split, the joins with its high part.
    above: Vec<Vec<usize>>,
    facts: Vec<Facts>,
    visited: Vec<bool>,
    checks: BTreeSet<(usize, Part)>,
}

impl<'a> Proof<'a> {
    fn new(splits: &'a [Split], known: &BTreeSet<Lin>, grounded: impl Fn(&Lin) -> bool) -> Self {
        let joins = joins(splits, known, grounded);
        let of = |end: fn(&Join) -> usize| {
            let mut lists = vec![Vec::new(); splits.len()];
            joins.iter().enumerate().for_each(|(index, join)| lists[end(join)].push(index));
            lists
        };
        let mut proof = Self {
            below: of(|join| join.low),
            above: of(|join| join.high),
            facts: vec![Facts::default(); splits.len()],
            visited: vec![false; splits.len()],
            checks: BTreeSet::new(),
            splits,
            joins,
        };
        for (index, split) in splits.iter().enumerate() {
            if known.contains(&split.scaled_low()) {
                proof.learn(index, Facts { low: true, ..Facts::default() });
            }
            if known.contains(&split.high) {
                proof.learn(index, Facts { bound: Some(255), ..Facts::default() });
            }
        }
        proof
    }

    /// Checks every second split of a chain of joins, from the top down.
    fn walk(&mut self, start: usize) {
        let mut next = Some(start);
        let mut above_is_checked = false;
        while let Some(split) = next.filter(|&split| !self.visited[split]) {
            self.visited[split] = true;
            let at = self.splits[split].at;
            if self.facts[split].bound.is_none() && self.above[split].is_empty() {
                self.check(split, Part::High);
            } else if !above_is_checked && !self.facts[split].low {
                self.check(split, if at == 7 { Part::High } else { Part::Low });
            }
            let Facts { low, high, .. } = self.facts[split];
            above_is_checked = low || high;
            next = self.below[split].first().map(|&join| self.joins[join].high);
        }
    }

    /// Adds a check and what follows from it.
    fn check(&mut self, split: usize, part: Part) {
        self.checks.insert((split, part));
        let facts = match part {
            Part::Low => Facts { low: true, ..Facts::default() },
            Part::High => Facts { bound: Some(255), high: self.splits[split].at == 7, low: false },
        };
        self.learn(split, facts);
    }

    /// Adds facts about a split and what follows from them.
    fn learn(&mut self, split: usize, facts: Facts) {
        let mut news = vec![(split, facts)];
        while let Some((split, facts)) = news.pop() {
            let old = self.facts[split];
            let mut new = Facts {
                bound: old.bound.into_iter().chain(facts.bound).min(),
                high: old.high || facts.high,
                low: old.low || facts.low,
            };
            if new.right() {
                new = Facts { bound: new.bound.min(Some(255)), high: true, low: true };
            }
            if new != old {
                self.facts[split] = new;
                let touched = self.below[split].iter().chain(&self.above[split]);
                news.extend(touched.flat_map(|&join| self.consequences(self.joins[join])));
            }
        }
    }

    /// What a join says about its two splits, by the lemmas near, far and from below.
    fn consequences(&self, Join { low, high }: Join) -> [(usize, Facts); 2] {
        let (of_low, of_high) = (self.facts[low], self.facts[high]);
        let far = of_low.bound.map(|bound| 256 * bound + (1 << 15) + 255);
        let bound = if of_low.low { Some(255) } else { far.filter(|&bound| bound <= LIMIT) };
        let fits = self.splits[low].at <= self.splits[high].at;
        let from_below = of_high.high && fits && of_low.bound.is_some();
        [
            (high, Facts { bound, ..Facts::default() }),
            (low, Facts { low: from_below, ..Facts::default() }),
        ]
    }
}

/// The joins of grounded splits among the known bytes.
fn joins(splits: &[Split], known: &BTreeSet<Lin>, grounded: impl Fn(&Lin) -> bool) -> Vec<Join> {
    let grounded = |split: &Split| known.contains(&split.byte) || grounded(&split.byte);
    let usable = || splits.iter().enumerate().filter(|(_, split)| grounded(split));
    let lows: BTreeMap<Lin, usize> =
        usable().map(|(index, split)| (split.scaled_low(), index)).collect();
    let highs: BTreeMap<Lin, usize> =
        usable().map(|(index, split)| (split.high.clone(), index)).collect();
    let mut joins = Vec::new();
    for form in known {
        for &(column, _) in form.terms() {
            let part = Lin::column(column);
            let Some(&high) = highs.get(&part) else { continue };
            if let Some(&low) = lows.get(&(form.clone() - part)) {
                joins.push(Join { low, high });
            }
        }
    }
    joins
}

#[cfg(test)]
mod tests {
    use autoprec_circuits::Field;

    use super::*;

    // Shifts by a value use the lemmas with s up to 8, where the high part is 0.

    /// The high part that makes `u` the scaled low part of a byte split at `s`, if it is an integer of
    /// a magnitude that facts may have.
    fn bounded_high(byte: i64, s: u8, u: i64) -> Option<i64> {
        let high = BabyBear::from_i64((byte << (8 - s)) - u) * BabyBear::inverse_power_of_two(8);
        let high = high.to_i64();
        (high.unsigned_abs() <= u64::from(LIMIT)).then_some(high)
    }

    /// The lemma "right", for every byte and every scaled low part that a lookup accepts.
    #[test]
    fn a_byte_and_a_bound_make_the_parts_right() {
        for s in 1..=8_u8 {
            for (byte, u) in (0..256).flat_map(|byte| (0..256).map(move |u| (byte, u))) {
                let Some(high) = bounded_high(byte, s, u) else { continue };
                assert_eq!((high, u), (byte >> s, (byte << (8 - s)) & 0xff), "{byte} at {s}");
            }
        }
    }

    /// The lemma "from below", for every byte and every difference of a byte and a high part.
    #[test]
    fn a_join_makes_the_parts_right_from_below() {
        for s in 1..=8_u8 {
            let least = 1 - (1 << (8 - s));
            for (byte, u) in (0..256).flat_map(|byte| (least..256).map(move |u| (byte, u))) {
                let Some(high) = bounded_high(byte, s, u) else { continue };
                assert_eq!(high, byte >> s, "{byte} at {s}, {u}");
            }
        }
    }

    /// No bound, no use: a fraction can pass for a high part.
    #[test]
    fn a_scaled_low_part_alone_shows_nothing() {
        for u in 0..256 {
            let high = BabyBear::from_i64((1 << 3) - u) * BabyBear::inverse_power_of_two(8);
            assert_eq!(high.to_i64().unsigned_abs() <= u64::from(LIMIT), u == 8, "{u}");
        }
    }
}
