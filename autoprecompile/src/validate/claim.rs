//! What a row claims happened, read off its stateful messages, and whether it did.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Bus, ConstraintSystem, Field};

use super::access::Access;
use super::machine::Machine;

/// Timestamps and pointers that exist are below this.
const BOUND: u32 = 1 << 29;

/// The messages of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    entry: (u32, u32),
    exit: (u32, u32),
    pub(super) accesses: Vec<Access>,
    /// Whether a received word has a limb that is no byte, which no message in existence has.
    not_bytes: bool,
    /// Whether a sent word has one.
    sends_others: bool,
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

impl Claim {
    /// The claim of a row, if its messages have the form of a call's.
    pub(super) fn of(system: &ConstraintSystem<BabyBear>, row: &[BabyBear]) -> Option<Self> {
        let mut entry = None;
        let mut exit = None;
        let mut received = None;
        let mut accesses = Vec::new();
        let mut sent = BTreeSet::new();
        let (mut not_bytes, mut sends_others) = (false, false);
        for (bus, multiplicity, message) in system.stateful_messages(row) {
            let fields: Vec<u32> = message.iter().map(|field| field.canonical()).collect();
            let is_send = match multiplicity {
                m if m == BabyBear::ONE => true,
                m if m == -BabyBear::ONE => false,
                _ => return None,
            };
            match (bus, is_send) {
                (Bus::Execution, false) => entry = Some((fields[0], fields[1])),
                (Bus::Execution, true) => exit = Some((fields[0], fields[1])),
                (_, false) => received = Some(fields),
                (_, true) => {
                    let old = received.take()?;
                    if old[..2] != fields[..2] {
                        return None;
                    }
                    let bytes = |fields: &[u32]| -> Option<[u8; 4]> {
                        let bytes: Option<Vec<u8>> =
                            fields[2..6].iter().map(|&b| u8::try_from(b).ok()).collect();
                        bytes?.try_into().ok()
                    };
                    // What this row sent itself is not excused by what others can have sent.
                    not_bytes |= bytes(&old).is_none() && !sent.contains(&old);
                    let new = bytes(&fields);
                    sends_others |= new.is_none();
                    sent.insert(fields.clone());
                    accesses.push(Access {
                        space: fields[0],
                        pointer: fields[1],
                        old: bytes(&old).unwrap_or_default(),
                        new: new.unwrap_or_default(),
                        previous: old[6],
                        now: fields[6],
                    });
                }
            }
        }
        let (entry, exit) = (entry?, exit?);
        received.is_none().then_some(Self { entry, exit, accesses, not_bytes, sends_others })
    }

    /// Executes the instructions on the received state and compares.
    pub(super) fn judge(&self, region: &Region) -> Verdict {
        if u64::from(self.entry.0) != region.entry() {
            return Verdict::Wrong(format!("it starts at {:#x}", self.entry.0));
        }
        if self.not_bytes || self.entry.1 >= BOUND {
            return Verdict::Impossible;
        }
        if self.sends_others {
            return Verdict::Wrong("it writes a limb that is not a byte".into());
        }
        // That no other row comes between two accesses of a call rests on the order of their times, so
        // the order comes first.
        let is_late = |access: &&Access| (access.now..BOUND).contains(&access.previous);
        if let Some(Access { previous, now, .. }) = self.accesses.iter().find(is_late) {
            return Verdict::Wrong(format!("an access at {now} follows one at {previous}"));
        }
        let Some((start, end)) = self.states() else { return Verdict::Impossible };
        let late =
            self.accesses.iter().zip(self.entry.1..).find(|(access, now)| access.now != *now);
        if let Some((access, now)) = late {
            return Verdict::Wrong(format!("an access is at {} instead of {now}", access.now));
        }
        let mut machine = start;
        let Ok(next_pc) = machine.execute(region) else {
            return Verdict::Wrong("the instructions fault on what it receives".into());
        };
        if u64::from(self.exit.0) != next_pc {
            return Verdict::Wrong(format!("it goes to {:#x}, not {next_pc:#x}", self.exit.0));
        }
        let ticks = u32::try_from(self.accesses.len()).expect("a region has few accesses");
        if self.exit.1 != self.entry.1 + ticks {
            return Verdict::Wrong("its clock does not advance by its accesses".into());
        }
        match end.difference(&machine) {
            Some(difference) => Verdict::Wrong(difference),
            None => Verdict::Honest,
        }
    }

    /// The state it receives and the state it leaves; `None` if what it receives cannot have been
    /// sent. Places it does not access are the same in both.
    fn states(&self) -> Option<(Machine, Machine)> {
        // What is not accessed can be anything.
        let mut start = Machine::arbitrary();
        let mut last: BTreeMap<(u32, u32), ([u8; 4], u32)> = BTreeMap::new();
        for access in &self.accesses {
            let place = (access.space, access.pointer);
            match last.insert(place, (access.new, access.now)) {
                // No other row can come between two accesses of one call.
                Some(sent) if sent != (access.old, access.previous) => return None,
                Some(_) => {}
                None if access.previous >= BOUND || access.pointer >= BOUND => return None,
                None if access.pointer % 4 != 0 => return None,
                None => start.set(place, access.old),
            }
        }
        let mut end = start.clone();
        for (place, (word, _)) in last {
            end.set(place, word);
        }
        Some((start, end))
    }
}

impl Machine {
    fn set(&mut self, (space, pointer): (u32, u32), word: [u8; 4]) {
        let word = u32::from_le_bytes(word);
        if space == 1 {
            self.regs[(pointer / 4) as usize % 32] = word;
        } else {
            self.memory.insert(pointer, word);
        }
    }
}
