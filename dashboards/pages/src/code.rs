//! The text of the blocks that matter.

use autoprec_blocks::{Block, Terminator};
use autoprec_dashboards::Code;

use crate::Guest;

/// The executed blocks; without a run, those that have precompiles.
pub(crate) fn code(guest: &Guest<'_>) -> Code {
    let mut code = Code::default();
    for (index, block) in guest.cfg.blocks.iter().enumerate() {
        let linked = || block.insts.iter().any(|at| guest.linked.at(at.pc).is_some());
        if block.count > 0 || (guest.run.is_none() && linked()) {
            code.block.push(u32::try_from(index).expect("an address space holds fewer blocks"));
            code.text.push(text(block));
        }
    }
    code
}

/// Address and assembly, as listings of a function have them.
fn text(block: &Block) -> String {
    let insts = block.insts.iter().map(|at| format!("{:#x}: {}", at.pc, at.inst.asm()));
    let opaque = match block.terminator {
        Terminator::Opaque { pc, word, .. } => Some(format!("{pc:#x}: .word {word:#010x}")),
        _ => None,
    };
    insts.chain(opaque).collect::<Vec<_>>().join("\n")
}
