//! What runs: the steps that a purpose needs, as a flat program if they are narrow, else as they are.

use autoprec_circuits::Field;
use autoprec_isa::Xlen;

use super::program::{Program, is_narrow};
use super::steps::{Query, Slot, Source, Step, word};

/// Results of a call that are kept on the stack.
const FEW: usize = 64;

/// The steps that one purpose needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Engine<F> {
    /// Words of 32 bits, many rows at a time.
    Narrow(Program<F>),
    /// Integers, one row at a time.
    Wide(Pruned<F>),
}

/// Steps without those that are not needed, numbered anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pruned<F> {
    steps: Vec<Step<F>>,
    /// Per query that is left, its place in the record.
    places: Vec<u32>,
    results: Vec<Source>,
}

/// Who answers the queries of a run.
pub(super) trait Answer {
    /// Why there is no answer.
    type Error;
    /// Answers a query, which has this place in the record, given the results of the steps that it
    /// names: words, or [`u64::MAX`] for what is none.
    fn answer(
        &mut self,
        query: Query,
        place: u32,
        at: impl Fn(Slot) -> u64,
    ) -> Result<u64, Self::Error>;
}

impl<F: Field> Engine<F> {
    /// Of the steps that give `results`, and those that `keep` names. `queried` says whether queries
    /// are asked of a machine; if not, they are answered from a record.
    pub(super) fn new(
        steps: &[Step<F>],
        xlen: Xlen,
        results: &[Source],
        queried: bool,
        keep: fn(&Step<F>) -> bool,
    ) -> Self {
        let operands = if queried { Step::operands } else { Step::pure_operands };
        let needed = needed(steps, results, keep, operands);
        let left = steps.iter().zip(&needed).filter(|(_, needed)| **needed).map(|(step, _)| step);
        if is_narrow(xlen, left, results) {
            Self::Narrow(Program::compile(steps, &needed, results, queried))
        } else {
            Self::Wide(Pruned::new(steps, &needed, results, queried))
        }
    }

    /// Runs one call and gives the first result as a word.
    ///
    /// # Errors
    /// Those of `asked`.
    #[inline]
    pub(super) fn run<A: Answer>(
        &self,
        (xlen, entry): (Xlen, u64),
        asked: &mut A,
    ) -> Result<u64, A::Error> {
        match self {
            Self::Narrow(program) => {
                // Most calls are short, and an allocation would take a good part of their time.
                let (mut few, mut many) = ([[0; 1]; FEW], Vec::new());
                let words = match few.get_mut(..program.len()) {
                    Some(words) => words,
                    None => {
                        many.resize(program.len(), [0; 1]);
                        &mut many[..]
                    }
                };
                program.run(entry, words, |query, place, words: &[[u32; 1]]| {
                    let at = |slot: Slot| u64::from(words[slot.index()][0]);
                    asked.answer(query, place, at).map(narrowed)
                })?;
                Ok(words[program.results()[0] as usize][0].into())
            }
            Self::Wide(pruned) => {
                let mut slots = Vec::new();
                pruned.run((xlen, entry), &mut slots, asked)?;
                Ok(word(slots[pruned.results[0].slot().index()]))
            }
        }
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "words have 32 bits here")]
fn narrowed(word: u64) -> [u32; 1] {
    [word as u32]
}

impl<F: Field> Pruned<F> {
    fn new(steps: &[Step<F>], needed: &[bool], results: &[Source], queried: bool) -> Self {
        let mut pruned = Self { steps: Vec::new(), places: Vec::new(), results: Vec::new() };
        let mut numbers = vec![Slot(u32::MAX); steps.len()];
        let mut queries = 0..;
        for (index, step) in steps.iter().enumerate() {
            let place = step.query().and_then(|_| queries.next());
            if !needed[index] {
                continue;
            }
            numbers[index] = Slot(u32::try_from(pruned.steps.len()).expect("a row has few steps"));
            let at = |slot: Slot| numbers[slot.index()];
            let is_answered = place.is_some() && !queried;
            pruned.steps.push(if is_answered { step.clone() } else { step.mapped(at) });
            pruned.places.extend(place);
        }
        let at = |slot: Slot| numbers[slot.index()];
        pruned.results.extend(results.iter().map(|source| source.mapped(at)));
        pruned
    }

    /// Computes all steps.
    ///
    /// # Errors
    /// Those of `asked`.
    #[inline]
    pub(super) fn run<A: Answer>(
        &self,
        (xlen, entry): (Xlen, u64),
        slots: &mut Vec<i128>,
        asked: &mut A,
    ) -> Result<(), A::Error> {
        slots.clear();
        slots.reserve(self.steps.len());
        let mut places = self.places.iter();
        for step in &self.steps {
            let value = match step {
                Step::Query(query) => {
                    let place = *places.next().expect("each query has a place");
                    let at = |slot: Slot| u64::try_from(slots[slot.index()]).unwrap_or(u64::MAX);
                    i128::from(asked.answer(*query, place, at)?)
                }
                other => other.eval(xlen, entry, slots),
            };
            slots.push(value);
        }
        Ok(())
    }

    /// What the results are made from.
    pub(super) fn results(&self) -> &[Source] {
        &self.results
    }
}

/// Per step, whether the results or the steps to keep need it.
fn needed<F: Field>(
    steps: &[Step<F>],
    results: &[Source],
    keep: fn(&Step<F>) -> bool,
    operands: fn(&Step<F>) -> Vec<Slot>,
) -> Vec<bool> {
    let mut needed: Vec<bool> = steps.iter().map(keep).collect();
    results.iter().for_each(|source| needed[source.slot().index()] = true);
    for (index, step) in steps.iter().enumerate().rev() {
        if needed[index] {
            operands(step).iter().for_each(|slot| needed[slot.index()] = true);
        }
    }
    needed
}
