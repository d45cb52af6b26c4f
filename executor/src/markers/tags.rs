//! ZisK's markers: instructions without effect, `addi x0, x1, TAG` where a section starts and
//! `addi x0, x2, TAG` where it ends, as ziskos writes them. A symbol `__ZISKOS_PROFILE_ID_TAG_NAME`
//! names each tag; a program without any has no tags, whatever its instructions.

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_isa::{Alu, Inst, Op, Reg};

use super::Kind;

const SYMBOL: &str = "__ZISKOS_PROFILE_ID_";

/// The tags of a program.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    names: BTreeMap<i32, String>,
}

impl Tags {
    pub(crate) fn of(program: &Program) -> Self {
        let named = program.symbols.iter().filter_map(|symbol| {
            let (tag, name) = symbol.name.strip_prefix(SYMBOL)?.split_once('_')?;
            Some((tag.parse().ok()?, name.to_owned()))
        });
        Self { names: named.collect() }
    }

    /// The marker that an instruction is.
    pub(crate) fn marker(&self, inst: &Inst) -> Option<(Kind, i32)> {
        let Inst { op: Op::AluImm(Alu::Add), rd: Reg::ZERO, rs1, imm, .. } = *inst else {
            return None;
        };
        let kind = match rs1 {
            Reg::RA => Kind::Start,
            Reg::SP => Kind::End,
            _ => return None,
        };
        self.names.contains_key(&imm).then_some((kind, imm))
    }

    /// The name of a tag of a marker.
    pub(crate) fn name(&self, tag: i32) -> &str {
        &self.names[&tag]
    }
}
