//! What changed between two profiles: in all, per function and per block.
//!
//! Functions and blocks are recognised by name and offset where the guest is given, and by address
//! where it is not, which means something only for runs of one ELF.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use autoprec_guest_elf::Program;
use autoprec_profile::Profile;

use crate::cost::Model;

/// One of the two profiles.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The guest, with its original words: for names, and for any cost but instructions.
    pub program: Option<&'a Program>,
}

/// A cost before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Of what.
    pub name: String,
    /// In the first profile.
    pub before: u64,
    /// In the second.
    pub after: u64,
}

/// What changed. Rows that did not change are left out, those that changed most come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// What is counted.
    pub unit: String,
    /// The whole runs.
    pub total: Change,
    /// Per function, callees excluded.
    pub functions: Vec<Change>,
    /// Per straight-line piece of code, by where it was entered.
    pub blocks: Vec<Change>,
}

/// A model cannot weigh what it does not see.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cost model `{model}` needs the guests of both profiles; name their ELFs")]
pub struct NeedsProgram {
    /// Its name.
    pub model: String,
}

impl Diff {
    /// Compares two profiles by the first unit of a model; by instructions, if there is none.
    ///
    /// # Errors
    ///
    /// If there is a model and a guest is missing.
    pub fn of(
        before: Side<'_>,
        after: Side<'_>,
        model: Option<&Model>,
    ) -> Result<Self, NeedsProgram> {
        let mut functions: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        let mut blocks: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        let mut total = [0u64; 2];
        for (index, side) in [before, after].into_iter().enumerate() {
            let costs = side.costs(model)?;
            for visit in &side.profile.visits {
                let called = side.profile.stacks[visit.stack].call_label();
                // An execution on the path of a call is one call.
                let call = model.zip(called).map_or(0, |(model, label)| model.call_cost(&label));
                let each = costs[visit.span].saturating_add(call);
                let cost = each.saturating_mul(visit.count);
                let (function, block) = side.names(visit.stack, visit.span);
                functions.entry(function).or_default()[index] += cost;
                blocks.entry(block).or_default()[index] += cost;
                total[index] = total[index].saturating_add(cost);
            }
        }
        Ok(Self {
            unit: model.map_or_else(|| "instructions".to_owned(), |model| model.units[0].clone()),
            total: Change { name: "(all)".to_owned(), before: total[0], after: total[1] },
            functions: changes(functions),
            blocks: changes(blocks),
        })
    }

    /// Whether the whole run got worse by more than this many hundredths of a percent.
    pub fn is_worse(&self, hundredths: u64) -> bool {
        let (before, after) = (u128::from(self.total.before), u128::from(self.total.after));
        after * 10_000 > before * (10_000 + u128::from(hundredths))
    }

    /// The tables for people, each of at most `rows` rows.
    pub fn table(&self, rows: usize) -> String {
        let mut text = String::new();
        for (title, changes) in [("function", &self.functions), ("block", &self.blocks)] {
            head(&mut text, &self.unit, title);
            changes.iter().take(rows).for_each(|change| line(&mut text, change));
            if changes.len() > rows {
                writeln!(text, "{:>52}({} more)", "", changes.len() - rows).expect(STRING);
            }
            line(&mut text, &self.total);
        }
        text
    }
}

const STRING: &str = "writing to a string does not fail";

fn head(text: &mut String, unit: &str, title: &str) {
    writeln!(text, "{:>15}  {:>15}  {:>16}  {title} ({unit})", "before", "after", "change")
        .expect(STRING);
}

fn line(text: &mut String, change: &Change) {
    let Change { name, before, after } = change;
    let difference = i128::from(*after) - i128::from(*before);
    writeln!(text, "{before:>15}  {after:>15}  {difference:>+16}  {name}").expect(STRING);
}

fn changes(sums: BTreeMap<String, [u64; 2]>) -> Vec<Change> {
    let change = |(name, [before, after]): (String, [u64; 2])| Change { name, before, after };
    let mut changes: Vec<Change> =
        sums.into_iter().map(change).filter(|c| c.before != c.after).collect();
    // Stable, so equal changes stay in order of name.
    changes.sort_by_key(|change| std::cmp::Reverse(change.before.abs_diff(change.after)));
    changes
}

impl Side<'_> {
    /// What one execution of each span costs.
    fn costs(&self, model: Option<&Model>) -> Result<Vec<u64>, NeedsProgram> {
        match (model, self.program) {
            (None, _) => Ok(self.profile.spans.iter().map(|s| u64::from(s.insts)).collect()),
            (Some(model), Some(program)) => Ok(model.span_costs(program, self.profile)),
            (Some(model), None) => Err(NeedsProgram { model: model.name.clone() }),
        }
    }

    /// The names of a function and of a block in it.
    fn names(&self, stack: usize, span: usize) -> (String, String) {
        let start = self.profile.spans[span].start;
        let call = self.profile.stacks[stack].call_label();
        if let Some(function) = self.program.and_then(|program| program.function_at(start)) {
            let block = format!("{}+{:#x}", function.name, start - function.addr);
            return (call.unwrap_or_else(|| function.name.clone()), block);
        }
        // The entry of the function that was called says which it is.
        let frames = &self.profile.stacks[stack].frames;
        let function = frames.last().map_or_else(|| "(unknown)".to_owned(), |f| format!("{f:#x}"));
        (call.unwrap_or(function), format!("{start:#x}"))
    }
}
