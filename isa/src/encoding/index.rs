//! Finding the row of a word without looking at all of them.
//!
//! **Invariant:** the rows that match a word are among its candidates.

use super::format::FUNCT3;
use super::{Row, TABLE};
use crate::word::Xlen;

/// Rows by opcode and `funct3`, so that decoding compares a word with a few of them.
pub(super) struct Index {
    /// Row numbers, grouped by key.
    rows: [u8; SLOTS],
    /// Where the group of each key starts in `rows`; the next key's start is its end.
    starts: [u16; KEYS + 1],
}

/// Five opcode bits (the low two are always 3) and three of `funct3`.
const KEYS: usize = 256;
/// Row numbers in the index: a row whose `funct3` is an operand is in eight groups.
const SLOTS: usize = {
    let (mut slots, mut row) = (0, 0);
    while row < TABLE.len() {
        slots += if has_funct3(&TABLE[row]) { 1 } else { 8 };
        row += 1;
    }
    slots
};

const _: () = assert!(TABLE.len() <= 1 << 8 && SLOTS < 1 << 16);

pub(super) static INDEX: Index = Index::build();

const fn key(word: u32) -> usize {
    (((word >> 2) & 31) | ((word & FUNCT3) >> 7)) as usize
}

const fn has_funct3(row: &Row) -> bool {
    row.format.operand_mask(Xlen::Rv64) & FUNCT3 == 0
}

impl Index {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "slots and rows are few: see the assertion"
    )]
    const fn build() -> Self {
        let mut index = Self { rows: [0; SLOTS], starts: [0; KEYS + 1] };
        let (mut slot, mut group) = (0, 0);
        while group < KEYS {
            index.starts[group] = slot as u16;
            let mut row = 0;
            while row < TABLE.len() {
                // Without a `funct3` of its own, a row belongs to all groups of its opcode.
                let significant = if has_funct3(&TABLE[row]) { KEYS - 1 } else { 31 };
                if key(TABLE[row].fixed) & significant == group & significant {
                    index.rows[slot] = row as u8;
                    slot += 1;
                }
                row += 1;
            }
            group += 1;
        }
        index.starts[KEYS] = slot as u16;
        index
    }

    /// The rows that may match `word`.
    pub(super) fn candidates(&self, word: u32) -> impl Iterator<Item = &'static Row> {
        let group = key(word);
        let range = usize::from(self.starts[group])..usize::from(self.starts[group + 1]);
        self.rows[range].iter().map(|&row| &TABLE[usize::from(row)])
    }
}
