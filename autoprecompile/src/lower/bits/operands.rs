//! Kinds of instructions: registers and constants that the program says.
//!
//! Registers are accessed in the order of the instruction, each use separately, so a register that is
//! read and written is one that was accessed before.

use autoprec_circuits::{ColumnKind, Field, MachineBus};

use super::builder::{Ex, Lin, TableBuilder};
use super::gadget::Word;
use super::kind;
use super::{Lowering, Operands};
use crate::ir::ValueId;
use crate::lower::LowerError;
use crate::recipe::{OperandField, Query, RegisterRef};
use crate::recipe::{Source, Step};

impl<F: Field> Lowering<'_, F> {
    /// Accesses by what the program says, in the order of the instruction, rd last; gives the address.
    pub(super) fn kind_operands(&mut self, kind: u32) -> Result<Word<F>, LowerError> {
        let pc_slot = self.query(Query::Operand(OperandField::Pc));
        let pc = self.builder.word("pc", ColumnKind::Input, pc_slot);
        let mut fields = [Lin::zero(), Lin::zero(), Lin::zero(), Lin::zero()];
        for (number, field) in [(kind::RS1, 1), (kind::RS2, 2)] {
            fields[field] = self.reads.get(&number).cloned().unwrap_or_else(Lin::zero);
        }
        if let Some(&id) = self.ir.outputs.get(&kind::reg(kind::RD)) {
            let [rd, writes] = self.write_operand(id);
            (fields[0], fields[3]) = (rd, writes);
        }
        if let Some(reg) = self.ir.outputs.keys().find(|reg| reg.index() != usize::from(kind::RD)) {
            return Err(LowerError::Register { register: reg.index() });
        }
        let word = |own: &mut Self, number| match own.entry_value(number) {
            Some(id) => own.word(id).limbs,
            None => vec![Lin::zero(); own.builder.limbs()],
        };
        let (constant, next) = (word(self, kind::CONSTANT), word(self, kind::NEXT));
        let number = [TableBuilder::plain(kind.into())];
        let message = [&pc.limbs[..], &number, &fields, &constant, &next].concat();
        self.builder.send(MachineBus::Program, TableBuilder::is_valid(), message, "instruction");
        Ok(pc)
    }

    /// Reads the registers that the program says.
    pub(super) fn read_operands(&mut self) {
        if matches!(self.operands, Operands::Region) {
            return;
        }
        for (number, part) in [(kind::RS1, OperandField::Rs1), (kind::RS2, OperandField::Rs2)] {
            let Some(id) = self.entry_value(number) else { continue };
            let name = if number == kind::RS1 { "rs1" } else { "rs2" };
            let slot = self.query(Query::Operand(part));
            let register = self.builder.column(name, ColumnKind::Input, slot);
            let word = self.word(id);
            let query = Query::AccessRegister {
                register: RegisterRef::Operand(part),
                value: Some(word.slot),
            };
            let place = [register.clone()];
            self.access(MachineBus::Register, &place, [&word.limbs, &word.limbs], query);
            self.reads.insert(number, register);
        }
    }

    /// Writes the result times whether it is written.
    fn write_operand(&mut self, id: ValueId) -> [Lin<F>; 2] {
        let [rd, writes] =
            [("rd", OperandField::Rd), ("writes", OperandField::Writes)].map(|(name, part)| {
                let slot = self.query(Query::Operand(part));
                (self.builder.column(name, ColumnKind::Input, slot), slot)
            });
        let result = self.word(id);
        let which = RegisterRef::Operand(OperandField::Rd);
        let old_slot = self.query(Query::Register(which));
        let old = self.builder.word("rd_old", ColumnKind::Input, old_slot);
        let zero = self.builder.constant(0);
        let slot = self.builder.step(Step::Select(writes.1, result.slot, zero));
        let mut limbs = Vec::new();
        for (index, limb) in result.limbs.iter().enumerate() {
            let product = Ex::from(limb.clone()) * writes.0.clone().into();
            let own = self.builder.limb_slot(slot, index);
            let kind = ColumnKind::Result;
            limbs.push(self.builder.materialise("rd_new", kind, Source::Int(own), product));
        }
        let query = Query::AccessRegister { register: which, value: Some(slot) };
        let place = [rd.0.clone()];
        self.access(MachineBus::Register, &place, [&old.limbs, &limbs], query);
        [rd.0, writes.0]
    }
}
