//! The walk over a region: values and effects in order, then registers and exits.

use std::collections::BTreeMap;

use autoprec_circuits::{ColumnId, ColumnKind, Field, MachineBus, MachineSystem};
use autoprec_isa::{Alu, Reg};

use super::bit::{Bit, Function, Plans};
use super::bitwise::cut_at;
use super::builder::{Ex, Lin, TableBuilder, as_constant};
use super::demand::Demands;
use super::gadget::{Time, Word};
use super::kind;
use super::memory::{Group, groups};
use super::value::Val;
use super::{MachineLowered, Operands};
use crate::ir::{Effect, Exit, ExitTarget, Ir, Node, ValueId};
use crate::lower::LowerError;
use crate::lower::alias::{Base, Memory as _};
use crate::lower::place::{Exits, Unplaced};
use crate::recipe::{OperandField, Query, RegisterRef, RowGenerator, Slot, Step, WitnessRecipe};
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

    /// Lowers what happens before control leaves.
    pub(super) fn body(&mut self) -> Result<(), LowerError> {
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
        Ok(())
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
        matches!(self.operands, Operands::Region).then_some(inst)
    }

    /// The registers that come in, and what the program says.
    fn entry(&mut self) -> Result<(), LowerError> {
        for id in self.ir.ids() {
            let Node::Reg(reg) = self.ir.node(id) else { continue };
            let number = u8::try_from(reg.index()).expect("below 32");
            let query = match self.operands {
                Operands::Region => Query::Register(RegisterRef::Fixed(number)),
                Operands::Program => match number {
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

    /// Ends a region.
    pub(super) fn finish_region(mut self) -> Unplaced<F, MachineBus> {
        self.at_end();
        self.builder.set_inst(None);
        self.fixed_registers();
        let nothing = |fields: usize| vec![Lin::zero(); fields];
        let (limbs, is_valid) = (self.builder.limbs(), TableBuilder::is_valid());
        self.builder.send(MachineBus::Program, is_valid.clone(), nothing(5 + 3 * limbs), "number");
        let Left { flags, next } = self.leave();
        let (_, guarded) = flags.split_last().expect("there is an exit");
        let taken = guarded.iter().map(|flag| self.bit_expr_to(flag, 1)).collect();
        let exits = Exits::new(self.ir, taken, is_valid, without_factor);
        let (slot, xlen) = (next.slot, self.ir.xlen);
        let (system, rows) = self.control(nothing(limbs), next.limbs);
        let recipe = WitnessRecipe::new(rows, slot, xlen.bits());
        Unplaced { lowered: MachineLowered { system, recipe }, exits }
    }

    /// Ends a kind of instruction.
    pub(super) fn finish_kind(mut self, kind: u32) -> Result<MachineLowered<F>, LowerError> {
        self.at_end();
        self.builder.set_inst(None);
        let pc = self.kind_operands(kind)?;
        let next = self.leave().next;
        let (slot, xlen) = (next.slot, self.ir.xlen);
        let (system, rows) = self.control(pc.limbs, next.limbs);
        let recipe = WitnessRecipe::new(rows, slot, xlen.bits());
        Ok(MachineLowered { system, recipe })
    }

    /// Receives control, and passes it on some ticks later.
    fn control(
        mut self,
        pc: Vec<Lin<F>>,
        next: Vec<Lin<F>>,
    ) -> (MachineSystem<F>, RowGenerator<F>) {
        // Time moves on in every row, or rows could form a cycle of their own.
        let ticks = self.ticks.max(1);
        let time = self.time.clone();
        let after = self.builder.later(&time, ticks);
        let is_valid = TableBuilder::is_valid();
        let message = [pc, vec![time.form]].concat();
        self.builder.send(MachineBus::Execution, -is_valid.clone(), message, "entry");
        let message = [next, vec![after.form]].concat();
        self.builder.send(MachineBus::Execution, is_valid, message, "exit");
        self.builder.finish()
    }

    /// Each register once.
    fn fixed_registers(&mut self) {
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

    /// The flags of all exits and the address of the next instruction, as far as values say it.
    fn leave(&mut self) -> Left<F> {
        let zero = self.builder.constant(0);
        let one = self.builder.constant(1);
        let mut open = Bit { function: Function::constant(true), source: (one, 0) };
        let (mut flags, mut words, mut slots) = (Vec::new(), Vec::new(), Vec::new());
        for Exit { guard, target } in self.ir.exits.clone() {
            let (target, word) = match target {
                ExitTarget::Code(offset) => (self.builder.step(Step::Code(offset)), None),
                ExitTarget::Value(id) => {
                    let word = self.word(id);
                    (word.slot, Some(word.limbs))
                }
            };
            words.push(word);
            let Some((id, flag)) = guard else {
                slots.push((zero, target));
                flags.push(open);
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
            slots.push((taken_slot, target));
            flags.push(first);
        }
        let (_, last) = *slots.last().expect("there is an exit");
        let slot = slots.iter().rev().skip(1).fold(last, |rest, &(taken, target)| {
            self.builder.step(Step::Select(taken, target, rest))
        });
        let next = Word { limbs: self.chosen(&flags, &words, slot), slot };
        Left { flags, next }
    }

    /// The sum over the exits that lead to values of flag times address.
    ///
    /// Lemma: exactly one flag is 1, so the sum is the address of its exit, 0 if that is one to code.
    fn chosen(&mut self, flags: &[Bit], words: &[Option<Vec<Lin<F>>>], slot: Slot) -> Vec<Lin<F>> {
        if let [Some(only)] = words {
            return only.clone();
        }
        if words.iter().all(Option::is_none) {
            return vec![Lin::zero(); self.builder.limbs()];
        }
        let mut limbs = Vec::new();
        for index in 0..self.builder.limbs() {
            let mut sum = Ex::from(Lin::zero());
            for (flag, word) in flags.iter().zip(words) {
                let Some(word) = word else { continue };
                let flag = self.bit_expr_to(flag, self.target.limits.degree - 1);
                // A constant is a multiple of the flag.
                sum = sum + flag * as_constant(word[index].clone()).into();
            }
            let own = self.builder.limb_slot(slot, index);
            limbs.push(self.builder.linearised("next_pc", &sum, own));
        }
        limbs
    }
}

/// How a row ends.
struct Left<F> {
    /// Whether each exit is taken.
    flags: Vec<Bit>,
    /// The address of the next instruction: its slot, and the limbs of what values say of it.
    next: Word<F>,
}

/// A field of a bus interaction that only calls send: `is_valid` is 1 where it counts.
fn without_factor<F: Field>(field: Ex<F>) -> Ex<F> {
    match field.as_linear() {
        Some(linear) => as_constant(linear.clone()).into(),
        None => field,
    }
}
