//! The functions of a guest: those that symbols name, and where there are none, what calls lead to.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_blocks::Terminator;
use autoprec_dashboards::Function;
use autoprec_guest_elf::Program;

use crate::Guest;

/// The functions that hold code.
#[derive(Debug)]
pub(crate) struct Functions {
    /// By address.
    pub(crate) list: Vec<Function>,
    /// By address: the position, and whether a symbol says where it ends.
    by_entry: BTreeMap<u64, (usize, bool)>,
}

impl Functions {
    pub(crate) fn of(guest: &Guest<'_>) -> Self {
        let Guest { program, sources, cfg, run, .. } = guest;
        let mut named: BTreeMap<u64, &str> = BTreeMap::new();
        let mut called: BTreeSet<u64> = BTreeSet::new();
        for block in &cfg.blocks {
            if let Some(symbol) = program.function_at(block.start) {
                named.insert(symbol.addr, &symbol.name);
            }
            if let Terminator::Call { target, .. } = block.terminator {
                called.insert(target);
            }
        }
        let stacks = run.iter().flat_map(|run| &run.profile.stacks);
        called.extend(stacks.flat_map(|stack| stack.frames.iter().copied()));
        called.insert(program.entry);
        called.retain(|&pc| cfg.block_at(pc).is_some() && program.function_at(pc).is_none());
        let entries: BTreeSet<u64> = named.keys().copied().chain(called).collect();
        let mut functions = Self { list: Vec::new(), by_entry: BTreeMap::new() };
        for entry in entries {
            let name = named.get(&entry).copied();
            functions.by_entry.insert(entry, (functions.list.len(), name.is_some()));
            let place = sources.at(entry).pop().and_then(|place| {
                let (file, line) = (place.file?, place.begins.or(place.line));
                Some(line.map_or_else(|| file.clone(), |line| format!("{file}:{line}")))
            });
            let name = name.map_or_else(|| format!("{entry:#x}"), str::to_owned);
            functions.list.push(Function { name, entry, place });
        }
        functions
    }

    /// The index of the function that an address lies in, −1 if it is in none.
    pub(crate) fn index(&self, program: &Program, pc: u64) -> i32 {
        let index = match program.function_at(pc) {
            Some(symbol) => self.by_entry.get(&symbol.addr).map(|&(index, _)| index),
            None => self.without_symbol(program, pc),
        };
        index.map_or(-1, crate::signed)
    }

    /// What has no symbol belongs to the last function before it that has none either.
    fn without_symbol(&self, program: &Program, pc: u64) -> Option<usize> {
        let (&entry, &(index, has_symbol)) = self.by_entry.range(..=pc).next_back()?;
        let end = program.segment_at(entry)?.end();
        (!has_symbol && pc < end).then_some(index)
    }
}
