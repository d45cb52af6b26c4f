//! The buses that a row talks to, and what the tables behind the lookup buses hold.
//!
//! The layouts are those of OpenVM 2.0.2 (`openvm-circuit-primitives`, `openvm-circuit`).

use crate::field::Field;

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

    /// The name in text forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Program => "program",
            Self::Memory => "memory",
            Self::Range => "range",
            Self::Bitwise => "bitwise",
            Self::TupleRange => "tuple",
        }
    }

    /// The bus with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bus| bus.name() == name)
    }

    /// Whether messages carry machine state from one row to another.
    ///
    /// What a row does to the machine is exactly its messages on these buses.
    pub const fn is_stateful(self) -> bool {
        matches!(self, Self::Execution | Self::Memory)
    }

    /// How many fields a message has.
    pub const fn message_len(self) -> usize {
        match self {
            Self::Execution | Self::Range | Self::TupleRange => 2,
            Self::Program => 9,
            Self::Memory => 7,
            Self::Bitwise => 4,
        }
    }

    /// Whether the table behind a lookup bus holds this message; buses without a table hold all.
    pub fn accepts<F: Field>(self, message: &[F]) -> bool {
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
}
