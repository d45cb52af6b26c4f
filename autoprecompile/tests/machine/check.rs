//! The checks that every table passes.

use autoprec_blocks::Region;
use autoprec_circuits::{Field, MachineSystem};
use autoprec_isa::Xlen;
use autoprec_synth::OperandValues;
use autoprec_synth::bits::MachineLowered;
use autoprec_synth::ir::{Effect, Ir, Node};
use autoprec_synth::lift;
use autoprec_synth::rewrite::optimise;
use autoprec_synth::{LowerError, PrecompileId, Target};

use super::judge::inconsistent;
use super::system::own;
use super::world::{Claim, World, mix};

/// What happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) honest: u32,
    pub(crate) faults: u32,
    pub(crate) rejected: u32,
    pub(crate) harmless: u32,
}

/// A table and what its rows are.
pub(crate) struct Case<F> {
    pub(crate) lowered: MachineLowered<F>,
    pub(crate) target: Target,
    pub(crate) claim: Claim,
    /// For failures.
    pub(crate) what: String,
}

pub(crate) fn check_region<F: Field>(region: &Region, target: &Target, states: u64) -> Counts {
    let ir = optimise(&lift(region).unwrap()).0;
    let entry = region.entry();
    let lowered = match own::<F>(region, target) {
        Ok(lowered) => lowered,
        // Some regions fault on every state.
        Err(LowerError::Misaligned { .. }) => return Counts::default(),
        Err(error) => panic!("{error}\n{region}"),
    };
    let insts = region.insts.iter().map(|at| (at.pc, at.len, at.inst)).collect();
    let claim = Claim::Call { id: PrecompileId::FIRST, entry, insts };
    let case = Case { lowered, target: *target, claim, what: region.to_string() };
    case.check_shape();
    let mut counts = Counts::default();
    for state in 0..states {
        let mut world = World::new(region.xlen, mix(state, 1));
        for pointer in [2, 8, 9] {
            // Few, so that they meet; seldom misaligned.
            let near = mix(state, 100 + u64::from(pointer));
            let low = if near.is_multiple_of(11) { near >> 20 & 7 } else { near >> 20 & 4 };
            world.regs.get_mut(&pointer).unwrap().0 = 0x1_0000 + 8 * (near >> 8 & 7) + low;
        }
        for (number, base) in bases(&ir).into_iter().zip(1..) {
            // Of long regions hardly one could be run otherwise.
            if region.insts.len() > 50 {
                world.regs.get_mut(&number).unwrap().0 = 0x1_0000 * base;
            }
        }
        let operands = OperandValues { pc: entry, ..OperandValues::default() };
        case.check_state(world, &operands, &mut counts);
    }
    counts
}

impl<F: Field> Case<F> {
    pub(crate) fn check_shape(&self) {
        let Self { lowered, target, what, .. } = self;
        let system = &lowered.system;
        assert_eq!(system.padding_violations(), Vec::<String>::new(), "{what}");
        assert!(system.degree() <= target.limits.degree, "{what}");
        assert_eq!(system.columns.len(), lowered.recipe.width(), "{what}");
        let fields =
            system.interactions.iter().flat_map(|i| i.message.iter().chain([&i.multiplicity]));
        assert!(
            fields.map(autoprec_circuits::Expr::degree).max() <= Some(target.limits.field_degree)
        );
    }

    pub(crate) fn check_state(
        &self,
        mut world: World,
        operands: &OperandValues,
        counts: &mut Counts,
    ) {
        let Self { lowered, target, claim, what } = self;
        let xlen = world.xlen;
        let mut reference = world.clone();
        let expected = claim.run(&mut reference, Some(*operands));
        let start = world.time;
        let before = format!("{:x?}", world.regs);
        let mut record = vec![0_u64; lowered.recipe.record_words()];
        let result = lowered.recipe.execute(&mut world, operands, Some(&mut record[..]));
        let next = match (result, expected) {
            (Ok(next), Ok(expected)) => {
                assert_eq!(next, expected, "{what}\n{before}");
                next
            }
            (Err(_), _) => {
                counts.faults += 1;
                return;
            }
            (Ok(_), Err(fault)) => panic!("{what}\nno fault at {fault:#x}\n{before}"),
        };
        // A row without accesses takes a tick all the same, which is not the host's to count.
        let accesses = world.time - start;
        assert_eq!(accesses.max(1), u64::from(lowered.recipe.ticks()), "{what}");
        for (number, (value, _)) in &reference.regs {
            assert_eq!(world.regs[number].0, *value, "{what}\nx{number} {before}");
        }
        for (address, (value, _)) in &reference.memory {
            let own = world.memory.get(address).map(|cell| cell.0);
            assert_eq!(own, Some(*value), "{what}\n{address:#x} {before}");
        }
        let mut row = vec![F::ZERO; lowered.recipe.width()];
        lowered.recipe.rows().generate(&record, &mut row);
        accepted(&lowered.system, &row, &format!("{what}\n{before}\nto {next:#x}"));
        if let Err(error) = inconsistent(&lowered.system, target, xlen, claim, &row) {
            panic!("{what}\n{before}\n{error}");
        }
        counts.honest += 1;
        self.attack(xlen, &record, &row, counts);
    }

    /// Judges rows of a prover that does not keep to the recipe.
    fn attack(&self, xlen: Xlen, record: &[u64], honest: &[F], counts: &mut Counts) {
        let Self { lowered, target, claim, what } = self;
        self.altered(record, honest, |row, how| {
            if !lowered.system.violations(row).is_empty() {
                counts.rejected += 1;
                return;
            }
            counts.harmless += 1;
            if let Err(error) = inconsistent(&lowered.system, target, xlen, claim, row) {
                let columns = lowered.system.columns.iter().zip(honest.iter().zip(row));
                let changed: Vec<String> = columns
                    .filter(|(_, (a, b))| a != b)
                    .map(|(column, (a, b))| format!("{}: {a} -> {b}", column.name))
                    .collect();
                panic!("{what}\n{how}: {error}\n{}", changed.join("\n"));
            }
        });
    }

    /// Rows with one cell changed, and rows that follow from one step gone wrong. Of long rows some
    /// only, others on every state.
    pub(crate) fn altered(&self, record: &[u64], honest: &[F], mut judge: impl FnMut(&[F], &str)) {
        let stride = |count: usize| count.div_ceil(60);
        let first = |count: usize| {
            usize::from(u16::try_from(mix(record[0], 3) >> 48).unwrap()) % stride(count).max(1)
        };
        let mut row = honest.to_vec();
        for column in (first(honest.len())..honest.len()).step_by(stride(honest.len())) {
            let random = F::from_u64(mix(record[0], column as u64));
            for change in [F::ONE, -F::ONE, random] {
                row[column] = honest[column] + change;
                judge(&row, &format!("column {column}"));
            }
            row[column] = honest[column];
        }
        let rows = self.lowered.recipe.rows();
        let steps = rows.steps().len();
        for step in (first(steps)..steps).step_by(stride(steps)) {
            for change in [1, -1, 1 << 31, i128::from(mix(record[0], step as u64) >> 20)] {
                let alter = |index, value| value ^ (change * i128::from(index == step));
                judge(&rows.altered(record, alter), &format!("step {step} by {change}"));
            }
        }
    }
}

fn accepted<F: Field>(system: &MachineSystem<F>, row: &[F], what: &str) {
    if let Some(violation) = system.violations(row).first() {
        panic!("{what}\n{}", system.explain(violation, row));
    }
}

/// The registers that accesses are based on.
fn bases(ir: &Ir) -> Vec<u8> {
    let address = |effect: &Effect| match *effect {
        Effect::Store { addr, .. } => Some(addr),
        Effect::Load(id) => ir.node(id).operands().next(),
    };
    let bases = ir.effects.iter().filter_map(address).filter_map(|addr| ir.split_address(addr).0);
    let registers = bases.filter_map(|base| match ir.node(base) {
        Node::Reg(reg) => u8::try_from(reg.index()).ok(),
        _ => None,
    });
    registers.collect::<std::collections::BTreeSet<u8>>().into_iter().collect()
}
