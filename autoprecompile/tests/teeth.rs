//! The checks have teeth: without any one of its constraints or messages a system is not accepted.
//!
//! Each part of each system is removed in turn. The checker is asked first, with growing effort, then
//! a row made by hand, which a second opinion, [`world`], must call wrong. What nothing notices must
//! be explained, by what else implies it. The table of all parts is a fixture;
//! `BLESS=1 cargo test --release -p autoprec-synth --test teeth` rewrites it.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/parts.rs"]
mod parts;
#[path = "common/system.rs"]
mod system;
#[path = "common/world.rs"]
mod world;

use std::fmt::Write;

use assembly::region;
use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Bus, Field, Origin};
use autoprec_synth::{
    Effort, Lowered, OPENVM, OperandValues, Precompile, PrecompileId, Rules, Subject,
    WitnessRecipe, synthesise, validate,
};
use autoprec_testing::{expect_file, fixture};
use parts::{Part, parts, remove};
use system::openvm;

/// Regions that use every gadget.
const REGIONS: &[&str] = &[
    "add a0, a1, a2; sltu a3, a0, a1",
    "sub a0, a1, a2; add a0, a0, a3; add a0, a0, a4; addi a0, a0, -77",
    "xor a0, a1, a2; and a3, a1, a4; or a5, a1, a6",
    "slli a0, a1, 5; srai a2, a1, 13",
    "slli a0, a1, 5; srli a1, a1, 27; or a0, a0, a1; xor a2, a2, a0",
    "slli a0, a1, 5; xor a2, a2, a0",
    "srli a0, a1, 3; xor a2, a2, a0",
    "slli a0, a1, 1; srli a1, a1, 31; or a0, a0, a1; xor a2, a2, a0",
    "slli a0, a1, 7; srli a1, a1, 25; or a0, a0, a1; xor a2, a2, a0",
    "sll a0, a1, a2",
    "sra a0, a1, a2",
    "slt a0, a1, a2; sltu a3, a4, a5",
    "sltu a0, a1, a2; slt a3, a4, a5; xor a6, a0, a3",
    "beq a0, a1, 64",
    "mul a0, a1, a2; mulhu a3, a1, a2",
    "mulhu a0, a1, a2",
    "mulhsu a0, a1, a2",
    "divu a0, a1, a2; remu a3, a1, a2",
    "lb a0, 0(a1)",
    "sh a0, 6(a1)",
    "lw a0, 2044(a1)",
    "jalr zero, 5(ra)",
    "slli a0, a1, 9; srli a1, a1, 23; or a0, a0, a1; xor a0, a0, a2",
    "lbu a0, 0(a1); lbu a2, 3(a1); sb a0, 2(a1)",
    "sw a0, 0(a1); lw a2, 0(a3); sw a2, 0(a1)",
];

/// Parts that other parts imply, and how: region, what the part says, explanation.
const IMPLIED: &[(&str, &str, &str)] = &[
    (
        "*",
        "pointer is aligned",
        "memory has no other pointers than multiples of 4, and the other check bounds the address",
    ),
    (
        "*",
        "pointer is in memory",
        "memory has no pointers of 2^29 and more, and no multiple of 4 from there to 2^32 is, modulo p, \
         a multiple of 4 below 2^29",
    ),
    (
        "mulhsu a0, a1, a2",
        "half of a product",
        "the lower one of the high word: only the value of that word is used, in one sum, and what one \
         half has too much the other has too little",
    ),
    ("jalr zero, 5(ra)", "half of a sum", "the target's own checks bound both halves"),
];

/// A wrong row that is accepted without a part.
struct ByHand {
    region: &'static str,
    /// What the part says, and which of those that say so it is.
    part: (&'static str, usize),
    regs: &'static [(&'static str, u32)],
    /// Columns and what they hold instead: a numerator and the exponent of the denominator, 2^e.
    changes: &'static [(&'static str, i64, u32)],
}

/// Wrong rows that the search would need too much luck for.
const BY_HAND: &[ByHand] = &[
    // 8 as 0 bytes and "8 bits": a left shift by that multiplies with 9, 13, 31 instead of 256.
    ByHand {
        region: "sll a0, a1, a2",
        part: ("bit of the amount", 0),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_t_0", 8, 0), ("v2_m_1", 0, 0), ("v2_power", 9, 0)],
    },
    ByHand {
        region: "sll a0, a1, a2",
        part: ("bit of the amount", 1),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_t_1", 4, 0), ("v2_m_1", 0, 0), ("v2_power", 13, 0)],
    },
    ByHand {
        region: "sll a0, a1, a2",
        part: ("bit of the amount", 2),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_t_2", 2, 0), ("v2_m_1", 0, 0), ("v2_power", 31, 0)],
    },
    // The same to the right: "2^-8" is -3, -2, -7/8.
    ByHand {
        region: "sra a0, a1, a2",
        part: ("bit of the amount", 0),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_t_0", 8, 0), ("v2_m_1", 0, 0), ("v2_power", -3, 0), ("v2_cross_0", 2, 0)],
    },
    ByHand {
        region: "sra a0, a1, a2",
        part: ("bit of the amount", 1),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_t_1", 4, 0), ("v2_m_1", 0, 0), ("v2_power", -2, 0), ("v2_cross_0", 2, 0)],
    },
    ByHand {
        region: "sra a0, a1, a2",
        part: ("bit of the amount", 2),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_t_2", 2, 0), ("v2_m_1", 0, 0), ("v2_power", -7, 3), ("v2_cross_0", 9, 0)],
    },
    // 8 as −1 + 2 bytes, as −2 + 3 bytes; 0 as 1 + 2 − 3 bytes.
    ByHand {
        region: "sll a0, a1, a2",
        part: ("bytes of the amount", 0),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_m_1", -1, 0), ("v2_m_2", 1, 0)],
    },
    ByHand {
        region: "sll a0, a1, a2",
        part: ("bytes of the amount", 1),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_m_1", 0, 0), ("v2_m_2", -1, 0), ("v2_m_3", 1, 0)],
    },
    ByHand {
        region: "sll a0, a1, a2",
        part: ("bytes of the amount", 2),
        regs: &[("a1", 1)],
        changes: &[("v2_m_1", 1, 0), ("v2_m_2", 1, 0), ("v2_m_3", -1, 0)],
    },
    ByHand {
        region: "sra a0, a1, a2",
        part: ("bytes of the amount", 0),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_m_1", -1, 0), ("v2_m_2", 1, 0)],
    },
    ByHand {
        region: "sra a0, a1, a2",
        part: ("bytes of the amount", 1),
        regs: &[("a1", 1), ("a2", 8)],
        changes: &[("v2_m_1", 0, 0), ("v2_m_2", -1, 0), ("v2_m_3", 1, 0)],
    },
    ByHand {
        region: "sra a0, a1, a2",
        part: ("bytes of the amount", 2),
        regs: &[("a1", 1)],
        changes: &[("v2_m_1", 1, 0), ("v2_m_2", 1, 0), ("v2_m_3", -1, 0)],
    },
    // 24 as 1 + 2 bytes.
    ByHand {
        region: "sll a0, a1, a2",
        part: ("one number of bytes", 0),
        regs: &[("a1", 1), ("a2", 24)],
        changes: &[("v2_m_1", 1, 0), ("v2_m_2", 1, 0), ("v2_m_3", 0, 0)],
    },
    ByHand {
        region: "sra a0, a1, a2",
        part: ("one number of bytes", 0),
        regs: &[("a1", 1), ("a2", 24)],
        changes: &[("v2_m_1", 1, 0), ("v2_m_2", 1, 0), ("v2_m_3", 0, 0)],
    },
    // 10 / 3 is 2, remainder 4: a borrow of −2^−16 takes 1 from the low difference.
    ByHand {
        region: "divu a0, a1, a2; remu a3, a1, a2",
        part: ("borrow is a bit", 0),
        regs: &[("a1", 10), ("a2", 3)],
        changes: &[("quotient_0", 2, 0), ("remainder_0", 4, 0), ("remainder_borrow", -1, 16)],
    },
];

/// What is asked, in turn: the checker as builds run it, as tests do, and with more of its search.
const EFFORTS: [(Effort, &str); 3] = [
    (Effort::STANDARD, "the checker in a build"),
    (Effort::THOROUGH, "the checker in tests"),
    (LONG, "a long search of the checker"),
];
const LONG: Effort = Effort { attacks_per_column: 4000, ..Effort::THOROUGH };

/// What the table must not contain.
const UNNOTICED: &str = "unnoticed and unexplained";

fn precompile(assembly: &str) -> Precompile {
    synthesise(&region("rv32", assembly), PrecompileId::from_index(0), &OPENVM)
        .unwrap_or_else(|error| panic!("{assembly}: {error}"))
}

/// The row of a call with these registers; the others are 0.
fn row_of(recipe: &WitnessRecipe<BabyBear>, regs: &[(&str, u32)]) -> Vec<BabyBear> {
    let before = |(space, pointer), now| if space == 1 { now - 1 } else { pointer / 16 % now };
    let mut host = world::Traced::new(world::World::of(regs), 0x10_0000, before);
    let mut record = vec![0_u32; recipe.record_words()];
    let operands = OperandValues::default();
    let next = recipe.execute(&mut host, &operands, Some(&mut record[..]));
    next.expect("the recipe runs where the instructions run");
    world::row_of(recipe, &record)
}

/// Whether the row made by hand is accepted by a system that lacks its part, and is wrong.
fn by_hand(region: &Region, less: &Lowered<BabyBear, Bus>, by_hand: &ByHand) -> bool {
    let mut row = row_of(&less.recipe, by_hand.regs);
    for &(name, numerator, exponent) in by_hand.changes {
        let column = less.system.columns.iter().position(|column| column.name == name);
        let column = column.unwrap_or_else(|| panic!("no column {name}"));
        let value = BabyBear::from_i64(numerator) * BabyBear::inverse_power_of_two(exponent);
        row[column] = value;
    }
    less.system.violations(&row).is_empty()
        && world::falsehood(region, &less.system, &row).is_some()
}

/// The system without a part.
fn without(precompile: &Precompile, part: Part) -> Lowered<BabyBear, Bus> {
    let mut less = openvm(precompile).clone();
    remove(&mut less.system, part);
    less
}

/// What becomes of a system without a part; `nth` counts the parts that say the same.
fn fate(assembly: &str, precompile: &Precompile, part: Part, origin: (&Origin, usize)) -> String {
    let (origin, nth) = origin;
    let less = without(precompile, part);
    let Precompile { region, ir, id, .. } = precompile;
    let Lowered { system, recipe } = &less;
    let rules = Rules { target: &OPENVM, xlen: region.xlen };
    let subject = Subject { region, ir, id: id.number(), rules, system, recipe };
    for (effort, name) in EFFORTS {
        if validate(&subject, &[], effort).is_err() {
            return format!("noticed by {name}");
        }
    }
    let row = BY_HAND.iter().find(|row| row.region == assembly && row.part == (&origin.what, nth));
    if row.is_some_and(|row| by_hand(region, &less, row)) {
        return "noticed by a row made by hand".into();
    }
    let explained = IMPLIED
        .iter()
        .find(|(region, what, _)| (*region == "*" || *region == assembly) && *what == origin.what);
    match explained {
        Some((_, _, explanation)) => format!("implied: {explanation}"),
        None => UNNOTICED.into(),
    }
}

#[test]
fn no_part_is_missed_in_silence() {
    let mut table = String::new();
    for assembly in REGIONS {
        let precompile = precompile(assembly);
        writeln!(table, "{assembly}").unwrap();
        let parts = parts(&openvm(&precompile).system);
        for (index, &(part, kind, origin)) in parts.iter().enumerate() {
            let nth =
                parts[..index].iter().filter(|(_, _, other)| other.what == origin.what).count();
            let fate = fate(assembly, &precompile, part, (origin, nth));
            writeln!(table, "  {kind} {origin}: {fate}").unwrap();
        }
    }
    expect_file(&fixture!("teeth/removals.txt"), &table);
    assert!(!table.contains(UNNOTICED), "{table}");
}

#[test]
fn rows_made_by_hand_are_wrong_and_accepted_without_their_part() {
    for row in BY_HAND {
        let precompile = precompile(row.region);
        let parts = parts(&openvm(&precompile).system);
        let part = parts.iter().filter(|(_, _, origin)| origin.what == row.part.0).nth(row.part.1);
        let &(part, ..) = part.unwrap_or_else(|| panic!("{}: no part {:?}", row.region, row.part));
        assert!(
            by_hand(&precompile.region, &without(&precompile, part), row),
            "{}: {:?}",
            row.region,
            row.part
        );
    }
}

#[test]
fn complete_systems_withstand_the_search() {
    for assembly in REGIONS {
        let precompile = precompile(assembly);
        if let Err(error) = precompile.check(&[], LONG) {
            panic!("{assembly}: {error}\n{}", precompile.report());
        }
    }
}

#[test]
fn a_call_is_looked_up_in_the_program() {
    for assembly in REGIONS {
        let precompile = precompile(assembly);
        let messages = openvm(&precompile).system.interactions.iter();
        let lookups: Vec<_> = messages.filter(|message| message.bus == Bus::Program).collect();
        let [lookup] = lookups[..] else { panic!("{assembly}: {} lookups", lookups.len()) };
        // On a call, whatever else the row holds, the message is the patched word's.
        let mut row = vec![BabyBear::from_u64(123_456); openvm(&precompile).system.columns.len()];
        row[0] = BabyBear::ONE;
        let fields: Vec<u64> =
            lookup.message.iter().map(|field| field.eval(&row).to_u64()).collect();
        let number = u64::from(precompile.id.number());
        assert_eq!(fields, [assembly::ENTRY, number, 0, 0, 0, 0, 0, 0, 0], "{assembly}");
        assert_eq!(lookup.multiplicity.eval(&row), BabyBear::ONE, "{assembly}");
    }
}

/// Pairs of regions that differ in one thing.
const DIFFERENT: &[(&str, &str)] = &[
    ("add a0, a1, a2", "sub a0, a1, a2"),
    ("add a0, a1, a2", "add a0, a1, a3"),
    ("add a0, a1, a2", "add a3, a1, a2"),
    ("addi a0, a1, 4", "addi a0, a1, 5"),
    ("and a0, a1, a2", "or a0, a1, a2"),
    ("xor a0, a1, a2", "or a0, a1, a2"),
    ("slt a0, a1, a2", "sltu a0, a1, a2"),
    ("sltu a0, a1, a2", "sltu a0, a2, a1"),
    ("srl a0, a1, a2", "sra a0, a1, a2"),
    ("srli a0, a1, 7", "srai a0, a1, 7"),
    ("slli a0, a1, 7", "slli a0, a1, 8"),
    ("mul a0, a1, a2", "mulhu a0, a1, a2"),
    ("mulhu a0, a1, a2", "mulhsu a0, a1, a2"),
    ("mulhu a0, a1, a2", "mulh a0, a1, a2"),
    ("divu a0, a1, a2", "div a0, a1, a2"),
    ("divu a0, a1, a2", "remu a0, a1, a2"),
    ("rem a0, a1, a2", "remu a0, a1, a2"),
    ("lw a0, 0(a1)", "lw a0, 4(a1)"),
    ("lw a0, 0(a1)", "lbu a0, 0(a1)"),
    ("lb a0, 0(a1)", "lbu a0, 0(a1)"),
    ("lh a0, 0(a1)", "lb a0, 0(a1)"),
    ("sw a0, 0(a1)", "sh a0, 0(a1)"),
    ("sb a0, 0(a1)", "sb a0, 1(a1)"),
    ("sw a0, 0(a1)", "lw a0, 0(a1)"),
    ("sw a0, 0(a1); lw a2, 0(a3)", "lw a2, 0(a3); sw a0, 0(a1)"),
    ("beq a0, a1, 64", "bne a0, a1, 64"),
    ("blt a0, a1, 64", "bge a0, a1, 64"),
    ("blt a0, a1, 64", "bltu a0, a1, 64"),
    ("beq a0, a1, 64", "beq a0, a1, 68"),
    ("jal ra, 64", "jal t0, 64"),
    ("jal ra, 64", "jal ra, 68"),
    ("jalr zero, 0(ra)", "jalr zero, 4(ra)"),
    ("jalr zero, 0(ra)", "jalr ra, 0(ra)"),
    ("add a0, a1, a2; add a3, a0, a1", "add a0, a1, a2; add a3, a0, a2"),
];

#[test]
fn a_precompile_of_other_instructions_is_refused() {
    for &(a, b) in DIFFERENT {
        for (of, presented_with) in [(a, b), (b, a)] {
            let mut precompile = precompile(of);
            precompile.region = region("rv32", presented_with);
            let checked = precompile.check(&[], Effort::THOROUGH);
            assert!(checked.is_err(), "`{of}` is taken for `{presented_with}`");
        }
    }
}
