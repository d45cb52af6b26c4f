//! A system that lacks place and number, and placing it: what depends on where a region lies is added at the
//! very end, so equal IR gives equal systems everywhere, on every shelf.
//!
//! Lemma: of the exits exactly one is taken, and the flags of all are bits with the sum `whole`, which is 1 on
//! every call. So a field of the address at which control leaves is the sum over the exits of flag times field:
//! the exits that lead to values are in the message already, those that lead to code are added here. The flag of
//! the last exit is `whole` less the others, so each other flag is multiplied by the difference to the last.

use autoprec_circuits::{Expr, Field, Linear};
use autoprec_guest_elf::PrecompileId;
use autoprec_isa::Xlen;

use super::{LowerError, Lowered};
use crate::call::CallBus;
use crate::ir::{ExitTarget, Ir};
use crate::target::{Bounds, Target};

/// What lowering makes of a region.
#[derive(Clone, Debug)]
pub struct Unplaced<F, B> {
    pub(super) lowered: Lowered<F, B>,
    pub(super) exits: Exits<F>,
}

/// Where control goes, as far as code says it.
#[derive(Clone, Debug)]
pub(super) struct Exits<F> {
    /// The instruction that the exits come from.
    inst: u32,
    /// Where each exit leads, from the entry; none if a value says it.
    offsets: Vec<Option<i64>>,
    /// Whether each exit but the last is taken.
    pub(super) taken: Vec<Expr<F>>,
    /// What the flags of all exits add up to: 1 on every call.
    whole: Linear<F>,
    /// How a field of the address at which control leaves is written.
    write: fn(Expr<F>) -> Expr<F>,
}

impl<F: Field> Exits<F> {
    /// Those of a region; `taken` says of each but the last whether it is taken.
    pub(super) fn new(
        ir: &Ir,
        taken: Vec<Expr<F>>,
        whole: Linear<F>,
        write: fn(Expr<F>) -> Expr<F>,
    ) -> Self {
        let offset = |target| match target {
            ExitTarget::Code(offset) => Some(offset),
            ExitTarget::Value(_) => None,
        };
        let offsets: Vec<_> = ir.exits.iter().map(|exit| offset(exit.target)).collect();
        debug_assert_eq!(offsets.len(), taken.len() + 1, "the last exit has no guard");
        Self { inst: ir.last_inst(), offsets, taken, whole, write }
    }

    /// The fields of the address at which control leaves, as far as code says it; `fields` gives those of the
    /// target of an exit.
    fn address(&self, fields: impl Fn(Option<i64>) -> Vec<F>) -> Vec<Expr<F>> {
        let (last, others) = self.offsets.split_last().expect("a region has an exit");
        let last = fields(*last);
        let mut address: Vec<Expr<F>> =
            last.iter().map(|&field| self.whole.scale(field).into()).collect();
        for (flag, offset) in self.taken.iter().zip(others) {
            for ((sum, own), &last) in address.iter_mut().zip(fields(*offset)).zip(&last) {
                *sum = sum.clone() + flag.clone() * Expr::constant(own - last);
            }
        }
        address
    }

    /// The first place among the entry and those in the code that exits lead to which the target does not
    /// have, with its instruction: nothing in the system would check it.
    fn no_such_code(&self, entry: u64, bounds: Bounds, xlen: Xlen) -> Option<(u32, u64)> {
        let offsets = self.offsets.iter().flatten();
        let exits =
            offsets.map(|&offset| (self.inst, xlen.mask(entry.wrapping_add_signed(offset))));
        std::iter::once((0, entry)).chain(exits).find(|&(_, address)| !bounds.has_code(address))
    }
}

impl<F: Field, B: CallBus> Unplaced<F, B> {
    /// What has the columns, constraints and bus interactions of the placed system.
    pub fn lowered(&self) -> &Lowered<F, B> {
        &self.lowered
    }

    /// For a region that begins at `entry` and is called by the number `id`.
    ///
    /// # Errors
    /// If the region or what follows it lies beyond what the target has of code.
    pub fn placed(
        &self,
        entry: u64,
        id: PrecompileId,
        target: &Target,
    ) -> Result<Lowered<F, B>, LowerError> {
        let Lowered { mut system, recipe } = self.lowered.clone();
        let xlen = recipe.xlen();
        let bounds = Bounds::of(target, xlen);
        if let Some((inst, address)) = self.exits.no_such_code(entry, bounds, xlen) {
            return Err(LowerError::NoSuchAddress { inst, address });
        }
        let fields = |address| -> Vec<F> {
            B::code_address(target, xlen, address).into_iter().map(F::from_u64).collect()
        };
        let mut control = system.interactions.iter_mut().filter(|i| i.bus == B::EXECUTION);
        let entered = control.next().expect("a call is entered");
        for (field, value) in entered.message.iter_mut().zip(fields(entry)) {
            *field = Expr::constant(value);
        }
        let left = control.next().expect("a call is left");
        let address = self.exits.address(|offset| match offset {
            Some(offset) => fields(xlen.mask(entry.wrapping_add_signed(offset))),
            None => vec![F::ZERO; fields(entry).len()],
        });
        for (field, value) in left.message.iter_mut().zip(address) {
            *field = (self.exits.write)(field.clone() + value);
        }
        let mut lowered = Lowered { system, recipe: recipe.placed(entry) };
        lowered.set_call(entry, id, target);
        Ok(lowered)
    }
}

impl<F: Field, B: CallBus> Lowered<F, B> {
    /// Says how a call is looked up in the program. Nothing else depends on the number.
    pub(crate) fn set_call(&mut self, entry: u64, id: PrecompileId, target: &Target) {
        let call = B::call(target, self.recipe.xlen(), entry, id.number());
        for lookup in self.system.interactions.iter_mut().filter(|i| i.bus == B::PROGRAM) {
            lookup.message = call.iter().map(|&field| Expr::constant(F::from_u64(field))).collect();
        }
    }
}
