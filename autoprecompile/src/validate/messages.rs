//! How the checker reads the bus interactions of a call: one implementation per set of buses.

use autoprec_circuits::{Bus, Expr, Field, Linear, MachineBus};

use super::host::Place;
use super::rules::Rules;
use crate::call::CallBus;
use crate::target::fits;

/// Buses whose messages the checker reads.
pub trait ReadBus: CallBus {
    /// What is wrong with a lookup in a table, if the table cannot hold any message of its form. What its fields
    /// are in some row is for the search to say.
    fn misfit<F: Field>(self, _: &Rules<'_>, _: &[Expr<F>]) -> Option<String> {
        None
    }

    /// A message on a stateful bus. None if calls have no business with it: it exists, but on another
    /// bus, or about a place, that no region accesses. That is never excused.
    fn read<F: Field>(self, rules: &Rules<'_>, fields: &[F]) -> Option<Message<F>>;
}

/// What a message on a stateful bus says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<F> {
    /// What is accessed; none for control.
    pub(super) place: Option<PlaceFields<F>>,
    /// The word that a place holds, or the address at which control is; none if a limb is out of range.
    pub(super) word: Option<u64>,
    /// The time, [`u64::MAX`] if it is beyond that.
    pub(super) time: u64,
}

/// The place of an access.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceFields<F> {
    /// The place; none if memory has no word at this address.
    pub(super) place: Option<Place>,
    /// The fields as they are, if they say no place: what is received and what is sent concern one place
    /// if these are equal. Empty otherwise, since no two tuples of fields say the same place.
    fields: Vec<F>,
}

impl<F: Field> PlaceFields<F> {
    fn new(place: Option<Place>, fields: &[F]) -> Self {
        let fields = if place.is_some() { Vec::new() } else { fields.to_vec() };
        Self { place, fields }
    }
}

impl ReadBus for Bus {
    fn read<F: Field>(self, rules: &Rules<'_>, fields: &[F]) -> Option<Message<F>> {
        const REGISTERS: u64 = 1;
        const MEMORY: u64 = 2;
        if self == Self::Execution {
            let [word, time] = [fields[0].to_u64(), fields[1].to_u64()];
            return Some(Message { place: None, word: Some(word), time });
        }
        let [space, pointer] = [fields[0].to_u64(), fields[1].to_u64()];
        let is_aligned = pointer.is_multiple_of(4);
        let place = match space {
            REGISTERS if is_aligned => Some(register(pointer / 4)?),
            MEMORY if is_aligned && rules.bounds().has_address(pointer) => {
                Some(Place::Word(pointer))
            }
            MEMORY => None,
            // Other spaces are those of public values and the like.
            _ => return None,
        };
        Some(Message {
            place: Some(PlaceFields::new(place, &fields[..2])),
            word: word(rules, &fields[2..6]),
            time: fields[6].to_u64(),
        })
    }
}

impl ReadBus for MachineBus {
    /// The table of ranges has the widths that stand in messages, up to the target's.
    fn misfit<F: Field>(self, rules: &Rules<'_>, fields: &[Expr<F>]) -> Option<String> {
        let bits = match (self, fields) {
            (Self::Range, [_, bits]) => bits.as_linear().and_then(Linear::as_constant),
            (Self::Range, _) => return Some(format!("a range lookup of {} fields", fields.len())),
            _ => return None,
        };
        match bits {
            Some(bits) if bits.to_u64() <= rules.target.range_bits.into() => None,
            Some(bits) => Some(format!("a range lookup of {bits} bits")),
            None => Some("a range lookup whose width is not constant".to_owned()),
        }
    }

    fn read<F: Field>(self, rules: &Rules<'_>, fields: &[F]) -> Option<Message<F>> {
        let (limbs, bounds) = (rules.target.limbs(rules.xlen), rules.bounds());
        let time = fields.last().expect("messages have fields").to_u64();
        let (place, own) = match self {
            Self::Register => (Some((1, Some(register(fields[0].to_u64())?))), &fields[1..=limbs]),
            Self::Memory => {
                let bytes = u64::from(rules.xlen.bytes());
                let is_line = |at: &u64| at.is_multiple_of(bytes) && bounds.has_address(*at);
                let place = word(rules, &fields[..limbs]).filter(is_line).map(Place::Word);
                (Some((limbs, place)), &fields[limbs..2 * limbs])
            }
            Self::Execution => (None, &fields[..limbs]),
            _ => return None,
        };
        let place = place.map(|(length, place)| PlaceFields::new(place, &fields[..length]));
        Some(Message { place, word: word(rules, own), time })
    }
}

/// The register with a number, if there is one that a call can access: `x0` is not accessed.
fn register(number: u64) -> Option<Place> {
    u8::try_from(number).ok().filter(|number| (1..32).contains(number)).map(Place::Register)
}

/// The word that limbs are, if each is in range.
fn word<F: Field>(rules: &Rules<'_>, limbs: &[F]) -> Option<u64> {
    let bits = rules.target.limb_width(rules.xlen);
    limbs.iter().zip(0..).try_fold(0, |word, (limb, index)| {
        let value = limb.to_u64();
        let is_in_range = F::from_u64(value) == *limb && fits(value, bits);
        is_in_range.then(|| word | value << (index * bits))
    })
}

#[cfg(test)]
mod tests {
    use autoprec_circuits::{BabyBear, ColumnId};
    use autoprec_isa::Xlen;

    use super::*;
    use crate::registry::PLONKY3;

    #[test]
    fn ranges_that_no_table_has_are_refused() {
        let rules = Rules { target: &PLONKY3, xlen: Xlen::Rv32 };
        let column = || Expr::from(Linear::<BabyBear>::column(ColumnId(1)));
        let misfit = |fields: &[Expr<BabyBear>]| MachineBus::Range.misfit(&rules, fields);
        let widest = i64::from(PLONKY3.range_bits);
        for bits in [0, 1, 8, widest] {
            assert_eq!(misfit(&[column(), Expr::int(bits)]), None, "{bits}");
        }
        for bits in [widest + 1, 63, 64, -1] {
            assert!(misfit(&[column(), Expr::int(bits)]).is_some(), "{bits}");
        }
        assert!(misfit(&[column(), column()]).is_some());
        assert!(misfit(&[column()]).is_some() && misfit(&[]).is_some());
        assert!(misfit(&[column(), Expr::int(8), column()]).is_some());
    }
}
