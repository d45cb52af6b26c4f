//! A machine of any size: one wide table of bits that changes words of memory, and a table of ranges.

use autoprec_circuits::{
    BabyBear, Boundary, Column, ColumnId, ColumnKind, Constraint, Expr, Field, Interaction, Linear,
    MachineBus, MachineSystem, Origin, Statement, Table, Trace,
};

/// How large the machine is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Rows of the wide table.
    pub(crate) rows: usize,
    /// Words of 64 bits that each row changes: 64 columns and two messages each.
    pub(crate) words: usize,
    /// Lookups of each row, at least as many as words.
    pub(crate) lookups: usize,
    /// Whether new words are sums of products of bits, which makes the messages' degree 2.
    pub(crate) products: bool,
}

const WORD: usize = 64;
const LIMB: usize = 16;

type E = Expr<BabyBear>;

fn cell(column: usize) -> E {
    Expr::Linear(Linear::column(ColumnId(u32::try_from(column).expect("columns are few"))))
}

fn origin() -> Origin {
    Origin { instruction: None, what: "synthetic".into() }
}

/// Flag, time, mask, then per word its last time and its bits.
struct Layout(Shape);

impl Layout {
    const FLAG: usize = 0;
    const TIME: usize = 1;
    const MASK: usize = 2;

    fn last(word: usize) -> usize {
        Self::MASK + WORD + word * (WORD + 1)
    }

    fn bit(word: usize, bit: usize) -> usize {
        Self::last(word) + 1 + bit
    }

    fn width(&self) -> usize {
        Self::last(self.0.words)
    }

    fn limbs(&self, word: usize, new: bool) -> Vec<E> {
        let bit = |index: usize| {
            let (old, mask) = (cell(Self::bit(word, index)), cell(Self::MASK + index));
            match (new, self.0.products) {
                (true, true) => old.clone() + mask.clone() - E::int(2) * old * mask,
                (true, false) | (false, _) => old,
            }
        };
        let limb = |limb: usize| {
            let bits = (0..LIMB).map(|i| E::int(1 << i) * bit(limb * LIMB + i));
            bits.reduce(|a, b| a + b).expect("a limb has bits")
        };
        (0..WORD / LIMB).map(limb).collect()
    }

    fn system(&self) -> MachineSystem<BabyBear> {
        let columns = (0..self.width())
            .map(|i| Column { name: format!("c{i}"), kind: ColumnKind::Helper })
            .collect();
        let mut constraints = vec![cell(Self::FLAG).boolean()];
        constraints.extend((0..WORD).map(|i| cell(Self::MASK + i).boolean()));
        let mut interactions = Vec::new();
        let mut send = |bus, multiplicity: E, message: Vec<E>| {
            interactions.push(Interaction { bus, multiplicity, message, origin: origin() });
        };
        for word in 0..self.0.words {
            constraints.extend((0..WORD).map(|i| cell(Self::bit(word, i)).boolean()));
            // Of degree 3, as those of keccak's nonlinear step.
            constraints.extend(
                (0..WORD / 2).map(|i| {
                    cell(Self::bit(word, i)).boolean() * cell(Self::bit(word, i + WORD / 2))
                }),
            );
            let message = |new: bool, time: E| {
                let address = [
                    E::constant(BabyBear::from_u64(8 * word as u64)),
                    E::int(0),
                    E::int(0),
                    E::int(0),
                ];
                address.into_iter().chain(self.limbs(word, new)).chain([time]).collect()
            };
            let flag = || cell(Self::FLAG);
            send(MachineBus::Memory, -E::int(1) * flag(), message(false, cell(Self::last(word))));
            send(MachineBus::Memory, flag(), message(true, cell(Self::TIME)));
        }
        for lookup in 0..self.0.lookups {
            let value = match lookup.checked_sub(self.0.words) {
                None => cell(Self::TIME) - cell(Self::last(lookup)) - cell(Self::FLAG),
                Some(limb) => self.limbs(limb / 4 % self.0.words, false)[limb % 4].clone(),
            };
            send(MachineBus::Range, cell(Self::FLAG), vec![value, E::int(16)]);
        }
        let constraints =
            constraints.into_iter().map(|expr| Constraint { expr, origin: origin() }).collect();
        MachineSystem { columns, constraints, interactions }
    }

    fn cells(&self) -> Vec<BabyBear> {
        let mut random = 1_u64;
        let mut draw = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random ^ (random >> 29)
        };
        let mut words = vec![0_u64; self.0.words];
        let mut cells = Vec::new();
        let bits = |word: u64| (0..WORD).map(move |i| word >> i & 1);
        for row in 0..self.0.rows as u64 {
            let mask = draw();
            let mut next = vec![1, row + 1];
            next.extend(bits(mask));
            for word in &mut words {
                next.push(row);
                next.extend(bits(*word));
                if self.0.products {
                    *word ^= mask;
                }
            }
            cells.extend(next.into_iter().map(BabyBear::from_u64));
        }
        cells
    }
}

/// A statement of this shape with the rows that show it.
pub(crate) fn machine(shape: Shape) -> (Statement<BabyBear>, Trace<BabyBear>) {
    let layout = Layout(shape);
    let (system, cells, width) = (layout.system(), layout.cells(), layout.width());
    let mut times = vec![0_u64; 1 << 16];
    for row in cells.chunks(width) {
        for interaction in system.interactions.iter().filter(|i| i.bus == MachineBus::Range) {
            let value = usize::try_from(interaction.message[0].eval(row).to_u64());
            times[value.expect("an index")] += 1;
        }
    }
    let mut boundary = Vec::new();
    for word in 0..shape.words {
        let receive = |multiplicity, row: &[BabyBear], new| {
            let address = [8 * word as u64, 0, 0, 0].map(BabyBear::from_u64);
            let value = layout.limbs(word, new).into_iter().map(|limb| limb.eval(row));
            let time = if new { row[Layout::TIME] } else { row[Layout::last(word)] };
            let message = address.into_iter().chain(value).chain([time]).collect();
            Boundary { bus: MachineBus::Memory, multiplicity, message }
        };
        boundary.push(receive(1, &cells[..width], false));
        boundary.push(receive(-1, &cells[cells.len() - width..], true));
    }
    let range = MachineSystem::parse(
        "system babybear\ncolumn v input\ncolumn b input\ncolumn n helper\nsend range -n [v, b] ; .\n",
    )
    .expect("the text is a system");
    let fixed =
        vec![(0..1 << 16).map(BabyBear::from_u64).collect(), vec![BabyBear::from_u64(16); 1 << 16]];
    let range_cells = times
        .iter()
        .enumerate()
        .flat_map(|(value, &times)| [value as u64, 16, times].map(BabyBear::from_u64));
    let range_cells = range_cells.collect();
    let tables = vec![
        Table { name: "wide".to_owned(), system, fixed: Vec::new(), rows: shape.rows },
        Table { name: "range".to_owned(), system: range, fixed, rows: 1 << 16 },
    ];
    let statement = Statement { tables, boundary, binding: [0; 32] };
    (statement, Trace { cells: vec![cells, range_cells] })
}
