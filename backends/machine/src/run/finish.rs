//! The end of a run: rows of registers and memory, and what is claimed.

use std::collections::BTreeMap;

use autoprec_circuits::Field;
use autoprec_executor::Environment;

use super::{REGISTER_ROWS, Records, Run, RunError, Tracer};
use crate::claims::{CLAIMS_VERSION, Claims};
use crate::code::Line;
use crate::state::PUBLIC_VALUES;
use crate::table::{TableId, Written};

impl<F: Field> Tracer<'_, F> {
    pub(super) fn finish(mut self, exit_code: u32, time: u64) -> Result<Run<F>, RunError> {
        for number in 0..REGISTER_ROWS {
            let (value, last) = self.state.last_of_register(number);
            let first = self.guest.first_of_register(number);
            self.push(Written::Registers, &[number.into(), first, value, last])?;
        }
        let (image, zeros, last_word) = self.memory()?;
        let mut output = self.output;
        let mut public_times = Vec::new();
        if self.guest.environment == Environment::OpenVm {
            let words = (0..8).map(|k| self.state.last_of_register(PUBLIC_VALUES + k));
            for (word, time) in words {
                let word = u32::try_from(word).expect("words of OpenVM have 32 bits");
                output.extend(word.to_le_bytes());
                public_times.push(time);
            }
        }
        let records: BTreeMap<u32, Records<F>> = self
            .records
            .into_iter()
            .filter(|records| records.rows() > 0)
            .map(|records| (records.table.number(), records))
            .collect();
        let is_claimed = |records: &&Records<F>| match records.table {
            TableId::Written(table) => table.is_claimed(),
            _ => true,
        };
        let rows = records.values().filter(is_claimed);
        let rows = rows.map(|r| (r.table.number(), r.rows() as u64)).collect();
        let code = code_ranges(self.index.values().map(|&at| &self.lines[at].line));
        let executed = self.index.iter().map(|(pc, &at)| (*pc, self.lines[at].count)).collect();
        let version = CLAIMS_VERSION;
        let claims = Claims { version, time, rows, code, image, zeros, last_word, public_times };
        let (tables, instructions) = (self.tables, self.instructions);
        Ok(Run { output, exit_code, instructions, claims, tables, records, executed })
    }

    /// Makes the rows of the memory tables; gives the runs of touched words of the file, the numbers of
    /// touched words in each range of zeros, and the last word.
    fn memory(&mut self) -> Result<Memory, RunError> {
        let bytes = u64::from(self.guest.xlen().bytes());
        let ranges = self.guest.image.zeros();
        let (mut image, mut zeros) = (Vec::<(u64, u64)>::new(), vec![0; ranges.len()]);
        let mut before = None;
        for word in self.state.touched() {
            let place = [word.address, before.unwrap_or(0), before.is_none().into()];
            let [a, b, c] = place;
            before = Some(word.address);
            if let Some(first) = word.initial {
                self.push(Written::MemoryImage, &[a, b, c, word.last, word.time, first])?;
                match image.last_mut() {
                    Some((start, words)) if *start + *words * bytes == word.address => *words += 1,
                    _ => image.push((word.address, 1)),
                }
            } else {
                let at = ranges.partition_point(|(from, _)| *from <= word.address) - 1;
                let (from, to) = ranges[at];
                zeros[at] += 1;
                self.push(Written::MemoryZeros, &[a, b, c, word.last, word.time, from, to])?;
            }
        }
        Ok((image, zeros, before))
    }
}

/// Runs of touched words of the file, numbers of touched zeros, the last touched word.
type Memory = (Vec<(u64, u64)>, Vec<u64>, Option<u64>);

/// The parts of the code that lines in order of address make up.
fn code_ranges<'l>(lines: impl Iterator<Item = &'l Line>) -> Vec<(u64, u64)> {
    let mut ranges = Vec::<(u64, u64)>::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, end)) if *end == line.operands.pc => *end = line.end,
            _ => ranges.push((line.operands.pc, line.end)),
        }
    }
    ranges
}
