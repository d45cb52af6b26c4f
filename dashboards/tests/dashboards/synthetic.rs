//! Pages of invented data, of any size, for tests of the page: the same arguments give the same page.
//!
//! Invariant: what a page must satisfy holds (lists of equal length, parents before children), so that
//! whatever breaks on such a page is the page's fault.

use std::collections::BTreeMap;

use autoprec_dashboards::{
    Blocks, Check, Code, Detail, DetailSystem, Edges, FrameName, Frames, Function, Guest,
    HistoryPoint, Limits, Line, Message, Origin, PAGE_VERSION, Page, Precompile, Report, Size,
    System, Table, Target, Totals, VERSION,
};

/// What to invent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Blocks of the guest.
    pub(crate) blocks: usize,
    /// Precompiles at most.
    pub(crate) precompiles: usize,
    /// Constraints, columns and messages of a precompile's system, roughly.
    pub(crate) lines: usize,
    /// Whether names are hostile.
    pub(crate) hostile: bool,
}

/// Names that try to be something else.
pub(crate) fn hostile_names() -> Vec<String> {
    vec![
        "</script><img src=x onerror=\"alert(1)\">".to_owned(),
        "<!--<script>alert(2)</script>".to_owned(),
        "\"'><svg onload=alert(3)>&amp;&#60;".to_owned(),
        "javascript:alert(4)//`${alert(5)}`".to_owned(),
        format!("core::iter::{}", "Adapter<core::ops::function::FnOnce<".repeat(290)),
        "x".repeat(10_000),
        "right\u{202e}to\u{202c} left \u{200b}\u{2066}isolate\u{2069}".to_owned(),
        "bell\u{7}escape\u{1b}[31mred\u{0}nul\ttab\r\nline".to_owned(),
        "not UTF-8: \u{fffd}\u{fffd}".to_owned(),
        "__proto__".to_owned(),
        "constructor".to_owned(),
        String::new(),
        "\u{1f980} crab, \u{e0041}tag, e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301} marks"
            .to_owned(),
    ]
}

/// Small numbers that look random and are the same everywhere.
#[derive(Debug)]
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }

    fn index(&mut self, limit: usize) -> usize {
        fit(self.below(fit(limit)))
    }
}

/// The number in another type.
fn fit<T: TryInto<U>, U>(number: T) -> U {
    number.try_into().ok().expect("invented numbers are small")
}

/// A page with its details and code.
pub(crate) fn page(shape: Shape) -> (Page, Vec<Detail>, Code) {
    let mut numbers = Numbers(7);
    let functions = functions(shape);
    let mut blocks = blocks(shape, &functions, &mut numbers);
    let precompiles = precompiles(shape, &functions, &mut blocks);
    let details = precompiles.iter().map(|precompile| detail(shape, precompile)).collect();
    let code = code(&blocks);
    let report = report(shape, &functions, &blocks, precompiles);
    let page = Page {
        version: PAGE_VERSION,
        edges: edges(&blocks),
        frames: frames(shape, &functions, &blocks, &mut numbers),
        tables: tables(&report),
        measured_before: Vec::new(),
        measured_after: Vec::new(),
        limits: Some(Limits { tables: 100, columns: 30_000, base_tables: 24, base_columns: 900 }),
        history: history(&report),
        functions,
        blocks,
        report,
    };
    (page, details, code)
}

fn functions(shape: Shape) -> Vec<Function> {
    const PARTS: [&str; 6] = ["keccak", "secp256k1", "alloc", "core::fmt", "serde", "btree"];
    let hostile = hostile_names();
    (0..shape.blocks.div_ceil(12).max(1))
        .map(|i| Function {
            name: if shape.hostile && i % 3 == 0 {
                hostile[(i / 3) % hostile.len()].clone()
            } else {
                format!("guest::{}::Stage{}::step_{i}", PARTS[i % PARTS.len()], i % 17)
            },
            entry: 0x20_0000 + 12 * 32 * i as u64,
            place: (i % 4 != 3).then(|| format!("src/{}.rs:{}", i % 40, 1 + i % 900)),
        })
        .collect()
}

fn blocks(shape: Shape, functions: &[Function], numbers: &mut Numbers) -> Blocks {
    let mut out = Blocks {
        reasons: vec![
            "never executed in the profiled run".to_owned(),
            "it would save less than its table costs".to_owned(),
            "the budget was spent on regions that save more".to_owned(),
            "the region touches neither registers nor memory, so a call would take no time"
                .to_owned(),
            if shape.hostile {
                hostile_names()[0].clone()
            } else {
                "an environment call".to_owned()
            },
        ],
        ..Blocks::default()
    };
    for i in 0..shape.blocks {
        let instructions = 1 + numbers.below(if i % 40 == 0 { 200 } else { 14 });
        let executed = numbers.below(3) > 0;
        let limit = 1 << numbers.below(22);
        let count = if executed { 1 + numbers.below(limit) } else { 0 };
        out.entry.push(0x20_0000 + 32 * i as u64);
        out.instructions.push(fit(instructions));
        out.function.push(fit((i / 12).min(functions.len() - 1)));
        out.count.push(count);
        out.cost.push(instructions * 41);
        out.saved.push(fit(count * instructions * 33));
        out.precompile.push(-1);
        out.reason.push(if executed { fit(1 + numbers.below(4)) } else { 0 });
    }
    out
}

fn precompiles(shape: Shape, functions: &[Function], blocks: &mut Blocks) -> Vec<Precompile> {
    let mut order: Vec<usize> = (0..shape.blocks).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(blocks.saved[i]), i));
    order.truncate(shape.precompiles);
    order.retain(|&i| blocks.saved[i] > 0);
    order
        .iter()
        .zip(0_u32..)
        .map(|(&i, rank)| {
            blocks.precompile[i] = fit(rank);
            blocks.reason[i] = -1;
            let instructions = fit(blocks.instructions[i]);
            Precompile {
                id: 10_000 + rank,
                entry: blocks.entry[i],
                end: blocks.entry[i] + 4 * u64::from(blocks.instructions[i]),
                function: Some(functions[fit::<_, usize>(blocks.function[i])].name.clone()),
                instructions,
                calls: blocks.count[i],
                cost_before: blocks.cost[i],
                cost_after: blocks.cost[i] - u64::from(blocks.instructions[i]) * 33,
                saved: blocks.saved[i],
                before: Some(Size {
                    columns: instructions * 41,
                    interactions: instructions * 20,
                    constraints: instructions * 33,
                }),
                ticks: 3 + blocks.instructions[i] / 5,
                systems: ["babybear", "pasta"]
                    .iter()
                    .take(1 + usize::from(rank % 7 == 3))
                    .map(|&field| system(shape, field, instructions))
                    .collect(),
                rewrites: BTreeMap::from([("fold".to_owned(), 3), ("dead-value".to_owned(), 1)]),
                system_digest: format!(
                    "{:064x}",
                    u64::from(rank).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                ),
                shape_digest: format!("{:064x}", u64::from(rank) * 0x85eb_ca6b),
            }
        })
        .collect()
}

fn system(shape: Shape, field: &str, instructions: usize) -> System {
    let size =
        Size { columns: shape.lines, interactions: shape.lines / 2, constraints: shape.lines / 4 };
    System {
        field: field.to_owned(),
        size,
        ranges: Some(shape.lines / 10),
        columns: kinds(shape.lines),
        messages: BTreeMap::from([
            ("memory".to_owned(), shape.lines / 4),
            ("bitwise".to_owned(), shape.lines / 2 - shape.lines / 4),
        ]),
        check: Check {
            honest: 15,
            recorded: 3,
            rejected: fit(instructions * 40),
            unchanged: 17,
            other_state: 60,
        },
    }
}

const KINDS: [&str; 6] = ["flag", "time", "input", "pointer", "result", "helper"];

fn kind(column: usize) -> &'static str {
    if column == 0 { KINDS[0] } else { KINDS[1 + column % 5] }
}

fn kinds(columns: usize) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for column in 0..columns {
        *out.entry(kind(column).to_owned()).or_insert(0) += 1;
    }
    out
}

fn detail(shape: Shape, precompile: &Precompile) -> Detail {
    let hostile = hostile_names();
    let count = precompile.instructions;
    let inst = |i: usize| fit(i % count);
    let odd = |i: usize, plain: String| {
        if shape.hostile && i.is_multiple_of(5) {
            hostile[(i / 5) % hostile.len()].clone()
        } else {
            plain
        }
    };
    Detail {
        id: precompile.id,
        assembly: (0..count)
            .map(|i| Line {
                pc: precompile.entry + 4 * i as u64,
                text: odd(i, format!("xor a{}, a{}, s{}", i % 8, (i + 1) % 8, i % 11)),
                source: vec![
                    odd(i, format!("src/lib.rs:{} in mix", 10 + i / 3)),
                    format!("src/main.rs:{} in main", 4 + i / 30),
                ],
            })
            .collect(),
        ir: (0..2 * count)
            .map(|i| Origin {
                text: odd(i, format!("v{i} = xor v{} v{}", i / 2, i / 3)),
                inst: inst(i / 2),
                what: String::new(),
            })
            .collect(),
        systems: precompile
            .systems
            .iter()
            .map(|system| DetailSystem {
                field: system.field.clone(),
                columns: (0..shape.lines)
                    .map(|i| (format!("v{}_{}", i / 4, i % 4), kind(i).to_owned()))
                    .collect(),
                constraints: (0..shape.lines / 4)
                    .map(|i| Origin {
                        text: odd(
                            i,
                            format!(
                                "(v{i}_0 + 1/2^8*v{i}_1 - 1/2^16*v{}_0) * (v{i}_0 - is_valid)",
                                i + 1
                            ),
                        ),
                        inst: inst(i),
                        what: ["carry", "select", ""][i % 3].to_owned(),
                    })
                    .collect(),
                messages: (0..shape.lines / 2)
                    .map(|i| Message {
                        bus: odd(i, ["memory", "bitwise"][i % 2].to_owned()),
                        multiplicity: ["is_valid", "-is_valid"][i % 2].to_owned(),
                        fields: vec!["1".to_owned(), format!("v{i}_0"), format!("v{i}_1 + 4")],
                        inst: inst(i),
                        what: odd(i, "bytes".to_owned()),
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn code(blocks: &Blocks) -> Code {
    let mut out = Code::default();
    for (i, &count) in blocks.count.iter().enumerate() {
        if count > 0 {
            out.block.push(fit(i));
            let lines: Vec<_> = (0..blocks.instructions[i])
                .map(|j| {
                    format!(
                        "{:#x}: addi a{}, a{}, {j}",
                        blocks.entry[i] + 4 * u64::from(j),
                        j % 8,
                        i % 8
                    )
                })
                .collect();
            out.text.push(lines.join("\n"));
        }
    }
    out
}

fn edges(blocks: &Blocks) -> Edges {
    let mut out = Edges {
        kinds: ["taken", "falls through", "call", "return"].map(str::to_owned).to_vec(),
        ..Edges::default()
    };
    let count = blocks.entry.len();
    let mut push = |from: usize, to: usize, kind: u8, taken: i64| {
        out.from.push(fit(from));
        out.to.push(fit(to));
        out.kind.push(kind);
        out.count.push(taken);
    };
    for i in 0..count {
        let here = fit(blocks.count[i]);
        let home = i / 12 * 12;
        if i % 12 != 11 && i + 1 < count {
            push(i, i + 1, 1, here);
        }
        if i % 3 == 2 {
            push(i, home + (i * 7 + 5) % 12.min(count - home), 0, here / 2);
        }
        if i % 12 == 6 {
            push(i, (i * 31 / 12 * 12) % count, 2, -1);
        }
    }
    out
}

fn frames(shape: Shape, functions: &[Function], blocks: &Blocks, numbers: &mut Numbers) -> Frames {
    let mut out = Frames {
        names: functions
            .iter()
            .zip(0_i32..)
            .map(|(function, i)| FrameName {
                name: function.name.clone(),
                function: i,
                inlined: i % 5 == 4,
            })
            .collect(),
        ..Frames::default()
    };
    for i in 0..(shape.blocks / 4).clamp(1, 20_000) {
        let block = numbers.index(shape.blocks);
        let instructions = blocks.count[block] * u64::from(blocks.instructions[block]);
        let cost = blocks.count[block] * blocks.cost[block];
        let patched = blocks.precompile[block] >= 0;
        out.parent.push(if i == 0 { -1 } else { fit(numbers.index(i.min(400))) });
        out.name.push(fit(numbers.index(functions.len())));
        out.instructions.push(instructions);
        out.instructions_patched.push(if patched { blocks.count[block] } else { instructions });
        out.cost.push(cost);
        out.cost_patched.push(if patched { cost / 5 } else { cost });
    }
    out
}

fn report(
    shape: Shape,
    functions: &[Function],
    blocks: &Blocks,
    precompiles: Vec<Precompile>,
) -> Report {
    let all = || 0..blocks.entry.len();
    let cost: u64 = all().map(|i| blocks.count[i] * blocks.cost[i]).sum();
    let instructions: u64 =
        all().map(|i| blocks.count[i] * u64::from(blocks.instructions[i])).sum();
    let saved: i64 = precompiles.iter().map(|precompile| precompile.saved).sum();
    let vanished: u64 = precompiles.iter().map(|p| p.calls * (p.instructions as u64 - 1)).sum();
    Report {
        version: VERSION,
        guest: Guest {
            name: if shape.hostile {
                hostile_names()[0].clone()
            } else {
                functions[0].name.clone()
            },
            elf_digest: "ab".repeat(32),
            isa: "rv32".to_owned(),
            patched_digest: Some("cd".repeat(32)),
        },
        target: Target {
            name: "openvm".to_owned(),
            form: Some("insn".to_owned()),
            unit: "cells".to_owned(),
            refused: None,
        },
        totals: Some(Totals {
            instructions,
            instructions_patched: instructions - vanished,
            cost,
            cost_patched: cost - fit::<_, u64>(saved),
        }),
        precompiles,
        regions: Vec::new(),
        commitments: None,
    }
}

fn tables(report: &Report) -> Vec<Table> {
    let cost = report.totals.map_or(0, |totals| totals.cost);
    let after = report.totals.map_or(0, |totals| totals.cost_patched);
    let table = |name: &str, precompile, row: u64, before: u64, after: u64| Table {
        name: name.to_owned(),
        precompile,
        row,
        rows_before: before,
        rows_after: after,
        padded_before: if before == 0 { 0 } else { before.next_power_of_two() },
        padded_after: if after == 0 { 0 } else { after.next_power_of_two() },
    };
    let mut out = vec![
        table("BaseAluAir<4, 8>", None, 36, cost / 60, after / 80),
        table("LoadStoreAir<4>", None, 41, cost / 120, after / 300),
        table("BranchEqualAir<4>", None, 26, cost / 400, after / 500),
    ];
    for p in &report.precompiles {
        out.push(table(&format!("precompile {}", p.id), Some(p.id), p.cost_after, 0, p.calls));
    }
    out
}

fn history(report: &Report) -> Vec<HistoryPoint> {
    (1..=3_u64)
        .map(|i| {
            let mut report = report.clone();
            report.precompiles.truncate(report.precompiles.len() * fit::<_, usize>(i) / 3);
            if let Some(totals) = &mut report.totals {
                totals.cost_patched = totals.cost - (totals.cost - totals.cost_patched) * i / 3;
            }
            if let Some(first) = report.precompiles.first_mut() {
                first.system_digest = format!("{i:064x}");
            }
            HistoryPoint { label: format!("build-{i}"), report }
        })
        .collect()
}
