//! From the IR to a constraint system and a witness recipe for OpenVM's buses.
//!
//! Words are four bytes, as OpenVM's memory has them; what no one needs as bytes is kept as two
//! 16-bit halves, and sums that only feed sums are not kept at all ([`demand`]). Every gadget
//! states its lemma where it stands, and after "Complete" for which states there is a row;
//! `tests/gadgets.rs` and `tests/edges.rs` check both by machine.
//!
//! Invariants:
//! - a [`word::Word`]'s bytes and halves are in range on every accepted row of a call, because they
//!   come from memory, are range-checked, or follow from lookups;
//! - a register is accessed once, at the end; memory before, each word as seldom as possible
//!   ([`memory`]);
//! - everything vanishes on a row of zeros: constants are multiples of the `is_valid` column;
//! - what depends on the region's place and number is added at the very end ([`Unplaced::placed`]).

mod access;
mod arithmetic;
mod bitwise;
mod builder;
mod compare;
mod demand;
mod inline;
mod memory;
mod multiply;
mod shift;
mod splits;
mod word;

use std::collections::BTreeMap;

use autoprec_circuits::{BabyBear, Bus, ColumnKind};
use autoprec_isa::{Alu, Reg};

use super::alias::{Base, Memory as _, residues};
use super::place::{Exits, Unplaced};
use super::{LowerError, Lowered};
use crate::ir::{Effect, ExitTarget, Ir, Node, ValueId};
use crate::recipe::{Query, RegisterRef, RowGenerator, Slot, WitnessRecipe};
use crate::target::Target;
use access::Group;
use builder::{Builder, Ex, Lin, Step};
use demand::{Demand, Form};
use memory::Lines;
use multiply::Twins;
use word::Word;

/// Lowers a region.
///
/// # Errors
/// If the target cannot express the region.
pub fn lower(ir: &Ir, target: &Target) -> Result<Unplaced<BabyBear, Bus>, LowerError> {
    if !target.xlens.contains(&ir.xlen) {
        return Err(LowerError::WordWidth { target: target.name, xlen: ir.xlen });
    }
    if let Some((inst, op)) = unsupported(ir) {
        return Err(LowerError::Operation { inst, op });
    }
    let mut lowering = Lowering::new(ir, target)?;
    if let Some((inst, address)) = no_such_address(ir, target) {
        return Err(LowerError::NoSuchAddress { inst, address });
    }
    lowering.enter();
    lowering.lower_in_order();
    lowering.at_end();
    let (taken, dynamic) = lowering.exits();
    lowering.leave(dynamic);
    if lowering.builder.accesses() == 0 {
        return Err(LowerError::NoAccess);
    }
    let next_pc = lowering.next_pc_slot();
    let (system, steps, sources) = lowering.builder.finish();
    let mut exits = Exits::new(ir, taken, Builder::is_valid(), |field| field);
    let (system, sources) = inline::inline(system, &mut exits.taken, sources, target.limits.degree);
    let rows = RowGenerator::new(ir.xlen, steps, sources);
    let recipe = WitnessRecipe::new(rows, next_pc, target.address_bits);
    Ok(Unplaced { lowered: Lowered { system, recipe }, exits })
}

/// A register of the region, for recipes.
fn register(reg: Reg) -> RegisterRef {
    RegisterRef::Fixed(u8::try_from(reg.index()).expect("below 32"))
}

/// The first constant address beyond what the target has, of data or of code that is jumped to.
///
/// Nothing in the system would check it.
fn no_such_address(ir: &Ir, target: &Target) -> Option<(u32, u64)> {
    let last = ir.last_inst();
    let data = ir.effects.iter().filter_map(|&effect| {
        Some((effect.inst(ir), ir.as_const(effect.address(ir))?, target.address_bits))
    });
    let code = ir
        .exits
        .iter()
        .filter_map(|exit| Some((last, ir.as_const(exit.target.value()?)?, target.pc_bits)));
    data.chain(code)
        .find(|&(_, address, bits)| address >> bits != 0)
        .map(|(inst, address, _)| (inst, address))
}

/// The first operation without a gadget: those of 64-bit words and of atomics.
fn unsupported(ir: &Ir) -> Option<(u32, &'static str)> {
    use Alu::{Add, And, Divu, Eq, Mul, Mulhu, Or, Remu, Sll, Slt, Sltu, Sra, Srl, Sub, Xor};
    ir.values.iter().find_map(|value| match value.node {
        Node::Alu(
            Add | Sub | And | Or | Xor | Sll | Srl | Sra | Slt | Sltu | Eq | Mul | Mulhu | Divu
            | Remu,
            _,
            _,
        ) => None,
        Node::Alu(op, ..) => Some((value.inst, op.name())),
        _ => None,
    })
}

/// A region being lowered.
struct Lowering<'a> {
    ir: &'a Ir,
    target: &'a Target,
    builder: Builder,
    /// Per value: the bits that may be set.
    possible: Vec<u32>,
    /// Per value: the greatest it can be.
    bounds: Vec<u32>,
    /// Per value: in which form it is needed.
    demand: Demand,
    /// Per value: where its word is when the region runs.
    slots: Vec<Slot>,
    /// Per value: its columns, once it has been lowered.
    words: Vec<Option<Word>>,
    /// Words of memory whose contents are known.
    lines: Lines,
    /// The value that is a constant.
    constants: BTreeMap<u32, ValueId>,
    /// `a <u b` as a bit, where some gadget computes it anyway.
    less: BTreeMap<(ValueId, ValueId), Lin>,
    /// Sign bits.
    signs: BTreeMap<ValueId, Lin>,
    /// The high part of a byte that is split at a bit.
    splits: BTreeMap<(Lin, u8), Lin>,
    /// Exclusive ors of bytes that were looked up.
    exclusive_ors: BTreeMap<(Lin, Lin), Lin>,
    /// The forms in which the two words of products and divisions are needed.
    twin_forms: BTreeMap<Twins, [Form; 2]>,
    /// The two words of products and divisions.
    twins: BTreeMap<Twins, [Word; 2]>,
    /// Memory accesses by base.
    groups: BTreeMap<Base, Group>,
}

impl<'a> Lowering<'a> {
    fn new(ir: &'a Ir, target: &'a Target) -> Result<Self, LowerError> {
        #[expect(clippy::cast_possible_truncation, reason = "the region is rv32")]
        let narrow = |words: &[u64]| words.iter().map(|&word| word as u32).collect::<Vec<u32>>();
        let possible = ir.all_possible_bits();
        let groups = access::group(ir, residues(ir, &possible)?);
        let bounds = narrow(&ir.all_upper_bounds(&possible));
        let possible = narrow(&possible);
        let demand = Demand::of(ir, &possible);
        #[expect(clippy::cast_possible_truncation, reason = "the region is rv32")]
        let constants = ir.ids().filter_map(|id| Some((ir.as_const(id)? as u32, id))).collect();
        Ok(Self {
            constants,
            twin_forms: multiply::twin_forms(ir, &demand),
            twins: BTreeMap::new(),
            builder: Builder::new(),
            demand,
            slots: Vec::with_capacity(ir.values.len()),
            words: vec![None; ir.values.len()],
            lines: Lines::default(),
            less: BTreeMap::new(),
            signs: BTreeMap::new(),
            splits: BTreeMap::new(),
            exclusive_ors: BTreeMap::new(),
            groups,
            possible,
            bounds,
            ir,
            target,
        })
    }

    /// Emits the steps and columns of everything in program order, so that operands are there before
    /// their users.
    fn lower_in_order(&mut self) {
        let mut effects = self.ir.effects.iter().copied().peekable();
        for id in self.ir.ids() {
            let at = |slots: &[Slot], id: ValueId| slots[id.index()];
            let step = match self.ir.node(id) {
                Node::Const(value) => Step::Const(value.into()),
                Node::Reg(reg) => Step::Query(Query::Register(register(reg))),
                Node::Alu(op, a, b) => Step::Alu(op, at(&self.slots, a), at(&self.slots, b)),
                Node::Select { condition, then, otherwise } => {
                    let [c, t, o] = [condition, then, otherwise].map(|id| at(&self.slots, id));
                    Step::Select(c, t, o)
                }
                Node::Load { .. } => {
                    while let Some(effect) = effects.next_if(|e| *e != Effect::Load(id)) {
                        self.store(effect);
                    }
                    effects.next();
                    self.load(id);
                    continue;
                }
            };
            let slot = self.builder.step(step);
            self.slots.push(slot);
            if self.demand.is_needed(id) {
                self.word(id);
            }
        }
        for effect in effects {
            self.store(effect);
        }
    }

    /// The first columns: whether the row is a call, and when; the call is looked up in the program.
    fn enter(&mut self) {
        let one = self.builder.constant(1);
        let is_valid = self.builder.column("is_valid", ColumnKind::Flag, one);
        debug_assert_eq!(is_valid, Builder::is_valid());
        let timestamp = self.builder.query(Query::Time);
        self.builder.column("timestamp", ColumnKind::Time, timestamp);
        self.builder.constrain(Ex::from(is_valid.clone()).boolean(), "0 or 1");
        let lookup = vec![Lin::zero(); Bus::Program.fields()];
        self.builder.send(Bus::Program, is_valid.clone(), lookup, "the patched word");
        let message = vec![Lin::zero(), Builder::timestamp()];
        self.builder.send(Bus::Execution, -is_valid, message, "entry");
    }

    /// Accesses the registers and hands over to the next instruction.
    fn leave(&mut self, dynamic: Ex) {
        let mut touched: BTreeMap<Reg, Option<ValueId>> = BTreeMap::new();
        for (id, value) in self.ir.ids().zip(&self.ir.values) {
            if let Node::Reg(reg) = value.node
                && self.demand.is_needed(id)
            {
                touched.insert(reg, None);
            }
        }
        for (&reg, &value) in &self.ir.outputs {
            // A register that ends as it began is read at most.
            if self.ir.node(value) != Node::Reg(reg) {
                touched.insert(reg, Some(value));
            }
        }
        for (reg, value) in touched {
            self.register_access(reg, value);
        }
        let ticks = self.builder.accesses();
        let now = Builder::timestamp() + Builder::plain(i64::from(ticks));
        let message = vec![dynamic, now.into()];
        self.builder.send_expr(Bus::Execution, Builder::is_valid(), message, "exit");
    }

    /// Whether each exit but the last is taken, and the part of the address of the next instruction that
    /// comes from values.
    ///
    /// Guards are bits; an exit is taken if its guard holds and none before it does, so its flag is the
    /// product of the guard and the negations of the guards before it.
    fn exits(&mut self) -> (Vec<Ex>, Ex) {
        let mut rest = Ex::from(Builder::is_valid());
        let (mut flags, mut dynamic) = (Vec::new(), Ex::int(0));
        for exit in &self.ir.exits {
            let taken = match exit.guard {
                None => rest.clone(),
                Some((id, flag)) => {
                    let bit = self.bit(id);
                    let taken = if flag { bit } else { Builder::is_valid() - bit };
                    let first = rest == Ex::from(Builder::is_valid());
                    if first { taken.into() } else { rest.clone() * taken.into() }
                }
            };
            rest = rest - taken.clone();
            if let ExitTarget::Value(id) = exit.target {
                dynamic = dynamic + self.target(id, taken.clone());
            }
            if exit.guard.is_some() {
                flags.push(taken);
            }
        }
        (flags, dynamic)
    }

    /// A computed target if the exit is taken, else 0.
    fn target(&mut self, id: ValueId, taken: Ex) -> Ex {
        if let Some(pc) = self.ir.as_const(id) {
            return Ex::int(i64::try_from(pc).expect("rv32 addresses are small")) * taken;
        }
        let target = self.jump_target(id).into();
        // On padding the target's columns are 0.
        let always = taken == Ex::from(Builder::is_valid());
        if always { target } else { target * taken }
    }

    fn target_slot(&mut self, target: ExitTarget) -> Slot {
        match target {
            ExitTarget::Code(offset) => self.builder.step(Step::Code(offset)),
            ExitTarget::Value(id) => self.slots[id.index()],
        }
    }

    fn next_pc_slot(&mut self) -> Slot {
        let (last, guarded) = self.ir.exits.split_last().expect("a verified IR has an exit");
        let mut next = self.target_slot(last.target);
        for exit in guarded.iter().rev() {
            let (guard, flag) = exit.guard.expect("only the last exit is unguarded");
            let (condition, target) = (self.slots[guard.index()], self.target_slot(exit.target));
            let step = if flag {
                Step::Select(condition, target, next)
            } else {
                Step::Select(condition, next, target)
            };
            next = self.builder.step(step);
        }
        next
    }

    /// A computed code address as a field element.
    ///
    /// Lemma: the low half less its lowest bit is even and 16 bits wide, the high half is below
    /// 2^(pc_bits − 16), so the sum is the integer address and below 2^pc_bits. Complete: for every
    /// target below 2^pc_bits, before its lowest bit is cleared odd or even; others have no code.
    fn jump_target(&mut self, target: ValueId) -> Lin {
        let cleared = match self.ir.node(target) {
            Node::Alu(Alu::And, x, mask) if self.ir.as_const(mask) == Some(0xffff_fffe) => Some(x),
            _ => None,
        };
        let [low, high] = self.halves(cleared.unwrap_or(target)).map(|half| half.lin);
        let low = match cleared {
            Some(x) if self.possible[x.index()] & 1 == 1 => {
                let slot = self.builder.bits(self.slots[x.index()], 0, 1);
                let bit = self.builder.column("target_bit", ColumnKind::Helper, slot);
                self.builder.constrain(Ex::from(bit.clone()).boolean(), "lowest bit of the target");
                let even = low - bit;
                self.builder.range(even.scale(builder::half()), 15, "target is even");
                even
            }
            _ => low,
        };
        self.builder.range(high.clone(), self.target.pc_bits - 16, "target is a code address");
        low + high.times(1 << 16)
    }
}
