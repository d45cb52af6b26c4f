//! The walk over a region: values and effects in order, then registers and exits.

use std::collections::BTreeMap;

use autoprec_circuits::{ColumnId, ColumnKind, Field, MachineBus};
use autoprec_isa::{Alu, Reg};

use super::bit::{Bit, Function, Plans};
use super::bitwise::cut_at;
use super::builder::{Ex, Lin, TableBuilder, as_constant};
use super::demand::Demands;
use super::gadget::{Time, Word};
use super::kind;
use super::memory::{Base, Group, groups};
use super::value::Val;
use super::{MachineLowered, Operands};
use crate::ir::{Effect, Exit, ExitTarget, Ir, Node, ValueId};
use crate::lower::LowerError;
use crate::recipe::{OperandField, Query, RegisterRef, WitnessRecipe};
use crate::recipe::{Slot, Step};
use crate::target::Target;

/// A region being lowered.
pub(super) struct Lowering<'a, F> {
    pub(super) ir: &'a Ir,
    pub(super) target: Target,
    pub(super) operands: Operands,
    pub(super) builder: TableBuilder<F>,
    pub(super) possible: Vec<u64>,
    pub(super) demand: Demands,
    /// Borders of limbs, within a word.
    pub(super) limb_cuts: u64,
    pub(super) values: Vec<Option<Val<F>>>,
    pub(super) slots: Vec<Option<Slot>>,
    pub(super) plans: Plans,
    /// Functions that have columns.
    pub(super) columns: BTreeMap<Function, ColumnId>,
    /// The columns of the numbers of registers that the program says, by the names of `kind`.
    pub(super) reads: BTreeMap<u8, Lin<F>>,
    pub(super) time: Time<F>,
    ticks: u32,
    /// Columns of values that exist before what defines them.
    pub(super) declared: BTreeMap<ValueId, Vec<ColumnId>>,
    /// The bits of words that come in and have no columns of their own.
    pub(super) inverted: BTreeMap<ValueId, Vec<Function>>,
    /// Low and high words of products.
    pub(super) products: BTreeMap<(ValueId, ValueId), (Word<F>, Word<F>)>,
    /// Quotients and remainders.
    pub(super) quotients: BTreeMap<(ValueId, ValueId), (Word<F>, Word<F>)>,
    /// Where factors are split.
    pub(super) factor_cuts: u64,
    /// Accesses to memory by their bases.
    pub(super) groups: BTreeMap<Base, Group<F>>,
}

impl<'a, F: Field> Lowering<'a, F> {
    pub(super) fn new(ir: &'a Ir, operands: Operands, target: &Target) -> Result<Self, LowerError> {
        let mut builder = TableBuilder::new(target, ir.xlen);
        let possible = ir.all_possible_bits();
        let width = target.limb_width(ir.xlen);
        let borders = (1..ir.xlen.bits() / width).map(|limb| cut_at(limb * width));
        let limb_cuts = borders.fold(0, |cuts, cut| cuts | cut);
        let factor_cuts = Self::factor_borders(target, ir.xlen.bits());
        let slot = builder.query(Query::Time);
        let form = builder.column("time", ColumnKind::Time, slot);
        Ok(Self {
            ir,
            target: *target,
            operands,
            builder,
            demand: Demands::new(ir, &possible, [limb_cuts, factor_cuts]),
            groups: groups(ir, &possible)?,
            possible,
            limb_cuts,
            values: vec![None; ir.values.len()],
            slots: vec![None; ir.values.len()],
            plans: Plans::default(),
            columns: BTreeMap::new(),
            reads: BTreeMap::new(),
            time: Time { form, slot },
            ticks: 0,
            declared: BTreeMap::new(),
            inverted: BTreeMap::new(),
            products: BTreeMap::new(),
            quotients: BTreeMap::new(),
            factor_cuts,
        })
    }

    pub(super) fn lower(mut self) -> Result<MachineLowered<F>, LowerError> {
        self.note_cuts();
        self.declare();
        self.entry()?;
        self.read_operands();
        let mut effects = &self.ir.effects[..];
        for id in self.ir.ids() {
            let node = self.ir.node(id);
            if matches!(node, Node::Load { .. }) {
                let upto = effects.iter().position(|effect| *effect == Effect::Load(id));
                let (now, later) = effects.split_at(1 + upto.expect("loads are effects"));
                now.iter().for_each(|effect| self.effect(*effect));
                effects = later;
            } else if !matches!(node, Node::Reg(_)) {
                self.value(id)?;
            }
        }
        effects.iter().for_each(|effect| self.effect(*effect));
        self.finish()
    }

    /// Asks the machine for an input.
    pub(super) fn query(&mut self, query: Query) -> Slot {
        self.builder.query(query)
    }

    /// Where a value is when rows are filled.
    pub(super) fn slot(&mut self, id: ValueId) -> Slot {
        self.slots[id.index()].expect("a value has a slot before it has a form")
    }

    fn value(&mut self, id: ValueId) -> Result<(), LowerError> {
        let value = self.ir.values[id.index()];
        self.builder.set_inst(self.inst(value.inst));
        let step = self.value_step(value.node).expect("loads and registers are elsewhere");
        self.slots[id.index()] = Some(self.builder.step(step));
        if !self.demand.is_used(id) && !matches!(value.node, Node::Const(_)) {
            return Ok(());
        }
        match value.node {
            Node::Const(constant) => {
                let word = self.builder.constant_word(constant);
                let width = self.ir.xlen.bits();
                let body = super::value::Body::Const(constant);
                self.set_parts(id, vec![super::value::Part { width, body }]);
                self.give_word(id, word);
            }
            Node::Alu(op, a, b) => self.alu(op, id, [a, b])?,
            Node::Select { condition, then, otherwise } => {
                self.select(id, condition, [then, otherwise]);
            }
            Node::Reg(_) | Node::Load { .. } => unreachable!("they are lowered elsewhere"),
        }
        Ok(())
    }

    /// The instruction of a region; a kind has only one.
    pub(super) fn inst(&self, inst: u32) -> Option<u32> {
        matches!(self.operands, Operands::Fixed { .. }).then_some(inst)
    }

    /// The registers that come in, and what the program says.
    fn entry(&mut self) -> Result<(), LowerError> {
        for id in self.ir.ids() {
            let Node::Reg(reg) = self.ir.node(id) else { continue };
            let number = u8::try_from(reg.index()).expect("below 32");
            let query = match self.operands {
                Operands::Fixed { .. } => Query::Register(RegisterRef::Fixed(number)),
                Operands::FromProgram { .. } => match number {
                    kind::RS1 => Query::Register(RegisterRef::Operand(OperandField::Rs1)),
                    kind::RS2 => Query::Register(RegisterRef::Operand(OperandField::Rs2)),
                    kind::CONSTANT => Query::Operand(OperandField::Constant),
                    kind::NEXT => Query::Operand(OperandField::Next),
                    _ => return Err(LowerError::Register { register: reg.index() }),
                },
            };
            let slot = self.query(query);
            self.slots[id.index()] = Some(slot);
            self.incoming(id, reg.abi_name());
        }
        Ok(())
    }

    /// The value of a register at entry.
    pub(super) fn entry_value(&self, number: u8) -> Option<ValueId> {
        self.ir.ids().find(|id| self.ir.node(*id) == Node::Reg(kind::reg(number)))
    }

    /// Accesses memory or a register: one tick.
    pub(super) fn access(
        &mut self,
        bus: MachineBus,
        place: &[Lin<F>],
        [old, new]: [&[Lin<F>]; 2],
        query: Query,
    ) {
        let previous = self.query(query);
        let time = self.time.clone();
        let now = self.builder.later(&time, self.ticks);
        self.ticks += 1;
        self.builder.access(bus, place, [old, new], &now, previous);
    }

    fn finish(mut self) -> Result<MachineLowered<F>, LowerError> {
        self.flush_all();
        self.builder.set_inst(None);
        let (pc, next) = match self.operands {
            Operands::Fixed { entry, id } => self.finish_fixed(entry, id),
            Operands::FromProgram { kind } => self.finish_kind(kind)?,
        };
        // Time moves on in every row, or rows could form a cycle of their own.
        let ticks = self.ticks.max(1);
        let time = self.time.clone();
        let after = self.builder.later(&time, ticks);
        let is_valid = TableBuilder::is_valid();
        let message = [&pc.limbs[..], &[time.form]].concat();
        self.builder.send(MachineBus::Execution, -is_valid.clone(), message, "entry");
        let message = [&next.limbs[..], &[after.form]].concat();
        self.builder.send(MachineBus::Execution, is_valid, message, "exit");
        let (system, rows) = self.builder.finish();
        let recipe = WitnessRecipe::new(rows, next.slot, self.ir.xlen.bits());
        Ok(MachineLowered { system, recipe })
    }

    /// Each register once, the number of the precompile, the exit.
    fn finish_fixed(&mut self, entry: u64, id: u32) -> (Word<F>, Word<F>) {
        let read = self.ir.ids().filter_map(|id| match self.ir.node(id) {
            Node::Reg(reg) => Some(reg),
            _ => None,
        });
        let mut registers: Vec<Reg> = read.chain(self.ir.outputs.keys().copied()).collect();
        registers.sort_unstable();
        registers.dedup();
        for reg in registers {
            self.fixed_register(reg);
        }
        let words = 2 * self.builder.limbs();
        let pc = self.builder.constant_word(entry);
        let number = TableBuilder::plain(id.into());
        let rest = vec![Lin::zero(); 4 + words];
        let message = [&pc.limbs[..], &[number], &rest].concat();
        self.builder.send(MachineBus::Program, TableBuilder::is_valid(), message, "number");
        let next = self.next(entry);
        (pc, next)
    }

    fn fixed_register(&mut self, reg: Reg) {
        let number = u8::try_from(reg.index()).expect("below 32");
        let old = match self.entry_value(number) {
            Some(id) => self.word(id),
            None => {
                let slot = self.query(Query::Register(RegisterRef::Fixed(number)));
                self.builder.word(reg.abi_name(), ColumnKind::Input, slot)
            }
        };
        let new = match self.ir.outputs.get(&reg) {
            Some(id) => self.word(*id),
            None => old.clone(),
        };
        let place = [TableBuilder::plain(number.into())];
        let query =
            Query::AccessRegister { register: RegisterRef::Fixed(number), value: Some(new.slot) };
        self.access(MachineBus::Register, &place, [&old.limbs, &new.limbs], query);
    }

    /// The address of the next instruction.
    pub(super) fn next(&mut self, entry: u64) -> Word<F> {
        let mut flags: Vec<(Bit, Word<F>)> = Vec::new();
        let zero = self.builder.constant(0);
        let one = self.builder.constant(1);
        let mut open = Bit { function: Function::constant(true), source: (one, 0) };
        let mut next_slot: Vec<(Slot, Slot)> = Vec::new();
        for Exit { guard, target } in self.ir.exits.clone() {
            let target = match target {
                ExitTarget::Code(offset) => {
                    self.builder.constant_word(self.ir.code_address(entry, offset))
                }
                ExitTarget::Value(id) => self.word(id),
            };
            let Some((id, flag)) = guard else {
                next_slot.push((zero, target.slot));
                flags.push((open.clone(), target));
                break;
            };
            let truth = self.truth(id);
            let value = self.slot(id);
            let taken_slot = if flag { value } else { self.builder.alu(Alu::Xor, value, one) };
            let function = if flag { truth.function } else { truth.function.negated() };
            let taken = Bit { function, source: (taken_slot, 0) };
            let both = self.builder.alu(Alu::And, taken_slot, open.source.0);
            let first = self.combine(&open, &taken, |o, t| o & t, (both, 0));
            let not = self.builder.alu(Alu::Xor, taken_slot, one);
            let left = self.builder.alu(Alu::And, not, open.source.0);
            open = self.combine(&open, &taken, |o, t| o & !t, (left, 0));
            next_slot.push((taken_slot, target.slot));
            flags.push((first, target));
        }
        self.chosen_target(&flags, &next_slot)
    }

    /// Lemma: exactly one flag is 1, so the sum of flags times targets is one of the targets.
    fn chosen_target(&mut self, flags: &[(Bit, Word<F>)], slots: &[(Slot, Slot)]) -> Word<F> {
        if let [(_, only)] = flags {
            return only.clone();
        }
        let (_, last) = slots.last().expect("there is an exit");
        let slot = slots.iter().rev().skip(1).fold(*last, |rest, &(taken, target)| {
            self.builder.step(Step::Select(taken, target, rest))
        });
        let mut limbs = Vec::new();
        for index in 0..self.builder.limbs() {
            let mut sum = Ex::from(Lin::zero());
            for (flag, target) in flags {
                let flag = self.bit_expr_to(flag, self.target.limits.degree - 1);
                // A constant is a multiple of the flag.
                let target = target.limbs[index].clone();
                sum = sum + flag * as_constant(target).into();
            }
            let own = self.builder.limb_slot(slot, index);
            limbs.push(self.builder.linearised("next_pc", &sum, own));
        }
        Word { limbs, slot }
    }
}
