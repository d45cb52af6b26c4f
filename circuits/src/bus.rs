//! The buses that a row talks to, and what the tables behind the lookup buses hold: what every set of
//! buses has ([`BusKind`]), and the one of OpenVM ([`Bus`]).
//!
//! The layouts are those of OpenVM 2.0.2 (`openvm-circuit-primitives`, `openvm-circuit`).

use std::fmt::Debug;
use std::hash::Hash;

use crate::field::Field;

/// A set of buses: the multisets that the rows of a back end's tables send messages to and receive
/// messages from.
pub trait BusKind: Copy + Eq + Ord + Debug + Hash + Send + Sync + 'static {
    /// The name in text forms.
    fn name(self) -> &'static str;
    /// The bus with this name.
    fn from_name(name: &str) -> Option<Self>;
    /// Whether messages carry machine state from one row to another.
    ///
    /// What a row does to the machine is exactly its messages on these buses.
    fn is_stateful(self) -> bool;
    /// How many fields a message has, if that is the same in all systems.
    fn message_len(self) -> Option<usize>;
    /// Whether there is a table behind the bus whose contents [`Self::accepts`] knows.
    fn has_table(self) -> bool;
    /// Whether the table behind a lookup bus holds this message; buses without a table hold all.
    fn accepts<F: Field>(self, message: &[F]) -> bool;
    /// Changes of one field each with which the table would hold a message that it lacks, or would be
    /// closer to it. There is at least one if there is a table.
    fn goals<F: Field>(self, message: &[F]) -> Vec<Goal>;
}

/// What a field of a message would have to be for a table to hold the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Anything below a bound.
    Below {
        /// The position of the field.
        field: usize,
        /// The bound, which is not 0.
        bound: u64,
    },
    /// One value.
    Equal {
        /// The position of the field.
        field: usize,
        /// The value.
        value: u64,
    },
}

/// The widest range check, in bits.
pub const RANGE_MAX_BITS: u64 = 17;

/// The sizes of the two ranges that one message of the tuple bus checks.
pub const TUPLE_SIZES: [u64; 2] = [256, 2048];

/// A multiset that rows send messages to and receive messages from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bus {
    /// `[pc, timestamp]`: received at entry, sent at exit.
    Execution,
    /// `[pc, opcode, a, b, c, d, e, f, g]`: a lookup in the committed program.
    Program,
    /// `[space, pointer, b0, b1, b2, b3, timestamp]`: previous value received, new value sent.
    Memory,
    /// `[value, bits]`: a lookup that shows `value < 2^bits`, `bits <= 17`.
    Range,
    /// `[x, y, z, op]`: op 0 shows that x and y are bytes (z = 0), op 1 also that z = x xor y.
    Bitwise,
    /// `[x, y]`: a lookup that shows `x < 256` and `y < 2048`.
    TupleRange,
}

impl Bus {
    /// Every bus, in the order in which listings show them.
    pub const ALL: [Self; 6] = [
        Self::Execution,
        Self::Program,
        Self::Memory,
        Self::Range,
        Self::Bitwise,
        Self::TupleRange,
    ];

    /// How many fields a message has.
    pub const fn fields(self) -> usize {
        match self {
            Self::Execution | Self::Range | Self::TupleRange => 2,
            Self::Program => 9,
            Self::Memory => 7,
            Self::Bitwise => 4,
        }
    }
}

impl BusKind for Bus {
    fn name(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Program => "program",
            Self::Memory => "memory",
            Self::Range => "range",
            Self::Bitwise => "bitwise",
            Self::TupleRange => "tuple",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bus| bus.name() == name)
    }

    fn is_stateful(self) -> bool {
        matches!(self, Self::Execution | Self::Memory)
    }

    fn message_len(self) -> Option<usize> {
        Some(self.fields())
    }

    fn accepts<F: Field>(self, message: &[F]) -> bool {
        let at = |i: usize| message[i].to_u64();
        match self {
            Self::Execution | Self::Program | Self::Memory => true,
            Self::Range => at(1) <= RANGE_MAX_BITS && at(0) >> at(1) == 0,
            Self::Bitwise => {
                let z = match at(3) {
                    0 => 0,
                    1 => at(0) ^ at(1),
                    _ => return false,
                };
                at(0) < 256 && at(1) < 256 && at(2) == z
            }
            Self::TupleRange => at(0) < TUPLE_SIZES[0] && at(1) < TUPLE_SIZES[1],
        }
    }

    fn has_table(self) -> bool {
        matches!(self, Self::Range | Self::Bitwise | Self::TupleRange)
    }

    fn goals<F: Field>(self, message: &[F]) -> Vec<Goal> {
        let at = |i: usize| message[i].to_u64();
        match self {
            Self::Execution | Self::Program | Self::Memory => Vec::new(),
            Self::Range => vec![Goal::Below { field: 0, bound: 1 << at(1).min(RANGE_MAX_BITS) }],
            Self::TupleRange => {
                let field = usize::from(at(0) < TUPLE_SIZES[0]);
                vec![Goal::Below { field, bound: TUPLE_SIZES[field] }]
            }
            // An exclusive or of bytes: any of the three follows from the other two.
            Self::Bitwise if at(3) == 1 && at(0).max(at(1)) < 256 => {
                let third = |field| Goal::Equal { field, value: at(0) ^ at(1) ^ at(2) ^ at(field) };
                (0..3).map(third).collect()
            }
            Self::Bitwise => {
                vec![Goal::Below { field: usize::from(at(0) < 256), bound: 256 }]
            }
        }
    }
}
