//! Memory at the beginning: the words that the file holds, and zeros between them.
//!
//! **Invariants**: parts are sorted, do not touch each other, and begin and end at multiples of a
//! word's bytes; a part is whole words of the file's bytes, extended with zeros.

use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::Xlen;

/// Initial memory of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    bytes: u64,
    xlen: Xlen,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// Address of the first word.
    start: u64,
    words: Vec<u64>,
}

impl Image {
    /// The memory that a program begins with.
    pub(crate) fn of(program: &Program) -> Self {
        let bytes = u64::from(program.xlen.bytes());
        let mut image = Self { bytes, xlen: program.xlen, parts: Vec::new() };
        for segment in &program.segments {
            image.add(segment);
        }
        image
    }

    fn add(&mut self, segment: &Segment) {
        let held = usize::try_from(segment.file_size).unwrap_or(usize::MAX);
        let held = &segment.data[..held.min(segment.data.len())];
        for (addr, &byte) in (segment.addr..).zip(held) {
            let word = addr - addr % self.bytes;
            let joins = self.parts.last().is_some_and(|part| word <= part.end(self.bytes));
            if !joins {
                self.parts.push(Part { start: word, words: Vec::new() });
            }
            let part = self.parts.last_mut().expect("there is one now");
            let index = usize::try_from((word - part.start) / self.bytes).expect("it is in memory");
            if index == part.words.len() {
                part.words.push(0);
            }
            part.words[index] |= u64::from(byte) << (8 * (addr % self.bytes));
        }
    }

    /// The word at an aligned address, if the file holds it.
    pub(crate) fn word(&self, addr: u64) -> Option<u64> {
        let index = self.parts.partition_point(|part| part.start <= addr).checked_sub(1)?;
        let part = &self.parts[index];
        let word = usize::try_from((addr - part.start) / self.bytes).ok()?;
        part.words.get(word).copied()
    }

    /// The words of the file from an aligned address on, without gaps.
    pub(crate) fn words_from(&self, addr: u64) -> &[u64] {
        let index = self.parts.partition_point(|part| part.start <= addr).checked_sub(1);
        let Some(part) = index.map(|index| &self.parts[index]) else { return &[] };
        let word = usize::try_from((addr - part.start) / self.bytes).unwrap_or(usize::MAX);
        part.words.get(word..).unwrap_or_default()
    }

    /// First and last words of the ranges that the file says nothing of, in order: zeros.
    pub(crate) fn zeros(&self) -> Vec<(u64, u64)> {
        let top = self.xlen.mask(u64::MAX) - (self.bytes - 1);
        let (mut ranges, mut from) = (Vec::new(), Some(0));
        for part in &self.parts {
            let start = from.unwrap_or(part.start);
            if start < part.start {
                ranges.push((start, part.start - self.bytes));
            }
            from = Some(part.end(self.bytes)).filter(|end| (1..=top).contains(end));
        }
        ranges.extend(from.map(|from| (from, top)));
        ranges
    }
}

impl Part {
    /// Address behind the last word; 0 at the end of a memory of 64 bits.
    fn end(&self, bytes: u64) -> u64 {
        self.start.wrapping_add(bytes * self.words.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_zeros_make_up_the_memory() {
        let program = Program::from_code(Xlen::Rv32, 0x1002, &[1, 2, 3, 4, 5]);
        let image = Image::of(&program);
        assert_eq!(image.word(0x1000), Some(0x0201_0000));
        assert_eq!(image.word(0x1004), Some(0x0005_0403));
        assert_eq!(image.word(0x1008), None);
        assert_eq!(image.words_from(0x1004), [0x0005_0403]);
        assert!(image.words_from(0xffc).is_empty());
        assert_eq!(image.zeros(), [(0, 0xffc), (0x1008, 0xffff_fffc)]);
    }
}
