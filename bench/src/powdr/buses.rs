//! OpenVM's buses as powdr's optimiser asks for them: what a message implies about its fields, and
//! which messages check given ranges.

use std::fmt::{self, Display};
use std::hash::Hash;

use powdr_autoprecompiles::bus_map::{BusMap, BusType};
use powdr_autoprecompiles::constraint_optimizer::IsBusStateful;
use powdr_autoprecompiles::memory_optimizer::{
    MemoryBusInteraction, MemoryBusInteractionConversionError, MemoryOp,
};
use powdr_autoprecompiles::range_constraint_optimizer::{
    MakeRangeConstraintsError, RangeConstraintHandler, RangeConstraints, utils,
};
use powdr_constraint_solver::constraint_system::{BusInteraction, BusInteractionHandler};
use powdr_constraint_solver::grouped_expression::GroupedExpression;
use powdr_constraint_solver::range_constraint::RangeConstraint;
use powdr_number::{FieldElement, LargeInt};
use serde::{Deserialize, Serialize};

/// The widest range that the range bus checks, in bits; no export names a wider one.
const MAX_BITS: usize = 25;

/// Bits of a byte.
const BYTE: u32 = 8;

/// OpenVM's lookup buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Lookup {
    /// `[value, bits]`.
    VariableRangeChecker,
    /// `[x, y, z, op]`: op 0 checks two bytes, op 1 is z = x xor y.
    #[serde(rename = "BitwiseLookup")]
    Bitwise,
    /// `[x, y]`, each below its size.
    TupleRangeChecker([u64; 2]),
}

impl Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VariableRangeChecker => f.write_str("range"),
            Self::Bitwise => f.write_str("bitwise"),
            Self::TupleRangeChecker([x, y]) => write!(f, "tuple {x}x{y}"),
        }
    }
}

/// The behaviour of the buses of a map.
#[derive(Clone)]
pub(super) struct Buses {
    map: BusMap<Lookup>,
}

type Message<T, V> = BusInteraction<GroupedExpression<T, V>>;

fn below_power<T: FieldElement>(bits: u32) -> RangeConstraint<T> {
    RangeConstraint::from_mask((1u64 << bits) - 1)
}

fn below<T: FieldElement>(size: u64) -> RangeConstraint<T> {
    RangeConstraint::from_range(T::from(0u64), T::from(size - 1))
}

fn small<T: FieldElement>(value: T) -> Option<u64> {
    value.to_integer().try_into_u64()
}

impl Buses {
    pub(super) fn new(map: BusMap<Lookup>) -> Self {
        Self { map }
    }

    fn kind<T: FieldElement>(&self, bus: T) -> Option<BusType<Lookup>> {
        self.map.all_types_by_id().get(&small(bus)?).copied()
    }

    /// The id of the lookup bus of a kind, and the kind.
    fn lookup(&self, is: impl Fn(Lookup) -> bool) -> Option<(u64, Lookup)> {
        self.map.all_types_by_id().iter().find_map(|(&id, kind)| match kind {
            BusType::Other(lookup) if is(*lookup) => Some((id, *lookup)),
            _ => None,
        })
    }

    fn bus_of(&self, wanted: Lookup) -> Result<u64, MakeRangeConstraintsError> {
        let missing = || MakeRangeConstraintsError(format!("there is no bus {wanted}"));
        Ok(self.lookup(|lookup| lookup == wanted).ok_or_else(missing)?.0)
    }
}

impl<T: FieldElement> IsBusStateful<T> for Buses {
    fn is_stateful(&self, bus: T) -> bool {
        matches!(self.kind(bus), Some(BusType::ExecutionBridge | BusType::Memory))
    }
}

impl<T: FieldElement> BusInteractionHandler<T> for Buses {
    fn handle_bus_interaction(
        &self,
        mut message: BusInteraction<RangeConstraint<T>>,
    ) -> BusInteraction<RangeConstraint<T>> {
        let bus = message.bus_id.try_to_single_value();
        let (Some(bus), Some(multiplicity)) = (bus, message.multiplicity.try_to_single_value())
        else {
            return message;
        };
        let fields = &mut message.payload;
        match self.kind(bus) {
            _ if multiplicity == T::from(0u64) => {}
            Some(BusType::Memory) if multiplicity == T::from(-1i64) => received(fields),
            Some(BusType::Other(Lookup::VariableRangeChecker)) => {
                let bits = fields[1].try_to_single_value().and_then(small);
                let bits = bits.and_then(|bits| usize::try_from(bits).ok());
                let bits = bits.unwrap_or(MAX_BITS).min(MAX_BITS);
                fields[0] = below_power(u32::try_from(bits).expect("at most MAX_BITS"));
                fields[1] = below(MAX_BITS as u64 + 1);
            }
            Some(BusType::Other(Lookup::TupleRangeChecker(sizes))) => {
                fields.clone_from_slice(&sizes.map(below));
            }
            Some(BusType::Other(Lookup::Bitwise)) => bitwise(fields),
            _ => {}
        }
        message
    }
}

/// Memory and registers hold bytes, and register 0 holds 0; what others sent is trusted.
fn received<T: FieldElement>(fields: &mut [RangeConstraint<T>]) {
    let [space, pointer, data @ .., _] = fields else { return };
    let value = |field: &RangeConstraint<T>| field.try_to_single_value().and_then(small);
    match (value(space), value(pointer)) {
        (Some(1), Some(0)) => data.fill(RangeConstraint::from_value(T::from(0u64))),
        (Some(1 | 2), _) => data.fill(below_power(BYTE)),
        _ => {}
    }
}

fn bitwise<T: FieldElement>(fields: &mut [RangeConstraint<T>]) {
    let [x, y, z, op] = fields else { return };
    let byte = below_power::<T>(BYTE);
    let value = |field: &RangeConstraint<T>| field.try_to_single_value().and_then(small);
    let operation = value(op);
    let (known, masks) = ([value(x), value(y), value(z)], [*x.mask(), *y.mask(), *z.mask()]);
    (*x, *y, *z) = (byte, byte, byte);
    match operation {
        Some(0) => *z = RangeConstraint::from_value(T::from(0u64)),
        // Each of the three is the exclusive or of the other two.
        Some(1) => {
            for (index, field) in [x, y, z].into_iter().enumerate() {
                let [left, right] = [(index + 1) % 3, (index + 2) % 3];
                *field = match (known[left], known[right]) {
                    (Some(a), Some(b)) => RangeConstraint::from_value(T::from(a ^ b)),
                    _ => byte.conjunction(&RangeConstraint::from_mask(masks[left] | masks[right])),
                };
            }
        }
        _ => *op = below(2),
    }
}

impl<T: FieldElement> RangeConstraintHandler<T> for Buses {
    fn pure_range_constraints<V: Ord + Clone + Eq + Display + Hash>(
        &self,
        message: &Message<T, V>,
    ) -> Option<RangeConstraints<T, V>> {
        let fields = &message.payload;
        let number = |index: usize| fields[index].try_to_number().and_then(small);
        let byte = below_power::<T>(BYTE);
        match self.kind(message.bus_id.try_to_number()?)? {
            BusType::Other(Lookup::VariableRangeChecker) => {
                let bits = u32::try_from(number(1)?).ok()?;
                Some(vec![(fields[0].clone(), below_power(bits))])
            }
            BusType::Other(Lookup::TupleRangeChecker(sizes)) => {
                Some(fields.iter().cloned().zip(sizes.map(below)).collect())
            }
            BusType::Other(Lookup::Bitwise) if number(3) == Some(0) => Some(vec![
                (fields[0].clone(), byte),
                (fields[1].clone(), byte),
                (fields[2].clone(), RangeConstraint::from_value(T::from(0u64))),
            ]),
            BusType::Other(Lookup::Bitwise)
                if number(3) == Some(1) && number(1) == Some(0) && fields[0] == fields[2] =>
            {
                Some(vec![(fields[0].clone(), byte)])
            }
            _ => None,
        }
    }

    fn batch_make_range_constraints<V: Ord + Clone + Eq + Display + Hash>(
        &self,
        mut ranges: RangeConstraints<T, V>,
    ) -> Result<Vec<Message<T, V>>, MakeRangeConstraintsError> {
        let number = |value: u64| GroupedExpression::from_number(T::from(value));
        let message = |bus: u64, payload: Vec<GroupedExpression<T, V>>| BusInteraction {
            bus_id: number(bus),
            multiplicity: number(1),
            payload,
        };
        let mut bytes = utils::filter_byte_constraints(&mut ranges);
        let mut messages = Vec::new();
        // A byte and a range of the tuple's other size in one message.
        let tuple = self.lookup(|lookup| matches!(lookup, Lookup::TupleRangeChecker([256, _])));
        if let Some((bus, Lookup::TupleRangeChecker([_, size]))) = tuple {
            ranges.retain(|(expression, range)| {
                if *range != below(size) || bytes.is_empty() {
                    return true;
                }
                messages.push(message(bus, vec![bytes.remove(0), expression.clone()]));
                false
            });
        }
        let bitwise = self.bus_of(Lookup::Bitwise)?;
        for pair in bytes.chunks(2) {
            let second = pair.get(1).cloned().unwrap_or_else(|| number(0));
            messages.push(message(bitwise, vec![pair[0].clone(), second, number(0), number(0)]));
        }
        let range_bus = self.bus_of(Lookup::VariableRangeChecker)?;
        for (expression, range) in ranges {
            let bits = utils::range_constraint_to_num_bits(&range).filter(|&bits| bits <= MAX_BITS);
            let bits = bits.ok_or_else(|| {
                MakeRangeConstraintsError(format!("no bus checks {expression} in {range}"))
            })?;
            messages.push(message(range_bus, vec![expression, number(bits as u64)]));
        }
        Ok(messages)
    }
}

/// A message of the memory bus: `[space, pointer, data …, timestamp]`.
pub(super) struct MemoryMessage<T, V> {
    address: [GroupedExpression<T, V>; 2],
    data: Vec<GroupedExpression<T, V>>,
    timestamp: [GroupedExpression<T, V>; 1],
    op: MemoryOp,
}

impl<T: FieldElement, V: Ord + Clone + Eq + Display + Hash> MemoryBusInteraction<T, V>
    for MemoryMessage<T, V>
{
    type Address = [GroupedExpression<T, V>; 2];

    fn try_from_bus_interaction(
        message: &Message<T, V>,
        memory_bus: u64,
    ) -> Result<Option<Self>, MemoryBusInteractionConversionError> {
        let bus = message.bus_id.try_to_number().ok_or(MemoryBusInteractionConversionError)?;
        if bus != T::from(memory_bus) {
            return Ok(None);
        }
        let op = match message.multiplicity.try_to_number() {
            Some(one) if one == T::from(1u64) => MemoryOp::SetNew,
            Some(minus) if minus == T::from(-1i64) => MemoryOp::GetPrevious,
            _ => return Err(MemoryBusInteractionConversionError),
        };
        let [space, pointer, data @ .., timestamp] = &message.payload[..] else {
            return Err(MemoryBusInteractionConversionError);
        };
        Ok(Some(Self {
            address: [space.clone(), pointer.clone()],
            data: data.to_vec(),
            timestamp: [timestamp.clone()],
            op,
        }))
    }

    fn addr(&self) -> Self::Address {
        self.address.clone()
    }

    fn data(&self) -> &[GroupedExpression<T, V>] {
        &self.data
    }

    fn timestamp_limbs(&self) -> &[GroupedExpression<T, V>] {
        &self.timestamp
    }

    fn op(&self) -> MemoryOp {
        self.op
    }
}
