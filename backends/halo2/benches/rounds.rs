//! Proves rounds of a permutation like Keccak's: thousands of columns of bits, 25 words that are read and
//! written, and range lookups. Prints what it costs per row, by time of the processor.
//!
//! Words that are written are formulas of degree 3; with `columns`, they have columns, so that no
//! degree is above 3.
//!
//! `cargo bench -p autoprec-halo2 --bench rounds -- ROWS [FOLDER OF PARAMETERS] [columns]`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::fmt::Write as _;
use std::path::Path;

use autoprec_circuits::{
    Boundary, Field, MachineBus, MachineSystem, Pasta, Statement, Table, Trace,
};
use autoprec_halo2::{Cost, Layout, Options, Setup, prove_trace, verify};

/// Words of the state: five by five.
const WORDS: usize = 25;
/// Range lookups per row.
const LOOKUPS: usize = 200;

fn number(value: u64) -> Pasta {
    Pasta::from_u64(value)
}

/// Position in the state.
fn at(x: usize, y: usize) -> usize {
    x % 5 + 5 * y
}

/// Bits as a word.
fn word(bit: impl Fn(usize) -> String) -> String {
    let terms: Vec<String> = (0..64).map(|i| format!("{}*({})", 1_u64 << i, bit(i))).collect();
    terms.join(" + ")
}

/// The table's text: a are bits that come in, c parities of columns, b what theta makes of a.
fn text(with_words: bool) -> String {
    let mut text = "system pasta\ncolumn active flag\ncolumn time time\n".to_owned();
    let mut column = |name: String| writeln!(text, "column {name} helper").expect("memory");
    (0..WORDS).for_each(|w| (0..64).for_each(|i| column(format!("a{w}_{i}"))));
    (0..5).for_each(|x| (0..64).for_each(|i| column(format!("c{x}_{i}"))));
    (0..WORDS).for_each(|w| (0..64).for_each(|i| column(format!("b{w}_{i}"))));
    (0..WORDS).for_each(|w| column(format!("t{w}")));
    (0..LOOKUPS).for_each(|l| column(format!("r{l}")));
    (0..WORDS).filter(|_| with_words).for_each(|w| column(format!("n{w}")));
    let mut line = |line: String| writeln!(text, "{line}").expect("memory");
    line("constraint (active) * (active - 1) ; flag".to_owned());
    for i in 0..64 {
        for w in 0..WORDS {
            line(format!("constraint (a{w}_{i}) * (a{w}_{i} - active) ; bit"));
            let (x, left, right) = (w % 5, (w % 5 + 4) % 5, (w % 5 + 1) % 5);
            let (p, q) = (format!("c{left}_{i}"), format!("c{right}_{}", (i + 63) % 64));
            let d = format!("({p} + {q} - 2*{p}*{q})");
            line(format!("constraint b{w}_{i} - a{w}_{i} - {d} + 2*a{w}_{i}*{d} ; theta {x}"));
        }
        for x in 0..5 {
            let s: Vec<String> = (0..5).map(|y| format!("a{}_{i}", at(x, y))).collect();
            let s = format!("{} - c{x}_{i}", s.join(" + "));
            line(format!("constraint ({s}) * ({s} - 2) * ({s} - 4) ; parity"));
            line(format!("constraint (c{x}_{i}) * (c{x}_{i} - active) ; bit"));
        }
    }
    for w in 0..WORDS {
        let (x, y) = (w % 5, w / 5);
        let old = word(|i| format!("a{w}_{i}"));
        let new = word(|i| {
            let (b, c, d) = (w, at(x + 1, y), at(x + 2, y));
            format!("b{b}_{i} + (active - b{c}_{i})*b{d}_{i}*(1 - 2*b{b}_{i})")
        });
        line(format!("send memory -active [{}, {old}, t{w}] ; old", 8 * w));
        if with_words {
            line(format!("constraint n{w} - ({new}) ; new"));
        }
        let new = if with_words { format!("n{w}") } else { new };
        line(format!("send memory active [{}, {new}, time + 1] ; new", 8 * w));
    }
    (0..LOOKUPS).for_each(|l| line(format!("send range active [r{l}, 8] ; limb")));
    text
}

const RANGE: &str = "\
system pasta
column value input
column bits input
column count helper
send range -count [value, bits] ; table
";

fn round(a: &[u64; WORDS]) -> ([u64; 5], [u64; WORDS], [u64; WORDS]) {
    let c: [u64; 5] = std::array::from_fn(|x| (0..5).fold(0, |c, y| c ^ a[at(x, y)]));
    let b: [u64; WORDS] =
        std::array::from_fn(|w| a[w] ^ c[(w % 5 + 4) % 5] ^ c[(w % 5 + 1) % 5].rotate_left(1));
    let new = std::array::from_fn(|w| {
        let (x, y) = (w % 5, w / 5);
        b[w] ^ (!b[at(x + 1, y)] & b[at(x + 2, y)])
    });
    (c, b, new)
}

fn machine(rows: usize, with_words: bool) -> (Statement<Pasta>, Trace<Pasta>) {
    let system = MachineSystem::<Pasta>::parse(&text(with_words)).expect("the text is a system");
    let mut a: [u64; WORDS] =
        std::array::from_fn(|w| 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(w as u64 + 1));
    let (mut cells, mut counts) = (Vec::new(), [0_u64; 256]);
    let mut boundary = Vec::new();
    let mut end = |multiplicity: i64, state: &[u64; WORDS], time: u64| {
        for (w, value) in state.iter().enumerate() {
            let message = [8 * w as u64, *value, time].map(number).to_vec();
            boundary.push(Boundary { bus: MachineBus::Memory, multiplicity, message });
        }
    };
    end(1, &a, 0);
    for row in 0..rows as u64 {
        let (c, b, new) = round(&a);
        cells.extend([number(1), number(row)]);
        let bits = |word: u64| (0..64).map(move |i| number(word >> i & 1));
        cells.extend(a.iter().chain(&c).chain(&b).flat_map(|word| bits(*word)));
        cells.extend([number(row); WORDS]);
        for l in 0..LOOKUPS as u64 {
            let value = (row * 31 + l * 7) % 256;
            counts[usize::try_from(value).expect("a byte")] += 1;
            cells.push(number(value));
        }
        cells.extend(new.map(number).iter().filter(|_| with_words));
        a = new;
    }
    end(-1, &a, rows as u64);
    let fixed = vec![(0..256).map(number).collect(), vec![number(8); 256]];
    let range = (0..256).zip(counts).flat_map(|(v, count)| [v, 8, count].map(number)).collect();
    let ranges = MachineSystem::parse(RANGE).expect("the text is a system");
    let tables = vec![
        Table { name: "rounds".to_owned(), system, fixed: Vec::new(), rows },
        Table { name: "range".to_owned(), system: ranges, fixed, rows: 256 },
    ];
    (Statement { tables, boundary, binding: [1; 32] }, Trace { cells: vec![cells, range] })
}

/// Seconds of the processor that this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("a number") / 100.0).sum()
}

fn main() {
    let with_words = std::env::args().any(|argument| argument == "columns");
    let arguments = std::env::args().skip(1);
    let mut arguments = arguments.filter(|argument| argument != "--bench" && argument != "columns");
    let rows = arguments.next().map_or(505, |rows| rows.parse().expect("a number of rows"));
    let folder = arguments.next();
    let setup = folder.map_or_else(Setup::in_memory, |folder| Setup::in_folder(Path::new(&folder)));
    let (statement, trace) = machine(rows, with_words);
    if rows < 20 {
        statement.check(&trace).expect("the rounds are right");
    }
    let layout = Layout::new(&statement.tables[0]).expect("there is a layout");
    println!(
        "k {} degree {} columns {} + {}",
        layout.k,
        layout.degree,
        layout.main,
        layout.batches.len()
    );
    for table in &statement.tables {
        setup.params(Layout::new(table).expect("a layout").k).expect("parameters");
    }
    let before = cpu();
    let proof = prove_trace(&statement, &trace, &setup, &Options::default()).expect("a proof");
    let proved = cpu();
    verify(&statement, &proof, &setup).expect("the proof holds");
    let verified = cpu();
    let predicted = Cost::new(&statement.tables[0], &layout, &trace.cells[0]);
    println!(
        "predicted {} ms, {} MB, {} bytes",
        predicted.prove / 1_000_000,
        predicted.memory / 1_000_000,
        predicted.proof
    );
    println!(
        "prove {:.2} s, {:.2} ms per row; verify {:.2} s; {} bytes",
        proved - before,
        (proved - before) * 1e3 / f64::from(u32::try_from(rows).expect("few rows")),
        verified - proved,
        proof.len()
    );
}
