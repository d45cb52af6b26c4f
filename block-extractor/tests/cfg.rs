//! The graph: fixtures of assembly in, listing and drawing out; and what holds of every graph.
//!
//! A fixture is the input up to the first line that begins with `;;`, then the expected texts.
//! `BLESS=1 cargo test --release -p autoprec-blocks` rewrites the expected texts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use autoprec_blocks::text::xlen_from_name;
use autoprec_blocks::{Block, Cfg, RegSet, Terminator};
use autoprec_guest_elf::{Program, Segment, Symbol};
use autoprec_isa::{Inst, Reg, Xlen};
use autoprec_profile::{Edge, Profile, Span};
use autoprec_testing::{expect_file, fixture, fixtures, input};

/// What a fixture describes.
struct Fixture {
    program: Program,
    profile: Option<Profile>,
}

impl Fixture {
    fn parse(text: &str) -> Self {
        let mut lines =
            text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(';'));
        let xlen = lines.next().and_then(xlen_from_name).expect("the first line is rv32 or rv64");
        let (mut code, mut data, mut symbols) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = None;
        let mut profile = profile();
        for line in lines {
            let words: Vec<_> = line.split_whitespace().collect();
            match words[..] {
                ["symbol", addr, size, name, kind] => symbols.push(Symbol {
                    name: name.to_owned(),
                    addr: number(addr),
                    size: number(size),
                    is_function: kind == "function",
                }),
                ["data", addr, ref values @ ..] => {
                    let values = values.iter().map(|v| u32::try_from(number(v)).expect("a word"));
                    data.push((
                        number(addr),
                        values.flat_map(u32::to_le_bytes).collect::<Vec<_>>(),
                    ));
                }
                ["span", from, to, insts, count] => profile.spans.push(Span {
                    start: number(from),
                    end: number(to),
                    insts: insts.parse().expect("a count"),
                    count: count.parse().expect("a count"),
                }),
                ["edge", from, to, count] => profile.edges.push(Edge {
                    from: number(from),
                    to: number(to),
                    count: count.parse().expect("a count"),
                }),
                _ => {
                    let (addr, inst) = line.split_once(": ").expect("an instruction");
                    start = start.or(Some(number(addr)));
                    code.extend(assemble(xlen, inst));
                }
            }
        }
        let start = start.expect("a fixture has code");
        let mut program = Program::from_code(xlen, start, &code).with_symbols(symbols);
        program.segments.extend(data.into_iter().map(|(addr, data)| Segment {
            addr,
            file_size: data.len() as u64,
            data,
            executable: false,
            writable: true,
        }));
        profile.instructions = profile.spans.iter().map(|s| u64::from(s.insts) * s.count).sum();
        let profile = (!profile.spans.is_empty()).then_some(profile);
        Self { program, profile }
    }
}

fn profile() -> Profile {
    Profile::empty()
}

fn number(text: &str) -> u64 {
    let hex = text.strip_prefix("0x").expect("numbers are hexadecimal");
    u64::from_str_radix(hex, 16).expect("numbers are hexadecimal")
}

fn assemble(xlen: Xlen, text: &str) -> Vec<u8> {
    if let Some(half) = text.strip_prefix(".half ") {
        return u16::try_from(number(half)).expect("a halfword").to_le_bytes().to_vec();
    }
    if let Some(word) = text.strip_prefix(".word ") {
        return u32::try_from(number(word)).expect("a word").to_le_bytes().to_vec();
    }
    let inst = Inst::parse(xlen, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    inst.encode(xlen).expect("parsed instructions encode").to_le_bytes().to_vec()
}

fn stages(fixture: &Fixture) -> String {
    let cfg = Cfg::build(&fixture.program, fixture.profile.as_ref());
    let mut regions = String::new();
    for region in cfg.regions() {
        let _ = writeln!(regions, "{region}");
    }
    let mut entries = String::new();
    for entry in cfg.entries() {
        let _ = writeln!(entries, "{entry:#x}");
    }
    let stages = [
        ("blocks", cfg.to_string()),
        ("entries", entries),
        ("regions", regions),
        ("dot", cfg.to_dot()),
    ];
    let mut out = String::new();
    for (name, text) in stages {
        let _ = writeln!(out, ";; {name}");
        for line in text.lines() {
            out.push_str(format!("; {line}").trim_end());
            out.push('\n');
        }
    }
    out
}

#[test]
fn graphs_are_what_the_fixtures_say() {
    for (path, text) in fixtures(&fixture!("")) {
        let input = input(&text);
        expect_file(&path, &(input.to_owned() + &stages(&Fixture::parse(input))));
    }
}

fn cfg(text: &str) -> Cfg {
    let fixture = Fixture::parse(text);
    Cfg::build(&fixture.program, fixture.profile.as_ref())
}

#[test]
fn a_register_written_on_both_paths_is_dead_and_on_one_is_live() {
    let cfg = cfg("rv32
        0x1000: beq a0, zero, 12
        0x1004: li t0, 1
        0x1008: jal zero, 12
        0x100c: li t0, 2
        0x1010: li t1, 2
        0x1014: jal zero, 0
        symbol 0x1000 0x18 main function");
    let live = cfg.live_in(cfg.block_at(0x1000).unwrap());
    assert!(!live.contains(Reg::T0), "{live}");
    assert!(live.contains(Reg::A0), "{live}");
    // The endless loop at the end reads nothing.
    assert_eq!(cfg.live_before(0x1014), RegSet::EMPTY);
    assert_eq!(cfg.live_before(0x2000), RegSet::ALL);
}

#[test]
fn names_in_drawings_are_escaped() {
    let text = "rv32\n symbol 0x1000 0x4 a\"b\\c function\n 0x1000: jal zero, 0";
    assert!(cfg(text).to_dot().contains(r#"a\"b\\c\l"#));
}

/// Every instruction in exactly one block, and blocks end where control may go elsewhere.
fn assert_partition(cfg: &Cfg) {
    let mut seen = BTreeMap::new();
    for (id, block) in cfg.ids().zip(&cfg.blocks) {
        assert!(!block.is_empty());
        let opaque = match block.terminator {
            Terminator::Opaque { pc, .. } => Some(pc),
            _ => None,
        };
        for pc in block.insts.iter().map(|at| at.pc).chain(opaque) {
            assert_eq!(seen.insert(pc, id), None, "{pc:#x} is in two blocks");
            assert_eq!(cfg.block_holding(pc), Some(id));
            assert!(pc == block.start || !cfg.entries().contains(&pc), "{pc:#x} is inside");
        }
        let inner = block.insts.len().saturating_sub(1);
        assert!(block.insts[..inner].iter().all(|at| !at.inst.is_control()));
    }
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    const BASE: u64 = 0x1000;

    /// Words of which most decode and many branch to near places.
    fn word() -> impl Strategy<Value = u32> {
        let asm = |text: String| {
            let inst = Inst::parse(Xlen::Rv32, &text).expect("the generator writes assembly");
            inst.encode(Xlen::Rv32).expect("parsed instructions encode")
        };
        let near = -12..12i32;
        prop_oneof![
            4 => (1..32u8, 0..32u8, -2048..2048i32)
                .prop_map(move |(rd, rs, imm)| asm(format!("addi x{rd}, x{rs}, {imm}"))),
            2 => (0..32u8, 0..32u8, near.clone())
                .prop_map(move |(a, b, to)| asm(format!("bltu x{a}, x{b}, {}", 4 * to))),
            1 => (0..2u8, near).prop_map(move |(rd, to)| asm(format!("jal x{rd}, {}", 4 * to))),
            1 => (0..2u8, 0..32u8).prop_map(move |(rd, rs)| asm(format!("jalr x{rd}, 0(x{rs})"))),
            1 => (1..32u8, 0..3u32).prop_map(move |(rd, up)| asm(format!("auipc x{rd}, {up}"))),
            1 => Just(asm("ecall".to_owned())),
            1 => any::<u32>(),
        ]
    }

    fn program() -> impl Strategy<Value = Program> {
        (prop::collection::vec(word(), 1..60), any::<bool>()).prop_map(|(words, wide)| {
            let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let xlen = if wide { Xlen::Rv64 } else { Xlen::Rv32 };
            Program::from_code(xlen, BASE, &code)
        })
    }

    /// A walk that takes branches and indirect jumps as `choices` say: what a run would count.
    fn walk(program: &Program, choices: &[u16]) -> (Profile, BTreeMap<u64, u64>) {
        let (mut spans, mut edges) = (BTreeMap::new(), BTreeMap::new());
        let mut counts = BTreeMap::<u64, u64>::new();
        let (mut pc, mut start, mut insts) = (program.entry, program.entry, 0);
        for choice in choices {
            let Some(decoded) = program.decode_at(pc) else { break };
            *counts.entry(pc).or_default() += 1;
            insts += 1;
            let next = pc + u64::from(decoded.len);
            let target = pc.wrapping_add_signed(i64::from(decoded.inst.imm));
            let length = program.segments[0].data.len() as u64;
            let to = match decoded.inst.op {
                autoprec_isa::Op::Branch { .. } if choice % 2 == 1 => Some(target),
                autoprec_isa::Op::Jal => Some(target),
                autoprec_isa::Op::Jalr => Some(BASE + (u64::from(*choice) * 4) % length),
                _ => None,
            };
            if let Some(to) = to {
                *edges.entry((pc, to)).or_default() += 1;
            }
            pc = to.unwrap_or(next);
            if decoded.inst.is_control() || decoded.inst.ends_region() {
                *spans.entry((start, next, insts)).or_default() += 1;
                (start, insts) = (pc, 0);
            }
        }
        if insts != 0 {
            *spans.entry((start, pc, insts)).or_default() += 1;
        }
        let mut profile = profile();
        profile.instructions = counts.values().sum();
        profile.spans = spans
            .into_iter()
            .map(|((start, end, insts), count)| Span { start, end, insts, count })
            .collect();
        profile.edges =
            edges.into_iter().map(|((from, to), count)| Edge { from, to, count }).collect();
        (profile, counts)
    }

    proptest! {
        #[test]
        fn blocks_partition_the_code(program in program()) {
            assert_partition(&Cfg::build(&program, None));
        }

        #[test]
        fn counts_are_those_of_the_walk(
            program in program(),
            choices in prop::collection::vec(any::<u16>(), 0..400),
        ) {
            let (profile, counts) = walk(&program, &choices);
            let cfg = Cfg::build(&program, Some(&profile));
            assert_partition(&cfg);
            for (pc, count) in counts {
                let id = cfg.block_holding(pc);
                prop_assert_eq!(id.map(|id| cfg.block(id).count), Some(count), "at {:#x}", pc);
            }
            let total = |block: &Block| block.count * block.len() as u64;
            prop_assert_eq!(cfg.blocks.iter().map(total).sum::<u64>(), profile.instructions);
        }

        #[test]
        fn regions_hold_what_is_executed_but_for_cuts(
            program in program(),
            choices in prop::collection::vec(any::<u16>(), 0..400),
        ) {
            let (profile, counts) = walk(&program, &choices);
            let regions = Cfg::build(&program, Some(&profile)).regions();
            let mut held = BTreeMap::new();
            for region in &regions {
                for at in &region.insts {
                    prop_assert_eq!(held.insert(at.pc, region.count), None);
                }
            }
            let cut = |pc: u64| program.decode_at(pc).is_some_and(|d| d.inst.ends_region());
            let wanted: BTreeMap<_, _> = counts.into_iter().filter(|(pc, _)| !cut(*pc)).collect();
            prop_assert_eq!(held, wanted);
        }

        #[test]
        fn liveness_satisfies_its_equation(program in program()) {
            let cfg = Cfg::build(&program, None);
            for id in cfg.ids() {
                let block = cfg.block(id);
                let at = |pc| cfg.block_at(pc).map_or(RegSet::ALL, |to| cfg.live_in(to));
                let out = match block.terminator {
                    Terminator::FallThrough { next } => at(next),
                    Terminator::Branch { taken, next } => at(taken).union(at(next)),
                    Terminator::Jump { target } | Terminator::Call { target, .. } => at(target),
                    _ => RegSet::ALL,
                };
                prop_assert_eq!(cfg.live_out(id), out);
                if !block.insts.is_empty() {
                    prop_assert_eq!(cfg.live_before(block.start), cfg.live_in(id));
                }
            }
        }
    }
}
