//! What a recipe asks of the machine that it runs on.

/// The machine that a precompile runs on. One access is one tick of its clock.
///
/// Words are of the width of a register. Addresses that it is given are those of whole words.
pub trait Host {
    /// Why execution stopped.
    type Fault;
    /// The time of the next access.
    fn time(&self) -> u64;
    /// A register, without access; register 0 is 0.
    fn register(&mut self, number: u8) -> u64;
    /// A word of memory, without access.
    ///
    /// # Errors
    /// The machine has no such word.
    fn word(&mut self, address: u64) -> Result<u64, Self::Fault>;
    /// Accesses a register and writes `new` to it, if that is given; gives the time of the access
    /// before this one. Register 0 is written with 0 only.
    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64;
    /// Accesses a word of memory and writes `new` to it, if that is given; gives the time of the
    /// access before this one. If that can fail, [`Self::word`] was called for it before.
    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64;
    /// The fault of an access to an address that a row cannot have: misaligned, or beyond the memory.
    fn bad_address(&self, address: u64) -> Self::Fault;
}

/// What records are written in.
pub trait RecordWord: Copy {
    /// A recorded word, which fits.
    fn from_word(word: u64) -> Self;
    /// The word.
    fn to_word(self) -> u64;
}

impl RecordWord for u32 {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "rv32 recipes record words of 32 bits")]
    fn from_word(word: u64) -> Self {
        word as u32
    }

    #[inline]
    fn to_word(self) -> u64 {
        self.into()
    }
}

impl RecordWord for u64 {
    #[inline]
    fn from_word(word: u64) -> Self {
        word
    }

    #[inline]
    fn to_word(self) -> u64 {
        self
    }
}

/// What the program says of an instruction whose operands are not fixed, as its program lookup has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperandValues {
    /// The register written; 0 if there is none.
    pub rd: u8,
    /// The first register read; 0 if there is none.
    pub rs1: u8,
    /// The second register read; 0 if there is none.
    pub rs2: u8,
    /// Whether `rd` is not `x0`.
    pub writes: bool,
    /// The instruction's constant as a word.
    pub constant: u64,
    /// The address behind it.
    pub next: u64,
    /// The address of the instruction.
    pub pc: u64,
}

/// A field of [`OperandValues`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperandField {
    /// The number of the register written.
    Rd,
    /// The number of the first register read.
    Rs1,
    /// The number of the second register read.
    Rs2,
    /// 1 if `rd` is not `x0`, else 0.
    Writes,
    /// The constant.
    Constant,
    /// The address behind the instruction.
    Next,
    /// The address of the instruction.
    Pc,
}

/// A register that a row accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegisterRef {
    /// Always this one.
    Fixed(u8),
    /// The one whose number is in this field.
    Operand(OperandField),
}

impl OperandValues {
    #[inline]
    pub(super) fn field(&self, field: OperandField) -> u64 {
        match field {
            OperandField::Rd => self.rd.into(),
            OperandField::Rs1 => self.rs1.into(),
            OperandField::Rs2 => self.rs2.into(),
            OperandField::Writes => self.writes.into(),
            OperandField::Constant => self.constant,
            OperandField::Next => self.next,
            OperandField::Pc => self.pc,
        }
    }

    #[inline]
    pub(super) fn register(&self, register: RegisterRef) -> u8 {
        match register {
            RegisterRef::Fixed(number) => number,
            RegisterRef::Operand(field) => {
                u8::try_from(self.field(field)).expect("a register's number")
            }
        }
    }
}
