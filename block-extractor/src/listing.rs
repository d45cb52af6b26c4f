//! The graph as a listing: what tests compare and people read.

use std::fmt;

use crate::{Cfg, Terminator};

impl fmt::Display for Cfg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, block) in self.ids().zip(&self.blocks) {
            write!(f, "{id} {:#x}", block.start)?;
            if block.count != 0 {
                write!(f, " count {}", block.count)?;
            }
            if let Some(function) = &block.function {
                write!(f, " in {}", function.escape_debug())?;
            }
            writeln!(f)?;
            writeln!(f, "  ; live in  {}", self.live_in(id))?;
            for at in &block.insts {
                writeln!(f, "  {at}")?;
            }
            if let Terminator::Opaque { pc, word, .. } = block.terminator {
                writeln!(f, "  {pc:#x}: .word {word:#010x}")?;
            }
            writeln!(f, "  ; live out {}", self.live_out(id))?;
            writeln!(f, "  ; {}", Exit(block.terminator))?;
        }
        Ok(())
    }
}

/// A terminator in words.
struct Exit(Terminator);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Terminator::FallThrough { next } => write!(f, "next {next:#x}"),
            Terminator::Branch { taken, next } => write!(f, "taken {taken:#x}, next {next:#x}"),
            Terminator::Jump { target } => write!(f, "jump {target:#x}"),
            Terminator::Call { target, next } => write!(f, "call {target:#x}, back at {next:#x}"),
            Terminator::IndirectCall { next } => write!(f, "indirect call, back at {next:#x}"),
            Terminator::Return => write!(f, "return"),
            Terminator::IndirectJump => write!(f, "indirect jump"),
            Terminator::Environment { next } => write!(f, "environment, back at {next:#x}"),
            Terminator::Opaque { .. } => write!(f, "environment by an unknown word"),
            Terminator::Stop => write!(f, "stop"),
        }
    }
}
