//! A second opinion, independent of the checker: honest rows from random states, and whether what a
//! row claims is true.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Bus, ConstraintSystem, Field};
use autoprec_isa::{Alu, Csr, CsrWrite, Flow, Machine, Reg, Width, step};
use autoprec_synth::{Host, OPENVM, Precompile, Slot, Step};
use proptest::prelude::{Rng, RngExt};

/// Timestamps and pointers are below this.
const BOUND: u32 = 1 << OPENVM.address_bits;

/// The instructions do not run on this state.
#[derive(Clone, Copy, Debug)]
struct Fault;

/// Registers and words of memory; words that were not set are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    regs: [u32; 32],
    memory: BTreeMap<u32, u32>,
}

impl World {
    fn random(rng: &mut impl Rng) -> Self {
        const EDGES: [u32; 9] =
            [0, 1, 3, 0xff, 0x8000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, u32::MAX];
        let mut world = Self::default();
        for reg in &mut world.regs[1..] {
            *reg = match rng.random_range(0..6) {
                0 => EDGES[rng.random_range(0..EDGES.len())],
                1 => rng.random_range(0..256),
                2 | 3 => rng.random_range(0x100..BOUND >> 1) & !3,
                _ => rng.random(),
            };
        }
        world
    }

    fn word(&self, addr: u32) -> u32 {
        // Something that is not the same everywhere, so that a wrong address shows.
        let filler = addr.wrapping_mul(0x9e37_79b9) ^ 0x5a5a_5a5a;
        self.memory.get(&addr).copied().unwrap_or(filler)
    }

    fn place(width: Width, addr: u32) -> Result<(u32, u32), Fault> {
        let fits = addr < BOUND && addr.is_multiple_of(width.bytes());
        if fits { Ok((addr & !3, 8 * (addr & 3))) } else { Err(Fault) }
    }

    fn execute(&mut self, region: &Region) -> Result<u32, Fault> {
        let mut next = region.end();
        for at in &region.insts {
            match step(self, region.xlen, at.pc, at.len, &at.inst)? {
                Flow::Branch { condition, taken_if, target } if (condition != 0) == taken_if => {
                    next = target;
                }
                Flow::Jump(target) if target >> OPENVM.pc_bits != 0 => return Err(Fault),
                Flow::Jump(target) => next = u64::from(target),
                _ => {}
            }
        }
        Ok(u32::try_from(next).expect("code addresses of rv32 are words"))
    }
}

impl Machine for World {
    type Word = u32;
    type Fault = Fault;

    fn constant(&mut self, value: u64) -> u32 {
        u32::try_from(value).expect("constants of rv32 are words")
    }

    fn alu(&mut self, op: Alu, a: u32, b: u32) -> u32 {
        op.eval(a, b)
    }

    fn reg(&mut self, reg: Reg) -> u32 {
        self.regs[reg.index()]
    }

    fn set_reg(&mut self, reg: Reg, value: u32) {
        self.regs[reg.index()] = value;
    }

    fn load(&mut self, width: Width, signed: bool, addr: u32) -> Result<u32, Fault> {
        let (addr, shift) = Self::place(width, addr)?;
        let unused = 32 - 8 * width.bytes();
        let top = self.word(addr) >> shift << unused;
        Ok(if signed { (top.cast_signed() >> unused).cast_unsigned() } else { top >> unused })
    }

    fn store(&mut self, width: Width, addr: u32, value: u32) -> Result<(), Fault> {
        let (addr, shift) = Self::place(width, addr)?;
        let mask = u32::MAX >> (32 - 8 * width.bytes()) << shift;
        let word = self.word(addr) & !mask | value << shift & mask;
        self.memory.insert(addr, word);
        Ok(())
    }

    fn amo(&mut self, _: Alu, _: Width, _: u32, _: u32) -> Result<u32, Fault> {
        Err(Fault)
    }

    fn load_reserved(&mut self, _: Width, _: u32) -> Result<u32, Fault> {
        Err(Fault)
    }

    fn store_conditional(&mut self, _: Width, _: u32, _: u32) -> Result<u32, Fault> {
        Err(Fault)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<u32>>) -> Result<u32, Fault> {
        Err(Fault)
    }
}

/// A world in which a recipe runs.
struct Traced {
    world: World,
    now: u32,
    last: BTreeMap<(u32, u32), u32>,
}

impl Traced {
    fn access(&mut self, place: (u32, u32), began: u32) -> u32 {
        let previous = self.last.insert(place, self.now).unwrap_or(began);
        self.now += 1;
        previous
    }
}

impl Host for Traced {
    type Fault = Fault;

    fn timestamp(&self) -> u32 {
        self.now
    }

    fn look_reg(&mut self, reg: Reg) -> u32 {
        self.world.regs[reg.index()]
    }

    fn look(&mut self, addr: u32) -> u32 {
        self.world.word(addr)
    }

    fn read(&mut self, addr: u32) -> (u32, u32) {
        let word = self.world.word(addr);
        (self.access((2, addr), addr / 16 % self.now), word)
    }

    fn write(&mut self, addr: u32, value: u32) -> (u32, u32) {
        let old = self.world.word(addr);
        self.world.memory.insert(addr, value);
        (self.access((2, addr), addr / 16 % self.now), old)
    }

    fn read_reg(&mut self, reg: Reg) -> u32 {
        let number = u32::try_from(reg.index()).expect("below 32");
        self.access((1, 4 * number), self.now - 1)
    }

    fn write_reg(&mut self, reg: Reg, value: u32) -> u32 {
        self.world.regs[reg.index()] = value;
        self.read_reg(reg)
    }

    fn bad_address(&self, _: u32) -> Fault {
        Fault
    }
}

/// Whether there are enough states on which the instructions run for the functions below to find
/// them.
pub(crate) fn runs(region: &Region, rng: &mut impl Rng) -> bool {
    (0..200).filter(|_| World::random(rng).execute(region).is_ok()).count() >= 10
}

/// The row of a call on a random state on which the instructions run.
pub(crate) fn honest_row(precompile: &Precompile, rng: &mut impl Rng) -> Vec<BabyBear> {
    filled(precompile, &record(precompile, rng))
}

/// A row filled from words that the call did not meet, so that the instructions may fault on them.
pub(crate) fn stray_row(precompile: &Precompile, rng: &mut impl Rng) -> Vec<BabyBear> {
    let mut record = record(precompile, rng);
    let inputs = record.len() - 1 - precompile.recipe.ticks() as usize;
    for word in &mut record[1..=inputs] {
        *word = match rng.random_range(0..6) {
            0 => rng.random(),
            1 => word.wrapping_add(rng.random_range(0..4)),
            // The same modulo the field, and modulo the memory.
            2 if rng.random() => word.wrapping_add(BabyBear::ORDER),
            2 => word.wrapping_add(BOUND * rng.random_range(1..8)),
            3 => BOUND - rng.random_range(0..64),
            4 => 0_u32.wrapping_sub(rng.random_range(0..4096)),
            _ => *word,
        };
    }
    filled(precompile, &record)
}

/// The row of a prover that lies about the result of one step and computes on from there.
pub(crate) fn lying_row(precompile: &Precompile, rng: &mut impl Rng) -> Vec<BabyBear> {
    let (record, recipe) = (record(precompile, rng), &precompile.recipe);
    let inputs = record.len() - 1 - recipe.ticks() as usize;
    let (mut input, previous) = (record[1..].iter(), &record[1 + inputs..]);
    let lie = rng.random_range(0..recipe.steps().len());
    let mut slots: Vec<u32> = Vec::new();
    for (index, step) in recipe.steps().iter().enumerate() {
        let mut word = match step {
            Step::Timestamp => record[0],
            Step::Reg(_) | Step::Look(_) | Step::Read(_) => *input.next().expect("an input"),
            Step::Write { .. } => 0,
            Step::Previous(access) => previous[*access as usize],
            _ => pure(step, &slots),
        };
        if index == lie {
            word = match rng.random_range(0..6) {
                0 => word ^ 1,
                1 => word.wrapping_add(1),
                2 => word.wrapping_sub(1),
                3 => word.wrapping_add(1 << rng.random_range(0..32)),
                4 => rng.random_range(0..256),
                _ => rng.random(),
            };
        }
        slots.push(word);
    }
    let cell = |slot: &Slot| BabyBear::from_u64(u64::from(slots[slot.0 as usize]));
    recipe.columns().iter().map(cell).collect()
}

/// The result of a step that depends on earlier ones only.
fn pure(step: &Step, slots: &[u32]) -> u32 {
    let at = |slot: &Slot| slots[slot.0 as usize];
    let field = |slot: &Slot| BabyBear::from_u64(u64::from(at(slot)));
    match step {
        Step::Const(word) => *word,
        Step::Alu(op, a, b) => op.eval(at(a), at(b)),
        Step::Select(condition, then, other) => at(if at(condition) == 0 { other } else { then }),
        Step::Bits { of, low, len } => at(of) >> low & (u32::MAX >> (32 - len)),
        Step::Linear(terms, constant) => {
            let terms = terms.iter().map(|(factor, slot)| *factor * field(slot));
            terms.fold(*constant, |sum, term| sum + term).canonical()
        }
        Step::Product(a, b) => (field(a) * field(b)).canonical(),
        Step::Inverse(a) => field(a).inverse().unwrap_or(BabyBear::ZERO).canonical(),
        _ => unreachable!("the caller handles what comes from outside"),
    }
}

/// The row of a call with these registers; the others are 0.
pub(crate) fn row_of(precompile: &Precompile, regs: &[(&str, u32)]) -> Vec<BabyBear> {
    let mut world = World::default();
    for (name, word) in regs {
        let reg: Reg = name.parse().expect("the name of a register");
        world.regs[reg.index()] = *word;
    }
    filled(precompile, &run(precompile, world, 0x10_0000))
}

/// What a call on a random state on which the instructions run records.
fn record(precompile: &Precompile, rng: &mut impl Rng) -> Vec<u32> {
    loop {
        let world = World::random(rng);
        if world.clone().execute(&precompile.region).is_ok() {
            return run(precompile, world, rng.random_range(0x10_0000..BOUND >> 1));
        }
    }
}

fn run(precompile: &Precompile, world: World, now: u32) -> Vec<u32> {
    let mut host = Traced { world, now, last: BTreeMap::new() };
    let mut record = vec![0; precompile.recipe.record_words()];
    let next = precompile.recipe.execute(&mut host, Some(&mut record));
    next.expect("the recipe runs where the instructions run");
    record
}

fn filled(precompile: &Precompile, record: &[u32]) -> Vec<BabyBear> {
    let mut row = vec![0; precompile.recipe.width()];
    precompile.recipe.fill_row(record, &mut row);
    let canonical = |&cell| BabyBear::from_canonical(cell).expect("cells are canonical");
    row.iter().map(canonical).collect()
}

/// Why what a row claims is false; `None` if it is true, or cannot be claimed because what it
/// receives was never sent.
pub(crate) fn falsehood(
    region: &Region,
    system: &ConstraintSystem<BabyBear>,
    row: &[BabyBear],
) -> Option<&'static str> {
    let mut accesses = Vec::new();
    let mut control = [None; 2];
    let mut received: Option<Vec<u32>> = None;
    for (bus, multiplicity, message) in system.stateful_messages(row) {
        let fields: Vec<u32> = message.iter().map(|field| field.canonical()).collect();
        let is_send = multiplicity == BabyBear::ONE;
        if !is_send && multiplicity != -BabyBear::ONE {
            return Some("a message is neither sent nor received once");
        }
        match (bus, received.take()) {
            (Bus::Execution, None) => {
                control[usize::from(is_send)] = Some((fields[0], fields[1]));
            }
            (_, None) if !is_send => received = Some(fields),
            (_, Some(old)) if is_send && old[..2] == fields[..2] => accesses.push((old, fields)),
            _ => return Some("messages are not in pairs"),
        }
    }
    if control == [None; 2] && accesses.is_empty() && received.is_none() {
        // Padding.
        return None;
    }
    let [Some(entry), Some(exit)] = control else { return Some("it does not enter and leave") };
    if received.is_some() {
        return Some("a word is received and not sent");
    }
    if u64::from(entry.0) != region.entry() {
        return Some("it does not start where the region does");
    }
    claim(region, &accesses, (entry.1, exit))
}

/// [`falsehood`] of a row's accesses, entry time, and exit.
fn claim(
    region: &Region,
    accesses: &[(Vec<u32>, Vec<u32>)],
    (began, exit): (u32, (u32, u32)),
) -> Option<&'static str> {
    let mut start = World::default();
    let mut last: BTreeMap<(u32, u32), &[u32]> = BTreeMap::new();
    let ticks = u32::try_from(accesses.len()).expect("few accesses");
    let mut wrong = None;
    if began >= BOUND {
        return None;
    }
    for ((old, new), now) in accesses.iter().zip(began..) {
        let place = (old[0], old[1]);
        let word = bytes(old)?;
        if bytes(new).is_none() {
            wrong = Some("it sends a limb that is not a byte");
        } else if new[6] != now || old[6] >= now {
            wrong = Some("its accesses are not in the order of time");
        }
        match last.insert(place, &new[2..]) {
            Some(sent) if *sent != old[2..] => return None,
            Some(_) => {}
            None if old[6] >= BOUND || place.1 >= BOUND || place.1 % 4 != 0 => return None,
            None if place.0 == 1 => start.regs[place.1 as usize / 4] = word,
            None => {
                start.memory.insert(place.1, word);
            }
        }
    }
    if wrong.is_some() {
        return wrong;
    }
    let mut end = start.clone();
    for (&(space, pointer), sent) in &last {
        let word = u32::from_le_bytes([0, 1, 2, 3].map(|i| sent[i].to_le_bytes()[0]));
        if space == 1 {
            end.regs[pointer as usize / 4] = word;
        } else {
            end.memory.insert(pointer, word);
        }
    }
    match start.execute(region) {
        Err(Fault) => Some("the instructions fault"),
        Ok(next) if next != exit.0 => Some("it goes elsewhere"),
        Ok(_) if exit.1 != began + ticks => Some("it leaves at another time"),
        Ok(_) if start != end => Some("its results are others"),
        Ok(_) => None,
    }
}

/// The word of a message on the memory bus, if its limbs are bytes.
fn bytes(message: &[u32]) -> Option<u32> {
    let mut bytes = [0; 4];
    for (byte, &limb) in bytes.iter_mut().zip(&message[2..6]) {
        *byte = u8::try_from(limb).ok()?;
    }
    Some(u32::from_le_bytes(bytes))
}
