//! The one description of RISC-V: encodings, assembly text and semantics.
//!
//! [`encoding::TABLE`] states what every instruction looks like, to machines and to people;
//! [`step`] states what it does. Decoding, encoding, printing and parsing are loops over the
//! table. Executing, lifting and every other analysis are implementations of [`Machine`].
//!
//! The set is RV32 and RV64 `IMAFDC` with `Zicsr` and `Zifencei`, unprivileged, and
//! of `Zba` and `Zbb` what [`Composite`] lists. A machine need not have all of it:
//! [`Inst::is_float`] and others tell what an environment may lack.
//!
//! ```
//! use autoprec_isa::{Inst, Xlen, decode};
//!
//! let decoded = decode(Xlen::Rv32, 0x0085_2583).expect("a load");
//! assert_eq!(decoded.inst.asm().to_string(), "lw a1, 8(a0)");
//! assert_eq!(Inst::parse(Xlen::Rv32, "lw a1, 8(a0)"), Ok(decoded.inst));
//! assert_eq!(decoded.inst.encode(Xlen::Rv32), Some(0x0085_2583));
//! ```
//!
//! **Architecture Invariant:** no other crate looks at the bits or the mnemonic of an instruction,
//! or computes what one does. Whether a word has 32 or 64 bits is a parameter here and a property
//! of nothing above.

mod alu;
mod asm;
mod composite;
mod compressed;
mod csr;
pub mod encoding;
mod float;
mod inst;
mod reg;
mod step;
mod word;

pub use alu::Alu;
pub use asm::{Asm, ParseError};
pub use composite::Composite;
pub use csr::{Csr, CsrOp, CsrUpdate, CsrWrite, ParseCsrError};
pub use encoding::decode;
pub use float::{BadRounding, FloatAction, FloatOp, FloatOperands, FloatUnit, Precision, Rounding};
pub use inst::{Decoded, Inst, Op};
pub use reg::{FReg, ParseRegError, Reg};
pub use step::{Flow, Machine, Operand, Stepped, step};
pub use word::{Width, Word, Xlen};
