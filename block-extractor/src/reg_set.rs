//! Sets of integer registers, as one word of bits. `x0` is never a member: it holds no value.

use std::fmt;

use autoprec_isa::Reg;

/// A set of registers other than `x0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegSet(u32);

impl RegSet {
    /// No register.
    pub const EMPTY: Self = Self(0);
    /// Every register but `x0`.
    pub const ALL: Self = Self(!1);

    /// Whether `reg` is a member.
    pub fn contains(self, reg: Reg) -> bool {
        self.0 >> reg.index() & 1 == 1
    }

    /// The set and `reg`; adding `x0` changes nothing.
    #[must_use]
    pub fn with(self, reg: Reg) -> Self {
        Self((self.0 | 1 << reg.index()) & !1)
    }

    /// The set but for `reg`.
    #[must_use]
    pub fn without(self, reg: Reg) -> Self {
        Self(self.0 & !(1 << reg.index()))
    }

    /// Members of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members, by register number.
    pub fn iter(self) -> impl Iterator<Item = Reg> {
        (1..32u8).filter(move |index| self.0 >> index & 1 == 1).filter_map(Reg::new)
    }
}

/// The names in braces, as `all but {…}` where that is shorter.
impl fmt::Display for RegSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |set: Self| set.iter().map(Reg::abi_name).collect::<Vec<_>>().join(", ");
        let absent = Self(Self::ALL.0 & !self.0);
        match absent.0.count_ones() {
            0 => write!(f, "all"),
            1..=15 => write!(f, "all but {{{}}}", names(absent)),
            _ => write!(f, "{{{}}}", names(*self)),
        }
    }
}
