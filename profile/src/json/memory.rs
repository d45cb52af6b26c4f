//! What was done to memory, in the file form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ProfileError, addr, hex};
use crate::accesses::{Accesses, MemoryUse, Touched, WIDTHS};

/// Counts by bytes of an access; those that are 0 are left out.
pub type ByWidth = BTreeMap<u32, u64>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryRow {
    loads: ByWidth,
    stores: ByWidth,
    /// Address of the instruction, accesses.
    misaligned: Vec<(String, u64)>,
    pages: u64,
    /// Absent unless it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    touched: Option<TouchedRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TouchedRow {
    word_bytes: u32,
    words: u64,
    pages: u64,
}

/// Counts as they are written.
pub fn by_width(counts: &[u64; 4]) -> ByWidth {
    let counts = WIDTHS.iter().zip(counts).filter(|(_, count)| **count > 0);
    counts.map(|(width, &count)| (width.bytes(), count)).collect()
}

fn counts(by_width: &ByWidth) -> [u64; 4] {
    WIDTHS.map(|width| by_width.get(&width.bytes()).copied().unwrap_or(0))
}

impl MemoryRow {
    pub(super) fn of(memory: &MemoryUse) -> Self {
        let MemoryUse { accesses, misaligned, pages, touched } = memory;
        let touched_row = |&Touched { word_bytes, words, pages }: &Touched| TouchedRow {
            word_bytes,
            words,
            pages,
        };
        Self {
            loads: by_width(&accesses.loads),
            stores: by_width(&accesses.stores),
            misaligned: misaligned.iter().map(|&(pc, count)| (hex(pc), count)).collect(),
            pages: *pages,
            touched: touched.as_ref().map(touched_row),
        }
    }

    pub(super) fn read(self) -> Result<MemoryUse, ProfileError> {
        let row = |(pc, count): (String, u64)| Ok((addr(&pc)?, count));
        let touched =
            |TouchedRow { word_bytes, words, pages }| Touched { word_bytes, words, pages };
        Ok(MemoryUse {
            accesses: Accesses { loads: counts(&self.loads), stores: counts(&self.stores) },
            misaligned: self
                .misaligned
                .into_iter()
                .map(row)
                .collect::<Result<_, ProfileError>>()?,
            pages: self.pages,
            touched: self.touched.map(touched),
        })
    }
}
