//! A second opinion, independent of the checker: what a state becomes, the accesses of a call, and
//! whether what a row claims is true.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Bus, ConstraintSystem, Field};
use autoprec_isa::{Alu, Csr, CsrWrite, FloatAction, Flow, Machine, Reg, Width, step};
use autoprec_synth::{Host, OPENVM, RecordWord as _, WitnessRecipe};

/// Timestamps and pointers are below this.
const BOUND: u32 = 1 << OPENVM.address_bits;

/// The instructions do not run on this state: the address of what they cannot access or execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) u32);

/// Registers and words of memory; words that were not set are a function of their address.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) regs: [u32; 32],
    pub(crate) memory: BTreeMap<u32, u32>,
}

impl PartialEq for World {
    /// A word may be set to what it is without being set.
    fn eq(&self, other: &Self) -> bool {
        let mut addresses = self.memory.keys().chain(other.memory.keys());
        self.regs == other.regs && addresses.all(|&addr| self.word(addr) == other.word(addr))
    }
}

impl Eq for World {}

impl World {
    /// Registers by name; the others are 0.
    pub(crate) fn of(regs: &[(&str, u32)]) -> Self {
        let mut world = Self::default();
        for (name, word) in regs {
            let reg: Reg = name.parse().expect("the name of a register");
            world.regs[reg.index()] = *word;
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
        if fits { Ok((addr & !3, 8 * (addr & 3))) } else { Err(Fault(addr)) }
    }

    /// Executes the instructions and gives the address of the next one.
    pub(crate) fn execute(&mut self, region: &Region) -> Result<u32, Fault> {
        let mut next = region.end();
        for at in &region.insts {
            match step(self, region.xlen, at.pc, at.len, &at.inst)? {
                Flow::Branch { condition, taken_if, target } if (condition != 0) == taken_if => {
                    next = target;
                }
                Flow::Jump(target) => next = target,
                Flow::JumpTo(target) => next = u64::from(target),
                _ => {}
            }
        }
        let next = u32::try_from(next).expect("code addresses of rv32 are words");
        if next >> OPENVM.pc_bits == 0 { Ok(next) } else { Err(Fault(next)) }
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
        unreachable!("regions have none")
    }

    fn load_reserved(&mut self, _: Width, _: u32) -> Result<u32, Fault> {
        unreachable!("regions have none")
    }

    fn store_conditional(&mut self, _: Width, _: u32, _: u32) -> Result<u32, Fault> {
        unreachable!("regions have none")
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<u32>>) -> Result<u32, Fault> {
        unreachable!("regions have none")
    }

    fn float(&mut self, _: FloatAction<u32>) -> Result<u32, Fault> {
        unreachable!("regions have none")
    }
}

/// Address space and pointer of a word.
pub(crate) type Place = (u32, u32);

/// A world in which a recipe runs.
pub(crate) struct Traced {
    pub(crate) world: World,
    /// The time of the next access.
    now: u32,
    /// When words were accessed that the call has accessed.
    last: BTreeMap<Place, u32>,
    /// When a word was accessed before the call, given the time of its first access.
    before: fn(Place, u32) -> u32,
    /// What each access received and sent, in the form of messages on the memory bus.
    pub(crate) accesses: Vec<[Vec<u32>; 2]>,
}

impl Traced {
    pub(crate) fn new(world: World, now: u32, before: fn(Place, u32) -> u32) -> Self {
        Self { world, now, last: BTreeMap::new(), before, accesses: Vec::new() }
    }

    fn access(&mut self, place: Place, old: u32, new: u32) -> u32 {
        let now = self.now;
        let previous = self.last.insert(place, now).unwrap_or_else(|| (self.before)(place, now));
        self.accesses.push([(old, previous), (new, now)].map(|(word, time)| {
            let bytes = word.to_le_bytes().map(u32::from);
            [place.0, place.1].into_iter().chain(bytes).chain([time]).collect()
        }));
        self.now += 1;
        previous
    }
}

impl Host for Traced {
    type Fault = Fault;

    fn time(&self) -> u64 {
        self.now.into()
    }

    fn register(&mut self, number: u8) -> u64 {
        self.world.regs[usize::from(number)].into()
    }

    fn word(&mut self, addr: u64) -> Result<u64, Fault> {
        Ok(self.world.word(u32::from_word(addr)).into())
    }

    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let old = self.world.regs[usize::from(number)];
        let new = new.map_or(old, u32::from_word);
        self.world.regs[usize::from(number)] = new;
        self.access((1, 4 * u32::from(number)), old, new).into()
    }

    fn access_word(&mut self, addr: u64, new: Option<u64>) -> u64 {
        let addr = u32::from_word(addr);
        let old = self.world.word(addr);
        if let Some(new) = new {
            self.world.memory.insert(addr, u32::from_word(new));
        }
        self.access((2, addr), old, new.map_or(old, u32::from_word)).into()
    }

    fn bad_address(&self, addr: u64) -> Fault {
        Fault(u32::from_word(addr))
    }
}

/// The row that a recipe makes of a record.
pub(crate) fn row_of(recipe: &WitnessRecipe<BabyBear>, record: &[u32]) -> Vec<BabyBear> {
    let mut row = vec![BabyBear::ZERO; recipe.width()];
    recipe.rows().generate(record, &mut row);
    row
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
    // That no other row comes between two accesses of a call rests on the order of their times.
    let is_late = |(old, new): &(Vec<u32>, Vec<u32>)| (new[6]..BOUND).contains(&old[6]);
    if accesses.iter().any(|access| bytes(&access.0).is_some() && is_late(access)) {
        return Some("an access follows a later one");
    }
    for ((old, new), now) in accesses.iter().zip(began..) {
        let place = (old[0], old[1]);
        let word = bytes(old).unwrap_or_default();
        if bytes(new).is_none() {
            wrong = Some("it sends a limb that is not a byte");
        } else if new[6] != now {
            wrong = Some("its accesses are not at successive times");
        }
        match last.insert(place, &new[2..]) {
            Some(sent) if *sent != old[2..] => return None,
            Some(_) => {}
            None if bytes(old).is_none() => return None,
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
        Err(_) => Some("the instructions fault"),
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
