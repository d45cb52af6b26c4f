//! What an accepted row means: what it sends must follow from what it receives.

use std::collections::BTreeMap;

use autoprec_circuits::{Field, MachineBus, MachineSystem};
use autoprec_isa::Xlen;
use autoprec_synth::OperandValues;
use autoprec_synth::Target;

use super::world::{Claim, World};

/// The messages of a row, and how to read them.
struct Messages<F> {
    target: Target,
    xlen: Xlen,
    program: Vec<F>,
    receives: Vec<(MachineBus, Vec<F>)>,
    sends: Vec<(MachineBus, Vec<F>)>,
}

/// A place with what it held before, and what after, and when.
struct Access<'a, F> {
    bus: MachineBus,
    place: u64,
    old: u64,
    previous: F,
    sent: &'a [F],
    time: u64,
}

/// Nothing is wrong, because nobody sends what the row receives or the program lacks it.
struct Moot;

/// What is wrong with an accepted row: what it sends does not follow from what it receives.
pub(crate) fn inconsistent<F: Field>(
    system: &MachineSystem<F>,
    target: &Target,
    xlen: Xlen,
    claim: &Claim,
    row: &[F],
) -> Result<(), String> {
    let Some(messages) = Messages::of(system, target, xlen, row)? else { return Ok(()) };
    let Ok(operands) = messages.operands() else { return Ok(()) };
    let (number, expected) = match claim {
        Claim::Call { id, entry, .. } => (*id, *entry),
        Claim::Kind { kind, .. } => (*kind, operands.pc),
    };
    if messages.program[messages.limbs()] != F::from_u64(number.into()) || operands.pc != expected {
        return Err("another program".into());
    }
    messages.judge(claim, operands)
}

impl<F: Field> Messages<F> {
    fn of(
        system: &MachineSystem<F>,
        target: &Target,
        xlen: Xlen,
        row: &[F],
    ) -> Result<Option<Self>, String> {
        let mut own =
            Self { target: *target, xlen, program: vec![], receives: vec![], sends: vec![] };
        for interaction in &system.interactions {
            let times = interaction.multiplicity.eval(row);
            let message: Vec<F> = interaction.message.iter().map(|field| field.eval(row)).collect();
            match interaction.bus {
                _ if times == F::ZERO => {}
                MachineBus::Range => {}
                MachineBus::Program => own.program = message,
                bus if times == F::ONE => own.sends.push((bus, message)),
                bus if times == -F::ONE => own.receives.push((bus, message)),
                _ => return Err("a message is sent more than once".into()),
            }
        }
        if own.program.is_empty() {
            let is_free = own.sends.is_empty() && own.receives.is_empty();
            return if is_free { Ok(None) } else { Err("nothing is looked up".into()) };
        }
        Ok(Some(own))
    }

    fn limbs(&self) -> usize {
        self.target.limbs(self.xlen)
    }

    /// The word that limbs are, if they are in range.
    fn word(&self, limbs: &[F]) -> Option<u64> {
        let width = self.target.limb_width(self.xlen);
        let mut word = 0;
        for (limb, shift) in limbs.iter().zip((0..).step_by(width as usize)) {
            let value = limb.to_u64();
            if F::from_u64(value) != *limb || (width < 64 && value >> width != 0) {
                return None;
            }
            word |= value << shift;
        }
        Some(word)
    }

    fn register(field: F) -> Option<u8> {
        let number = u8::try_from(field.to_u64()).ok().filter(|number| *number < 32)?;
        (F::from_u64(number.into()) == field).then_some(number)
    }

    /// What the program says. It holds words in range, and `writes` as it should be.
    fn operands(&self) -> Result<OperandValues, Moot> {
        let limbs = self.limbs();
        let (pc, rest) = self.program.split_at(limbs);
        let (head, words) = rest.split_at(5);
        let (constant, next) = words.split_at(limbs);
        let operands = (|| {
            Some(OperandValues {
                pc: self.word(pc)?,
                rd: Self::register(head[1])?,
                rs1: Self::register(head[2])?,
                rs2: Self::register(head[3])?,
                writes: head[4] == F::ONE,
                constant: self.word(constant)?,
                next: self.word(next)?,
            })
        })();
        let operands = operands.ok_or(Moot)?;
        let is_right = head[4] == F::from_u64((operands.rd != 0).into());
        if is_right { Ok(operands) } else { Err(Moot) }
    }

    fn execution(list: &[(MachineBus, Vec<F>)]) -> Result<&[F], String> {
        let mut found = list.iter().filter(|(bus, _)| *bus == MachineBus::Execution);
        match (found.next(), found.next()) {
            (Some((_, message)), None) => Ok(message),
            _ => Err("not one execution message".into()),
        }
    }

    fn judge(&self, claim: &Claim, operands: OperandValues) -> Result<(), String> {
        let limbs = self.limbs();
        let (from, to) = (Self::execution(&self.receives)?, Self::execution(&self.sends)?);
        let start = from[limbs].to_signed().and_then(|time| u64::try_from(time).ok());
        let Some(start) = start.filter(|time| time >> self.target.time_bits == 0) else {
            return Ok(());
        };
        if self.word(&from[..limbs]) != Some(operands.pc) {
            return Err("entered elsewhere".into());
        }
        let Ok(accesses) = self.accesses(start) else { return Ok(()) };
        // A row without accesses takes a tick.
        let end = start + u64::try_from(accesses.len().max(1)).unwrap();
        if to[limbs] != F::from_u64(end) {
            return Err("another end".into());
        }
        let Some((mut world, after)) = self.played(&accesses, start)? else { return Ok(()) };
        let Ok(next_pc) = claim.run(&mut world, Some(operands)) else {
            return Err("the instructions fault".into());
        };
        if self.word(&to[..limbs]) != Some(next_pc) {
            return Err(format!("left to another place than {next_pc:#x}"));
        }
        let register = |number: &u8| (MachineBus::Register, u64::from(*number));
        if let Some(number) = world.regs.keys().find(|own| !after.contains_key(&register(own))) {
            return Err(format!("x{number} is not accessed"));
        }
        for ((bus, at), (value, _)) in after {
            let expected = match bus {
                MachineBus::Register => world.regs.get(&u8::try_from(at).unwrap()),
                _ => world.memory.get(&at),
            };
            let expected = expected.map(|cell| cell.0);
            if expected != Some(value) {
                return Err(format!("{bus:?} {at:#x} becomes {value:#x}, not {expected:x?}"));
            }
        }
        Ok(())
    }

    /// The accesses, in order of time: receives and sends are pairs.
    fn accesses(&self, start: u64) -> Result<Vec<Access<'_, F>>, Moot> {
        let limbs = self.limbs();
        let is_access = |entry: &&(MachineBus, Vec<F>)| {
            matches!(entry.0, MachineBus::Register | MachineBus::Memory)
        };
        let received = self.receives.iter().filter(is_access);
        let sent = self.sends.iter().filter(is_access);
        let mut accesses = Vec::new();
        for (((bus, old), (_, new)), time) in received.zip(sent).zip(start..) {
            let (place, word) = self.place(*bus, old).ok_or(Moot)?;
            let value = self.word(&word[..limbs]).ok_or(Moot)?;
            if *bus == MachineBus::Register && place == 0 && value != 0 {
                return Err(Moot);
            }
            let previous = word[limbs];
            accesses.push(Access { bus: *bus, place, old: value, previous, sent: new, time });
        }
        Ok(accesses)
    }

    /// The place of a message, if it is one, and what follows it.
    fn place<'a>(&self, bus: MachineBus, message: &'a [F]) -> Option<(u64, &'a [F])> {
        if bus == MachineBus::Register {
            return Some((Self::register(message[0])?.into(), &message[1..]));
        }
        let (address, rest) = message.split_at(self.limbs());
        let address = self.word(address)?;
        address.is_multiple_of(self.xlen.bytes().into()).then_some((address, rest))
    }

    /// The state before, and what places hold after the accesses; nothing if they are not balanced.
    fn played(&self, accesses: &[Access<'_, F>], start: u64) -> Result<Option<Played>, String> {
        let limbs = self.limbs();
        let mut world = World::empty(self.xlen, start);
        let mut now: BTreeMap<(MachineBus, u64), (u64, u64)> = BTreeMap::new();
        for access in accesses {
            let Access { bus, place, old, previous, sent, time } = access;
            let own = now.get(&(*bus, *place));
            if own.is_none() && !self.is_before(*previous, start, *time)? {
                return Ok(None);
            }
            // What the row sent before must be what it receives.
            if own.is_some_and(|(held, since)| F::from_u64(*since) != *previous || held != old) {
                return Ok(None);
            }
            if own.is_none() && *bus == MachineBus::Register {
                world.regs.insert(u8::try_from(*place).unwrap(), (*old, 0));
            } else if own.is_none() {
                world.memory.insert(*place, (*old, 0));
            }
            let (to, word) = self.place(*bus, sent).ok_or("no place is sent")?;
            if to != *place || word[limbs] != F::from_u64(*time) {
                return Err("another place or time is sent".into());
            }
            let new = self.word(&word[..limbs]).ok_or("a word out of range is sent")?;
            now.insert((*bus, *place), (new, *time));
        }
        Ok(Some((world, now)))
    }

    /// Whether a time is before that of the row.
    fn is_before(&self, previous: F, start: u64, time: u64) -> Result<bool, String> {
        match previous.to_signed().map(u64::try_from) {
            Some(Ok(previous)) if previous >= time && previous >> self.target.time_bits == 0 => {
                Err("received from the future".into())
            }
            Some(Ok(previous)) => Ok(previous < start),
            _ => Ok(false),
        }
    }
}

/// A state, and what places hold since when.
type Played = (World, BTreeMap<(MachineBus, u64), (u64, u64)>);
