//! Which words of memory were touched: a bitmap per page, for runs that ask for it.
//!
//! The executor's fast path never comes here: pages that are observed do not allow it.

use std::collections::BTreeMap;

use super::PAGE_BITS;

/// Bits of a page at the smallest word, in words of 64.
const BITMAP: usize = (1 << PAGE_BITS) / 4 / 64;

/// Words touched so far.
#[derive(Debug)]
pub(super) struct Touched {
    word_bits: u32,
    index: BTreeMap<u64, usize>,
    pages: Vec<[u64; BITMAP]>,
    /// The page touched last, and where it is.
    last: (u64, usize),
}

impl Touched {
    /// None, of words of 4 or 8 bytes.
    pub(super) fn new(word_bytes: u32) -> Self {
        // No page has the number of the one that comes first.
        let last = (u64::MAX, 0);
        Self { word_bits: word_bytes.ilog2(), index: BTreeMap::new(), pages: Vec::new(), last }
    }

    /// Notes an access to bytes of one page.
    pub(super) fn note(&mut self, page: u64, offset: usize, len: usize) {
        if len == 0 {
            return;
        }
        if self.last.0 != page {
            let next = self.pages.len();
            let place = *self.index.entry(page).or_insert(next);
            if place == next {
                self.pages.push([0; BITMAP]);
            }
            self.last = (page, place);
        }
        let bitmap = &mut self.pages[self.last.1];
        for word in offset >> self.word_bits..=(offset + len - 1) >> self.word_bits {
            bitmap[word / 64] |= 1 << (word % 64);
        }
    }

    pub(super) fn count(&self) -> autoprec_profile::Touched {
        let words = self.pages.iter().flatten().map(|bits| u64::from(bits.count_ones())).sum();
        let pages = self.pages.len() as u64;
        autoprec_profile::Touched { word_bytes: 1 << self.word_bits, words, pages }
    }
}
