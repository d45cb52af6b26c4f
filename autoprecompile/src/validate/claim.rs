//! What a row claims happened, read off its stateful messages, and whether it did.
//!
//! A row takes part in a run only through the messages that it receives and sends, and nothing tells in
//! which order. So what is received of a place is paired with what is sent of it by time: if any way to
//! pair them has each access later than the one before it, this one has.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_circuits::{ConstraintSystem, Field};

use super::host::{Access, Place};
use super::messages::{Message, PlaceFields, ReadBus};
use super::rules::Rules;
use super::state::GuestState;
use crate::target::fits;

/// The messages of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// Address and time.
    entry: (u64, u64),
    /// Address and time.
    exit: (u64, u64),
    /// In the order of their times. Words that are out of range are 0 here.
    accesses: Vec<Access>,
    /// It receives what no message in existence says, and has not sent it itself.
    is_impossible: bool,
    /// It sends a word that is out of range, which others would rely on.
    sends_others: bool,
    /// It accesses an address at which memory has no word.
    is_nowhere: bool,
}

/// Whether a claim is true.
pub(super) enum Verdict {
    /// It is what executing the instructions on the received state does.
    Honest,
    /// It receives something that cannot have been sent.
    Impossible,
    /// It is false, and why.
    Wrong(String),
}

/// What is received and sent of one place, or of control.
struct Messages<F> {
    received: Vec<Message<F>>,
    sent: Vec<Message<F>>,
}

impl<F> Default for Messages<F> {
    fn default() -> Self {
        Self { received: Vec::new(), sent: Vec::new() }
    }
}

impl Claim {
    /// That of an honest call.
    pub(super) fn honest(entry: (u64, u64), exit: (u64, u64), accesses: Vec<Access>) -> Self {
        Self { entry, exit, accesses, is_impossible: false, sends_others: false, is_nowhere: false }
    }

    /// The claim of a row; none if it sends and receives nothing, as padding does.
    ///
    /// # Errors
    /// If its messages have not the form of a call's: one entry, one exit, as many received as sent of
    /// each place, and none besides. Says what is wrong.
    pub(super) fn of<F: Field, B: ReadBus>(
        rules: &Rules<'_>,
        system: &ConstraintSystem<F, B>,
        row: &[F],
    ) -> Result<Option<Self>, String> {
        let mut by_place: BTreeMap<Option<PlaceFields<F>>, Messages<F>> = BTreeMap::new();
        for (bus, multiplicity, fields) in system.stateful_messages(row) {
            let Some(message) = bus.read(rules, &fields) else {
                return Err(format!("it has a {} message that no call has", bus.name()));
            };
            let messages = by_place.entry(message.place.clone()).or_default();
            match multiplicity {
                one if one == F::ONE => messages.sent.push(message),
                one if one == -F::ONE => messages.received.push(message),
                _ => return Err(format!("a {} message is sent {multiplicity} times", bus.name())),
            }
        }
        if by_place.is_empty() {
            return Ok(None);
        }
        let control = by_place.remove(&None).unwrap_or_default();
        let ([entry], [exit]) = (&control.received[..], &control.sent[..]) else {
            return Err("it does not enter and leave once".to_owned());
        };
        let address = |message: &Message<F>| (message.word.unwrap_or_default(), message.time);
        let mut claim = Self::honest(address(entry), address(exit), Vec::new());
        // A row that enters itself needs no other.
        let is_readable = entry.word.is_some() && fits(entry.time, rules.target.time_bits);
        claim.is_impossible = !is_readable && entry != exit;
        claim.sends_others = exit.word.is_none();
        for (place, messages) in by_place {
            let place = place.expect("control was taken out");
            claim.note(rules, &place, messages)?;
        }
        claim.accesses.sort_by_key(|access| access.now);
        Ok(Some(claim))
    }

    /// Adds the accesses to one place.
    fn note<F: Field>(
        &mut self,
        rules: &Rules<'_>,
        place: &PlaceFields<F>,
        Messages { mut received, mut sent }: Messages<F>,
    ) -> Result<(), String> {
        if received.len() != sent.len() {
            let what = "receives a place's messages more or less often than it sends them";
            return Err(format!("it {what}"));
        }
        for message in &received {
            let is_readable = message.word.is_some() && fits(message.time, rules.target.time_bits);
            // What this row sent itself is not excused by what others can have sent.
            self.is_impossible |= !is_readable && !sent.contains(message);
        }
        // The table of memory shows that of the words which it sends first.
        self.is_nowhere |= place.place.is_none();
        self.sends_others |= sent.iter().any(|message| message.word.is_none());
        received.sort_by_key(|message| message.time);
        sent.sort_by_key(|message| message.time);
        let pair = |(old, new): (&Message<F>, &Message<F>)| Access {
            place: place.place.unwrap_or(Place::Word(u64::MAX)),
            old: old.word.unwrap_or_default(),
            new: new.word.unwrap_or_default(),
            previous: old.time,
            now: new.time,
        };
        self.accesses.extend(received.iter().zip(&sent).map(pair));
        Ok(())
    }

    /// Executes the instructions on the received state and compares.
    pub(super) fn judge(&self, rules: &Rules<'_>, region: &Region) -> Verdict {
        let wrong = |what: String| Verdict::Wrong(what);
        if self.entry.0 != region.entry() {
            return wrong(format!("it starts at {:#x}", self.entry.0));
        }
        if self.is_impossible {
            return Verdict::Impossible;
        }
        if self.sends_others {
            return wrong("it sends a word with a limb that is out of range".into());
        }
        // That no other row comes between two accesses of a call rests on the order of their times, so
        // the order comes first.
        let is_late = |access: &&Access| access.previous >= access.now;
        if let Some(Access { previous, now, .. }) = self.accesses.iter().find(is_late) {
            return wrong(format!("an access at {now} follows one at {previous}"));
        }
        if self.is_nowhere {
            return Verdict::Impossible;
        }
        let Some((start, end)) = self.states(rules) else { return Verdict::Impossible };
        let mut times = self.accesses.iter().zip(self.entry.1..);
        if let Some((access, now)) = times.find(|(access, now)| access.now != *now) {
            return wrong(format!("an access is at {} instead of {now}", access.now));
        }
        let mut state = start;
        let Ok(next_pc) = state.execute(region) else {
            return wrong("the instructions fault on what it receives".into());
        };
        if self.exit.0 != next_pc {
            return wrong(format!("it goes to {:#x}, not {next_pc:#x}", self.exit.0));
        }
        // A call without accesses takes a tick, too.
        let ticks = (self.accesses.len() as u64).max(1);
        if self.exit.1 != self.entry.1 + ticks {
            return wrong("its clock does not advance by its accesses".into());
        }
        match end.difference(&state) {
            Some(difference) => Verdict::Wrong(difference),
            None => Verdict::Honest,
        }
    }

    /// The state it receives and the state it leaves; `None` if what it receives cannot have been
    /// sent. Places it does not access are the same in both.
    fn states(&self, rules: &Rules<'_>) -> Option<(GuestState, GuestState)> {
        // What is not accessed can be anything.
        let mut start = GuestState::arbitrary(rules.xlen, rules.bounds());
        let mut last: BTreeMap<Place, (u64, u64)> = BTreeMap::new();
        for access in &self.accesses {
            match last.insert(access.place, (access.new, access.now)) {
                // No other row can come between two accesses of one call.
                Some(sent) if sent != (access.old, access.previous) => return None,
                Some(_) => {}
                None => start.set(access.place, access.old),
            }
        }
        let mut end = start.clone();
        for (place, (word, _)) in last {
            end.set(place, word);
        }
        Some((start, end))
    }
}

impl GuestState {
    fn set(&mut self, place: Place, word: u64) {
        match place {
            Place::Register(number) => self.registers[usize::from(number)] = word,
            Place::Word(address) => drop(self.memory.insert(address, word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use autoprec_circuits::{BabyBear, Bus, Expr, Interaction, MachineBus, Origin};
    use autoprec_isa::Xlen;

    use super::*;
    use crate::registry::{OPENVM, PLONKY3};

    /// Whether a row with these messages, beside entry and exit, has the form of a call.
    fn is_call<B: ReadBus>(rules: &Rules<'_>, messages: &[(B, i64, &[i64])]) -> bool {
        let origin = || Origin { instruction: None, what: "test".into() };
        let interaction = |&(bus, times, fields): &(B, i64, &[i64])| Interaction {
            bus,
            multiplicity: Expr::<BabyBear>::int(times),
            message: fields.iter().map(|field| Expr::int(*field)).collect(),
            origin: origin(),
        };
        let system = ConstraintSystem {
            interactions: messages.iter().map(interaction).collect(),
            ..ConstraintSystem::default()
        };
        Claim::of(rules, &system, &[]).is_ok_and(|claim| claim.is_some())
    }

    #[test]
    fn what_no_call_accesses_is_not_excused_on_openvm() {
        let rules = Rules { target: &OPENVM, xlen: Xlen::Rv32 };
        let with = |space, pointer| {
            let fields = |time| [space, pointer, 0, 0, 0, 0, time];
            let (old, new) = (fields(3), fields(9));
            is_call(
                &rules,
                &[
                    (Bus::Execution, -1, &[0, 9]),
                    (Bus::Memory, -1, &old),
                    (Bus::Memory, 1, &new),
                    (Bus::Execution, 1, &[4, 10]),
                ],
            )
        };
        assert!(with(1, 4) && with(1, 124) && with(2, 0) && with(2, 2));
        // x0, what is no register, public values.
        assert!(!with(1, 0) && !with(1, 128) && !with(1, 5) && !with(3, 0));
    }

    #[test]
    fn what_no_call_accesses_is_not_excused_on_machines() {
        let rules = Rules { target: &PLONKY3, xlen: Xlen::Rv32 };
        let leaves = |bus| {
            let entry = (MachineBus::Execution, -1, &[0, 0, 9][..]);
            is_call(&rules, &[entry, (bus, 1, &[4, 0, 10])])
        };
        assert!(leaves(MachineBus::Execution));
        // The end of the run has the same fields as an exit.
        assert!(!leaves(MachineBus::Exit));
        let with = |number| {
            is_call(
                &rules,
                &[
                    (MachineBus::Execution, -1, &[0, 0, 9]),
                    (MachineBus::Register, -1, &[number, 0, 0, 3]),
                    (MachineBus::Register, 1, &[number, 0, 0, 9]),
                    (MachineBus::Execution, 1, &[4, 0, 10]),
                ],
            )
        };
        assert!(with(1) && with(31) && !with(0) && !with(32));
    }
}
