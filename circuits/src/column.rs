//! Columns: the places of a row, and what they are for.

/// The position of a column in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub u32);

impl ColumnId {
    /// The position as an index into a row.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a column is for; reports group by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnKind {
    /// 1 on the rows of calls, 0 on padding.
    Flag,
    /// Timestamps and the limbs of their differences.
    Time,
    /// Words that come in: registers, loaded words, overwritten words.
    Input,
    /// Limbs of memory pointers and alignment choices.
    Pointer,
    /// Results of operations.
    Result,
    /// Carries, splits, inverses and other help of a gadget.
    Helper,
}

impl ColumnKind {
    /// Every kind, in the order in which listings show them.
    pub const ALL: [Self; 6] =
        [Self::Flag, Self::Time, Self::Input, Self::Pointer, Self::Result, Self::Helper];

    /// The name in text forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Time => "time",
            Self::Input => "input",
            Self::Pointer => "pointer",
            Self::Result => "result",
            Self::Helper => "helper",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A column: its name is unique in its system and is an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// A letter, then letters, digits and underscores.
    pub name: String,
    /// What the column is for.
    pub kind: ColumnKind,
}
