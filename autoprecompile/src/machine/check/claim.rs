//! What a row claims: the state that it receives and the one that it sends.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_circuits::{Field, MachineBus};

use super::Subject;
use super::world::{Access, Place, World};

/// Entry, exit and accesses that a row's messages say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) pc: u64,
    pub(super) next_pc: u64,
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) accesses: Vec<Access>,
}

/// A message of state, read: where, which word, when.
struct Message {
    place: Option<Place>,
    word: u64,
    time: u64,
}

impl Claim {
    /// Reads a row's messages; `None` if it receives what nothing can have sent: a word that is out of
    /// range, or at an address that is no word's, or at a time that is none; or nothing. The memory table shows that of its addresses, and
    /// whoever sends a word shows it in range.
    ///
    /// # Errors
    /// If they are not pairs of one received and one sent, as accesses make them.
    pub(super) fn of<F: Field>(subject: Subject<'_, F>, row: &[F]) -> Result<Option<Self>, String> {
        let (mut received, mut sent) = (Vec::new(), Vec::new());
        let mut is_wrong = None;
        for (bus, multiplicity, message) in subject.lowered.system.stateful_messages(row) {
            let read = read(subject, bus, &message);
            match (multiplicity.to_signed(), read) {
                (Some(-1), Err(_)) | (Some(1), Err(Unreadable::Address | Unreadable::Time)) => {
                    return Ok(None);
                }
                (Some(-1), Ok(message)) => received.push(message),
                (Some(1), Ok(message)) => sent.push(message),
                // If what is received can be, this is wrong.
                (Some(1), Err(Unreadable::Word)) => {
                    is_wrong = Some(format!("a word that it sends on {bus:?} is out of range"));
                }
                _ => return Err(format!("a {bus:?} message is sent {multiplicity} times")),
            }
        }
        if let Some(what) = is_wrong {
            return Err(what);
        }
        if received.is_empty() && sent.is_empty() {
            // Padding.
            return Ok(None);
        }
        if received.len() != sent.len() {
            return Err("it receives and sends different numbers of messages".to_owned());
        }
        let mut claim = Self { pc: 0, next_pc: 0, began: 0, ended: 0, accesses: Vec::new() };
        let mut rest: Vec<Message> = Vec::new();
        for message in sent {
            match message.place {
                None => (claim.next_pc, claim.ended) = (message.word, message.time),
                Some(_) => rest.push(message),
            }
        }
        rest.sort_by_key(|message| message.time);
        let mut by_place: BTreeMap<Place, Vec<Message>> = BTreeMap::new();
        for message in received {
            match message.place {
                None => (claim.pc, claim.began) = (message.word, message.time),
                Some(place) => by_place.entry(place).or_default().push(message),
            }
        }
        by_place
            .values_mut()
            .for_each(|messages| messages.sort_by_key(|m| std::cmp::Reverse(m.time)));
        for Message { place, word, time } in rest {
            let place = place.ok_or("it leaves twice")?;
            let old = by_place.get_mut(&place).and_then(Vec::pop);
            let Some(old) = old else { return Err(format!("it sends {place:?} unreceived")) };
            let (previous, now) = (old.time, time);
            claim.accesses.push(Access { place, old: old.word, new: word, previous, now });
        }
        Ok(Some(claim.sorted()))
    }

    /// With the accesses in a fixed order.
    pub(super) fn sorted(mut self) -> Self {
        self.accesses.sort_by_key(|access| access.now);
        self
    }

    /// Whether executing what is received gives what is sent.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(super) fn check(&self, region: &Region) -> Result<(), String> {
        if self.pc != region.entry() {
            return Err(format!("it begins at {:#x}", self.pc));
        }
        // A row without accesses takes a tick, too.
        let ticks = (self.accesses.len() as u64).max(1);
        if self.ended != self.began.wrapping_add(ticks) {
            return Err(format!("it takes from {} to {}", self.began, self.ended));
        }
        let mut start = World::new(region.xlen, 0);
        let mut end: BTreeMap<Place, (u64, u64)> = BTreeMap::new();
        for (access, now) in self.accesses.iter().zip(self.began..) {
            if access.now != now || access.previous >= now {
                return Err(format!("an access is at {} after {}", access.now, access.previous));
            }
            match end.insert(access.place, (access.new, now)) {
                // What is received at a time of the call is what the call sent at that time, for
                // times are unique. And of a place that the call has accessed before, nothing older
                // can be received: the messages of a place are one chain of increasing times. So a
                // row that receives something else is not part of a run.
                Some(before) if before != (access.old, access.previous) => return Ok(()),
                Some(_) => {}
                None if access.previous >= self.began => return Ok(()),
                None => start.set(access.place, access.old)?,
            }
        }
        let mut world = start;
        let Ok(next_pc) = world.execute(region) else {
            return Err("it is a row of a state on which the instructions fault".to_owned());
        };
        if next_pc != self.next_pc {
            return Err(format!("it goes to {:#x} instead of {next_pc:#x}", self.next_pc));
        }
        for (place, (word, _)) in end {
            let got = world.get(place);
            if got != word {
                return Err(format!("{place:?} becomes {word:#x} instead of {got:#x}"));
            }
        }
        Ok(())
    }
}

impl World {
    fn set(&mut self, place: Place, word: u64) -> Result<(), String> {
        match place {
            Place::Register(number) => {
                let register = usize::try_from(number).ok();
                let register = register.and_then(|number| self.registers.get_mut(number));
                *register.ok_or_else(|| format!("there is no register {number}"))? = word;
            }
            Place::Memory(address) => {
                self.memory.insert(address, word);
            }
        }
        Ok(())
    }

    fn get(&self, place: Place) -> u64 {
        match place {
            Place::Register(number) => {
                let register = usize::try_from(number).ok();
                register.and_then(|number| self.registers.get(number)).copied().unwrap_or_default()
            }
            Place::Memory(address) => self.word(address),
        }
    }
}

/// Why a message says nothing of a state.
enum Unreadable {
    /// Its address is no word's.
    Address,
    /// Its word is out of range.
    Word,
    /// Its time is none: the verifier knows that the last one is in range, and that of a row follows
    /// from its entry.
    Time,
}

fn read<F: Field>(
    subject: Subject<'_, F>,
    bus: MachineBus,
    message: &[F],
) -> Result<Message, Unreadable> {
    let Subject { region, target, .. } = subject;
    let limbs = target.limbs(region.xlen);
    let word = |fields: &[F]| -> Option<u64> {
        let width = target.limb_width(region.xlen);
        fields.iter().zip(0..).try_fold(0, |word, (limb, index)| {
            let limb = limb.to_u64();
            let is_in_range =
                F::from_u64(limb) == fields[index as usize] && limb <= u64::MAX >> (64 - width);
            is_in_range.then(|| word | limb << (index * width))
        })
    };
    let time = message.last().expect("messages have fields").to_u64();
    if time >> target.time_bits != 0 {
        return Err(Unreadable::Time);
    }
    let (place, value) = match bus {
        MachineBus::Register => (Some(Place::Register(message[0].to_u64())), &message[1..=limbs]),
        MachineBus::Memory => {
            let address = word(&message[..limbs]).ok_or(Unreadable::Address)?;
            if !address.is_multiple_of(u64::from(region.xlen.bytes())) {
                return Err(Unreadable::Address);
            }
            (Some(Place::Memory(address)), &message[limbs..2 * limbs])
        }
        _ => (None, &message[..limbs]),
    };
    Ok(Message { place, word: word(value).ok_or(Unreadable::Word)?, time })
}
