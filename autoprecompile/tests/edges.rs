//! Completeness, at the edges: states at which carries, signs, addresses and times turn.
//!
//! On every state the instructions either run, and then the row filled from the recipe's record is
//! accepted, its messages are the accesses that took place, and they do what the instructions do; or
//! they fault, and then the recipe stops, and the row of a prover that goes on is not accepted, or
//! receives a word of an address that memory does not have. The judge is [`world`], not the checker.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/random.rs"]
mod random;
#[path = "common/system.rs"]
mod system;
#[path = "common/world.rs"]
mod world;

use std::cell::Cell;

use assembly::region;
use autoprec_circuits::{BabyBear, Bus, ColumnKind, Field};
use autoprec_synth::{
    Lowered, OPENVM, OperandValues, Precompile, PrecompileId, Query, RegisterRef, Step, synthesise,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use system::openvm;
use world::{Fault, Place, Traced, World};

/// The number of addresses of memory, and of times.
const END: u32 = 1 << OPENVM.address_bits;

/// The order of the field.
const ORDER: u32 = 0x7800_0001;

/// Words at which limbs, signs and field elements turn.
const WORDS: &[u32] = &[
    0,
    1,
    2,
    31,
    32,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x1_ffff,
    0xff_ffff,
    0x100_0000,
    0x3fff_ffff,
    0x4000_0000,
    ORDER - 1,
    ORDER,
    ORDER + 1,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0x8000_8000,
    0xfffe_ffff,
    0xffff_0000,
    0xffff_7fff,
    0xffff_ff00,
    0xffff_ffe0,
    0xffff_fffe,
    0xffff_ffff,
];

/// When a call begins, and when what it accesses was accessed before.
#[derive(Clone, Copy)]
struct Time {
    began: u32,
    before: fn(Place, u32) -> u32,
}

/// In the middle of a segment.
const MIDDLE: Time = Time { began: 0x0123_4567, before: |(_, pointer), now| pointer / 16 % now };

fn precompile(assembly: &str) -> Precompile {
    synthesise(&region("rv32", assembly), PrecompileId::from_index(0), &OPENVM)
        .unwrap_or_else(|error| panic!("{assembly}: {error}"))
}

/// Whether the instructions run on a state; an error says what the precompile does wrong there.
fn agrees(precompile: &Precompile, world: &World, time: Time) -> Result<bool, String> {
    let mut reference = world.clone();
    match reference.execute(&precompile.region) {
        Ok(next) => accepts(precompile, world, time, (&reference, next)).map(|()| true),
        Err(fault) => refuses(precompile, world, time, fault).map(|()| false),
    }
}

/// Demands that an honest call is accepted and does to a world what the instructions do.
fn accepts(
    precompile: &Precompile,
    world: &World,
    Time { began, before }: Time,
    (end, next): (&World, u32),
) -> Result<(), String> {
    let (Lowered { recipe, system }, region) = (openvm(precompile), &precompile.region);
    let mut host = Traced::new(world.clone(), began, before);
    let mut record = vec![0_u32; recipe.record_words()];
    match recipe.execute(&mut host, &OperandValues::default(), Some(&mut record[..])) {
        Ok(pc) if pc == u64::from(next) => {}
        other => return Err(format!("the recipe gives {other:x?} instead of {next:#x}")),
    }
    if host.world != *end {
        return Err(format!("the recipe leaves {:x?} instead of {end:x?}", host.world));
    }
    let row = world::row_of(recipe, &record);
    if let Some(violation) = system.violations(&row).first() {
        return Err(format!("the honest row is refused: {}", system.explain(violation, &row)));
    }
    let ticks = u32::try_from(host.accesses.len()).expect("few accesses");
    let entry = u32::try_from(region.entry()).expect("rv32");
    let mut expected = vec![(Bus::Execution, vec![entry, began])];
    expected.extend(host.accesses.into_iter().flatten().map(|message| (Bus::Memory, message)));
    expected.push((Bus::Execution, vec![next, began + ticks]));
    let sent = system.stateful_messages(&row).into_iter();
    let sent = sent.map(|(bus, _, m)| (bus, m.iter().map(|field| field.canonical()).collect()));
    if sent.clone().ne(expected.iter().cloned()) {
        let sent: Vec<_> = sent.collect();
        return Err(format!("messages are {sent:x?} instead of {expected:x?}"));
    }
    match world::falsehood(region, system, &row) {
        Some(why) => Err(format!("a second look at the honest row finds: {why}")),
        None => Ok(()),
    }
}

/// Demands that a call on which the instructions fault neither runs nor has a row.
fn refuses(
    precompile: &Precompile,
    world: &World,
    Time { began, before }: Time,
    fault: Fault,
) -> Result<(), String> {
    let (Lowered { recipe, system }, region) = (openvm(precompile), &precompile.region);
    let mut host = Traced::new(world.clone(), began, before);
    match recipe.execute::<_, u32>(&mut host, &OperandValues::default(), None) {
        Err(_) => {}
        // There is no code where it goes, so the host stops there.
        Ok(next) if next == u64::from(fault.0) && next >> OPENVM.pc_bits != 0 => {}
        Ok(next) => {
            return Err(format!("at {:#x} it faults, the recipe goes to {next:#x}", fault.0));
        }
    }
    // A prover that does not stop makes words up.
    let answer = |query: &Query| match query {
        Query::Time => began,
        Query::Register(RegisterRef::Fixed(number)) => world.regs[usize::from(*number)],
        Query::Word { .. } => 0x0403_0201,
        _ => began - 1,
    };
    let record: Vec<u32> = recipe.steps().iter().filter_map(Step::query).map(answer).collect();
    let row = world::row_of(recipe, &record);
    if !system.violations(&row).is_empty() {
        return Ok(());
    }
    match world::falsehood(region, system, &row) {
        Some(why) => Err(format!("a row that is wrong is accepted: {why}")),
        None => Ok(()),
    }
}

/// Tries a region on states given by register values; how many run and how many fault.
fn check<'a>(
    assembly: &str,
    states: impl IntoIterator<Item = Vec<(&'a str, u32)>>,
) -> (usize, usize) {
    let precompile = precompile(assembly);
    let mut counts = (0, 0);
    for regs in states {
        match agrees(&precompile, &World::of(&regs), MIDDLE) {
            Ok(true) => counts.0 += 1,
            Ok(false) => counts.1 += 1,
            Err(what) => panic!("{assembly} on {regs:x?}: {what}"),
        }
    }
    counts
}

/// All pairs of edge words.
fn pairs() -> impl Iterator<Item = (u32, u32)> {
    WORDS.iter().flat_map(|&a| WORDS.iter().map(move |&b| (a, b)))
}

/// Demands that a region of `a1` and `a2` runs on all pairs of edge words.
fn on_pairs(assembly: &str) {
    let states = pairs().map(|(a, b)| vec![("a1", a), ("a2", b)]);
    let (ran, faulted) = check(assembly, states);
    assert_eq!((ran, faulted), (WORDS.len() * WORDS.len(), 0), "{assembly}");
}

#[test]
fn operations_of_two_registers() {
    for op in [
        "add", "sub", "sll", "slt", "sltu", "xor", "srl", "sra", "or", "and", "mul", "mulh",
        "mulhsu", "mulhu", "div", "divu", "rem", "remu",
    ] {
        on_pairs(&format!("{op} a0, a1, a2"));
    }
    for op in ["beq", "bne", "blt", "bge", "bltu", "bgeu"] {
        on_pairs(&format!("{op} a1, a2, -64"));
    }
}

#[test]
fn operations_that_share_columns() {
    for assembly in [
        "add a0, a1, a2; sltu a3, a0, a1; add a4, a3, a2; sltu a5, a4, a3",
        "sub a0, a1, a2; sltu a3, a1, a2; sub a4, a0, a3; sltu a5, a0, a3",
        "addi a0, a1, -1; sltu a3, a0, a1; addi a4, a1, 1; seqz a4, a4",
        "mul a0, a1, a2; mulh a3, a1, a2; mulhsu a4, a1, a2; mulhu a5, a1, a2",
        "div a0, a1, a2; rem a3, a1, a2; divu a4, a1, a2; remu a5, a1, a2",
        "srai a0, a1, 31; xor a3, a1, a0; sub a3, a3, a0; slt a4, a3, a2",
        "slli a0, a1, 7; srli a3, a1, 25; or a0, a0, a3; srai a4, a1, 15; xor a0, a0, a2",
        "sll a0, a1, a2; srl a3, a1, a2; sra a4, a1, a2",
        "zext.b a0, a1; zext.b a3, a2; sltu a4, a0, a3; sub a5, a0, a3; seqz a5, a5",
        "srli a0, a1, 2; srli a3, a2, 2; xor a0, a0, a3; snez a0, a0",
        "slt a0, a1, zero; slt a3, zero, a2; xor a0, a0, a3; beqz a0, 64",
        "xor a0, a1, a2; and a0, a0, a1; xor a0, a0, a2; and a3, a1, a2; or a4, a1, a2",
    ] {
        on_pairs(assembly);
    }
}

#[test]
fn operations_with_a_constant() {
    let mut regions = Vec::new();
    for op in ["addi", "slti", "sltiu", "xori", "ori", "andi"] {
        for immediate in [0, 1, -1, 127, 128, 255, 256, 2047, -2048] {
            regions.push(format!("{op} a0, a1, {immediate}"));
        }
    }
    for op in ["slli", "srli", "srai"] {
        regions.extend((0..32).map(|amount| format!("{op} a0, a1, {amount}")));
    }
    for op in ["divu", "remu", "div", "rem", "mul", "mulh", "sltu", "slt", "sub"] {
        for constant in [0, 1, -1, 3, 8, 2047, -2048] {
            regions.push(format!("addi a2, zero, {constant}; {op} a0, a1, a2"));
            regions.push(format!("addi a2, zero, {constant}; {op} a0, a2, a1"));
        }
        regions.push(format!("lui a2, 0x80000; {op} a0, a1, a2"));
        regions.push(format!("lui a2, 0x80000; {op} a0, a2, a1"));
    }
    for assembly in regions {
        check(&assembly, WORDS.iter().map(|&word| vec![("a1", word)]));
    }
}

/// Carries of many terms: all greatest, all least, and mixed.
#[test]
fn sums_of_many_terms() {
    let registers = ["a1", "a2", "a3", "a4", "a5", "a6"];
    for length in [2, 3, 4, 5, 17, 127, 128, 129, 200] {
        for ops in [["add", "add"], ["sub", "sub"], ["add", "sub"]] {
            let term = |i: usize| format!("{} a0, a0, {}", ops[i % 2], registers[i % 6]);
            let terms: Vec<String> = (0..length).map(term).collect();
            let states = pairs().filter(|(a, b)| a % 7 <= 1 || b % 5 <= 1).map(|(a, b)| {
                let mut state = vec![("a0", b)];
                state
                    .extend(registers.iter().zip([a, b].into_iter().cycle()).map(|(r, w)| (*r, w)));
                state
            });
            check(&terms.join("; "), states);
        }
    }
}

/// Words within a few bytes of these, and of the multiples of the ends of memory.
fn near(words: &[u32], distance: u32) -> Vec<u32> {
    let around =
        |&word: &u32| (0..=2 * distance).map(move |d| word.wrapping_add(d).wrapping_sub(distance));
    words.iter().flat_map(around).collect()
}

#[test]
fn addresses_at_the_ends_of_memory() {
    let ends = near(&[0, 0x8000, 0x1_0000, END - 0x1_0000, END, 2 * END, 1 << 31, ORDER], 5);
    for op in ["lb", "lbu", "lh", "lhu", "lw", "sb", "sh", "sw"] {
        for offset in [0, 1, 2, 3, 4, -1, -2, -3, -4, 2044, 2047, -2048] {
            let assembly = format!("{op} a0, {offset}(a1)");
            let base =
                |end: &u32| vec![("a1", end.wrapping_add_signed(-offset)), ("a0", 0xfedc_ba98)];
            let (ran, faulted) = check(&assembly, ends.iter().map(base));
            assert!(ran > 10 && faulted > 10, "{assembly}: {ran} run and {faulted} fault");
        }
    }
}

/// Distances that are constants of any size: the base may be anywhere.
#[test]
fn addresses_at_any_distance() {
    let ends = near(&[0, 0x1_0000, 0xffff, END, ORDER], 4);
    for upper in
        [1_u32, 0xf, 0x10, 0x1fff, 0x1_ffff, 0x2_0000, 0x7_8000, 0x8_0000, 0xe_0000, 0xf_ffff]
    {
        for (op, offset) in [("lw", 0), ("lw", 4), ("lw", -4), ("lhu", 2046), ("sb", -1), ("sb", 1)]
        {
            let assembly = format!("lui t0, {upper:#x}; add t0, t0, a1; {op} a0, {offset}(t0)");
            let distance = (upper << 12).wrapping_add_signed(offset);
            let states = ends.iter().map(|end| vec![("a1", end.wrapping_sub(distance))]);
            let (ran, faulted) = check(&assembly, states);
            assert!(ran > 0 && faulted > 0, "{assembly}: {ran} run and {faulted} fault");
        }
    }
}

/// Of two accesses of one base only one has its address checked. The other is at a distance, also at
/// those that are nothing, or little, modulo the order of the field or the size of memory.
#[test]
fn addresses_at_a_distance_from_a_checked_one() {
    let bases = near(&[0, 0x1234, 0x8000, END / 2, END - 4, END, 1 << 31], 4);
    let distances =
        near(&[0, END, ORDER, ORDER.wrapping_neg(), END.wrapping_sub(ORDER), ORDER - END], 4)
            .into_iter()
            .chain(near(&[ORDER + END, END / 2, 1 << 31, 2048], 1));
    for distance in distances {
        // lui and addi: what addi subtracts, lui adds.
        let upper = distance.wrapping_add(0x800) >> 12;
        let lower = distance.wrapping_sub(upper << 12).cast_signed();
        for (first, second) in
            [("lw", "lbu"), ("lbu", "lbu"), ("sw", "sb"), ("lbu", "sb"), ("sb", "lw")]
        {
            let assembly = format!(
                "{first} a0, 0(a1); lui t0, {upper:#x}; add t1, a1, t0; {second} a2, {lower}(t1)"
            );
            let precompile =
                synthesise(&region("rv32", &assembly), PrecompileId::from_index(0), &OPENVM);
            // Some are misaligned on every state.
            let Ok(precompile) = precompile else { continue };
            for &base in &bases {
                let world = World::of(&[("a1", base), ("a0", 0x89ab_cdef), ("a2", 0x7654_3210)]);
                if let Err(what) = agrees(&precompile, &world, MIDDLE) {
                    panic!("{assembly} at {base:#x}: {what}");
                }
            }
        }
    }
}

/// An access that is aligned wherever it is, beside one that is not: the state is refused, whichever
/// of them comes first.
#[test]
fn misaligned_accesses_beside_aligned_ones() {
    for assembly in [
        "lbu a0, 0(a1); lw a2, 0(a1)",
        "lbu a0, 7(a1); lhu a2, 6(a1); lw a3, 4(a1)",
        "lw a2, 0(a1); lbu a0, 3(a1)",
        "lhu a0, 2(a1); lw a2, 0(a1)",
        "lbu a0, 1(a1); lhu a2, 0(a1)",
        "sb a0, 5(a1); lw a2, 4(a1)",
        "sh a0, 2(a1); sw a2, 0(a1)",
        "lb a0, -1(a1); sw a0, -4(a1)",
    ] {
        let states =
            near(&[0x4000, END - 12, END, 0], 4).into_iter().map(|base| vec![("a1", base)]);
        let (ran, faulted) = check(assembly, states);
        assert!(ran > 0 && faulted > ran, "{assembly}: {ran} run and {faulted} fault");
    }
}

/// Signs and positions of what is loaded.
#[test]
fn loaded_words() {
    for op in ["lb", "lbu", "lh", "lhu", "lw"] {
        let precompile = precompile(&format!("{op} a0, 0(a1); addi a2, a0, 1; sw a2, 8(a3)"));
        for (position, &word) in (0..4).flat_map(|at| WORDS.iter().map(move |word| (at, word))) {
            let mut world = World::of(&[("a1", 0x1000 + position), ("a3", 0x2000)]);
            world.memory.insert(0x1000, word);
            if let Err(what) = agrees(&precompile, &world, MIDDLE) {
                panic!("{op} of {word:#x} at {position}: {what}");
            }
        }
    }
}

#[test]
fn targets_of_jumps() {
    let code_end = 1 << OPENVM.pc_bits;
    let targets = near(&[0, 0x20_0800, 0x1_0000, code_end, 2 * code_end, 1 << 31, ORDER], 3);
    for (assembly, offset) in [
        ("jalr ra, 0(a1)", 0),
        ("jalr zero, 1(a1)", 1),
        ("jalr a1, 2047(a1)", 2047),
        ("jalr ra, -2048(a1)", -2048),
        ("slli a2, a1, 1; srli a1, a2, 1; jalr zero, 4(a1)", 4),
        ("andi a1, a1, -2; jr a1", 0),
    ] {
        let states = targets.iter().map(|target| vec![("a1", target.wrapping_add_signed(-offset))]);
        let (ran, faulted) = check(assembly, states);
        assert!(ran > 10 && faulted > 10, "{assembly}: {ran} run and {faulted} fault");
    }
}

/// Calls at every border of time: the first tick, the last, gaps of all lengths.
#[test]
fn times() {
    let regions =
        ["addi a0, a0, 1", "lw a0, 0(a1); lw a2, 4(a1); sw a2, 0(a1); lbu a3, 0(a4); sw a3, 0(a1)"];
    let earlier: [fn(Place, u32) -> u32; 6] = [
        |_, _| 0,
        |_, now| now - 1,
        |_, now| now.saturating_sub(1 << 17),
        |_, now| now.saturating_sub((1 << 17) + 1),
        |_, now| now.saturating_sub((1 << 28) + 1),
        |(_, pointer), now| pointer.wrapping_mul(0x9e37_79b9) % now,
    ];
    let not_earlier: [fn(Place, u32) -> u32; 4] =
        [|_, now| now, |_, now| now + 1, |_, now| now + END, |_, now| ORDER - END - 1 + now];
    for assembly in regions {
        let precompile = precompile(assembly);
        let last = END - 1 - precompile.ticks();
        let world = World::of(&[("a1", 0x1000), ("a4", 0x1003)]);
        for began in [1, 2, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 1 << 28, last] {
            for (index, before) in earlier.into_iter().enumerate() {
                let agreed = agrees(&precompile, &world, Time { began, before });
                assert_eq!(agreed, Ok(true), "{assembly} at {began}, earlier {index}");
            }
            for (index, before) in not_earlier.into_iter().enumerate() {
                let refused = agrees(&precompile, &world, Time { began, before }).unwrap_err();
                let expected = "the honest row is refused";
                assert!(refused.starts_with(expected), "{assembly} at {began}, {index}: {refused}");
            }
        }
    }
}

/// Loads and stores through two or three pointers that meet: equal, overlapping, adjacent, apart.
#[test]
fn pointers_that_meet() {
    const ACCESSES: &[(&str, i32)] =
        &[("lb", 1), ("lhu", 2), ("lw", 4), ("sb", 1), ("sh", 2), ("sw", 4)];
    let access = (select(ACCESSES), select(&["a1", "a2", "a3"][..]), 0..6_usize, -2..3_i32);
    let access = access
        .prop_map(|((op, width), base, value, n)| format!("{op} t{value}, {}({base})", n * width));
    let pointer = (select(&[0x1000, 0, END - 4, END][..]), -3..4_i32, prop::bool::weighted(0.2));
    let pointer = pointer.prop_map(|(near, n, odd): (u32, i32, bool)| {
        near.wrapping_add_signed(if odd { n } else { 4 * n })
    });
    let states = prop::collection::vec([pointer.clone(), pointer.clone(), pointer], 12);
    let regions = (prop::collection::vec(access, 2..9), states);
    let (mut ran, mut faulted) = (0, 0);
    let counts = std::cell::RefCell::new((&mut ran, &mut faulted));
    random::check(1000, &regions, |(accesses, states)| {
        let assembly = accesses.join("; ");
        let Ok(precompile) =
            synthesise(&region("rv32", &assembly), PrecompileId::from_index(0), &OPENVM)
        else {
            return Ok(());
        };
        for [a1, a2, a3] in states {
            let mut world = World::of(&[("a1", a1), ("a2", a2), ("a3", a3)]);
            for (number, register) in ["t0", "t1", "t2", "t3", "t4", "t5"].into_iter().enumerate() {
                let reg: autoprec_isa::Reg = register.parse().expect("a register");
                world.regs[reg.index()] = WORDS[(a1 as usize + 5 * number) % WORDS.len()];
            }
            match agrees(&precompile, &world, MIDDLE) {
                Ok(true) => *counts.borrow_mut().0 += 1,
                Ok(false) => *counts.borrow_mut().1 += 1,
                Err(what) => prop_assert!(false, "{assembly} on {a1:x} {a2:x} {a3:x}: {what}"),
            }
        }
        Ok(())
    });
    assert!(ran > 500 && faulted > 500, "{ran} run and {faulted} fault");
}

/// Replaces entries of a record and cells of its row: words that were looked at, times, cells of
/// what memory is said to have had, which need not be bytes. Gives the row.
fn lie(precompile: &Precompile, record: &[u32], lies: &[(Index, u32)]) -> Vec<BabyBear> {
    let Lowered { recipe, system } = openvm(precompile);
    let ticks = recipe.ticks();
    let mut record = record.to_vec();
    let places = |which: fn(&Query) -> bool| -> Vec<usize> {
        let queries = recipe.steps().iter().filter_map(Step::query).enumerate();
        queries.filter(|(_, query)| which(query)).map(|(place, _)| place).collect()
    };
    let looks = places(|query| matches!(query, Query::Word { .. }));
    let times = places(Query::is_access);
    let columns = system.columns.iter().zip(0..);
    let cells: Vec<usize> = columns
        .filter(|(column, _)| column.kind == ColumnKind::Input && column.name.starts_with('m'))
        .map(|(_, cell)| cell)
        .collect();
    let mut replaced = Vec::new();
    for &(at, word) in lies {
        let at = at.index(looks.len() + ticks as usize + cells.len());
        if let Some(&entry) = looks.get(at) {
            record[entry] = word;
        } else if let Some(&cell) = cells.get(at - looks.len()) {
            replaced.push((cell, BabyBear::from_i64(i64::from(word % 600) - 40)));
        } else {
            record[times[at - looks.len() - cells.len()]] = MIDDLE.began + word % ticks;
        }
    }
    let mut row = world::row_of(recipe, &record);
    for (cell, value) in replaced {
        row[cell] = value;
    }
    row
}

/// Demands that rows of a prover that lies about memory are refused or not wrong; how many were
/// accepted.
fn withstands(
    precompile: &Precompile,
    world: &World,
    lies: &[Vec<(Index, u32)>],
) -> Result<usize, String> {
    let (Lowered { recipe, system }, region) = (openvm(precompile), &precompile.region);
    let mut record = vec![0_u32; recipe.record_words()];
    let mut host = Traced::new(world.clone(), MIDDLE.began, MIDDLE.before);
    if recipe.execute(&mut host, &OperandValues::default(), Some(&mut record[..])).is_err() {
        return Ok(0);
    }
    let mut accepted = 0;
    for lies in lies {
        let row = lie(precompile, &record, lies);
        if system.violations(&row).is_empty() {
            accepted += 1;
            if let Some(why) = world::falsehood(region, system, &row) {
                return Err(format!("a row that is wrong is accepted: {why}, {lies:x?}"));
            }
        }
    }
    Ok(accepted)
}

/// Regions that access the same few words by bytes, halves and words, through bases of which some are
/// loaded, changed on the way, constant, or known to be even.
fn accesses_that_meet() -> impl Strategy<Value = String> {
    const BYTES: &[(&str, i32)] = &[("lb", 1), ("lbu", 1), ("sb", 1)];
    const SHORT: &[(&str, i32)] = &[("lb", 1), ("lhu", 2), ("sb", 1), ("sh", 2)];
    const HALVES: &[(&str, i32)] = &[("lh", 2), ("lhu", 2), ("sh", 2)];
    const ALL: &[(&str, i32)] =
        &[("lbu", 1), ("sb", 1), ("lh", 2), ("sh", 2), ("lw", 4), ("sw", 4)];
    let styles = prop::array::uniform4(select(&[BYTES, SHORT, HALVES, ALL][..]));
    (styles, 1..4_usize, select(&["", "andi a1, a1, -2; "][..])).prop_flat_map(
        |(styles, bases, first)| {
            let base = prop_oneof![10 => 0..bases, 1 => Just(3)];
            let line = (base, any::<Index>(), 0..6_usize, -6..7_i32, 0..30_u32).prop_map(
                move |(base, op, value, n, which)| {
                    let (op, width) = styles[base][op.index(styles[base].len())];
                    let offset = n / width * width + if base == 3 { 16 } else { 0 };
                    let base = ["a1", "a2", "a3", "zero"][base];
                    match which {
                        0 => format!("lbu a2, {offset}({base})"),
                        1 => format!("addi a3, a1, {n}"),
                        2 => format!("slli t1, t{value}, 3; xor t2, t2, t1"),
                        3 => format!("{op} a1, {offset}({base})"),
                        _ => format!("{op} t{value}, {offset}({base})"),
                    }
                },
            );
            let lines = prop::collection::vec(line, 2..13);
            lines.prop_map(move |lines| format!("{first}{}", lines.join("; ")))
        },
    )
}

/// Words of memory that are one word under some residues, through some bases, in some states: the
/// recipe does what the instructions do, and no lie about them passes.
#[test]
fn lies_about_words_that_meet() {
    let pointer =
        prop_oneof![4 => 16..18_u32, 4 => 12..21_u32, 1 => 0..12_u32, 1 => END - 9..END + 9];
    let lied = prop_oneof![any::<u32>(), 8..24_u32, Just(0x1112_1314)];
    let lies = prop::collection::vec(prop::collection::vec((any::<Index>(), lied), 1..4), 6);
    // Bytes of memory are pointers to it.
    let bytes = prop::array::uniform32(8..24_u8);
    let state = (prop::array::uniform3(pointer), bytes, prop::array::uniform6(any::<u32>()), lies);
    let cases = (accesses_that_meet(), prop::collection::vec(state, 8));
    let [ran, accepted] = [Cell::new(0), Cell::new(0)];
    random::check(1000, &cases, |(assembly, states)| {
        let Ok(precompile) =
            synthesise(&region("rv32", &assembly), PrecompileId::from_index(0), &OPENVM)
        else {
            return Ok(());
        };
        for (pointers, bytes, data, lies) in states {
            let mut world = World::default();
            let names = ["a1", "a2", "a3", "t0", "t1", "t2", "t3", "t4", "t5"];
            for (name, word) in names.into_iter().zip(pointers.into_iter().chain(data)) {
                let reg: autoprec_isa::Reg = name.parse().expect("a register");
                world.regs[reg.index()] = word;
            }
            let words = bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
            world.memory = (0..).step_by(4).zip(words).collect();
            let agreed = agrees(&precompile, &world, MIDDLE)
                .and_then(|runs| Ok((runs, withstands(&precompile, &world, &lies)?)));
            match agreed {
                Ok((runs, lies)) => {
                    ran.set(ran.get() + usize::from(runs));
                    accepted.set(accepted.get() + lies);
                }
                Err(what) => prop_assert!(false, "{assembly}\non {world:x?}: {what}"),
            }
        }
        Ok(())
    });
    let (ran, accepted) = (ran.get(), accepted.get());
    assert!(ran > 2000 && accepted > 2000, "{ran} run, {accepted} lies are accepted");
}

/// Random regions on states of edge words and pointers to the ends of memory.
#[test]
fn random_regions() {
    let word = || prop_oneof![4 => select(WORDS), 1 => any::<u32>()];
    let pointer =
        || prop_oneof![4 => select(&[8, 64, 0x1_0000, END - 64, END - 8][..]), 1 => word()];
    let state = (prop::array::uniform5(word()), prop::array::uniform3(pointer()), word());
    let states = prop::collection::vec(state, 24);
    random::check(600, &(random::regions(1..=10), states), |(random::Shown(region), states)| {
        let Ok(precompile) = synthesise(&region, PrecompileId::from_index(0), &OPENVM) else {
            return Ok(());
        };
        for (data, pointers, target) in states {
            let mut world = World::of(&[("ra", target)]);
            let names = ["a0", "a1", "a2", "a3", "t0", "sp", "s0", "s1"];
            for (name, word) in names.into_iter().zip(data.into_iter().chain(pointers)) {
                let reg: autoprec_isa::Reg = name.parse().expect("a register");
                world.regs[reg.index()] = word;
            }
            world.memory = (0..32).map(|n| (4 * n, data[n as usize % 5])).collect();
            if let Err(what) = agrees(&precompile, &world, MIDDLE) {
                prop_assert!(false, "{region}\non {world:x?}: {what}");
            }
        }
        Ok(())
    });
}
